"""Where a scan began, in arrivals: what it writes needs no note that it was seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; a scan that is under way has its notes in `stream_seen` so far, and goes on."""
    comment = "Arrival from which on the scan under way wrote what it saw; else NULL"
    op.add_column("stream_cursor", sa.Column("scan_from", sa.BigInteger(), comment=comment))
