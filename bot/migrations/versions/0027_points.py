"""积分: schemes that a meeting adopted, claims, the ledger, vouchers, disputes; 星级文明户"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('applied', 'reviewed', 'noticed', 'awarded')")


def upgrade() -> None:
    _point_item()
    _point_scheme()
    _point_sheet()
    _point_account()
    _point_dispute()
    _point_entry()
    _point_rule()
    _star_award()
    _voucher()
    _point_claim()
    _star_objection()
    _entries_stay()


def _point_item() -> None:
    op.create_table(
        "point_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.CheckConstraint("stock >= 0", name="stock"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_item")),
        sa.UniqueConstraint("place_id", "title", name=op.f("uq_point_item_place_id_title")),
    )


def _point_scheme() -> None:
    op.create_table(
        "point_scheme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=40), nullable=False),
        sa.Column("adopted_by_id", sa.Integer(), nullable=True),
        sa.Column("adopted_by_name", sa.String(length=40), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_why", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_scheme")),
        sa.UniqueConstraint("place_id", "version", name=op.f("uq_point_scheme_place_id_version")),
    )
    op.create_index(op.f("ix_point_scheme_place_id"), "point_scheme", ["place_id"])


def _point_sheet() -> None:
    op.create_table(
        "point_sheet",
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("place_id", "month", name=op.f("pk_point_sheet")),
    )


def _point_account() -> None:
    op.create_table(
        "point_account",
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("balance", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("told_year", sa.Integer(), nullable=True),
        sa.Column("told_amount", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint("held >= 0 AND balance >= held", name="never_below"),
        _of_household("point_account"),
        sa.PrimaryKeyConstraint("household_id", name=op.f("pk_point_account")),
    )
    op.create_index(op.f("ix_point_account_place_id"), "point_account", ["place_id"])


def _point_dispute() -> None:
    op.create_table(
        "point_dispute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_by_name", sa.String(length=40), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _of_household("point_dispute"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_dispute")),
        sa.UniqueConstraint("key", name=op.f("uq_point_dispute_key")),
    )
    op.create_index(op.f("ix_point_dispute_conversation_id"), "point_dispute", ["conversation_id"])
    op.create_index(op.f("ix_point_dispute_household_id"), "point_dispute", ["household_id"])
    op.create_index(op.f("ix_point_dispute_place_id"), "point_dispute", ["place_id"])
    op.create_index(op.f("ix_point_dispute_state"), "point_dispute", ["state"])


def _point_entry() -> None:
    op.create_table(
        "point_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=True),
        sa.Column("claim_id", sa.Integer(), nullable=True),
        sa.Column("voucher_id", sa.Integer(), nullable=True),
        sa.Column("reverses_id", sa.Integer(), nullable=True),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by_name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _of_household("point_entry"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_point_entry_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_point_entry_reverses_id")),
    )
    op.create_index(op.f("ix_point_entry_at"), "point_entry", ["at"])
    op.create_index(op.f("ix_point_entry_claim_id"), "point_entry", ["claim_id"])
    op.create_index(op.f("ix_point_entry_household_id"), "point_entry", ["household_id"])
    op.create_index(op.f("ix_point_entry_place_id"), "point_entry", ["place_id"])


def _point_rule() -> None:
    op.create_table(
        "point_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["scheme_id"], ["point_scheme.id"], name=op.f("fk_point_rule_scheme_id_point_scheme"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_rule")),
    )
    op.create_index(op.f("ix_point_rule_scheme_id"), "point_rule", ["scheme_id"])


def _star_award() -> None:
    op.create_table(
        "star_award",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=True),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("noticed_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("first_by_id", sa.Integer(), nullable=True),
        sa.Column("first_by_name", sa.String(length=40), nullable=False),
        sa.Column("second_by_id", sa.Integer(), nullable=True),
        sa.Column("second_by_name", sa.String(length=40), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _of_household("star_award"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_star_award")),
        sa.UniqueConstraint("key", name=op.f("uq_star_award_key")),
    )
    op.create_index(op.f("ix_star_award_conversation_id"), "star_award", ["conversation_id"])
    op.create_index(
        "ix_star_award_one_open",
        "star_award",
        ["household_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index(op.f("ix_star_award_place_id"), "star_award", ["place_id"])
    op.create_index(op.f("ix_star_award_state"), "star_award", ["state"])


def _voucher() -> None:
    op.create_table(
        "voucher",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spent_by_id", sa.Integer(), nullable=True),
        sa.Column("spent_by_name", sa.String(length=40), nullable=False),
        _of_household("voucher"),
        sa.ForeignKeyConstraint(["item_id"], ["point_item.id"], name=op.f("fk_voucher_item_id_point_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_voucher_code_hash")),
        sa.UniqueConstraint("key", name=op.f("uq_voucher_key")),
    )
    op.create_index(op.f("ix_voucher_household_id"), "voucher", ["household_id"])
    op.create_index(op.f("ix_voucher_place_id"), "voucher", ["place_id"])
    op.create_index(op.f("ix_voucher_state"), "voucher", ["state"])


def _point_claim() -> None:
    op.create_table(
        "point_claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("photo", sa.LargeBinary(), nullable=True),
        sa.Column("has_photo", sa.Boolean(), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by_name", sa.String(length=40), nullable=False),
        sa.Column("first_by_id", sa.Integer(), nullable=True),
        sa.Column("first_by_name", sa.String(length=40), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_name", sa.String(length=40), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _of_household("point_claim"),
        sa.ForeignKeyConstraint(["rule_id"], ["point_rule.id"], name=op.f("fk_point_claim_rule_id_point_rule")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_claim")),
        sa.UniqueConstraint("key", name=op.f("uq_point_claim_key")),
    )
    op.create_index(op.f("ix_point_claim_conversation_id"), "point_claim", ["conversation_id"])
    op.create_index(op.f("ix_point_claim_household_id"), "point_claim", ["household_id"])
    op.create_index(op.f("ix_point_claim_place_id"), "point_claim", ["place_id"])
    op.create_index(op.f("ix_point_claim_state"), "point_claim", ["state"])


def _star_objection() -> None:
    op.create_table(
        "star_objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("weighed", sa.String(length=300), nullable=False),
        sa.Column("weighed_by_id", sa.Integer(), nullable=True),
        sa.Column("weighed_by_name", sa.String(length=40), nullable=False),
        sa.Column("weighed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["award_id"], ["star_award.id"], name=op.f("fk_star_objection_award_id_star_award"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_star_objection")),
        sa.UniqueConstraint("key", name=op.f("uq_star_objection_key")),
    )
    op.create_index(op.f("ix_star_objection_award_id"), "star_objection", ["award_id"])


def _of_household(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_household_id_household")
    return sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=name, ondelete="CASCADE")


def _entries_stay() -> None:
    """A line of the ledger is never changed: what was wrong is taken back by a line of its own."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER point_entry_stays BEFORE UPDATE ON point_entry "
            "BEGIN SELECT RAISE(ABORT, 'point_entry is append-only'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION point_entry_stays() RETURNS trigger AS $$ "
        "BEGIN RAISE EXCEPTION 'point_entry is append-only'; END $$ LANGUAGE plpgsql"
    )
    op.execute(
        "CREATE TRIGGER point_entry_stays BEFORE UPDATE ON point_entry "
        "FOR EACH ROW EXECUTE FUNCTION point_entry_stays()"
    )


def downgrade() -> None:
    for table in (
        *("star_objection", "star_award", "voucher", "point_item", "point_dispute", "point_entry", "point_account"),
        *("point_claim", "point_rule", "point_sheet", "point_scheme"),
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION point_entry_stays()")
