"""The index of untold events holds no text: PostgreSQL refuses an entry over 2704 bytes, and an answer may be
longer.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    untold = sa.text("say IS NOT NULL AND told_at IS NULL")
    op.drop_index("ix_case_event_untold", table_name="case_event")
    op.create_index("ix_case_event_untold", "case_event", ["id"], sqlite_where=untold, postgresql_where=untold)


def downgrade() -> None:
    op.drop_index("ix_case_event_untold", table_name="case_event")
    op.create_index("ix_case_event_untold", "case_event", ["told_at", "say"])
