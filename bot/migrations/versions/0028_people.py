"""helpers, their hours, referrals to them, whose grid worker is who, visits"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _helper()
    _hours()
    _referral()
    _events()
    _links()
    _grid()


def _helper() -> None:
    op.create_table(
        "helper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("villages", sa.JSON(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("called", sa.String(length=40), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("organisation", sa.String(length=60), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("subjects", sa.JSON(), nullable=False),
        sa.Column("hours", sa.String(length=60), nullable=False),
        sa.Column("dialects", sa.String(length=40), nullable=False),
        sa.Column("public", sa.JSON(), nullable=False),
        sa.Column("left_office_on", sa.Date(), nullable=True),
        sa.Column("consent_on", sa.Date(), nullable=True),
        sa.Column("consent_how", sa.String(length=10), nullable=False),
        sa.Column("consent_by", sa.String(length=40), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("warned_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helper")),
    )
    op.create_index(op.f("ix_helper_place_id"), "helper", ["place_id"])


def _hours() -> None:
    op.create_table(
        "helper_hours",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("helper_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=100), nullable=False),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _of("helper_hours", "helper"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helper_hours")),
        sa.UniqueConstraint("key", name=op.f("uq_helper_hours_key")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_helper_hours_undoes_id")),
    )
    op.create_index(op.f("ix_helper_hours_helper_id"), "helper_hours", ["helper_id"])


def _referral() -> None:
    op.create_table(
        "referral",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("wish", sa.String(length=20), nullable=False),
        sa.Column("subjects", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("other_party", sa.String(length=60), nullable=False),
        sa.Column("contact", sa.String(length=60), nullable=False),
        sa.Column("helper_id", sa.Integer(), nullable=True),
        sa.Column("tried", sa.JSON(), nullable=False),
        sa.Column("interest", sa.String(length=200), nullable=False),
        sa.Column("helper_yes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("other_yes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("masked_at", sa.DateTime(timezone=True), nullable=True),
        _of("referral", "helper", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint("key", name=op.f("uq_referral_key")),
    )
    for column in ("place_id", "conversation_id", "helper_id"):
        op.create_index(op.f(f"ix_referral_{column}"), "referral", [column])
    op.create_index("ix_referral_state_due", "referral", ["state", "due_at"])


def _events() -> None:
    op.create_table(
        "referral_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=12), nullable=False),
        sa.Column("actor_name", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=60), nullable=False),
        sa.Column("say", sa.Text(), nullable=True),
        sa.Column("buttons", sa.JSON(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        _of("referral_event", "referral"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_event")),
        sa.UniqueConstraint("key", name=op.f("uq_referral_event_key")),
    )
    op.create_index(op.f("ix_referral_event_referral_id"), "referral_event", ["referral_id"])


def _links() -> None:
    op.create_table(
        "helper_link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("helper_id", sa.Integer(), nullable=True),
        sa.Column("referral_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        _of("helper_link", "helper"),
        _of("helper_link", "referral"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_helper_link")),
    )
    for column in ("helper_id", "referral_id"):
        op.create_index(op.f(f"ix_helper_link_{column}"), "helper_link", [column])


def _grid() -> None:
    op.create_table(
        "grid_round",
        sa.Column("grid_worker_id", sa.Integer(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("hours", sa.String(length=60), nullable=False),
        sa.Column("shows_phone", sa.Boolean(), nullable=False),
        sa.Column("away_from", sa.Date(), nullable=True),
        sa.Column("away_until", sa.Date(), nullable=True),
        sa.Column("deputy_id", sa.Integer(), nullable=True),
        _of("grid_round", "grid_worker"),
        sa.PrimaryKeyConstraint("grid_worker_id", name=op.f("pk_grid_round")),
    )
    op.create_table(
        "grid_home",
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("group_name", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_grid_home")),
    )
    op.create_table(
        "visit",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("group_name", sa.String(length=20), nullable=False),
        sa.Column("grid_worker_id", sa.Integer(), nullable=True),
        sa.Column("reply_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("come_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("comes_on", sa.Date(), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("been_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(length=10), nullable=False),
        _of("visit", "case"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_visit")),
    )
    op.create_index(op.f("ix_visit_place_id"), "visit", ["place_id"])


def _of(table: str, other: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{other}_id_{other}")
    return sa.ForeignKeyConstraint([f"{other}_id"], [f"{other}.id"], name=name, ondelete=ondelete)


def downgrade() -> None:
    for table in (
        *("visit", "grid_home", "grid_round", "helper_link", "referral_event", "referral"),
        *("helper_hours", "helper"),
    ):
        op.drop_table(table)
