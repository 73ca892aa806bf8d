"""`deskferry export --anonymize`: no file holds what a person is told by, and all numbers are those of before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Boolean, Text, insert

from deskferry.canonical_schema import KINDS, Json, json_columns, sql_table
from deskferry.canonical_schema.columns import UtcTime
from deskferry.cli.app import run
from deskferry.metrics.engine import compute
from deskferry.metrics.options import Question
from deskferry.metrics.registry import metric_named
from deskferry.migrate.progress import Silent
from deskferry.privacy.anonymize import anonymous_copy
from deskferry.privacy.anonymous_columns import KEPT
from deskferry.store import Store, open_store
from tests.metrics.build import World
from tests.metrics.test_joint_history import two_desks

FORMATS = ("parquet", "csv", "duckdb", "ndjson")
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Secrets:
    """Texts that occur once in the world each, in the form that their place asks for."""

    def __init__(self) -> None:
        self._numbers = count(100)
        self.told: list[str] = []

    def text(self) -> str:
        self.told.append(f"geheim{next(self._numbers)}z")
        return self.told[-1]

    def phone(self) -> str:
        self.told.append(f"555{next(self._numbers)}4242")
        return f"+34 {self.told[-1]}"

    def email(self) -> str:
        return f"{self.text()}@{self.text()}.org"


def planted(secrets: Secrets, kind: str, name: str) -> Any:
    """Return a secret for a column of text or JSON."""
    points = {"emails": secrets.email, "phones": secrets.phone}
    if name in points:
        return [{"value": points[name](), "type": secrets.text(), "primary": True, "verified": None}]
    if name in {"participants", "to_addresses", "cc_addresses", "bcc_addresses"}:
        return [{"address": secrets.email(), "name": secrets.text()}]
    if name == "custom_fields":
        return {"free": secrets.text(), "many": [secrets.text(), 7], "deep": {"a": secrets.text()}, "n": 3.5,
                "chosen": "chosen secret", "day": "2026-01-05"}  # fmt: skip
    if name == "options":
        return [{"value": "chosen secret", "label": secrets.text(), "active": True}]
    shapes = {
        "identities": lambda: [{"type": "twitter", "value": f"@{secrets.text()}", "name": secrets.text()}],
        "domains": lambda: [f"{secrets.text()}.org"],
        "holidays": lambda: [{"name": secrets.text(), "start": "2026-12-25", "end": "2026-12-26"}],
        "intervals": lambda: [{"day": "mon", "start": "09:00", "end": "17:00"}],
        "targets": lambda: [{"metric": "first_reply_time", "priority": "high", "seconds": 60, "business_hours": True}],
        "labels": lambda: [secrets.text()],
        "category_ids": lambda: [f"old:article_category:{secrets.text()}"],
        "sender": lambda: f'"{secrets.text()}" <{secrets.email()}>',
        "email": secrets.email,
        "phone": secrets.phone,
        "content_type": lambda: f"image/png; name={secrets.text()}",
        "timezone": lambda: "Europe/Madrid",
    }
    if name in shapes:
        return shapes[name]()
    if name in json_columns(kind):
        return {secrets.text(): [secrets.text(), {"x": secrets.text()}]}
    return f"old:thing:{secrets.text()}/part/{secrets.text()}" if name.endswith("_id") else secrets.text()


def row_of(secrets: Secrets, kind: str) -> dict[str, Any]:
    """Return a row of a kind, with a secret in each column that may hold one."""
    row: dict[str, Any] = {"id": f"old:{kind}:{secrets.text()}", "connection": "old", "vendor": "zendesk",
                           "source_object": kind, "synced_at": AT, "created_at": AT}  # fmt: skip
    for column in sql_table(kind).columns:
        name = column.name
        if name in row:
            continue
        if "enumeration" in column.info:
            row[name] = None if column.nullable else next(iter(column.info["enumeration"])).value
            continue
        if isinstance(column.type, Text | Json) and not isinstance(column.type, UtcTime):
            is_kept = name in KEPT and name not in {"intervals", "targets", "timezone"}
            is_kept = is_kept or f"{kind}.{name}" in KEPT or (kind, name) == ("sentiment", "label")
            row[name] = "old" if is_kept else planted(secrets, kind, name)
        elif isinstance(column.type, UtcTime):
            row[name] = AT
        elif isinstance(column.type, Boolean):
            row[name] = False
        else:
            row[name] = 1
    row["deleted_at"] = None
    if kind == "custom_field":
        row |= {"kind": "ticket", "key": "chosen", "type": "select"}
    if kind == "attachment":
        row["fetch_state"] = "done"
    return row


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two customers and an agent with a bit of history."""
    found = World(tmp_path_factory.mktemp("desk"))
    found.put("person", id="old:user:Ann", name="Ann Geheimrat", role="agent", email="Ann.Geheimrat@firma.org")
    found.put("person", id="old:user:Cleo", name="Cleo Privata", role="end_user", email="cleo@privata.org",
              emails=[{"value": "cleo@privata.org"}], first_name="Cleo", last_name="Privata")  # fmt: skip
    ticket = found.ticket("2026-01-05 09:00", tags=("sehr-geheim",), subject="Help Cleo Privata 👍")
    found.customer(ticket, "2026-01-05 09:00", sender="Cleo <CLEO@privata.org>", body_text="I am Cleo Privata")
    found.reply(ticket, "2026-01-05 10:00", "Ann", to_addresses=[{"address": "cleo@privata.org", "name": "Cleo P."}])
    found.event(ticket, "2026-01-05 10:00", "assignee_id", "old:user:Ann")
    found.event(ticket, "2026-01-05 10:00", "subject", "Help Cleo Privata")
    found.event(ticket, "2026-01-05 10:00", "tags", '["sehr-geheim"]')
    found.status(ticket, "2026-01-05 11:00", "solved", "Ann")
    found.ticket("2026-01-06 23:30", requester="Cleo", tags=("sehr-geheim",))
    return found


