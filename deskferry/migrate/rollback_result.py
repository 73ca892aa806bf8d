"""How to take a run back, which runs can be, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from deskferry.errors import ConfigError
from deskferry.migrate.covered import MIGRATE, RETRY
from deskferry.migrate.left_alone import Why
from deskferry.store import Store
from deskferry.store.state import runs

TAKEN_BACK = (MIGRATE, RETRY)
"""Commands whose runs can be taken back."""
_LISTED = 1000
"""Records that the result names; the findings of the run have all."""


@dataclass(frozen=True, slots=True)
class RollbackOptions:
    """How to take back."""

    force: bool = False
    """Also what people changed since, and what a later run built on."""
    accept: frozenset[str] = frozenset()
    threads: int = 1
    max_errors: int | None = None
    confirm: Callable[[int], bool] = lambda _operations: True
    """Asked once before the first call, with the number of operations that stand."""


@dataclass(slots=True)
class RollbackResult:
    """What was taken back, what was left alone, and what stays behind."""

    run_id: str
    of: str
    undone: Counter[str] = field(default_factory=Counter)
    """Kind → operations that were taken back now."""
    left: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(code, kind, record, detail) of what was left alone or refused, the first thousand."""
    left_by_code: Counter[str] = field(default_factory=Counter)
    residues: dict[str, int] = field(default_factory=dict)
    """Code → how many, of all that was ever taken back of the run."""
    effects_had: dict[str, int] = field(default_factory=dict)
    """Effect → operations of the run that had it: what went out stays out."""

    @property
    def exit_code(self) -> int:
        """Return 1 where something was left alone or refused; residues are declared."""
        return 1 if self.left_by_code else 0

    def leave(self, why: Why, kind: str, record_id: str) -> None:
        """Note what is left alone."""
        self.left_by_code[why.code] += 1
        if len(self.left) < _LISTED:
            self.left.append((why.code, kind, record_id, why.detail))

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain JSON (`json/rollback.schema.json`)."""
        return {
            "run_id": self.run_id,
            "exit_code": self.exit_code,
            "of": self.of,
            "undone": dict(sorted(self.undone.items())),
            "left_alone": {
                "by_code": dict(sorted(self.left_by_code.items())),
                "records": [
                    {"code": code, "kind": kind, "record_id": record, "detail": detail}
                    for code, kind, record, detail in self.left
                ],
            },
            "residues": self.residues,
            "effects_had": self.effects_had,
        }


def route_of(store: Store, run_id: str) -> tuple[str, str]:
    """Return source and destination of a run that can be taken back; raises ConfigError for another."""
    with store.read() as database:
        found = runs(database, run_id=run_id)
    listed = "`deskferry runs` lists the latest."
    if not found:
        raise ConfigError(f"There is no run {run_id}.", listed)
    run = found[0]
    source, arrow, destination = (run["connection"] or "").partition(">")
    if run["command"] not in TAKEN_BACK or not arrow:
        raise ConfigError(f"Run {run_id} is of `{run['command']}`, which is not taken back.", listed)
    done = (run["counts"] or {}).get("rolled_back") or {}
    if done.get("complete"):
        raise ConfigError(f"Run {run_id} was rolled back already, by run {done['run_id']}.", listed)
    return source, destination
