"""people on WeChat, what arrived from them and what went out to them"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "wechat_contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appid", sa.String(length=40), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("is_following", sa.Boolean(), nullable=False),
        sa.Column("said_at", moment, nullable=True),
        sa.Column("said_left", sa.Integer(), nullable=False),
        sa.Column("pressed_at", moment, nullable=True),
        sa.Column("pressed_left", sa.Integer(), nullable=False),
        sa.Column("sending_until", moment, nullable=True),
        sa.Column("not_before", moment, nullable=True),
        sa.Column("noticed_to", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_wechat_contact_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_contact")),
        sa.UniqueConstraint("appid", "openid", name=op.f("uq_wechat_contact_appid_openid")),
        sa.UniqueConstraint("conversation_id", name=op.f("uq_wechat_contact_conversation_id")),
    )
    op.create_table(
        "wechat_receipt",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("arrivals", sa.Integer(), nullable=False),
        sa.Column("first_at", moment, nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("answered_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["wechat_contact.id"],
            name=op.f("fk_wechat_receipt_contact_id_wechat_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contact_id", "key", name=op.f("pk_wechat_receipt")),
    )
    op.create_table(
        "wechat_sent",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("via", sa.String(length=20), nullable=False),
        sa.Column("done_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_wechat_sent_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_wechat_sent")),
    )
    op.create_table(
        "wechat_token",
        sa.Column("appid", sa.String(length=40), nullable=False),
        sa.Column("token", sa.String(length=600), nullable=False),
        sa.Column("ends_at", moment, nullable=True),
        sa.Column("refreshing_until", moment, nullable=True),
        sa.PrimaryKeyConstraint("appid", name=op.f("pk_wechat_token")),
    )


def downgrade() -> None:
    for table in ("wechat_token", "wechat_sent", "wechat_receipt", "wechat_contact"):
        op.drop_table(table)
