"""Whom the store must not hold: keyed hashes, and the tokens that stand in their place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TIME = sa.Text().with_variant(TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "suppression",
        sa.Column("digest", sa.Text(), nullable=False, comment="Keyed hash of an id, address, number, handle or name"),
        sa.Column("connection", sa.Text(), nullable=False, comment='The only connection it applies to; "" for all'),
        sa.Column("what", sa.Text(), nullable=False, comment="record | email | phone | name | handle"),
        sa.Column("person", sa.Text(), nullable=False, comment="What belongs to one person has the same number"),
        sa.Column("mode", sa.Text(), nullable=False, comment="erase | pseudonymize"),
        sa.Column("token", sa.Text(), nullable=False, comment="What stands in its place"),
        sa.Column("address", sa.Text(), comment="Of a record: what stands in the place of its address"),
        sa.Column("linked", sa.Boolean(), nullable=False, comment="Others bear it too: only what is linked is changed"),
        sa.Column("length", sa.Integer(), nullable=False, comment="Words of a name, digits of a number"),
        sa.Column("bucket", sa.Integer(), comment="Of a name: 12 bits of the keyed hash of its first word"),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME, comment="NULL while a command that was stopped has work to do"),
        sa.PrimaryKeyConstraint("digest", "connection"),
    )
