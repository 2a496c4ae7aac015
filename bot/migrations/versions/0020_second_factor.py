"""which roles must have a second factor; recovery codes; room for a sealed secret"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("staff") as batch_op:
        batch_op.alter_column("totp_secret", existing_type=sa.String(length=40), type_=sa.String(length=200))
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.Column("told_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_recovery_code_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_staff_id"), "recovery_code", ["staff_id"])
    op.create_table(
        "required_factor",
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_required_factor")),
    )


def downgrade() -> None:
    """A sealed secret doesn't fit into forty characters: who has one is asked for the password alone again."""
    op.drop_table("required_factor")
    op.drop_table("recovery_code")
    op.execute("UPDATE staff SET totp_secret = NULL WHERE length(totp_secret) > 40")
    with op.batch_alter_table("staff") as batch_op:
        batch_op.alter_column("totp_secret", existing_type=sa.String(length=200), type_=sa.String(length=40))
