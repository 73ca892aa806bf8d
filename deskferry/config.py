"""deskferry.toml → typed settings. Secrets are references that are looked up when they are first needed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from deskferry.addresses import check_origin, is_loopback
from deskferry.errors import ConfigError
from deskferry.redaction import Secret, register
from deskferry.references import is_reference, is_secret_key, secret_from
from deskferry.toml_table import Table, did_you_mean

DEFAULT_FILE = "deskferry.toml"
DEFAULT_STORE = "sqlite:///deskferry.db"
COMMON_OPTIONS = (
    "vendor", "base_url", "share_of_limit", "requests_per_minute", "quiet_hours", "threads", "page_size", "start_date",
    "proxy", "ca_bundle", "streams", "token_file",
)  # fmt: skip
"""Keys that every connection takes; all others are the vendor's."""
DELTA_POLICIES = ("closed_first", "reimport", "append_with_consent")
_SELECT = (
    "brand", "inbox", "team", "tag", "status", "created_from", "created_to", "updated_from", "updated_to", "include",
)  # fmt: skip
_SECTIONS = ("metrics", "validate", "report", "duplicates")
_NAME = re.compile(r"[a-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class ConnectionConfig:
    """One account, as configured. `settings` are the vendor's own keys; secrets among them are `Secret`s."""

    name: str
    vendor: str
    base_url: str | None = None
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    share_of_limit: float = 0.7
    requests_per_minute: float | None = None
    quiet_hours: str | None = None
    threads: int = 4
    page_size: int | None = None
    start_date: str | None = None
    """ISO 8601 in UTC."""
    proxy: str | None = None
    ca_bundle: Path | None = None
    streams: tuple[str, ...] | None = None
    token_file: Path | None = None
    """Where rotating tokens are kept; None with `token_keyring`."""
    token_keyring: str | None = None
    """The keyring's entry that keeps them, for `token_file = "keyring:NAME"`."""
    directory: Path = Path()
    """Where the configuration lies: relative paths in `settings` start here."""

    def path(self, text: str) -> Path:
        """Return a path of the settings, relative to the configuration."""
        return self.directory / Path(text).expanduser()


@dataclass(frozen=True, slots=True)
class Route:
    """A pair of connections and how data cross from one to the other."""

    name: str
    source: str
    destination: str
    mapping: Path | None = None
    delta: str = "closed_first"
    sync: bool = False
    select: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Lists under brand, inbox, team, tag, status, include; ISO times under created_from, created_to, updated_…"""


@dataclass(frozen=True, slots=True)
class Hold:
    """What `forget` and `purge` must leave alone."""

    people: tuple[str, ...] = ()
    """E-mail addresses, record ids, or `<connection> <source id>`."""
    organizations: tuple[str, ...] = ()
    """Record ids, names, domains, or `<connection> <source id>`: their people are on hold too."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration."""

    store_url: str
    connections: Mapping[str, ConnectionConfig]
    routes: Mapping[str, Route] = field(default_factory=lambda: MappingProxyType({}))
    hold: Hold = Hold()
    history: bool = False
    files: Path | None = None
    """Where attachments are kept; None: beside the SQLite file."""
    """Keep every version of a raw record, not only the latest."""
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    """Tables that their readers check themselves: metrics, validate, report, duplicates."""
    file: Path | None = None
    directory: Path = Path()
    warnings: tuple[str, ...] = ()
    """Sentences that the user should see once: a secret that is written out."""

    def connection(self, name: str) -> ConnectionConfig:
        """Return a connection; raises ConfigError with the nearest name."""
        if name not in self.connections:
            known = f"Known: {', '.join(sorted(self.connections))}." if self.connections else "None is configured."
            advice = did_you_mean(name, self.connections) or known
            raise ConfigError(f"There is no connection {name!r} in {self.file or DEFAULT_FILE}.", advice)
        return self.connections[name]

    def route(self, source: str, destination: str) -> Route:
        """Return the route of a pair; one with the defaults where none is configured."""
        for route in self.routes.values():
            if (route.source, route.destination) == (source, destination):
                return route
        return Route(f"{source}-{destination}", source, destination)

    def with_store(self, url: str) -> Config:
        """Return the same configuration on another store; a relative path starts in the working directory."""
        moved = _absolute_store(url, Path.cwd())
        changed = {
            name: replace(connection, token_file=_default_token_file(moved, self.directory, name))
            if connection.token_file == _default_token_file(self.store_url, self.directory, name)
            else connection
            for name, connection in self.connections.items()
        }
        return replace(self, store_url=moved, connections=MappingProxyType(changed))


def load_config(path: str | Path | None = None, known: Mapping[str, Iterable[str]] | None = None) -> Config:
    """Return the configuration; `known` (vendor → its own keys) lets unknown vendors and keys be refused here."""
    file = Path(path if path is not None else DEFAULT_FILE).expanduser()
    return parse_config(_read(file), file, known)


def parse_config(text: str, file: Path, known: Mapping[str, Iterable[str]] | None = None) -> Config:
    """Return the configuration that a text holds; `file` names it and anchors relative paths."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{file}: {_place(error, text)}", "Correct it; `deskferry init` shows how it looks."
        ) from None
    directory = file.absolute().parent
    top = Table(document, str(file), directory)
    top.only("store", "connections", "routes", "hold", *_SECTIONS)
    store = top.table("store")
    store.only("url", "history", "files")
    url = _absolute_store(store.text("url") or DEFAULT_STORE, directory)
    warnings: list[str] = []
    connections = {
        name: _connection(name, table, url, known, warnings) for name, table in top.table("connections").tables()
    }
    routes = {name: _route(name, table, connections) for name, table in top.table("routes").tables()}
    return Config(
        store_url=url,
        connections=MappingProxyType(connections),
        routes=MappingProxyType(routes),
        hold=_hold(top.table("hold")),
        history=store.flag("history"),
        files=_files_place(store, url, directory),
        sections=MappingProxyType({name: top.table(name).values for name in _SECTIONS if name in document}),
        file=file,
        directory=directory,
        warnings=tuple(warnings),
    )


def commented_template() -> str:
    """Return the text of a new deskferry.toml: every option, each vendor, all commented out but the store."""
    return Path(__file__).with_name("template.toml").read_text(encoding="utf-8")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")  # Windows editors begin a file with a byte-order mark
    except FileNotFoundError:
        raise ConfigError(
            f"There is no configuration at {file}.", "`deskferry init` writes one; --config names another place."
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from None
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read: {error.strerror or error}.", "Check the path and its rights."
        ) from None


def _place(error: tomllib.TOMLDecodeError, text: str) -> str:
    found = re.match(r"(.*) \((?:at line (\d+), column (\d+)|at end of document)\)$", str(error), re.DOTALL)
    if found is None:
        return f"not valid TOML: {error}."
    lines = text.split("\n")
    line, column = found.group(2) or str(len(lines)), found.group(3) or str(len(lines[-1]) + 1)
    return f"line {line}, column {column}: {found.group(1)}."


def _connection(
    name: str, table: Table, store: str, known: Mapping[str, Iterable[str]] | None, warnings: list[str]
) -> ConnectionConfig:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{table.place}: a connection is named with a-z, 0-9, _ and - only.", "It is never renamed: choose well."
        )
    vendor = table.text("vendor")
    if vendor is None:
        raise ConfigError(f"{table.place} has no vendor.", 'Add a line such as vendor = "zendesk".')
    if known is not None:
        _check_known(table, vendor, known)
    base_url = table.text("base_url")
    file, keyring = _token_place(table, store, name)
    common: dict[str, Any] = {
        "requests_per_minute": table.number("requests_per_minute", 0, 1_000_000),
        "quiet_hours": table.text("quiet_hours"),
        "page_size": table.whole("page_size", 10_000),
        "start_date": table.time("start_date"),
        "ca_bundle": table.file("ca_bundle"),
        "streams": table.texts("streams"),
    }
    share, threads = table.number("share_of_limit", 0, 1), table.whole("threads", 64)
    if share is not None:
        common["share_of_limit"] = share
    if threads is not None:
        common["threads"] = threads
    return ConnectionConfig(
        name=name,
        vendor=vendor,
        base_url=None if base_url is None else check_origin(base_url, f"{table.place}: base_url"),
        settings=MappingProxyType(_vendor_settings(name, table, warnings)),
        proxy=_proxy(table),
        token_file=file,
        token_keyring=keyring,
        directory=table.directory,
        **common,
    )


def _check_known(table: Table, vendor: str, known: Mapping[str, Iterable[str]]) -> None:
    if vendor not in known:
        advice = did_you_mean(vendor, known) or f"Known: {', '.join(sorted(known))}."
        raise ConfigError(f"{table.place}: vendor {vendor!r} is unknown.", advice)
    table.only(*COMMON_OPTIONS, *known[vendor])


def _vendor_settings(name: str, table: Table, warnings: list[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key, value in table.values.items():
        if key in COMMON_OPTIONS:
            continue
        if not is_secret_key(key):
            settings[key] = table.text(key) if isinstance(value, str) and value.startswith("env:") else value
            if key.endswith("_url") and isinstance(settings[key], str):
                settings[key] = check_origin(settings[key], f"{table.place}: {key}")
            continue
        if not isinstance(value, str) or not value:
            raise table.wrong(key, "must be text.", f'Write {key} = "env:NAME", "file:PATH" or "keyring:NAME".')
        if not is_reference(value):
            warnings.append(
                f"{table.place}: {key} is written out in the configuration; "
                f'{key} = "env:NAME", "file:PATH" or "keyring:NAME" keeps it out of it.'
            )
        settings[key] = secret_from(value, table.directory, f"{key} of connection {name}")
    return settings


def _proxy(table: Table) -> str | None:
    text = table.text("proxy")
    if text is None:
        return None
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https", "socks5", "socks5h"} or not parts.hostname:
        raise table.wrong("proxy", "is not a URL.", "It looks like http://proxy.example.com:3128.")
    if parts.password:
        register(parts.password)
    return text


def _hold(table: Table) -> Hold:
    table.only("people", "organizations")
    return Hold(table.texts("people") or (), table.texts("organizations") or ())


def _files_place(store: Table, url: str, directory: Path) -> Path | None:
    """Return the configured directory of attachments; of a database server one beside the configuration."""
    named = store.text("files")
    if named:
        return directory / Path(named).expanduser()
    return None if url.startswith("sqlite:") else directory / "deskferry.files"


def _token_place(table: Table, store: str, name: str) -> tuple[Path | None, str | None]:
    text = table.text("token_file")
    if text is None:
        return _default_token_file(store, table.directory, name), None
    if text.startswith("keyring:"):
        return None, text.removeprefix("keyring:")
    return table.file("token_file"), None


def _default_token_file(store: str, directory: Path, name: str) -> Path:
    """Return the file beside the store; beside the configuration where the store is a server."""
    if store.startswith("sqlite:///") and not store.endswith(":memory:"):
        path = Path(store.removeprefix("sqlite:///"))
        return path.with_name(f"{path.stem}.{name}.tokens.json")
    return directory / f"deskferry.{name}.tokens.json"


def _absolute_store(url: str, directory: Path) -> str:
    if url.startswith("sqlite:///") and not url.endswith(":memory:"):
        path = Path(url.removeprefix("sqlite:///")).expanduser()
        return f"sqlite:///{directory / path}"
    if "://" not in url:
        raise ConfigError(f"The store {url!r} is not a URL.", "It looks like sqlite:///deskferry.db or postgresql://…")
    password = urlsplit(url).password
    if password:
        register(password)
    return url


def _route(name: str, table: Table, connections: Mapping[str, ConnectionConfig]) -> Route:
    table.only("source", "destination", "mapping", "delta", "sync", "select")
    ends = []
    for key in ("source", "destination"):
        end = table.text(key)
        if end is None:
            raise ConfigError(f"{table.place} has no {key}.", f'Add a line such as {key} = "old".')
        if end not in connections:
            advice = did_you_mean(end, connections) or f"Configure [connections.{end}]."
            raise table.wrong(key, f"names {end!r}, which is no connection.", advice)
        ends.append(end)
    if ends[0] == ends[1]:
        raise ConfigError(f"{table.place}: source and destination are the same.", "Data cross between two connections.")
    delta = table.text("delta") or DELTA_POLICIES[0]
    if delta not in DELTA_POLICIES:
        raise table.wrong("delta", f"is {delta!r}.", f"It is one of {', '.join(DELTA_POLICIES)}.")
    return Route(
        name, ends[0], ends[1], table.file("mapping"), delta, table.flag("sync"), MappingProxyType(_selection(table))
    )


def _selection(route: Table) -> dict[str, Any]:
    table = route.table("select")
    flat: dict[str, Any] = {}
    for key, value in table.values.items():
        # created = { from = …, to = … } says the same as created_from and created_to.
        inner = {f"{key}_{part}": moment for part, moment in value.items()} if isinstance(value, dict) else {key: value}
        flat.update(inner)
    select = Table(flat, table.place, table.directory)
    select.only(*_SELECT)
    return {key: select.time(key) if key.endswith(("_from", "_to")) else select.texts(key) for key in flat}


__all__ = [
    "COMMON_OPTIONS", "Config", "ConnectionConfig", "Route", "Secret", "check_origin", "commented_template",
    "did_you_mean", "is_loopback", "load_config", "parse_config",
]  # fmt: skip
