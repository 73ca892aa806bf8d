"""The machinery tables of the first version.

The tables are written out as they were then: later versions of the models must not change what this script makes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.Text().with_variant(TIMESTAMP(timezone=True), "postgresql")
_JSON = sa.Text().with_variant(JSONB(), "postgresql")
_AUTO = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create all tables."""
    _raw_archive()
    _reading()
    _runs()
    _writing()


def _raw_archive() -> None:
    op.create_table(
        "store_meta",
        sa.Column("name", sa.Text(), nullable=False, comment="What is told: canonical_version, canonical_shape"),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "raw_record",
        sa.Column("id", sa.Text(), nullable=False, comment="`<connection>:<object>:<vendor id>`"),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False, comment="The stream that brought the latest version"),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), comment="Source id of what it belongs to"),
        sa.Column(
            "payload", sa.LargeBinary(), comment="The vendor's JSON, zstd; NULL when only its deletion was ever seen"
        ),
        sa.Column("dictionary_id", sa.Integer(), comment="Dictionary of the compression; NULL: none"),
        sa.Column("payload_hash", sa.Text(), comment="Hash without volatile paths: equal means unchanged"),
        sa.Column(
            "arrival",
            sa.BigInteger(),
            nullable=False,
            comment="Order of arrival in the connection; normalize replays it",
        ),
        sa.Column("fetched_at", _TIME, nullable=False, comment="When this version was written"),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("deleted_at", _TIME, comment="Tombstone: since when it is gone"),
        sa.Column("deletion_evidence", sa.Text()),
        sa.Column(
            "tombstone", sa.LargeBinary(), comment="What the vendor said of the deletion, zstd without dictionary"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_raw_record_arrival", "raw_record", ["connection", "arrival"])
    op.create_index(
        "ix_raw_record_parent",
        "raw_record",
        ["connection", "parent_id"],
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index("ix_raw_record_stream", "raw_record", ["connection", "stream"])
    op.create_table(
        "raw_version",
        sa.Column("raw_record_id", sa.Text(), nullable=False),
        sa.Column("arrival", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("dictionary_id", sa.Integer()),
        sa.Column("fetched_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("raw_record_id", "arrival"),
    )
    op.create_table(
        "raw_dictionary",
        sa.Column("id", _AUTO, nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("dictionary", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("connection", "stream"),
    )
    op.create_table(
        "kept_file",
        sa.Column("id", sa.Text(), nullable=False, comment="An attachment whose row is being made anew"),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("fetch_state", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "change_log",
        sa.Column("id", _AUTO, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False, comment="updated | deleted | vanished"),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_change_log_run_id", "change_log", ["run_id"])


def _reading() -> None:
    op.create_table(
        "stream_cursor",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("cursor", _JSON, comment="Where the stream goes on; NULL: at the beginning"),
        sa.Column(
            "scanning", sa.Boolean(), nullable=False, comment="True in the middle of a scan that was not finished"
        ),
        sa.Column("finished_at", _TIME, comment="When a scan last reached the end"),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("connection", "stream"),
    )
    op.create_table(
        "stream_todo",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column(
            "parent_id", sa.Text(), nullable=False, comment="Source id of the parent whose children are to be fetched"
        ),
        sa.Column("args", _JSON),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "stream", "parent_id"),
    )
    op.create_table(
        "stream_seen",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("raw_record_id", sa.Text(), nullable=False, comment="Seen in the scan under way; emptied at its end"),
        sa.PrimaryKeyConstraint("connection", "stream", "raw_record_id"),
    )
    op.create_table(
        "reject",
        sa.Column("id", sa.Text(), nullable=False, comment="The raw record's id"),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.Column("raw", _JSON),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "declared_count",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=False, comment="Canonical id of the parent, or an object's name"),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False, comment="exact | bound | unverified"),
        sa.Column("declared", sa.BigInteger(), nullable=False),
        sa.Column("fetched", sa.BigInteger(), comment="NULL until it was compared"),
        sa.Column(
            "reread", sa.Boolean(), nullable=False, comment="True after the one more read that a short parent gets"
        ),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("acknowledged_by", sa.Text()),
        sa.Column("acknowledged_at", _TIME),
        sa.Column("acknowledged_cause", sa.Text()),
        sa.PrimaryKeyConstraint("connection", "stream", "parent_id", "measure"),
    )
    op.create_index("ix_declared_count_parent", "declared_count", ["parent_id"])
    op.create_table(
        "account_pin",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("account_name", sa.Text()),
        sa.Column("origin", sa.Text()),
        sa.Column("site", sa.Text(), comment="Origin of the vendor's user interface, for links"),
        sa.Column("pinned_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("connection"),
    )


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), comment="One connection, or `source>destination`"),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
        sa.Column("exit_code", sa.Integer()),
        sa.Column("counts", _JSON),
        sa.Column("notes", _JSON, comment="Sentences: gaps, fallbacks, what was not there"),
        sa.Column("version", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "run_lock",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("process_started", sa.Double(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("beat_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("connection"),
    )
    op.create_table(
        "finding",
        sa.Column("id", _AUTO, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text()),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text()),
        sa.Column("record_id", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("advice", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_finding_run_id", "finding", ["run_id"])
    op.create_table(
        "loss",
        sa.Column("id", _AUTO, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("planned", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_loss_run_id", "loss", ["run_id"])
    op.create_table(
        "duplicate_pair",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Text(), nullable=False),
        sa.Column("score", sa.Double()),
        sa.Column("verdict", sa.Text(), comment="certain | probable | possible"),
        sa.Column("agreed", _JSON, comment="Fields that agree"),
        sa.Column("decision", sa.Text(), comment="same | different, by a person"),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "record_id", "other_id"),
    )


def _writing() -> None:
    op.create_table(
        "write_op",
        sa.Column("id", _AUTO, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="Connection of the source"),
        sa.Column("destination", sa.Text(), nullable=False, comment="Connection of the destination"),
        sa.Column("account_id", sa.Text(), nullable=False, comment="The destination's account"),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="intended | done | adopted | refused | absent | not_sent | in_doubt | quarantined",
        ),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("source_hash", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text()),
        sa.Column("request", _JSON, comment="What was sent, without secrets"),
        sa.Column("before", _JSON, comment="Before-image of what an update changes"),
        sa.Column("receipt", _JSON),
        sa.Column("remote_id", sa.Text()),
        sa.Column("code", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("intended_at", _TIME, nullable=False),
        sa.Column("settled_at", _TIME),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_write_op_record", "write_op", ["record_id", "part"])
    op.create_index("ix_write_op_run_id", "write_op", ["run_id"])
    op.create_index("ix_write_op_state", "write_op", ["destination", "state"])
    op.create_table(
        "crossing",
        sa.Column("account_id", sa.Text(), nullable=False, comment="The destination's account"),
        sa.Column("record_id", sa.Text(), nullable=False, comment="Canonical id at the source"),
        sa.Column("part", sa.Text(), nullable=False, comment='"" for the record itself'),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="created | matched | adopted"),
        sa.Column("remote_object", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), comment="Hash of the draft that was sent"),
        sa.Column("source_hash", sa.Text(), comment="Hash of the source content that it was composed from"),
        sa.Column("mapping_hash", sa.Text()),
        sa.Column("placeholder", sa.Boolean(), nullable=False),
        sa.Column("receipt", _JSON),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("written_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "record_id", "part"),
    )
    op.create_index("ix_crossing_remote", "crossing", ["account_id", "remote_object", "remote_id"])
