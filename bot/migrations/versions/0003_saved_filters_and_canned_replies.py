"""saved filters and canned replies"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What a new database starts with; from then on the rows are staff's.
REPLIES = [
    "您好，我是工作人员，正在看您的情况，请稍等。",
    "请问事情发生在哪个村、什么时候？",
    "这件事我帮您登记成一件事来办，您看行吗？",
    "方便的话，请把合同、欠条或照片发过来。",
    "还有别的要问的吗？没有的话，我先把对话交还给邻里。",
]


def upgrade() -> None:
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_saved_filter_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("staff_id", "name", name=op.f("uq_saved_filter_staff_id_name")),
    )
    replies = op.create_table(
        "canned_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_reply")),
        sa.UniqueConstraint("text", name=op.f("uq_canned_reply_text")),
    )
    op.bulk_insert(replies, [{"position": 10 * i, "text": text} for i, text in enumerate(REPLIES, 1)])


def downgrade() -> None:
    op.drop_table("canned_reply")
    op.drop_table("saved_filter")
