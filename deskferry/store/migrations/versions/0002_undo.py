"""What rollback needs: which operation another one takes back, and what lay at the destination when it was verified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column(
        "write_op",
        sa.Column("undoes", sa.BigInteger(), comment="The operation that this one takes back (action `undo`)"),
    )
    op.create_index(
        "ix_write_op_undoes", "write_op", ["undoes"],
        sqlite_where=sa.text("undoes IS NOT NULL"), postgresql_where=sa.text("undoes IS NOT NULL"),
    )  # fmt: skip
    op.add_column(
        "crossing",
        sa.Column(
            "remote_hash", sa.Text(), comment="Of the record as verify read it back: tells what people changed since"
        ),
    )
