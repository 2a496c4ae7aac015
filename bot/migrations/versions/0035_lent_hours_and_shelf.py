"""a hall lent by hours within the day that it is open; the list of books and tools that a village lends"""

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
    op.create_table(
        "shelf_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=220), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("spot", sa.String(length=60), nullable=False),
        sa.Column("note", sa.String(length=100), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf_item")),
        sa.UniqueConstraint("key", name=op.f("uq_shelf_item_key")),
    )
    op.create_index(op.f("ix_shelf_item_place_id"), "shelf_item", ["place_id"])


def downgrade() -> None:
    op.drop_table("shelf_item")
    # A release from before knows no hours: what it would take for places among others goes.
    op.execute("DELETE FROM appointment WHERE lent_from IS NOT NULL")
    with op.batch_alter_table("appointment") as table:
        table.drop_column("lent_until")
        table.drop_column("lent_from")
