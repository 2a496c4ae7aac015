"""the life of a version, its events and comments; golden questions and their runs; what became of an unanswered
question
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OPEN = sa.text("status IN ('draft', 'in_review', 'approved')")


def upgrade() -> None:
    with op.batch_alter_table("document_version") as batch_op:
        batch_op.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("based_on", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("author_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("author", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("editors", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("approved_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("approved_by", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("publish_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("held", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("waivers", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("published_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("end_reason", sa.Text(), nullable=True))
    op.execute("UPDATE document_version SET published_at = created_at WHERE status = 'published'")
    op.create_index("ix_document_version_published_at", "document_version", ["published_at"])
    op.create_index(
        "uq_document_version_open",
        "document_version",
        ["document_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "version_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["document_version.id"], name=op.f("fk_version_event_version_id_document_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_event")),
    )
    op.create_index(op.f("ix_version_event_version_id"), "version_event", ["version_id"])
    op.create_table(
        "version_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"], ["document_version.id"], name=op.f("fk_version_comment_version_id_document_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_comment")),
    )
    op.create_index(op.f("ix_version_comment_version_id"), "version_comment", ["version_id"])
    op.create_table(
        "golden_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("ask", sa.Text(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("must", sa.JSON(), nullable=False),
        sa.Column("any_of", sa.JSON(), nullable=False),
        sa.Column("must_not", sa.JSON(), nullable=False),
        sa.Column("abstains", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_golden_question")),
        sa.UniqueConstraint("key", name=op.f("uq_golden_question_key")),
    )
    op.create_table(
        "golden_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("snapshot", sa.String(length=40), nullable=True),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_golden_run")),
    )
    op.create_index(op.f("ix_golden_run_at"), "golden_run", ["at"])
    op.create_index(op.f("ix_golden_run_version_id"), "golden_run", ["version_id"])
    op.create_table(
        "golden_result",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["golden_run.id"], name=op.f("fk_golden_result_run_id_golden_run"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["golden_question.id"],
            name=op.f("fk_golden_result_question_id_golden_question"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "question_id", name=op.f("pk_golden_result")),
    )
    with op.batch_alter_table("unanswered_question") as batch_op:
        batch_op.add_column(sa.Column("document_id", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("unanswered_question") as batch_op:
        batch_op.drop_column("dismissed_at")
        batch_op.drop_column("document_id")
    for table in ("golden_result", "golden_run", "golden_question", "version_comment", "version_event"):
        op.drop_table(table)
    op.drop_index("uq_document_version_open", table_name="document_version")
    op.drop_index("ix_document_version_published_at", table_name="document_version")
    with op.batch_alter_table("document_version") as batch_op:
        for column in (
            "end_reason",
            "ended_at",
            "published_at",
            "waivers",
            "held",
            "publish_on",
            "approved_at",
            "approved_by",
            "approved_by_id",
            "submitted_at",
            "editors",
            "author",
            "author_id",
            "based_on",
            "revision",
        ):
            batch_op.drop_column(column)
