"""topics: what a village talks over, opinions, voices, paper

A voice is never changed once its topic is sealed, what takes one out never after the result, a count of paper never
after the tally: triggers of the database refuse it, as they do for audit rows (migration 0002).
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# table: the column of its topic after whose filling no row is added, changed or deleted
_GUARDED = {"ballot": "sealed_at", "ballot_void": "result_at", "paper_count": "tallied_at"}


def _guard() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, column in _GUARDED.items():
        if is_sqlite:
            for what, rows in (("INSERT", ("NEW",)), ("UPDATE", ("NEW", "OLD")), ("DELETE", ("OLD",))):
                topics = ", ".join(f"{row}.topic_id" for row in rows)
                op.execute(
                    f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} WHEN EXISTS (SELECT 1 FROM "
                    f"topic WHERE id IN ({topics}) AND {column} IS NOT NULL) BEGIN SELECT "
                    f"RAISE(ABORT, '{table} is sealed'); END"
                )
            continue
        op.execute(
            f"CREATE FUNCTION {table}_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF (TG_OP <> 'INSERT' AND EXISTS (SELECT 1 FROM topic WHERE id = OLD.topic_id AND {column} IS NOT NULL)) "
            f"OR (TG_OP <> 'DELETE' AND EXISTS (SELECT 1 FROM topic WHERE id = NEW.topic_id AND {column} IS NOT NULL)) "
            f"THEN RAISE EXCEPTION '{table} is sealed'; END IF; "
            "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_guard BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW "
            f"EXECUTE FUNCTION {table}_is_sealed()"
        )


def _unguard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return  # a dropped table takes its triggers along
    for table in _GUARDED:
        op.execute(f"DROP TRIGGER {table}_guard ON {table}")
        op.execute(f"DROP FUNCTION {table}_is_sealed()")


def upgrade() -> None:
    op.create_table(
        "topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("request_key", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("background", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.String(length=20),
            nullable=False,
        ),
        sa.Column("raised_by", sa.String(length=12), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=True),
        sa.Column("source_case_id", sa.Integer(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_due_on", sa.Date(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matter", sa.String(length=20), nullable=False),
        sa.Column("circle", sa.String(length=20), nullable=False),
        sa.Column("circle_words", sa.String(length=60), nullable=False),
        sa.Column("circle_size", sa.Integer(), nullable=True),
        sa.Column("basis", sa.String(length=12), nullable=False),
        sa.Column("method", sa.String(length=12), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("boxes", sa.Integer(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extended_why", sa.Text(), nullable=False),
        sa.Column("result_due_on", sa.Date(), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("is_preparation", sa.Boolean(), nullable=False),
        sa.Column("legality", sa.String(length=12), nullable=False),
        sa.Column("legality_by", sa.Integer(), nullable=True),
        sa.Column("legality_say", sa.Text(), nullable=False),
        sa.Column("pending", sa.String(length=12), nullable=False),
        sa.Column("pending_by", sa.Integer(), nullable=True),
        sa.Column("refusal", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("tally", sa.JSON(), nullable=True),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("tallied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("seal_broken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key_file", sa.String(length=60), nullable=False),
        sa.Column("key_gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("tasks", sa.JSON(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("meeting_words", sa.Text(), nullable=False),
        sa.Column("result_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fed_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("place_id", "ordinal", name=op.f("uq_topic_place_id_ordinal")),
        sa.UniqueConstraint("request_key", name=op.f("uq_topic_request_key")),
    )
    with op.batch_alter_table("topic", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_closes_at"), ["closes_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_topic_conversation_id"), ["conversation_id"], unique=False)
        batch_op.create_index("ix_topic_place_state", ["place_id", "state"], unique=False)

    op.create_table(
        "topic_counter",
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("place_id", name=op.f("pk_topic_counter")),
    )
    op.create_table(
        "topic_leaving",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asker", sa.String(length=64), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic_leaving")),
    )
    op.create_table(
        "ballot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("voter_key", sa.String(length=64), nullable=False),
        sa.Column("receipt", sa.String(length=32), nullable=False),
        sa.Column("choice", sa.JSON(), nullable=False),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_ballot_topic_id_topic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot")),
        sa.UniqueConstraint("receipt", name=op.f("uq_ballot_receipt")),
        sa.UniqueConstraint("topic_id", "voter_key", name=op.f("uq_ballot_topic_id_voter_key")),
    )
    with op.batch_alter_table("ballot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ballot_topic_id"), ["topic_id"], unique=False)

    op.create_table(
        "opinion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=140), nullable=False),
        sa.Column("asker", sa.String(length=64), nullable=True),
        sa.Column("stance", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("normal", sa.String(length=300), nullable=False),
        sa.Column("same_as_id", sa.Integer(), nullable=True),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("hidden_why", sa.String(length=20), nullable=False),
        sa.Column("looked_by", sa.Integer(), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("adoption", sa.String(length=8), nullable=False),
        sa.Column("adoption_why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_opinion_topic_id_topic"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinion")),
        sa.UniqueConstraint("key", name=op.f("uq_opinion_key")),
    )
    with op.batch_alter_table("opinion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opinion_asker"), ["asker"], unique=False)
        batch_op.create_index(batch_op.f("ix_opinion_same_as_id"), ["same_as_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_opinion_topic_id"), ["topic_id"], unique=False)
        batch_op.create_index("ix_opinion_topic_normal", ["topic_id", "normal"], unique=False)

    op.create_table(
        "paper_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("box", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("spoilt", sa.Integer(), nullable=False),
        sa.Column("households", sa.JSON(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_paper_count_topic_id_topic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_count")),
        sa.UniqueConstraint("topic_id", "box", name=op.f("uq_paper_count_topic_id_box")),
    )
    with op.batch_alter_table("paper_count", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_count_topic_id"), ["topic_id"], unique=False)

    op.create_table(
        "topic_check",
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("asker", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topic.id"], name=op.f("fk_topic_check_topic_id_topic"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("topic_id", "round", "asker", name=op.f("pk_topic_check")),
    )
    with op.batch_alter_table("topic_check", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_check_asker"), ["asker"], unique=False)

    op.create_table(
        "topic_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=140), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=12), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=60), nullable=False),
        sa.Column("what", sa.String(length=60), nullable=False),
        sa.Column(
            "state_to",
            sa.String(length=20),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("say", sa.Text(), nullable=True),
        sa.Column("buttons", sa.JSON(), nullable=False),
        sa.Column("only_to", sa.String(length=64), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topic.id"], name=op.f("fk_topic_event_topic_id_topic"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic_event")),
        sa.UniqueConstraint("key", name=op.f("uq_topic_event_key")),
    )
    with op.batch_alter_table("topic_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_event_topic_id"), ["topic_id"], unique=False)
        batch_op.create_index(
            "ix_topic_event_untold",
            ["id"],
            unique=False,
            sqlite_where=sa.text("say IS NOT NULL AND told_at IS NULL"),
            postgresql_where=sa.text("say IS NOT NULL AND told_at IS NULL"),
        )

    op.create_table(
        "topic_follow",
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topic.id"], name=op.f("fk_topic_follow_topic_id_topic"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("topic_id", "conversation_id", name=op.f("pk_topic_follow")),
    )
    with op.batch_alter_table("topic_follow", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_follow_conversation_id"), ["conversation_id"], unique=False)

    op.create_table(
        "ballot_void",
        sa.Column("ballot_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballot.id"], name=op.f("fk_ballot_void_ballot_id_ballot")),
        sa.PrimaryKeyConstraint("ballot_id", name=op.f("pk_ballot_void")),
    )
    with op.batch_alter_table("ballot_void", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ballot_void_topic_id"), ["topic_id"], unique=False)

    _guard()


def downgrade() -> None:
    _unguard()

    with op.batch_alter_table("ballot_void", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ballot_void_topic_id"))

    op.drop_table("ballot_void")
    with op.batch_alter_table("topic_follow", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_topic_follow_conversation_id"))

    op.drop_table("topic_follow")
    with op.batch_alter_table("topic_event", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_topic_event_untold",
            sqlite_where=sa.text("say IS NOT NULL AND told_at IS NULL"),
            postgresql_where=sa.text("say IS NOT NULL AND told_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_topic_event_topic_id"))

    op.drop_table("topic_event")
    with op.batch_alter_table("topic_check", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_topic_check_asker"))

    op.drop_table("topic_check")
    with op.batch_alter_table("paper_count", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_paper_count_topic_id"))

    op.drop_table("paper_count")
    with op.batch_alter_table("opinion", schema=None) as batch_op:
        batch_op.drop_index("ix_opinion_topic_normal")
        batch_op.drop_index(batch_op.f("ix_opinion_topic_id"))
        batch_op.drop_index(batch_op.f("ix_opinion_same_as_id"))
        batch_op.drop_index(batch_op.f("ix_opinion_asker"))

    op.drop_table("opinion")
    with op.batch_alter_table("ballot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ballot_topic_id"))

    op.drop_table("ballot")
    op.drop_table("topic_leaving")
    op.drop_table("topic_counter")
    with op.batch_alter_table("topic", schema=None) as batch_op:
        batch_op.drop_index("ix_topic_place_state")
        batch_op.drop_index(batch_op.f("ix_topic_conversation_id"))
        batch_op.drop_index(batch_op.f("ix_topic_closes_at"))

    op.drop_table("topic")
