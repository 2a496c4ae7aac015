"""who is the same person, by their own word; pictures that are still to be fetched; a browser's hold that can be
ended
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("conversation", sa.Column("page_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("wechat_contact", sa.Column("unionid", sa.String(length=64), nullable=True))
    op.add_column("wechat_contact", sa.Column("unionid_asked_at", moment, nullable=True))
    op.add_column("wechat_contact", sa.Column("join_asked_at", moment, nullable=True))
    op.create_index(op.f("ix_wechat_contact_unionid"), "wechat_contact", ["unionid"])
    op.create_table(
        "wechat_picture",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sent_at", moment, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["wechat_contact.id"],
            name=op.f("fk_wechat_picture_contact_id_wechat_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contact_id", "key", name=op.f("pk_wechat_picture")),
    )
    op.create_table(
        "person_thread",
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_person_thread")),
    )
    op.create_index(op.f("ix_person_thread_person_id"), "person_thread", ["person_id"])


def downgrade() -> None:
    op.drop_table("person_thread")
    op.drop_table("wechat_picture")
    op.drop_index(op.f("ix_wechat_contact_unionid"), "wechat_contact")
    for column in ("unionid", "unionid_asked_at", "join_asked_at"):
        op.drop_column("wechat_contact", column)
    op.drop_column("conversation", "page_count")
