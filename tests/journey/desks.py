"""Simulated desks in a process of their own, and the client's hand on them.

The process outlives every client that is killed; it ends when the test closes it, or when the test's process dies.
Its desks share one virtual clock, so that whoever waits for one of them moves the time of both.

    with DeskHost() as host:
        old = host.zendesk(seed=3, tickets=40)
        new = host.freshdesk(like=old)
        config = write_config(directory, old=old, new=new)
        with workbench(config, old) as bench: ...
        host.reset(old)                                  # the same account at the same address, as it first was
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Desk:
    """A served desk: where it is, what opens it, and its control plane."""

    number: int
    vendor: str
    base_url: str
    credentials: dict[str, Any]
    made_of: dict[str, Any]
    host: DeskHost = field(repr=False)

    def get(self, what: str) -> Any:
        """Return what the control plane tells: clock, mailbox, state, faults, log."""
        answer = self.host.http.get(f"{self.base_url}/__sim/{what}")
        answer.raise_for_status()
        return answer.json()

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """Return the whole account."""
        found: dict[str, list[dict[str, Any]]] = self.get("state")
        return found

    def mails(self) -> list[dict[str, Any]]:
        """Return what customers and agents would have received."""
        found: list[dict[str, Any]] = self.get("mailbox")["mails"]
        return found

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests so far."""
        found: list[dict[str, Any]] = self.get("log")["requests"]
        return found

    def forget_requests(self) -> None:
        """Count anew."""
        self.host.http.delete(f"{self.base_url}/__sim/log").raise_for_status()

    def change(self, *changes: Mapping[str, Any]) -> list[Any]:
        """Change the account behind the API's back."""
        answer = self.host.http.post(f"{self.base_url}/__sim/state", json=list(changes))
        assert answer.status_code == 200, answer.text
        found: list[Any] = answer.json()["result"]
        return found

    def faults(self, spec: str = "") -> None:
        """Put these faults into force, and no others."""
        self.host.http.delete(f"{self.base_url}/__sim/faults").raise_for_status()
        if spec:
            answer = self.host.http.post(f"{self.base_url}/__sim/faults", json={"spec": spec})
            assert answer.status_code == 200, answer.text

    def struck(self) -> list[int]:
        """Return how often each fault has struck."""
        return [one["struck"] for one in self.get("faults")["rules"]]

    def wait(self, seconds: float) -> None:
        """Let time pass for all desks."""
        self.host.http.post(f"{self.base_url}/__sim/clock", json={"sleep": seconds}).raise_for_status()

    def reset(self) -> None:
        """Make the account as it first was, without faults, log and mails."""
        self.host.reset(self)


class DeskHost:
    """The process."""

    def __init__(self) -> None:
        self.http = httpx.Client(trust_env=False, timeout=30)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journey.desk_process"],
            cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def _ask(self, command: str, **values: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": command, **values}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def _start(self, vendor: str, made_of: dict[str, Any]) -> Desk:
        found = self._ask("start", vendor=vendor, made_of=made_of)
        return Desk(found["number"], vendor, found["base_url"], found["credentials"], made_of, self)

    def zendesk(self, *, seed: int = 3, tickets: int = 40, profile: str = "ugly", **options: Any) -> Desk:
        """Serve a generated account; `data` serves a folder, other options are those of the simulator."""
        return self._start("zendesk", {"seed": seed, "tickets": tickets, "profile": profile, **options})

    def empty_zendesk(self, *, like: Desk, **options: Any) -> Desk:
        """Serve an account as an administrator set it up: staff (`agents`: so many), groups and fields of another."""
        return self._start("zendesk", {"like": like.made_of.get("filled", like.made_of), **options})

    def full_freshdesk(self, *, seed: int = 3, tickets: int = 40, profile: str = "plain", plan: str = "pro") -> Desk:
        """Serve a generated account."""
        filled = {"seed": seed, "tickets": tickets, "profile": profile}
        return self._start("freshdesk", {"filled": filled, "plan": plan})

    def freshdesk(self, *, like: Desk | None = None, **options: Any) -> Desk:
        """Serve an account as an administrator set it up: with the staff, teams and fields of another desk."""
        made_of = dict(options)
        if like is not None:
            made_of["like"] = like.made_of
        return self._start("freshdesk", made_of)

    def help_scout(self, *, seed: int = 3, tickets: int = 40, profile: str = "plain") -> Desk:
        """Serve a generated account; its time is its own."""
        return self._start("help_scout", {"seed": seed, "tickets": tickets, "profile": profile})

    def reset(self, *desks: Desk) -> None:
        """Make accounts as they first were, at the same addresses."""
        self._ask("reset", numbers=[one.number for one in desks])

    def close(self) -> None:
        """End the process."""
        self.http.close()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()

    def __enter__(self) -> DeskHost:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


CREDENTIALS = {
    "zendesk": ("subdomain", "oauth_token"),
    "freshdesk": ("domain", "api_key"),
    "help_scout": ("app_id", "app_secret", "docs_api_key"),
}
"""The settings of a connection, unless a test chooses others."""
SECRETS = (
    "oauth_token", "api_token", "api_key", "client_secret", "refresh_token", "app_secret", "docs_api_key",
)  # fmt: skip


def config_text(
    desks: Mapping[str, Desk],
    *,
    store: str = "sqlite:///store.db",
    more: Mapping[str, Mapping[str, Any]] | None = None,
    without: Iterable[str] = (),
) -> str:
    """Return a configuration whose secrets lie in files; `more` adds settings to a connection, or overrides them."""
    lines = ["[store]", f"url = {json.dumps(store)}", ""]
    for name, desk in desks.items():
        own = dict((more or {}).get(name, {}))
        settings = {"vendor": desk.vendor, "base_url": desk.base_url}
        for key in CREDENTIALS[desk.vendor]:
            if key not in without:
                settings[key] = f"file:{name}.{key}" if key in SECRETS else desk.credentials[key]
        lines.append(f"[connections.{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in {**settings, **own}.items()]
        lines.append("")
    return "\n".join(lines)


def write_config(directory: Path, desks: Mapping[str, Desk], **options: Any) -> Path:
    """Write deskferry.toml and the secrets that it names into a directory, and return its path."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, desk in desks.items():
        for key in set(SECRETS) & set(desk.credentials):
            (directory / f"{name}.{key}").write_text(desk.credentials[key], encoding="utf-8")
    path = directory / "deskferry.toml"
    path.write_text(config_text(desks, **options), encoding="utf-8")
    return path
