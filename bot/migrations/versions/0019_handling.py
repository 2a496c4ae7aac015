"""a step is held back for ten seconds, a message withdrawn, a file sent along, a colleague called"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_OF_EVENTS = (("tell_after", _MOMENT), ("before", sa.JSON()), ("undone_at", _MOMENT))
_OF_MESSAGES = (("withdrawn_at", _MOMENT), ("withdraws", sa.Integer()))


def upgrade() -> None:
    for table, columns in (("case_event", _OF_EVENTS), ("message", _OF_MESSAGES)):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, kind in columns:
                batch_op.add_column(sa.Column(name, kind, nullable=True))
    _attachments()
    _notices()


def _attachments() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("small", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_attachment_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("message_id", name=op.f("uq_attachment_message_id")),
    )


def _notices() -> None:
    op.create_table(
        "staff_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=140), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("conversation_id", sa.String(length=40), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{of}.id"], name=op.f(f"fk_staff_notice_{column}_{of}"), ondelete="CASCADE"
            )
            for column, of in (("staff_id", "staff"), ("case_id", "case"), ("conversation_id", "conversation"))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notice")),
        sa.UniqueConstraint("staff_id", "source", name=op.f("uq_staff_notice_staff_id_source")),
    )
    op.create_index(op.f("ix_staff_notice_conversation_id"), "staff_notice", ["conversation_id"])


def downgrade() -> None:
    op.drop_table("staff_notice")
    op.drop_table("attachment")
    for table, columns in (("message", _OF_MESSAGES), ("case_event", _OF_EVENTS)):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, _ in columns:
                batch_op.drop_column(name)
