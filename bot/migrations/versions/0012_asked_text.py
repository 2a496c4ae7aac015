"""the ways people ask, beside the text of an answer"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("chunk", sa.Column("asked_text", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("chunk", "asked_text")
