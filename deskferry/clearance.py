"""Forgetting and purging as a user runs them: on the store of a workbench, with the locks of all that is concerned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from deskferry.connectors.kit.mapping import Context, ObjectMap
from deskferry.connectors.registry import connector
from deskferry.errors import ConfigError
from deskferry.privacy.forget import Forget, ForgetResult, Mode, connections_of
from deskferry.privacy.purge import Certificate, Purge
from deskferry.privacy.sweep import Sweep
from deskferry.store.state import locked, pinned
from deskferry.workbench import Workbench


def key_file(bench: Workbench) -> Path:
    """Return where the key of pseudonyms is kept: beside the store, or beside the configuration of a server's."""
    path = bench.store.path
    return (bench.config.directory / "deskferry" if path is None else path).with_suffix(".pseudonym.key")


def forgetting(bench: Workbench, person: str, mode: Mode, connection: str | None) -> Forget:
    """Return what forgets a person; nothing is looked at yet."""
    if connection is not None and connection not in connections_of(bench.store):
        raise ConfigError(
            f"The store holds nothing of {connection}.", f"It has: {_listed(connections_of(bench.store))}."
        )
    return Forget(bench.store, bench.config.hold, person, mode, key_file(bench), connection)


def forget(bench: Workbench, work: Forget) -> ForgetResult:
    """Forget a person while nobody else works on the store; the run that is kept tells numbers only."""
    names = connections_of(bench.store)
    with bench.run("forget", None) as record, ExitStack() as held:
        _lock(bench, held, names, record.id, "forget")
        sweep = Sweep(
            bench.store,
            work.connection or "",
            record.id,
            bench.now(),
            lambda name: maps_of(bench, name),
            bench.progress,
        )
        result = work.run(sweep, names)
        record.counts = {"state": result.state, "mode": result.mode, "changed": result.changed,
                         "removed_files": result.removed_files}  # fmt: skip
    return result


def purging(bench: Workbench, connection: str, crossings: str) -> Purge:
    """Return what purges a connection; nothing is looked at yet."""
    config = bench.config.connections.get(connection)
    token_file = None if config is None else config.token_file
    return Purge(bench.store, bench.config.hold, connection, crossings, token_file, bench.progress, bench.now)


def purge(bench: Workbench, work: Purge, deliver: Callable[[Certificate], None]) -> Certificate:
    """Purge a connection while nobody else works on it, or on what crossed to it or from it."""
    with bench.run("purge", work.connection) as record, ExitStack() as held:
        _lock(bench, held, sorted({*connections_of(bench.store), work.connection}), record.id, "purge")
        certificate = work.run(record.id, deliver)
        told = certificate.as_json()
        record.counts = {name: told[name] for name in ("rows", "sha256", "crossings")}
    return certificate


def _lock(bench: Workbench, held: ExitStack, names: Sequence[str], run_id: str, command: str) -> None:
    for name in names:
        held.enter_context(locked(bench.store, name, run_id, command, bench.now()))


def maps_of(bench: Workbench, name: str) -> tuple[Context, Mapping[str, ObjectMap]]:
    """Return how the raw records of a connection are mapped, whether it is still configured or not."""
    with bench.store.read() as database:
        pin = pinned(database, name)
    if name in bench.config.connections:
        found = bench.connector(name)
    elif pin is not None:
        found = connector(pin["vendor"])
    else:
        return Context(name, "", ""), {}
    return Context(name, found.name, "" if pin is None else pin["site"] or ""), found.maps


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
