"""a hall lent by hours: from when until when somebody has it within the day that it is open"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0033"  # 0034 is another branch's; whoever merges puts it in between
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("appointment") as table:
        table.add_column(sa.Column("lent_from", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("lent_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # A release from before knows no hours: what it would take for places among others goes.
    op.execute("DELETE FROM appointment WHERE lent_from IS NOT NULL")
    with op.batch_alter_table("appointment") as table:
        table.drop_column("lent_until")
        table.drop_column("lent_from")