NAMES = ["Geheimrat", "Cleo", "Privata", "privata", "sehr-geheim", "firma.org", "chosen secret", "old:user:Ann"]


@pytest.fixture(scope="module")
def secrets(world: World) -> Secrets:
    """Write the world and a row of every kind that is full of secrets; a configuration beside it."""
    found = Secrets()
    url = world.write()
    with open_store(url) as store:
        for kind in KINDS:
            put(store, kind.value, row_of(found, kind.value))
    config = world.folder / "deskferry.toml"
    config.write_text(f'[store]\nurl = "{url}"\n', encoding="utf-8")
    return found


def put(store: Store, kind: str, row: dict[str, Any]) -> None:
    with store.write() as database:
        database.execute(insert(sql_table(kind)).values(**row))


def exported(world: World, name: str, forms: tuple[str, ...], *words: str) -> dict[str, Path]:
    """Export in some formats; return the folders."""
    folders = {form: world.folder / f"{name}-{form}" for form in forms}
    for form, folder in folders.items():
        config = str(world.folder / "deskferry.toml")
        assert run(["--config", config, "--quiet", "export", str(folder), "--format", form, *words]) == 0
    return folders


@pytest.fixture(scope="module")
def anonymous(world: World, secrets: Secrets) -> dict[str, Path]:
    """Give the folder of each format, without persons."""
    return exported(world, "anonymous", FORMATS, "--anonymize", "--facts")


