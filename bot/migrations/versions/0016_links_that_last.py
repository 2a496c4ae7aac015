"""links to a case's progress open until they end: what was used up under the old rule stays shut"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM case_link WHERE opened_at IS NOT NULL")


def downgrade() -> None:
    """A link that was opened since is used up again, as it was before."""
