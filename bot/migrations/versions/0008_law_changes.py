"""what texts were checked against, changes of the law and whom they hit, corrections of statute data"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_chunk_version_ref", "chunk", ["version_id", "ref"])
    op.create_table(
        "citation_seen",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("statute_id", sa.String(length=80), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("article_hash", sa.String(length=64), nullable=False),
        sa.Column("statute_version_id", sa.Integer(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_by", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("source", "statute_id", "ref", "article_hash", name=op.f("pk_citation_seen")),
    )
    op.create_table(
        "law_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("statute_id", sa.String(length=80), nullable=False),
        sa.Column("law", sa.String(length=200), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("old_hash", sa.String(length=64), nullable=False),
        sa.Column("new_hash", sa.String(length=64), nullable=False),
        sa.Column("old_version_id", sa.Integer(), nullable=True),
        sa.Column("new_version_id", sa.Integer(), nullable=True),
        sa.Column("new_ref", sa.String(length=40), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_change")),
        sa.UniqueConstraint("statute_id", "ref", "old_hash", "new_hash", name=op.f("uq_law_change_statute_id")),
    )
    op.create_index(op.f("ix_law_change_effective_on"), "law_change", ["effective_on"])
    op.create_table(
        "law_hit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=80), nullable=True),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=True),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("decision", sa.String(length=20), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"], ["law_change.id"], name=op.f("fk_law_hit_change_id_law_change"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_hit")),
        sa.UniqueConstraint("change_id", "source", name=op.f("uq_law_hit_change_id")),
    )
    op.create_index("ix_law_hit_decision", "law_hit", ["decision"])
    op.create_index(op.f("ix_law_hit_source"), "law_hit", ["source"])
    op.create_index(op.f("ix_law_hit_document_id"), "law_hit", ["document_id"])
    op.create_table(
        "statute_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("law", sa.String(length=200), nullable=False),
        sa.Column("version_date", sa.Date(), nullable=False),
        sa.Column("fix", sa.JSON(), nullable=False),
        sa.Column("was", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), nullable=True),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statute_correction")),
    )
    op.create_index(op.f("ix_statute_correction_law"), "statute_correction", ["law"])
    op.create_index(op.f("ix_statute_correction_state"), "statute_correction", ["state"])


def downgrade() -> None:
    for table in ("statute_correction", "law_hit", "law_change", "citation_seen"):
        op.drop_table(table)
    op.drop_index("ix_chunk_version_ref", table_name="chunk")
