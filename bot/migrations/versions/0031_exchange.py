"""other systems and what is sent to them, joint meetings of units, what others demand of a village"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _systems()
    _outbox()
    _meetings()
    _tasks()
    op.create_table(
        "demand",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("asked_by", sa.String(length=60), nullable=False),
        sa.Column("what", sa.String(length=120), nullable=False),
        sa.Column("certificate", sa.String(length=20), nullable=False),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.Column("tenths", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("is_from_chat", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demand")),
        sa.UniqueConstraint("key", name=op.f("uq_demand_key")),
    )
    for column in ("place_id", "asked_by", "on"):
        op.create_index(op.f(f"ix_demand_{column}"), "demand", [column])


def _systems() -> None:
    op.create_table(
        "external_system",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("contact", sa.String(length=60), nullable=False),
        sa.Column("url", sa.String(length=300), nullable=False),
        sa.Column("profile", sa.String(length=20), nullable=False),
        sa.Column("networks", sa.JSON(), nullable=False),
        sa.Column("key_id", sa.String(length=24), nullable=False),
        sa.Column("secret", sa.String(length=300), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_system")),
        sa.UniqueConstraint("key_id", name=op.f("uq_external_system_key_id")),
        sa.UniqueConstraint("name", name=op.f("uq_external_system_name")),
    )
    op.create_index(op.f("ix_external_system_place_id"), "external_system", ["place_id"])


def _outbox() -> None:
    op.create_table(
        "external_ref",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("system_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("came", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("shares_phone", sa.Boolean(), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_how", sa.String(length=200), nullable=False),
        sa.Column("said", sa.String(length=20), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("since_event", sa.Integer(), nullable=False),
        _of("external_ref", "system_id", "external_system"),
        _of("external_ref", "case_id", "case", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_ref")),
        sa.UniqueConstraint("system_id", "number", name=op.f("uq_external_ref_system_id_number")),
        sa.UniqueConstraint("system_id", "case_id", name=op.f("uq_external_ref_system_id_case_id")),
    )
    op.create_index(op.f("ix_external_ref_case_id"), "external_ref", ["case_id"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        _of("outbox", "ref_id", "external_ref", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(op.f("ix_outbox_ref_id"), "outbox", ["ref_id"])
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["next_try_at"],
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )


def _meetings() -> None:
    op.create_table(
        "joint_meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spot", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_meeting")),
        sa.UniqueConstraint("key", name=op.f("uq_joint_meeting_key")),
    )
    op.create_index(op.f("ix_joint_meeting_place_id"), "joint_meeting", ["place_id"])
    op.create_table(
        "joint_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=80), nullable=False),
        _of("joint_item", "meeting_id", "joint_meeting", ondelete="CASCADE"),
        _of("joint_item", "case_id", "case", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_item")),
        sa.UniqueConstraint("meeting_id", "position", name=op.f("uq_joint_item_meeting_id_position")),
    )
    op.create_index(op.f("ix_joint_item_case_id"), "joint_item", ["case_id"])
    op.create_table(
        "joint_unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("came", sa.Boolean(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        _of("joint_unit", "meeting_id", "joint_meeting", ondelete="CASCADE"),
        _of("joint_unit", "team_id", "team"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_unit")),
        sa.UniqueConstraint("meeting_id", "team_id", name=op.f("uq_joint_unit_meeting_id_team_id")),
    )
    op.create_index(op.f("ix_joint_unit_team_id"), "joint_unit", ["team_id"])


def _tasks() -> None:
    op.create_table(
        "joint_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("result", sa.String(length=500), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("passed_to_id", sa.Integer(), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue_at", sa.DateTime(timezone=True), nullable=True),
        _of("joint_task", "meeting_id", "joint_meeting", ondelete="CASCADE"),
        _of("joint_task", "case_id", "case", ondelete="CASCADE"),
        _of("joint_task", "team_id", "team"),
        _of("joint_task", "passed_to_id", "joint_task"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_task")),
        sa.UniqueConstraint("key", name=op.f("uq_joint_task_key")),
    )
    for column in ("meeting_id", "case_id", "team_id", "due_on"):
        op.create_index(op.f(f"ix_joint_task_{column}"), "joint_task", [column])


def _of(table: str, column: str, there: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{there}")
    return sa.ForeignKeyConstraint([column], [f"{there}.id"], name=name, ondelete=ondelete)


def downgrade() -> None:
    tables = ("demand", "joint_task", "joint_unit", "joint_item", "joint_meeting")
    for table in (*tables, "outbox", "external_ref", "external_system"):
        op.drop_table(table)
