"""office hours by place, single days off and on duty; a note on an opening; who has put the first steps away"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "office_hours",
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("week", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("place_id", name=op.f("pk_office_hours")),
    )
    op.create_table(
        "office_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("periods", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_day")),
        sa.UniqueConstraint("place_id", "day", name=op.f("uq_office_day_place_id")),
    )
    op.create_index(op.f("ix_office_day_place_id"), "office_day", ["place_id"])
    with op.batch_alter_table("opening") as table:
        table.add_column(sa.Column("note", sa.String(length=200), nullable=False, server_default=""))
    with op.batch_alter_table("staff") as table:
        table.add_column(sa.Column("hides_first_steps", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("staff") as table:
        table.drop_column("hides_first_steps")
    with op.batch_alter_table("opening") as table:
        table.drop_column("note")
    op.drop_table("office_day")
    op.drop_table("office_hours")
