"""What a metric is: its identity, what it needs, and one function that yields the rows to aggregate.

    METRIC = Metric(
        card="M07", version=1,
        facts=("ticket", "ticket_messages"),
        needs=(Need("message", lambda message: message.author_kind.notnull()),),
        clocks=CLOCKS, anchors={"event": "first_reply_at", "cohort": "created_at"},
        options={"start": Choice(("created", "from_customer"), "Where the clock starts")},
        aggregation=Duration(), rows=_rows,
    )

`rows(ask)` returns a table with a row for each member of the population and these columns (`Ask` says what is asked):

    value        what is aggregated; NULL: eligible, but without a value (counted as missing)
    at           the instant that puts the row into a period (chosen by `ask.anchor`); NULL: the row is missing, and in
                 no period; absent: the metric has no periods
    connection   whose row it is
    ticket_id    by it the dimensions of the ticket are found; absent: only dimensions that the row itself has
    <dimension>  a dimension that the row knows better than its ticket: `agent` of a reply is who wrote it

Further columns are what its aggregation asks for. Rows without the input (G3) come out as missing by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from deskferry.metrics.aggregation import Aggregation
from deskferry.metrics.cards import CARDS, Card
from deskferry.metrics.options import NO_CLOCK, Option, Question

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask
    from deskferry.metrics.result import Line

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Need:
    """Rows without which there is nothing to compute: decided per connection."""

    table: str
    where: Callable[[ir.Table], ir.BooleanValue] | None = None
    """Which rows of the table count; None: any row that is not deleted."""
    anywhere: bool = False
    """Rows of a connection without tickets (a shop, web statistics) serve the tickets of all connections."""


Options = Mapping[str, Any]
"""The options of a metric as they hold for one question."""
Tables = Mapping[str, tuple[str, ...]]
Needs = tuple[Need | tuple[Need, ...], ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    card_id: str
    version: int
    aggregation: Aggregation
    rows: Callable[[Ask], ir.Table]
    anchors: Mapping[str, str]
    """Anchor → what of the row it is; the first is the default; empty: as of now, no periods."""
    population: str
    """Who is counted, in a sentence: printed with the number."""
    facts: tuple[str, ...] = ()
    """Facts that `rows` reads: see `facts`."""
    tables: Tables | Callable[[Options], Tables] = field(default_factory=lambda: _NOTHING)
    """Canonical tables that `rows` and `needs` read directly, and their columns; or what tells it by the options."""
    needs: Needs | Callable[[Options], Needs] = ()
    """All of them; of a tuple of needs within, any one; or what tells them by the options."""
    clocks: tuple[str, ...] = (NO_CLOCK,)
    options: Mapping[str, Option] = field(default_factory=lambda: _NOTHING)
    by: tuple[str, ...] = ()
    """Dimensions that belong to the metric itself (M02: channel); those asked for come after them."""
    finish: Callable[[Ask, ir.Table, tuple[Line, ...]], Finished] | None = None
    """For what no aggregation of rows says: further lines, notes, extra."""
    finishes_lines: bool = False
    """`finish` looks at the lines only, so that rows need not be kept for it."""
    stands_for: Callable[[Question], Metric] | None = None
    """For a metric that is another one, looked at in its own way (M31); what it makes sets `as_of_card`."""
    as_of_card: str | None = None
    """The card whose settings, presets and message hold here too."""

    @property
    def card(self) -> Card:
        """Its names and texts."""
        return CARDS[self.card_id]

    @property
    def message(self) -> str:
        """What is said when it cannot be computed."""
        return CARDS[self.as_of_card or self.card_id].message.en

    def for_question(self, question: Question) -> Metric:
        """Return what is computed: itself, or the metric that it stands for."""
        return self if self.stands_for is None else replace(self.stands_for(question), card_id=self.card_id)

    def inputs(self, options: Options) -> tuple[tuple[Need, ...], ...]:
        """Return what it needs: of each of these one. A metric that says nothing needs tickets."""
        needs = (self.needs(options) if callable(self.needs) else self.needs) or (Need("ticket"),)
        return tuple(one if isinstance(one, tuple) else (one,) for one in needs)

    def reads(self, options: Options) -> Tables:
        """Return the canonical tables and columns that it reads directly."""
        return self.tables(options) if callable(self.tables) else self.tables

    @property
    def definition_id(self) -> str:
        """The definition's id with its version, e.g. `frt.v1`: changing a rule raises it."""
        return f"{self.card.code}.v{self.version}"


@dataclass(frozen=True, slots=True)
class Finished:
    """What a metric adds to its result."""

    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