@pytest.fixture(scope="module")
def plain(world: World, secrets: Secrets) -> dict[str, Path]:
    """Give the same with persons."""
    return exported(world, "plain", ("duckdb",))


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield all that stands in the files of a folder: as bytes, and of binary files as what they decode to."""
    for file in (one for one in sorted(folder.rglob("*")) if one.is_file()):
        yield file.name, file.name
        yield file.name, file.read_bytes().decode("utf-8", "replace")
        if file.suffix == ".parquet":
            with duckdb.connect() as database:
                yield file.name, str(database.read_parquet(str(file)).fetchall())
        if file.suffix == ".duckdb":
            with duckdb.connect(str(file), read_only=True) as database:
                for (table,) in database.sql("SHOW TABLES").fetchall():
                    yield table, str(database.sql(f'SELECT * FROM "{table}"').fetchall())


def words_in(folder: Path, words: list[str]) -> set[str]:
    return {word for _file, text in texts(folder) for word in words if word in text}


def test_the_interchange_format_names_nobody_and_the_secret_is_not_kept(world: World, secrets: Secrets) -> None:
    words = [*secrets.told, *NAMES]
    plain = exported(world, "quick", ("ndjson",))["ndjson"]
    one, other = (exported(world, name, ("ndjson",), "--anonymize")["ndjson"] for name in ("one", "other"))
    assert words_in(plain, words) == set(words), "the search finds what is there"
    assert words_in(one, words) == words_in(other, words) == set()
    assert {file.name for file in one.iterdir()} == {file.name for file in plain.iterdir()}
    people = [[json.loads(line) for line in (folder / "person.ndjson").read_text(encoding="utf-8").splitlines()]
              for folder in (one, other)]  # fmt: skip
    for name in ("id", "name"):
        assert not {person[name] for person in people[0]} & {person[name] for person in people[1]}


@pytest.mark.exhaustive
@pytest.mark.parametrize("form", FORMATS)
def test_no_file_holds_what_a_person_is_told_by(anonymous: dict[str, Path], secrets: Secrets, form: str) -> None:
    words = [*secrets.told, *NAMES]
    held = list(texts(anonymous[form]))
    assert [(file, name) for file, text in held for name in words if name in text] == []
    assert any("lorem ipsum" in text for _file, text in held), "the search looks into this format"


def ask(folders: dict[str, Path], sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folders["duckdb"] / "deskferry.duckdb"), read_only=True) as database:
        return database.sql(sql).fetchall()


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT created_at, first_response_seconds, resolution_seconds, n_replies FROM fact_ticket ORDER BY ALL",
        "SELECT count(*), count(DISTINCT person_id), count(DISTINCT email) FROM (FROM person SELECT *, id person_id)",
        "SELECT length(subject), created_at FROM ticket ORDER BY ALL",
        "SELECT length(body_text), is_public, created_at FROM message ORDER BY ALL",
        "SELECT count(*) n, count(DISTINCT ticket_id) FROM bridge_ticket_tag GROUP BY tag ORDER BY ALL",
        "SELECT count(*) FROM fact_ticket JOIN dim_person ON person_id = requester_id GROUP BY name ORDER BY ALL",
        "SELECT count(*) FROM fact_message JOIN dim_person ON person_id = author_id GROUP BY role ORDER BY ALL",
    ],
)
def test_numbers_dates_and_who_is_who_stay(anonymous: dict[str, Path], plain: dict[str, Path], sql: str) -> None:
    assert ask(anonymous, sql) == ask(plain, sql) != []


@pytest.mark.exhaustive
def test_the_same_person_is_the_same_everywhere(anonymous: dict[str, Path]) -> None:
    people = ask(anonymous, "SELECT name, first_name || ' ' || last_name, email, emails FROM person"
                            " WHERE first_name IS NOT NULL AND role = 'end_user'")  # fmt: skip
    ((name, both, email, emails),) = people
    assert name == both
    assert [one["value"] for one in json.loads(emails)] == [email]
    assert ask(anonymous, "SELECT DISTINCT sender FROM message WHERE is_opening AND sender IS NOT NULL") == [(email,)]
    sent = "SELECT to_addresses FROM message WHERE author_kind = 'agent' AND to_addresses IS NOT NULL"
    assert json.loads(ask(anonymous, sent)[0][0]) == [{"address": email, "name": name}]
    ((tags,),) = ask(anonymous, "SELECT new_value FROM ticket_event WHERE field = 'tags'")
    assert (json.loads(tags)[0],) in ask(anonymous, "SELECT tag FROM tagging")


@pytest.mark.exhaustive
def test_custom_fields_keep_numbers_dates_and_what_is_chosen_together(anonymous: dict[str, Path]) -> None:
    ((fields, options),) = ask(anonymous, "SELECT t.custom_fields, f.options FROM ticket t, custom_field f"
                                          " WHERE t.custom_fields IS NOT NULL")  # fmt: skip
    fields = json.loads(fields)
    assert (fields["n"], fields["day"], fields["many"][1], fields["deep"]) == (3.5, "2026-01-05", 7, None)
    assert fields["chosen"] == json.loads(options)[0]["value"]
    assert len(fields["free"]) == len("geheim100z")


@pytest.mark.exhaustive
def test_files_and_raw_records_stay_behind_and_so_does_the_copy(anonymous: dict[str, Path], world: World) -> None:
    assert ask(anonymous, "SELECT fetch_state, sha256, extra, raw_record_id FROM attachment") == [
        ("skipped", None, None, None)
    ]
    assert not (anonymous["ndjson"] / "files").exists()
    left = [one.name for folder in (world.folder, *anonymous.values()) for one in folder.iterdir()]
    assert [name for name in left if name.startswith(".")] == []


@pytest.mark.exhaustive
def test_a_ticket_that_was_migrated_is_still_one(tmp_path: Path) -> None:
    found = two_desks(World(tmp_path))
    volume, answer = metric_named("M01"), metric_named("M07")
    with open_store(found.world.write()) as store:
        found.machinery(store)
        with anonymous_copy(store, Silent(), tmp_path / "out") as copy:
            told = [compute(one, [volume, answer], Question(clock="calendar"), found.world.as_of)
                    for one in (store, copy)]  # fmt: skip
    assert [one.value for one in told[0]] == [one.value for one in told[1]] == [3, 3600]
