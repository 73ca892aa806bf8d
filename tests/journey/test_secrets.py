"""Secrets are in nothing that any command writes, but in the file that keeps rotating tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from deskferry.cli.app import MODULES
from tests.journey.command import Command, Ended
from tests.journey.crashing import Crasher
from tests.journey.desks import Desk, DeskHost
from tests.journey.leaks import leaks, plant

ODD = "m4rked/s3cret+with=odd&signs %and ünïcode?"
PASSWORD = "p4ssw0rd-of-the-proxy"
DATABASE = "p4ssw0rd-of-the-database"
TOKEN_FILES = frozenset({"store.oauth.tokens.json", "old.token", "new.key"})
"""Where tokens belong: what rotates, and the two files that the demo makes for its own simulated desks."""

pytestmark = pytest.mark.xdist_group("secrets")  # all of them look at what one run of every command left
CONFIG = """
[store]
url = "sqlite:///store.db"
[connections.old]
vendor = "zendesk"
base_url = "{old}"
oauth_token = "env:OLD_TOKEN"
[connections.basic]
vendor = "zendesk"
base_url = "{old}"
email = "{email}"
api_token = "env:BASIC_TOKEN"
[connections.oauth]
vendor = "zendesk"
base_url = "{old}"
client_id = "{client_id}"
client_secret = "env:CLIENT_SECRET"
refresh_token = "file:../secrets/refresh_token"
[connections.new]
vendor = "freshdesk"
base_url = "{new}"
domain = "acme"
api_key = "file:../secrets/api_key"
[connections.odd]
vendor = "zendesk"
base_url = "{old}"
email = "somebody@acme.example"
api_token = "env:ODD_SECRET"
[connections.odd_new]
vendor = "freshdesk"
base_url = "{new}"
api_key = "env:ODD_SECRET"
[connections.odd_oauth]
vendor = "zendesk"
base_url = "{old}"
client_id = "{client_id}"
client_secret = "env:ODD_SECRET"
refresh_token = "env:ODD_SECRET"
[connections.proxied]
vendor = "zendesk"
base_url = "http://127.0.0.1:9"
oauth_token = "env:OLD_TOKEN"
proxy = "env:PROXY"
"""

Run = Callable[..., Ended]


class Place:
    """A directory in which every command runs, and all that they said is kept."""

    def __init__(self, directory: Path, crasher: Crasher, old: Desk, new: Desk) -> None:
        self.directory = directory / "work"
        self.directory.mkdir()
        hidden = directory / "secrets"
        hidden.mkdir()
        known = {**old.credentials, "email": old.credentials["email"]}
        text = CONFIG.format(old=old.base_url, new=new.base_url, **known)
        (self.directory / "deskferry.toml").write_text(text, encoding="utf-8")
        (hidden / "refresh_token").write_text(known["refresh_token"], encoding="utf-8")
        (hidden / "api_key").write_text(new.credentials["api_key"], encoding="utf-8")
        self.secrets = {
            "access token": known["oauth_token"], "API token": known["api_token"],
            "client secret": known["client_secret"], "refresh token": known["refresh_token"],
            "API key": new.credentials["api_key"], "an odd secret": ODD, "the proxy's password": PASSWORD,
            "the database's password": DATABASE,
        }  # fmt: skip
        environment = {
            "DESKFERRY_CLOCK": old.base_url, "OLD_TOKEN": known["oauth_token"], "BASIC_TOKEN": known["api_token"],
            "CLIENT_SECRET": known["client_secret"], "ODD_SECRET": ODD,
            "PROXY": f"http://somebody:{PASSWORD}@127.0.0.1:9",
        }  # fmt: skip
        self.command = Command(self.directory, environment, crasher)
        self.form = "text"
        self.ran: set[str] = set()
        self._said = 0

    def run(self, *arguments: str, codes: tuple[int, ...] = (0,), first: tuple[str, ...] = ()) -> Ended:
        """Run a command as talkative as it can be, and keep what it said."""
        ended = self.command(*first, "--verbose", "--log-format", self.form, *arguments)
        assert ended.code in codes, f"{arguments}: {ended.code}\n{ended.out[-2000:]}\n{ended.err[-2000:]}"
        self.keep(arguments[0], ended)
        return ended

    def keep(self, name: str, ended: Ended) -> None:
        """Keep what a command said in files."""
        self.ran.add(name)
        self._said += 1
        for stream, text in (("out", ended.out), ("err", ended.err)):
            (self.directory / f"said-{self._said}-{name}.{stream}").write_text(text, encoding="utf-8")

    def issued(self) -> dict[str, str]:
        """Return the tokens that were issued on the way."""
        kept = json.loads((self.directory / "store.oauth.tokens.json").read_text(encoding="utf-8"))
        return {f"issued {name}": value for name, value in _texts(kept) if re.fullmatch(r"[0-9a-f]{64}", value)}


def _texts(value: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in _texts(inner, key)]
    return [(name, value)] if isinstance(value, str) else []


def _login(place: Place) -> None:
    """Grant access as a person in a browser would: follow the address that is shown."""
    place.command.crasher, kept = None, place.command.crasher
    with place.command.start("--verbose", "--log-format", place.form, "login", "oauth", "--no-browser") as running:
        assert running.stdout is not None
        said = ""
        while not (found := re.search(r"http://\S+/oauth/authorizations/new\S+", said)):
            line = running.stdout.readline()
            assert line, running.communicate()[1]
            said += line
        httpx.get(found[0], follow_redirects=True).raise_for_status()
        out, err = running.communicate(timeout=20)
    place.command.crasher = kept
    assert running.returncode == 0, err
    place.keep("login", Ended(0, said + out, err))


def _simulate(place: Place) -> None:
    """The line with the invented desk's own credentials is what the command is for; the rest is kept."""
    with place.command.simulate("zendesk", "--tickets", "5") as served:
        assert served["credentials"]["oauth_token"]
    place.ran.add("simulate")


