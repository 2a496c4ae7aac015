"""references that stay true: the day a bank's article is meant of, and where articles went"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bank_target", sa.Column("meant_on", sa.Date(), nullable=True))
    op.add_column("law_hit", sa.Column("is_file", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "article_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("statute_id", sa.String(length=80), nullable=False),
        sa.Column("adopted", sa.Date(), nullable=False),
        sa.Column("old_ref", sa.String(length=40), nullable=False),
        sa.Column("new_ref", sa.String(length=40), nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_move")),
        sa.UniqueConstraint("statute_id", "adopted", "old_ref", name=op.f("uq_article_move_statute_id")),
    )


def downgrade() -> None:
    op.drop_table("article_move")
    op.drop_column("law_hit", "is_file")
    op.drop_column("bank_target", "meant_on")
