"""what a village is in numbers"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "village_profile",
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("committee", sa.String(length=20), nullable=False),
        sa.Column("adults", sa.Integer(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("representatives", sa.Integer(), nullable=True),
        sa.Column("meeting_members", sa.Integer(), nullable=True),
        sa.Column("has_collective", sa.Boolean(), nullable=False),
        sa.Column("collective_members", sa.Integer(), nullable=True),
        sa.Column("collective_representatives", sa.Integer(), nullable=True),
        sa.Column("charter_hands_on", sa.Text(), nullable=False),
        sa.Column("has_party_step", sa.Boolean(), nullable=False),
        sa.Column("online_basis", sa.String(length=200), nullable=False),
        sa.Column("meets_at", sa.String(length=120), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("place_id", name=op.f("pk_village_profile")),
    )


def downgrade() -> None:
    op.drop_table("village_profile")
