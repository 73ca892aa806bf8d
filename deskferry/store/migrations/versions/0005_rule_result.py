"""What became of each rule in a run of `validate`: for scores, trends, and what was not checked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "rule_result",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False, comment="As configured for this run"),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), comment="Of the records that the rule checks"),
        sa.Column("state", sa.Text(), nullable=False, comment="examined | off"),
        sa.Column("checked", sa.BigInteger(), comment="Records that it looked at; NULL: not counted"),
        sa.Column("offending", sa.BigInteger(), comment="Records that it objects to; exceptions are not among them"),
        sa.Column("findings", sa.BigInteger(), comment="Rows in `finding`: a record can have several"),
        sa.Column("appeared", sa.BigInteger(), comment="Findings that the run before lacked; NULL: there was none"),
        sa.Column("gone", sa.BigInteger(), comment="Findings of the run before that are no more; or NULL"),
        sa.Column("seconds", sa.Double(), comment="What its own queries took"),
        sa.PrimaryKeyConstraint("run_id", "connection", "rule"),
    )
    op.create_index("ix_rule_result_connection", "rule_result", ["connection", "rule"])
