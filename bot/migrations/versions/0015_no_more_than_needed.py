"""what people said leaves the audit lines of before; cases and appointments know when their content was deleted"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# What was written down with these deeds came from people: notes, reasons, settings with telephones, questions.
_WITH_WORDS = (
    "what LIKE '事项：%' OR what = '改设置' OR what LIKE '%检查问题' OR what IN ('改资料', '资料送审', '新建资料', "
    "'导入资料', '资料留言', '留言已处理', '退回资料', '通过资料', '发布资料', '撤回资料', "
    "'导入网格员', '导入预约时段')"
)
_NO_UPDATE = (
    "CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry BEGIN SELECT "
    "RAISE(ABORT, 'audit_entry is append-only'); END"
)


def upgrade() -> None:
    for table in ("case", "appointment"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("masked_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "sign_in_try",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_try")),
    )
    op.create_index(op.f("ix_sign_in_try_at"), "sign_in_try", ["at"])
    op.create_table(
        "lookup_try",
        sa.Column("asker", sa.String(length=40), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("asker", name=op.f("pk_lookup_try")),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute("DROP TRIGGER audit_entry_no_update" if is_sqlite else "ALTER TABLE audit_entry DISABLE TRIGGER USER")
    op.execute(f"UPDATE audit_entry SET detail = '' WHERE detail <> '' AND ({_WITH_WORDS})")
    op.execute(_NO_UPDATE if is_sqlite else "ALTER TABLE audit_entry ENABLE TRIGGER USER")


def downgrade() -> None:
    op.drop_table("lookup_try")
    op.drop_table("sign_in_try")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_column("failures")
    for table in ("appointment", "case"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("masked_at")
