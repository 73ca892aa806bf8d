"""Large facts kept as Parquet beside the snapshot, so that the next question about the same data finds them made.

A file is named after all that its rows come from: the state of the tables, how their keys are made, what the question
leaves out, and the code that derives facts. Where any of it differs, another name is looked for; what nobody asks for
any more goes with the files of an earlier snapshot.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from deskferry.metrics.facts import tables_of
from deskferry.store.snapshot import Snapshot

WORTH = 16 << 20
"""Bytes of the tables that a fact is derived from, from which on it is kept: of some hundred thousand tickets."""


@dataclass(frozen=True, slots=True)
class KeptFacts:
    """The facts kept beside one snapshot, for one DuckDB that reads it."""

    backend: Any
    snapshot: Snapshot
    exclude: tuple[str, ...]
    """Brands and inboxes that the question leaves out: their tickets are not in the base population."""

    def find(self, name: str, facts: tuple[str, ...], build: Callable[[], ir.Table]) -> ir.Table | None:
        """Return what was kept by a name, or is derived into its file now; None where it is too small for that.

        `facts`: those that it is made of, or itself.
        """
        if sum(self.snapshot.files[table].stat().st_size for table in tables_of(facts)) < WORTH:
            return None
        file = self._file(name, facts)
        if not file.exists():
            draft = file.with_name(f"{file.name}.{uuid.uuid4().hex[:8]}.new")
            self.backend.to_parquet(build(), draft, COMPRESSION="lz4_raw")
            draft.replace(file)
        found: ir.Table = self.backend.read_parquet(str(file), table_name=f"kept_{name}")
        return found

    def _file(self, name: str, facts: tuple[str, ...]) -> Path:
        states = [[table, self.snapshot.states[table]] for table in sorted(tables_of(facts))]
        made_of = [facts, states, self.snapshot.salt, sorted(self.exclude), _code()]
        digest = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()
        return self.snapshot.folder / f"fact-{name}-{digest[:16]}.parquet"


@cache
def _code() -> str:
    """Return a digest of the code that derives facts: of metrics as a whole, since facts use most of it."""
    found = hashlib.sha256()
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()
