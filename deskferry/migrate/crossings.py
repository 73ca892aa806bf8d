"""Where records, values and fields go: what a connector asks while it composes, answered from matches and mapping."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from deskferry.canonical_schema import split_id, sql_table
from deskferry.connectors.kit.contract import FieldRule, FileSettings, HeaderSettings, Row, Target
from deskferry.connectors.kit.links import Addresses, LinkedText, Text, linked
from deskferry.migrate.companions import add_memberships
from deskferry.migrate.mapping_file import RouteMapping
from deskferry.migrate.matches import Matches
from deskferry.migrate.scope import Selection
from deskferry.store import Store, machinery
from deskferry.store.blobs import BlobStore

_PEOPLE_KEPT = 20_000
_END_USER = "end_user"


@dataclass(slots=True)
class Unanswered:
    """What was asked and has no answer, with how often: the plan's questions and their counts."""

    targets: Counter[str] = field(default_factory=Counter)
    fields: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass
class PlannedCrossings:
    """Answers `kit.contract.Crossings`. The same before and after a record was created, so that its hash is stable:
    `remote_id` is told only of records that existed before the migration."""

    store: Store
    source: str
    mapping: RouteMapping
    matches: Matches
    selection: Selection
    objects: Mapping[str, str]
    """Kind → object at the destination, of what is created."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What set-up operations answered (`origin_field`)."""
    addresses: Addresses | None = None
    """Where records of the source are looked at; None: links in texts are left as they are."""
    unanswered: Unanswered = field(default_factory=Unanswered)
    header: HeaderSettings = field(init=False)
    files: FileSettings = field(init=False)
    migrated_tag: str | None = field(init=False)
    organizations: frozenset[str] = field(init=False)
    """Those that are created."""
    knowledge: Mapping[str, frozenset[str]] = field(init=False)
    """Categories, articles, macros that are created."""
    labels: Mapping[str, str | None] = field(default_factory=dict)
    """The vendor's own words of the ticket that is being composed, by what they label (`status`)."""
    _people: OrderedDict[str, Row | None] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.header = self.mapping.header
        self.files = self.mapping.files
        self.migrated_tag = self.mapping.migrated_tag
        self.organizations = frozenset(self.selection.organizations)
        self.knowledge = {kind: frozenset(ids) for kind, ids in self.selection.knowledge.items()}

    def target(self, record_id: str | None) -> Target | None:
        """Return where a source record goes; None where it does not cross."""
        if record_id is None:
            return None
        found = self._target(record_id)
        if found is None or found.placeholder:
            self.unanswered.targets[record_id] += 1
        return found

    def crosses(self, record_id: str) -> bool:
        """Whether a record is, or will be, at the destination."""
        return self._target(record_id) is not None

    def _target(self, record_id: str) -> Target | None:
        lead = self.matches.lead(record_id)
        existing = self.matches.found.get(lead)
        stand_in = lead in self.matches.placeholders
        if existing is not None:
            return Target(existing.remote_id, existing.object, existing.role, existing.name, stand_in)
        if lead in self.selection.missing_people:
            return Target(None, self.objects.get("person", ""), _END_USER, unknown_name(lead), placeholder=True)
        if lead in self.selection.ticket_set:
            return Target(None, self.objects.get("ticket", ""))
        knowledge = next((kind for kind, ids in self.knowledge.items() if lead in ids), None)
        if knowledge is not None:
            return Target(None, self.objects.get(knowledge, ""))
        if lead in self.matches.refused or lead in self.selection.left_people:
            return None
        return self._created(lead, stand_in=stand_in)

    def _created(self, record_id: str, *, stand_in: bool) -> Target | None:
        person = self.person(record_id)
        if person is not None:
            return Target(None, self.objects.get("person", ""), _END_USER, person["name"], stand_in)
        if record_id in self.organizations:
            return Target(None, self.objects.get("organization", ""))
        return None

    def field_rule(self, kind: str, key: str) -> FieldRule | None:
        """Return where a custom field goes; None is a planned loss."""
        rule = self.matches.fields.get((kind, key))
        if rule is None:
            self.unanswered.fields[kind, key] += 1
        return rule

    def value(self, what: str, value: str) -> str | None:
        """Return the mapping's answer for a status, priority, type or channel: for its label, else for itself."""
        label = self.labels.get(what)
        return (self.mapping.value(what, label) if label else None) or self.mapping.value(what, value)

    def setting(self, name: str) -> str | None:
        """Return an answer that only this destination asks for, or None."""
        return self.mapping.setting(name) or self.settings.get(name)

    def linked(self, text: str) -> tuple[Text, Sequence[str]]:
        """Return a text with its links to records of the source left open, and those that go on pointing there.

        Open are all of them, whatever is chosen: a text is composed the same when what it names crosses later.
        """
        made = text if self.addresses is None else linked(text, self.source, self.addresses)
        if not isinstance(made, LinkedText):
            return made, ()
        return made, [link.old for link in made.links() if self._target(link.record_id) is None]

    def slice_hash(self, sha256: str, offset: int, size: int) -> str:
        """Return the SHA-256 of a part of a stored file."""
        return BlobStore(self.store.blobs).slice_hash(sha256, offset, size)

    def address(self, record_id: str) -> str | None:
        """Return where a record is looked at in the source, or None."""
        pieces = split_id(record_id)
        return None if self.addresses is None else self.addresses.old(pieces.object, pieces.source_id)

    def person(self, record_id: str | None) -> Row | None:
        """Return the source's person row, a stand-in's for one whom the store lacks, or None."""
        if record_id is None:
            return None
        if record_id not in self._people:
            with self.store.read() as database:
                self.preload(database, [record_id])
        else:
            self._people.move_to_end(record_id)
        return self._people[record_id]

    def preload(self, database: Connection, record_ids: Iterable[str | None]) -> None:
        """Read people ahead, in one query."""
        wanted = sorted({one for one in record_ids if one is not None and one not in self._people})
        if not wanted:
            return
        table = sql_table("person")
        rows = database.execute(select(table).where(table.c.id.in_(wanted))).mappings()
        found = {row["id"]: dict(row) for row in rows}
        add_memberships(database, list(found.values()))
        for one in wanted:
            self._people[one] = found.get(one) or self._stand_in(one)
        while len(self._people) > _PEOPLE_KEPT:
            self._people.popitem(last=False)

    def _stand_in(self, record_id: str) -> Row | None:
        if record_id not in self.selection.missing_people:
            return None
        return stand_in_row(record_id)


def unknown_name(record_id: str) -> str:
    """Return what a person is called of whom only the id is known."""
    return f"Unknown person {split_id(record_id).source_id}"


def stand_in_row(record_id: str) -> Row:
    """Return the row of a person whom the source names and does not describe."""
    pieces = split_id(record_id)
    row: Row = dict.fromkeys(column.name for column in sql_table("person").columns)
    row.update(
        id=record_id, connection=pieces.connection, source_object=pieces.object, source_id=pieces.source_id,
        name=unknown_name(record_id), is_placeholder=True, content_hash="",
    )  # fmt: skip
    return row


def setup_answers(database: Connection, account_id: str) -> dict[str, str]:
    """Return setting → value, of what set-up operations created at an account: the part is the setting's name."""
    table = machinery.crossing
    rows = database.execute(
        select(table.c.part, table.c.remote_id).where(
            table.c.account_id == account_id, table.c.kind == "custom_field", table.c.part != ""
        )
    )
    return {row.part: row.remote_id for row in rows}
