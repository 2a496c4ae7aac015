"""an alarm for whoever may be in danger: told outside our own pages, and tried again until it is"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("told_at", moment, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_alarm_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    op.create_index(op.f("ix_alarm_conversation_id"), "alarm", ["conversation_id"])
    op.create_index(op.f("ix_alarm_told_at"), "alarm", ["told_at"])


def downgrade() -> None:
    op.drop_table("alarm")
