"""what a village must make public, what it posted, what was asked about it"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duty",
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("rhythm", sa.String(length=20), nullable=True),
        sa.Column("grace_days", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("place_id", "code", name=op.f("pk_duty")),
    )
    _disclosure()
    op.create_table(
        "disclosure_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("disclosure_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_name", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        _of("disclosure_event"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_event")),
        sa.UniqueConstraint("key", name=op.f("uq_disclosure_event_key")),
    )
    op.create_index(op.f("ix_disclosure_event_disclosure_id"), "disclosure_event", ["disclosure_id"])
    op.create_table(
        "disclosure_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("disclosure_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("shown_text", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=40), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        _of("disclosure_question"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_question")),
        sa.UniqueConstraint("key", name=op.f("uq_disclosure_question_key")),
    )
    op.create_index(op.f("ix_disclosure_question_disclosure_id"), "disclosure_question", ["disclosure_id"])
    op.create_index(op.f("ix_disclosure_question_conversation_id"), "disclosure_question", ["conversation_id"])


def _disclosure() -> None:
    op.create_table(
        "disclosure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("duty_code", sa.String(length=30), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("names_why", sa.String(length=200), nullable=False),
        sa.Column("why_corrected", sa.String(length=300), nullable=False),
        sa.Column("sent_back", sa.String(length=300), nullable=False),
        sa.Column("board_photo", sa.LargeBinary(), nullable=True),
        sa.Column("has_board_photo", sa.Boolean(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.Column("posted_until", sa.Date(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by_name", sa.String(length=40), nullable=False),
        sa.Column("checked_by_id", sa.Integer(), nullable=True),
        sa.Column("checked_by_name", sa.String(length=40), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure")),
        sa.UniqueConstraint(
            "place_id", "duty_code", "period", "version", name=op.f("uq_disclosure_place_id_duty_code_period_version")
        ),
    )
    op.create_index(op.f("ix_disclosure_place_id"), "disclosure", ["place_id"])
    op.create_index(op.f("ix_disclosure_state"), "disclosure", ["state"])


def _of(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_disclosure_id_disclosure")
    return sa.ForeignKeyConstraint(["disclosure_id"], ["disclosure.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    for table in ("disclosure_question", "disclosure_event", "disclosure", "duty"):
        op.drop_table(table)
