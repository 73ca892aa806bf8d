"""The tables that the tool works with itself: raw archive, cursors, runs, journal. Versioned with Alembic, additively.

Times are canonical text on SQLite and timestamptz on PostgreSQL, as in the canonical tables.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from deskferry.canonical_schema import Json, UtcTime

WRITE_STATES = "intended | done | adopted | refused | absent | not_sent | in_doubt | quarantined"

metadata = MetaData()
_AUTO = BigInteger().with_variant(Integer(), "sqlite")

store_meta = Table(
    "store_meta",
    metadata,
    Column("name", Text, primary_key=True, comment="What is told: canonical_version, canonical_shape"),
    Column("value", Text, nullable=False),
)

raw_record = Table(
    "raw_record",
    metadata,
    Column("id", Text, primary_key=True, comment="`<connection>:<object>:<vendor id>`"),
    Column("connection", Text, nullable=False),
    Column("stream", Text, nullable=False, comment="The stream that brought the latest version"),
    Column("object", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("parent_id", Text, comment="Source id of what it belongs to"),
    Column("payload", LargeBinary, comment="The vendor's JSON, zstd; NULL when only its deletion was ever seen"),
    Column("dictionary_id", Integer, comment="Dictionary of the compression; NULL: none"),
    Column("payload_hash", Text, comment="Hash without volatile paths: equal means unchanged"),
    Column(
        "arrival",
        BigInteger,
        nullable=False,
        comment="Order of arrival in the connection; normalize replays it",
    ),
    Column("fetched_at", UtcTime, nullable=False, comment="When this version was written"),
    Column("run_id", Text, nullable=False),
    Column("deleted_at", UtcTime, comment="Tombstone: since when it is gone"),
    Column("deletion_evidence", Text),
    Column("tombstone", LargeBinary, comment="What the vendor said of the deletion, zstd without dictionary"),
    Index("ix_raw_record_arrival", "connection", "arrival"),
    Index("ix_raw_record_stream", "connection", "stream"),
)
Index(
    "ix_raw_record_parent",
    raw_record.c.connection,
    raw_record.c.parent_id,
    sqlite_where=raw_record.c.parent_id.is_not(None),
    postgresql_where=raw_record.c.parent_id.is_not(None),
)

raw_version = Table(
    "raw_version",
    metadata,
    Column("raw_record_id", Text, primary_key=True),
    Column("arrival", BigInteger, primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    Column("dictionary_id", Integer),
    Column("fetched_at", UtcTime, nullable=False),
)

raw_dictionary = Table(
    "raw_dictionary",
    metadata,
    Column("id", _AUTO, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("dictionary", LargeBinary, nullable=False),
    UniqueConstraint("connection", "stream"),
)

stream_cursor = Table(
    "stream_cursor",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("cursor", Json, comment="Where the stream goes on; NULL: at the beginning"),
    Column("scanning", Boolean, nullable=False, comment="True in the middle of a scan that was not finished"),
    Column("finished_at", UtcTime, comment="When a scan last reached the end"),
    Column("scan_from", BigInteger, comment="Arrival from which on the scan under way wrote what it saw; else NULL"),
    Column("updated_at", UtcTime, nullable=False),
)

stream_todo = Table(
    "stream_todo",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column(
        "parent_id",
        Text,
        primary_key=True,
        comment="Source id of the parent whose children are to be fetched",
    ),
    Column("args", Json),
    Column("run_id", Text, nullable=False),
)

stream_seen = Table(
    "stream_seen",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("raw_record_id", Text, primary_key=True, comment="Seen in the scan under way; emptied at its end"),
)

kept_file = Table(
    "kept_file",
    metadata,
    Column("id", Text, primary_key=True, comment="An attachment whose row is being made anew"),
    Column("connection", Text, nullable=False),
    Column("fetch_state", Text, nullable=False),
    Column("sha256", Text),
    Column("error", Text),
)

run = Table(
    "run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("command", Text, nullable=False),
    Column("connection", Text, comment="One connection, or `source>destination`"),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("exit_code", Integer),
    Column("counts", Json),
    Column("notes", Json, comment="Sentences: gaps, fallbacks, what was not there"),
    Column("version", Text),
)

reject = Table(
    "reject",
    metadata,
    Column("id", Text, primary_key=True, comment="The raw record's id"),
    Column("run_id", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("detail", Text),
    Column("raw", Json),
)

finding = Table(
    "finding",
    metadata,
    Column("id", _AUTO, primary_key=True),
    Column("run_id", Text, nullable=False, index=True),
    Column("connection", Text),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("kind", Text),
    Column("record_id", Text),
    Column("detail", Text),
    Column("advice", Text),
)

rule_result = Table(
    "rule_result",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("severity", Text, nullable=False, comment="As configured for this run"),
    Column("dimension", Text, nullable=False),
    Column("kind", Text, comment="Of the records that the rule checks"),
    Column("state", Text, nullable=False, comment="examined | off"),
    Column("checked", BigInteger, comment="Records that it looked at; NULL: not counted"),
    Column("offending", BigInteger, comment="Records that it objects to; exceptions are not among them"),
    Column("findings", BigInteger, comment="Rows in `finding`: a record can have several"),
    Column("appeared", BigInteger, comment="Findings that the run before lacked; NULL: there was none"),
    Column("gone", BigInteger, comment="Findings of the run before that are no more; or NULL"),
    Column("seconds", Double, comment="What its own queries took"),
    Index("ix_rule_result_connection", "connection", "rule"),
)

declared_count = Table(
    "declared_count",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("parent_id", Text, primary_key=True, comment="Canonical id of the parent, or an object's name"),
    Column("measure", Text, primary_key=True),
    Column("class", Text, nullable=False, comment="exact | bound | unverified"),
    Column("declared", BigInteger, nullable=False),
    Column("fetched", BigInteger, comment="NULL until it was compared"),
    Column("reread", Boolean, nullable=False, comment="True after the one more read that a short parent gets"),
    Column("run_id", Text, nullable=False),
    Column("acknowledged_by", Text),
    Column("acknowledged_at", UtcTime),
    Column("acknowledged_cause", Text),
    Index("ix_declared_count_parent", "parent_id"),
)

account_pin = Table(
    "account_pin",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("vendor", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("account_name", Text),
    Column("origin", Text),
    Column("site", Text, comment="Origin of the vendor's user interface, for links"),
    Column("pinned_at", UtcTime, nullable=False),
)

run_lock = Table(
    "run_lock",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("process_started", Double, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("beat_at", UtcTime, nullable=False),
)

write_op = Table(
    "write_op",
    metadata,
    Column("id", _AUTO, primary_key=True),
    Column("run_id", Text, nullable=False, index=True),
    Column("source", Text, nullable=False, comment="Connection of the source"),
    Column("destination", Text, nullable=False, comment="Connection of the destination"),
    Column("account_id", Text, nullable=False, comment="The destination's account"),
    Column("record_id", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("call", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("state", Text, nullable=False, comment=WRITE_STATES),
    Column("request_hash", Text, nullable=False),
    Column("source_hash", Text, nullable=False),
    Column("mark", Text),
    Column("request", Json, comment="What was sent, without secrets"),
    Column("before", Json, comment="Before-image of what an update changes"),
    Column("receipt", Json),
    Column("remote_id", Text),
    Column("code", Text),
    Column("detail", Text),
    Column("intended_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Column("undoes", BigInteger, comment="The operation that this one takes back (action `undo`)"),
    Index("ix_write_op_record", "record_id", "part"),
    Index("ix_write_op_state", "destination", "state"),
)
Index(
    "ix_write_op_undoes",
    write_op.c.undoes,
    sqlite_where=write_op.c.undoes.is_not(None),
    postgresql_where=write_op.c.undoes.is_not(None),
)

crossing = Table(
    "crossing",
    metadata,
    Column("account_id", Text, primary_key=True, comment="The destination's account"),
    Column("record_id", Text, primary_key=True, comment="Canonical id at the source"),
    Column("part", Text, primary_key=True, comment='"" for the record itself'),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, comment="created | matched | adopted"),
    Column("remote_object", Text, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("request_hash", Text, comment="Hash of the draft that was sent"),
    Column("source_hash", Text, comment="Hash of the source content that it was composed from"),
    Column("mapping_hash", Text),
    Column("placeholder", Boolean, nullable=False),
    Column("receipt", Json),
    Column("run_id", Text, nullable=False),
    Column("written_at", UtcTime, nullable=False),
    Column("remote_hash", Text, comment="Of the record as verify read it back: tells what people changed since"),
    Index("ix_crossing_remote", "account_id", "remote_object", "remote_id"),
)

loss = Table(
    "loss",
    metadata,
    Column("id", _AUTO, primary_key=True),
    Column("run_id", Text, nullable=False, index=True),
    Column("record_id", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("value", Text),
    Column("cause", Text, nullable=False),
    Column("planned", Boolean, nullable=False),
)

duplicate_pair = Table(
    "duplicate_pair",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("other_id", Text, primary_key=True),
    Column("score", Double),
    Column("verdict", Text, comment="certain | probable | possible"),
    Column("agreed", Json, comment="Fields that agree"),
    Column("decision", Text, comment="same | different, by a person"),
    Column("run_id", Text, nullable=False),
)

change_log = Table(
    "change_log",
    metadata,
    Column("id", _AUTO, primary_key=True),
    Column("run_id", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("change", Text, nullable=False, comment="updated | deleted | vanished"),
    Column("at", UtcTime, nullable=False),
)

suppression = Table(
    "suppression",
    metadata,
    Column("digest", Text, primary_key=True, comment="Keyed hash of an id, address, number, handle or name"),
    Column("connection", Text, primary_key=True, comment='The only connection it applies to; "" for all'),
    Column("what", Text, nullable=False, comment="record | email | phone | name | handle"),
    Column("person", Text, nullable=False, comment="What belongs to one person has the same number"),
    Column("mode", Text, nullable=False, comment="erase | pseudonymize"),
    Column("token", Text, nullable=False, comment="What stands in its place"),
    Column("address", Text, comment="Of a record: what stands in the place of its address"),
    Column("linked", Boolean, nullable=False, comment="Others bear it too: only what is linked is changed"),
    Column("length", Integer, nullable=False, comment="Words of a name, digits of a number"),
    Column("bucket", Integer, comment="Of a name: 12 bits of the keyed hash of its first word"),
    Column("run_id", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime, comment="NULL while a command that was stopped has work to do"),
)
