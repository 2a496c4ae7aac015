"""what came of statements, hearings with a draw, deputies and what they were asked"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "statement_result",
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        _of("statement_result", "topic"),
        sa.PrimaryKeyConstraint("topic_id", name=op.f("pk_statement_result")),
    )
    _hearing()
    _signup()
    _deputies()


def _hearing() -> None:
    op.create_table(
        "hearing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("spot", sa.String(length=60), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pending", sa.String(length=8), nullable=False),
        sa.Column("pending_by", sa.Integer(), nullable=True),
        sa.Column("list_hash", sa.String(length=64), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dice", sa.String(length=80), nullable=False),
        sa.Column("dice_by", sa.Integer(), nullable=True),
        sa.Column("dice_seen_by", sa.Integer(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drawn", sa.JSON(), nullable=True),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearing")),
        sa.UniqueConstraint("key", name=op.f("uq_hearing_key")),
        sa.UniqueConstraint("place_id", "ordinal", name=op.f("uq_hearing_place_id_ordinal")),
    )


def _signup() -> None:
    op.create_table(
        "hearing_signup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hearing_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=140), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("asker", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("group_name", sa.String(length=20), nullable=False),
        sa.Column("sex", sa.String(length=2), nullable=False),
        sa.Column("is_affected", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("struck_why", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _of("hearing_signup", "hearing"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearing_signup")),
        sa.UniqueConstraint("key", name=op.f("uq_hearing_signup_key")),
        sa.UniqueConstraint("hearing_id", "code", name=op.f("uq_hearing_signup_hearing_id_code")),
        sa.UniqueConstraint("hearing_id", "asker", name=op.f("uq_hearing_signup_hearing_id_asker")),
    )
    op.create_index(op.f("ix_hearing_signup_hearing_id"), "hearing_signup", ["hearing_id"])
    op.create_index(op.f("ix_hearing_signup_asker"), "hearing_signup", ["asker"])


def _deputies() -> None:
    op.create_table(
        "deputy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("group_name", sa.String(length=20), nullable=False),
        sa.Column("reception", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("consent_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputy")),
        sa.UniqueConstraint("key", name=op.f("uq_deputy_key")),
    )
    op.create_index(op.f("ix_deputy_place_id"), "deputy", ["place_id"])
    op.create_table(
        "deputy_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=140), nullable=False),
        sa.Column("asker", sa.String(length=64), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        _of("deputy_question", "deputy"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputy_question")),
        sa.UniqueConstraint("key", name=op.f("uq_deputy_question_key")),
    )
    op.create_index(op.f("ix_deputy_question_deputy_id"), "deputy_question", ["deputy_id"])
    op.create_index(op.f("ix_deputy_question_asker"), "deputy_question", ["asker"])


def _of(table: str, parent: str) -> sa.ForeignKeyConstraint:
    key = "topic_id" if parent == "topic" else f"{parent}_id"
    return sa.ForeignKeyConstraint([key], [f"{parent}.id"], name=op.f(f"fk_{table}_{key}_{parent}"), ondelete="CASCADE")


def downgrade() -> None:
    for table in ("deputy_question", "deputy", "hearing_signup", "hearing", "statement_result"):
        op.drop_table(table)
