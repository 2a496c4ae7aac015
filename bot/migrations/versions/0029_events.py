"""events of a village are openings with a kind; pictures, questions, suggestions; what is told of the village's past"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _columns()
    op.create_table(
        "event_photo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.Column("faces", sa.String(length=10), nullable=False),
        sa.Column("said_by", sa.String(length=80), nullable=False),
        sa.Column("by_name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _of("event_photo"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_photo")),
    )
    op.create_index(op.f("ix_event_photo_opening_id"), "event_photo", ["opening_id"])
    op.create_table(
        "event_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("shown_text", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=40), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        _of("event_question"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_question")),
        sa.UniqueConstraint("key", name=op.f("uq_event_question_key")),
    )
    op.create_index(op.f("ix_event_question_opening_id"), "event_question", ["opening_id"])
    op.create_index(op.f("ix_event_question_conversation_id"), "event_question", ["conversation_id"])
    op.create_table(
        "event_suggestion",
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=True),
        sa.Column("dismissed_by", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("place_id", "code", name=op.f("pk_event_suggestion")),
    )
    _history()


def _history() -> None:
    op.create_table(
        "history_story",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("teller", sa.String(length=20), nullable=False),
        sa.Column("may_name", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why_declined", sa.String(length=300), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document_id", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_story")),
        sa.UniqueConstraint("code", name=op.f("uq_history_story_code")),
        sa.UniqueConstraint("key", name=op.f("uq_history_story_key")),
    )
    op.create_index(op.f("ix_history_story_document_id"), "history_story", ["document_id"])
    op.create_index(op.f("ix_history_story_place_id"), "history_story", ["place_id"])


def _columns() -> None:
    with op.batch_alter_table("opening") as table:
        table.add_column(sa.Column("kind", sa.String(length=20), nullable=False, server_default=""))
        table.add_column(sa.Column("title", sa.String(length=60), nullable=False, server_default=""))
        table.add_column(sa.Column("about", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("lead", sa.String(length=40), nullable=False, server_default=""))
        table.create_index(op.f("ix_opening_kind"), ["kind"])
    with op.batch_alter_table("appointment") as table:
        table.add_column(sa.Column("party", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("item", sa.String(length=80), nullable=False, server_default=""))
        table.add_column(sa.Column("code", sa.String(length=12), nullable=True))
        table.add_column(sa.Column("came_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("hours", sa.Float(), nullable=True))
        table.create_index(op.f("ix_appointment_code"), ["code"], unique=True)


def _of(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_opening_id_opening")
    return sa.ForeignKeyConstraint(["opening_id"], ["opening.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    for table in ("history_story", "event_suggestion", "event_question", "event_photo"):
        op.drop_table(table)
    # A release from before knows no events: what it would take for a lawyer's time goes.
    op.execute("DELETE FROM appointment WHERE opening_id IN (SELECT id FROM opening WHERE kind <> '')")
    op.execute("DELETE FROM opening WHERE kind <> ''")
    with op.batch_alter_table("appointment") as table:
        table.drop_index(op.f("ix_appointment_code"))
        for column in ("hours", "came_at", "code", "item", "party"):
            table.drop_column(column)
    with op.batch_alter_table("opening") as table:
        table.drop_index(op.f("ix_opening_kind"))
        for column in ("lead", "about", "title", "kind"):
            table.drop_column(column)