def _everything(place: Place) -> None:
    """Run every command, those that fail among them."""
    run = place.run
    run("init", first=("--config", "new.toml"))
    run("connectors")
    run("connectors", "zendesk", "--format", "json")
    for name in ("old", "basic", "oauth"):
        run("check", name)
        run("pull", name)
    place.form = "json"
    _login(place)
    _fails(place)
    run("normalize", "old")
    run("validate", codes=(0, 1))
    run("duplicates", "old", codes=(0, 1))
    run("explain", "old", "ticket", "1")
    _crosses(place)
    found = run("runs", "--format", "json").json()
    run("runs", found[0]["id"])
    run("export", "out", "--format", "ndjson")
    run("metrics", "M01", "--format", "json")
    place.form = "text"
    _fails(place)
    _crosses(place)
    run("audit", "old", "--output", "audit.html", "--compare-source", "--no-duplicates", codes=(0, 1))
    run("runs")
    run("demo", "--dir", "demo", "--tickets", "10")
    _taken_back(place)
    _simulate(place)


def _fails(place: Place) -> None:
    for name in ("odd", "odd_new", "odd_oauth"):
        place.run("pull", name, codes=(3,))
    place.run("check", "odd", codes=(3,))
    place.run("migrate", "old", "odd_new", "--yes", codes=(3,))
    place.run("pull", "proxied", codes=(4,))
    server = f"postgresql://somebody:{DATABASE}@127.0.0.1:9/deskferry"
    place.run("runs", first=("--store", server), codes=(2, 4))


def _crosses(place: Place) -> None:
    planned = place.run("plan", "old", "new", "--format", "json", codes=(0, 2)).json()
    place.run("plan", "old", "new", "--write-mapping", f"mapping-{place.form}.toml", codes=(0, 2))
    accepted = [word for one in planned["effects"] for word in ("--accept", one["name"])]
    place.run("migrate", "old", "new", "--yes", "--prove", *accepted)
    place.run("verify", "old", "new", "--depth", "files")


def _taken_back(place: Place) -> None:
    """Run what comes after a migration: its report, what mends or undoes it, what removes data."""
    runs = place.run("runs", "--format", "json").json()
    # The second one found everything there; the one that wrote is the older.
    crossed = [one["id"] for one in runs if one["command"] == "migrate" and one["exit_code"] == 0][-1]
    place.run("report", crossed, "--output", "sign-off.html")
    place.run("report", crossed, "--output", "sign-off.json", "--lang", "es")
    place.run("links", "old", "new", "--output", "links.csv")
    place.run("inventory", "old", "--diff", "new", "--format", "json")
    place.run("retry", crossed)
    (place.directory / "people.csv").write_text("placeholder,to\nnobody@acme.example,agent\n", encoding="utf-8")
    place.run("reassign", "new", "people.csv", codes=(2,))
    place.run("rollback", crossed, "--yes", "--format", "json", codes=(0, 1))
    place.run("forget", "agent1@acme.example", "--yes")
    place.run("purge", "basic", "--yes")


@pytest.fixture(scope="module")
def place(host: DeskHost, crasher: Crasher, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Give the directory in which every command has run."""
    old = host.zendesk(seed=5, tickets=6, profile="plain")
    new = host.freshdesk(like=old)
    made = Place(tmp_path_factory.mktemp("secrets"), crasher, old, new)
    _everything(made)
    # One that was killed leaves its write-ahead log behind.
    arguments = ["--verbose", "--store", "sqlite:///killed.db", "pull", "basic"]
    environment = made.command._env(None)
    crasher.killed(
        "command line", "page:20:after",
        arguments=arguments, directory=str(made.directory), environment=environment,
    )  # fmt: skip
    assert (made.directory / "killed.db-wal").stat().st_size > 0
    return made


def test_what_is_planted_is_found(tmp_path: Path) -> None:
    """The search finds a secret wherever it is hidden, in all the ways."""
    for secret in (ODD, "sim-access-token", "5dd968c951572ceb7362"):
        directory = tmp_path / str(len(secret))
        names = plant(directory, secret)
        found = leaks(directory, {"it": secret})
        assert {line.split(":")[0].split(",")[0] for line in found} == set(names)
        assert not leaks(directory, {"another": "sim-another-token-of-somebody"})


def test_what_a_desk_tells_is_found(place: Place, tmp_path: Path) -> None:
    """Planted where it would be hardest to see: in the compressed payload of a record of a real store."""
    source = place.directory / "store.db"
    found = leaks(place.directory, {"a subject": "SAMPLE-OF-NOTHING"})
    assert found == []
    known = leaks(source.parent, {"an address": "agent1@acme.example"})
    assert any("raw_record.payload" in line and "compressed" in line for line in known)


def test_every_command_ran(place: Place) -> None:
    """A new command has to be run here too."""
    assert place.ran == {command for commands in MODULES.values() for command in commands}


def test_no_secret_is_in_what_was_written(place: Place) -> None:
    tokens = place.issued()
    assert len(tokens) >= 2
    assert leaks(place.directory, {**place.secrets, **tokens}, but=TOKEN_FILES) == []


def test_the_token_file_is_for_its_owner_only(place: Place) -> None:
    kept = place.directory / "store.oauth.tokens.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (place.directory / "store.db").stat().st_mode & 0o777 == 0o600
    assert not leaks(place.directory, {"the spent token": place.secrets["refresh token"]})
