"""The machinery tables of the first version.

The tables are written as they were then: later versions of the models must not change what this script makes.
"""

from alembic import op

from deskferry.store.machinery import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables."""
    metadata.create_all(op.get_bind())
