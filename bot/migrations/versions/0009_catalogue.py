"""a hundred thousand documents: their list asks for a document's published version and for texts that end soon"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_document_version_document_status", "document_version", ["document_id", "status"])
    op.create_index("ix_document_version_status_ends", "document_version", ["status", "in_force_to"])
    op.drop_index("ix_document_version_document_id", table_name="document_version")
    op.drop_index("ix_document_version_status", table_name="document_version")


def downgrade() -> None:
    op.create_index("ix_document_version_status", "document_version", ["status"])
    op.create_index("ix_document_version_document_id", "document_version", ["document_id"])
    op.drop_index("ix_document_version_status_ends", table_name="document_version")
    op.drop_index("ix_document_version_document_status", table_name="document_version")
