"""One person, one voice, kept secret and safe (village_affairs.md 2.14, scenarios 2, 3, 6, 7, 9, 20, 25)."""

import stat
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from actions import persons
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.roster import slips
from actions.topics import ballots, clock, following, opinions
from actions.topics.counting import paper, sealing
from actions.topics.counting.keys import KeyGone, TopicKeys
from actions.topics.counting.paper import Box
from actions.topics.models import Ballot, BallotVoid, Opinion, PaperCount, Topic, TopicEvent, TopicLeaving
from actions.topics.status import TopicState
from actions.topics.steps import result
from bot.conversations import service
from tests.actions.topics.village import CLERK, NOW, OVERSEER, Village, village


def choose(here: Village, topic: Topic, asker: str, *choice: int, source: str = "chat") -> Ballot:
    return ballots.cast(
        here.session,
        topic_id=topic.id,
        asker=asker,
        choice=list(choice),
        source=source,
        key=f"{asker}{choice}",
        now=NOW,
        keys=here.keys,
    )


def standing(here: Village, topic: Topic) -> list[tuple[list[int], bool]]:
    return [(b.choice, b.is_verified) for b in sealing.ballots_of(here.session, topic)]


def test_one_voice_a_person_and_the_last_word_counts(here: Village) -> None:
    topic = here.opened()
    here.slip("a")
    first = choose(here, topic, "a", 0)
    assert choose(here, topic, "a", 2).receipt == first.receipt  # the receipt tells nothing of a change
    assert standing(here, topic) == [([2], True)]
    mine = ballots.of_asker(here.session, topic, asker="a", keys=here.keys, now=NOW)
    assert mine is not None
    assert mine.choice == [2]


def test_a_slip_used_later_replaces_the_voice_given_before_without_it(here: Village) -> None:
    topic = here.opened()
    choose(here, topic, "a", 0)
    assert standing(here, topic) == [([0], False)]
    here.slip("a")
    choose(here, topic, "a", 1)
    assert standing(here, topic) == [([1], True)]


def test_a_telephone_and_a_browser_of_one_person_are_one_voice(here: Village) -> None:
    topic = here.opened()
    here.slip("wechat")
    choose(here, topic, "wechat", 0)
    choose(here, topic, "widget", 1)
    assert len(standing(here, topic)) == 2  # nobody knows yet that they are one
    persons.join(here.session, "wechat", "widget")
    choose(here, topic, "widget", 3)
    assert standing(here, topic) == [([3], True)]


def test_two_of_a_house_are_two_voices_by_person_and_one_by_household(here: Village) -> None:
    topic = here.opened(basis="household")
    for no, asker in enumerate(("mother", "son"), 1):
        here.slip(asker, code="1-07", no=no)
        choose(here, topic, asker, no)
    assert standing(here, topic) == [([2], True)]


@pytest.mark.parametrize(
    ("method", "choice"),
    [("single", []), ("single", [0, 1]), ("single", [4]), ("single", [-1]), ("approval", []), ("approval", [0, 99])],
)
def test_what_is_no_choice_is_refused_in_words(here: Village, method: str, choice: list[int]) -> None:
    topic = here.opened(method=method)
    with pytest.raises(InvalidInput):
        choose(here, topic, "a", *choice)
    assert standing(here, topic) == []


def test_nothing_is_chosen_before_or_after(here: Village) -> None:
    topic = here.raised()
    with pytest.raises(NotAllowed):
        choose(here, topic, "a", 0)
    topic = here.opened()
    late: dict[str, Any] = {
        "topic_id": topic.id,
        "asker": "a",
        "choice": [0],
        "source": "chat",
        "key": "k",
        "keys": here.keys,
    }
    with pytest.raises(NotAllowed, match="截止"):
        ballots.cast(here.session, now=NOW + timedelta(days=11), **late)  # due, and the clock hasn't come yet
    with pytest.raises(NotFound):
        ballots.cast(here.session, now=NOW, **{**late, "topic_id": 10**12})


def test_the_voice_holds_no_trace_of_who_gave_it_or_when(here: Village) -> None:
    topic = here.opened()
    who = here.slip("conversation-of-wang")
    ballot = choose(here, topic, "conversation-of-wang", 0)
    row = here.session.execute(text("SELECT * FROM ballot")).mappings().one()
    assert "wang" not in str(row)
    assert str(row["day"])[:10] == "2026-12-01"
    assert not any(":" in str(v) for v in row.values())  # no time of day
    assert ballot.voter_key != TopicKeys(here.keys.folder).voter_key(
        here.keys.create(topic.id), f"participant:{who.id}"
    )


def test_a_changed_voice_is_refused_by_the_database_once_it_is_sealed(here: Village) -> None:
    session, topic = here.session, here.opened()
    here.slip("a")
    ballot = choose(here, topic, "a", 0)
    here.tick(days=11)
    copied = Ballot(topic_id=topic.id, voter_key="x", receipt="y", choice=[1], source="chat", day=NOW.date())
    session.execute(update(Topic).values(boxes=0))
    session.commit()
    for change in (
        lambda: session.execute(update(Ballot).where(Ballot.id == ballot.id).values(choice=[1])),
        lambda: session.execute(delete(Ballot)),
        lambda: session.bulk_save_objects([copied]),
        lambda: session.execute(
            text(
                "INSERT INTO paper_count (topic_id, box, counts, papers, spoilt, households, by, "
                "at) VALUES (1, 1, '[9,0,0,0]', 9, 0, '[]', 1, '2026-12-12')"
            )
        ),
    ):
        with pytest.raises(DBAPIError, match="is sealed"):
            change()
        session.rollback()


def test_with_the_triggers_dropped_the_seal_tells_and_the_result_is_hidden(here: Village) -> None:
    session, topic = here.session, here.opened()
    for asker in ("a", "b", "c"):
        here.slip(asker)
        choose(here, topic, asker, 0)
    here.tick(days=11)
    assert clock.verify(session, topic, now=NOW) == ""
    _drop_triggers(session)
    session.execute(update(Ballot).where(Ballot.topic_id == topic.id).values(choice=[1]))
    session.commit()
    here.tick(days=12)
    session.refresh(topic)
    assert topic.seal_broken_at is not None
    broken = session.scalars(select(TopicEvent).where(TopicEvent.what == "核对不上，结果收起")).all()
    here.tick(days=13)
    assert [event.note for event in broken] == ["封存之后，有人动过投票记录"]
    with pytest.raises(NotAllowed, match="核对不上"):
        result.propose(
            session, topic.id, said="先装东头，明年再装。", outcome="not_done", tasks=[], actor=CLERK, key="w", now=NOW
        )


def test_a_seal_that_is_made_to_fit_doesnt_fit_the_record_of_the_close(here: Village) -> None:
    session, topic = here.session, here.opened()
    here.slip("a")
    choose(here, topic, "a", 0)
    here.tick(days=11)
    _drop_triggers(session)
    session.execute(update(Ballot).values(choice=[1]))
    topic.seal = sealing.seal_of(sealing.ballots_of(session, topic))
    session.commit()
    assert clock.verify(session, topic, now=NOW) == "封存之后，有人动过投票记录"
    topic.sealed_at = None
    session.commit()
    assert sealing.fault_of(session, topic) == "封存的记号被去掉了"


def _drop_triggers(session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        for table in ("ballot", "paper_count", "ballot_void"):
            for what in ("insert", "update", "delete"):
                session.execute(text(f"DROP TRIGGER {table}_no_{what}"))
    else:
        for table in ("ballot", "paper_count", "ballot_void"):
            session.execute(text(f"DROP TRIGGER {table}_guard ON {table}"))
    session.commit()


def test_paper_wins_over_the_telephone_of_the_same_house(here: Village) -> None:
    session, topic = here.session, here.opened(boxes=1)
    for asker in ("mother", "son"):
        here.slip(asker, code="1-07", no=1 if asker == "mother" else 2)
        choose(here, topic, asker, 0)
    here.slip("other")
    choose(here, topic, "other", 1)
    here.tick(days=11)
    later = NOW + timedelta(days=11)
    for counts, papers, codes in (((1, 1, 0, 0), 1, ()), ((1, 0, 0, 0), 1, ("9-99",)), ((-1, 0, 0, 0), -1, ())):
        with pytest.raises(InvalidInput):
            paper.write(session, topic.id, Box(1, counts, papers, 0, codes), actor=CLERK, key="bad", now=later)
    with pytest.raises(InvalidInput, match="没有第 2 箱"):
        paper.write(session, topic.id, Box(2, (1, 0, 0, 0), 1, 0, ()), actor=CLERK, key="bad", now=later)
    paper.write(session, topic.id, Box(1, (0, 0, 2, 0), 2, 0, ("1-07",)), actor=CLERK, key="b", now=later)
    paper.confirm(session, topic.id, 1, actor=OVERSEER, key="c", now=later, keys=here.keys)
    here.tick(days=11)
    assert topic.tally is not None
    assert (topic.tally["options"], topic.tally["voters"], topic.tally["voided"]) == ([0, 1, 2, 0], 3, 2)
    with pytest.raises(NotAllowed):
        paper.write(session, topic.id, Box(1, (9, 0, 0, 0), 9, 0, ()), actor=CLERK, key="late", now=later)


def test_a_box_that_nobody_counted_in_three_days_is_left_out_and_said(here: Village) -> None:
    topic = here.opened(boxes=1)
    here.tick(days=13)
    assert topic.tallied_at is None
    here.tick(days=15)
    assert topic.tallied_at is not None
    note = here.session.scalars(select(TopicEvent.note).where(TopicEvent.what == "票数定了")).one()
    assert note == "有票箱没有按时点，没有算进去"


def test_a_slip_taken_by_somebody_else_takes_its_voice_along(here: Village) -> None:
    topic = here.opened()
    who, other = here.slip("thief"), here.slip("honest")
    for asker in ("thief", "honest"):
        choose(here, topic, asker, 0)
    who.revoked_at = NOW
    here.session.commit()
    assert other.revoked_at is None
    here.tick(days=11)
    assert topic.tally is not None
    assert topic.tally["voters"] == 1


def test_a_grid_worker_writes_down_what_somebody_says_and_only_for_a_slip_of_the_village(here: Village) -> None:
    session, topic = here.session, here.opened()
    who = here.slip("grandmother")
    said: dict[str, Any] = {"topic_id": topic.id, "choice": [1], "actor": CLERK, "now": NOW, "keys": here.keys}
    receipt = ballots.cast_for(session, participant=who, key="g", **said)
    assert len(receipt) == 32
    assert standing(here, topic) == [([1], True)]
    choose(here, topic, "grandmother", 2)  # her grandson showed her how: still one voice
    assert standing(here, topic) == [([2], True)]
    who.place_id = "elsewhere"
    with pytest.raises(InvalidInput):
        ballots.cast_for(session, participant=who, key="g2", **said)


def test_who_deletes_their_data_while_it_is_open_leaves_nothing(here: Village) -> None:
    session, topic = here.session, here.opened()
    here.slip("leaver")
    here.slip("stays")
    for asker in ("leaver", "stays"):
        choose(here, topic, asker, 0)
        opinions.add(
            session,
            topic_id=topic.id,
            asker=asker,
            text=f"{asker}说灯要亮",
            stance="理由",
            source="chat",
            key=asker,
            now=NOW,
        )
    copied: dict[str, Any] = {
        "topic_id": topic.id,
        "asker": "copier",
        "text": "leaver说，灯要亮！",
        "stance": "理由",
        "source": "chat",
    }
    copy = opinions.add(session, key="copy", now=NOW, **copied)
    service.forget(session, "leaver")
    here.tick(days=1)
    assert standing(here, topic) == [([0], True)]
    assert {o.asker for o in session.scalars(select(Opinion))} == {"stays", "copier"}
    session.refresh(copy)
    assert copy.same_as_id is None  # who said nearly the same stands for itself
    assert following.followers(session, topic.id) == ["c-raiser", "copier", "stays"]
    assert session.scalars(select(TopicLeaving)).all() == []
    following.forget(session, "c-raiser", now=NOW)
    session.commit()
    assert topic.conversation_id is None


def test_who_deletes_their_data_after_the_close_is_not_counted_and_the_seal_holds(here: Village) -> None:
    session, topic = here.session, here.opened()
    for asker in ("leaver", "a", "b"):
        here.slip(asker)
        choose(here, topic, asker, 1)
    here.tick(days=11)
    following.forget(session, "leaver", now=NOW)
    slips.forget(session, "leaver")
    session.commit()
    here.tick(days=12)
    assert topic.tally is not None
    assert (topic.tally["options"], topic.tally["voided"]) == ([0, 2, 0, 0], 1)
    assert clock.verify(session, topic, now=NOW) == ""


def test_ten_days_after_the_result_nobody_can_tell_who_said_what(here: Village) -> None:
    session, topic = here.session, here.opened()
    here.slip("a")
    choose(here, topic, "a", 0)
    opinions.add(session, topic_id=topic.id, asker="a", text="灯要亮", stance="理由", source="chat", key="o", now=NOW)
    here.tick(days=11)
    later = NOW + timedelta(days=12)
    opinions.show(session, 1, actor=CLERK, now=later)
    result.adopt(session, 1, "yes", "选亮的", actor=CLERK, now=later)
    said: dict[str, Any] = {"said": "东头先装，别处等明年。", "outcome": "not_done", "tasks": []}
    result.propose(session, topic.id, actor=CLERK, key="w", now=later, **said)
    result.publish(session, topic.id, actor=OVERSEER, key="p", now=later)
    here.tick(days=21)
    assert here.keys.names() == [topic.key_file]
    here.tick(days=23)
    assert here.keys.names() == []
    assert session.scalars(select(Opinion.asker)).all() == [None]
    with pytest.raises(KeyGone):
        here.keys.voter_key(topic.key_file, "participant:1")
    here.tick(days=24)
    assert session.scalars(select(TopicEvent.what).where(TopicEvent.what == "销毁密钥")).all() == ["销毁密钥"]


def test_the_key_is_for_nobody_else_on_this_machine_and_hostile_names_open_nothing(tmp_path: Path) -> None:
    keys = TopicKeys(tmp_path / "keys")
    assert keys.names() == []
    name = keys.create(7)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "keys" / name).stat().st_mode) == 0o600
    assert keys.voter_key(name, "a") == keys.voter_key(name, "a") != keys.voter_key(keys.create(7), "a")
    (tmp_path / "secret").write_bytes(b"x" * 32)
    for bad in ("", "../secret", "/etc/passwd", "topic-1-zz.key", f"{name}\n"):
        with pytest.raises(KeyGone):
            keys.voter_key(bad, "a")
        keys.destroy(bad)
    assert (tmp_path / "secret").exists()
    (tmp_path / "keys" / name).write_bytes(b"short")
    with pytest.raises(KeyGone):
        keys.voter_key(name, "a")
    keys.destroy(name)
    keys.destroy(name)


def test_four_hundred_copies_in_an_hour_change_no_headline(here: Village) -> None:
    session, topic = here.session, here.opened()
    for n in range(400):
        opinions.add(
            session,
            topic_id=topic.id,
            asker=f"page:{n}",
            text=f"装在东头{'！' * (n % 3)}",
            stance="理由",
            source="page",
            key=f"o{n}",
            now=NOW,
        )
    assert len([o for o in session.scalars(select(Opinion)) if o.same_as_id is None]) == 1
    assert opinions.surge(session, topic, since=NOW - timedelta(hours=1)) == 400
    for n in range(3):
        opinions.add(
            session,
            topic_id=topic.id,
            asker="page:x",
            text=f"第{n}条意见",
            stance="理由",
            source="page",
            key=f"x{n}",
            now=NOW,
        )
    with pytest.raises(InvalidInput, match="一天最多说3条"):
        opinions.add(
            session,
            topic_id=topic.id,
            asker="page:x",
            text="第四条意见",
            stance="理由",
            source="page",
            key="x4",
            now=NOW,
        )
    for n in range(30):
        choose(here, topic, f"page:{n}", 1, source="page")
    here.tick(days=11)
    assert topic.tally is not None
    assert (topic.tally["voters"], topic.tally["unverified_voters"]) == (0, 30)


def test_two_workers_at_the_second_of_closing_make_one_seal(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    with sessions() as session:
        here = village(session, tmp_path)
        topic = here.opened()
        here.slip("a")
        choose(here, topic, "a", 0)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with sessions() as own:
                clock.tick(own, NOW + timedelta(days=11), keys=here.keys)
        except BaseException as error:
            failed.append(error)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failed == []
    with sessions() as session:
        whats = session.scalars(select(TopicEvent.what).where(TopicEvent.what.in_(["截止", "票数定了"]))).all()
        assert sorted(whats) == ["截止", "票数定了"]
        topic = session.scalars(select(Topic)).one()
        assert sealing.fault_of(session, topic) == ""


def test_killed_at_any_commit_the_next_round_goes_on(
    sessions: sessionmaker[Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after each commit of closing, counting, publishing, carrying out and forgetting."""
    with sessions() as session:
        here = village(session, tmp_path)
        topic = here.opened()
        here.slip("a")
        choose(here, topic, "a", 0)
    days = {11: None, 12: _publish, 30: None}
    for point in range(40):
        for day, deed in days.items():
            _cut_short(sessions, here.keys, day, deed, at=point % 8, is_after=point % 2 == 1)
    for day, deed in days.items():
        _cut_short(sessions, here.keys, day, deed, at=None, is_after=False)
    with sessions() as session:
        events = session.scalars(select(TopicEvent.what).order_by(TopicEvent.id)).all()
        for what in ("截止", "票数定了", "公布结果", "交办落实", "销毁密钥"):
            assert events.count(what) == 1, what
        topic = session.scalars(select(Topic)).one()
        assert topic.state is TopicState.carrying_out
        assert len({task["case_id"] for task in topic.tasks}) == 2
        assert session.execute(text('SELECT count(*) FROM "case"')).scalar() == 2
        assert here.keys.names() == []


class _KilledError(Exception):
    pass


def _publish(session: Session) -> None:
    topic = session.scalars(select(Topic)).one()
    later = NOW + timedelta(days=12)
    tasks = [result.Task(text, 7, later.date() + timedelta(days=60)) for text in ("东头装灯", "接电")]
    if topic.state is TopicState.counting and not topic.pending:
        said: dict[str, Any] = {"said": "先装东头，别处等明年。", "outcome": "carry_out", "tasks": tasks}
        result.propose(session, topic.id, actor=CLERK, key="w", now=later, **said)
    if topic.state in (TopicState.counting, TopicState.result):
        result.publish(session, topic.id, actor=OVERSEER, key="p", now=later)


def _cut_short(sessions, keys, day, deed, *, at, is_after) -> None:  # type: ignore[no-untyped-def]
    with sessions() as session:
        commit, left = session.commit, [at]

        def killing() -> None:
            if left[0] is not None:
                left[0] -= 1
                if left[0] < 0:
                    if is_after:
                        commit()
                    session.rollback()
                    raise _KilledError
            commit()

        session.commit = killing
        try:
            if deed is not None:
                deed(session)
            clock.tick(session, NOW + timedelta(days=day), keys=keys)
        except _KilledError:
            pass
        finally:
            session.commit = commit
            session.rollback()


def test_voids_and_boxes_are_closed_too(here: Village) -> None:
    session, topic = here.session, here.opened(boxes=1)
    here.slip("a")
    ballot = choose(here, topic, "a", 0)
    here.tick(days=15)
    topic.result_at = NOW
    session.commit()
    session.add(BallotVoid(ballot_id=ballot.id, topic_id=topic.id, why="paper"))
    with pytest.raises(DBAPIError, match="is sealed"):
        session.flush()
    session.rollback()
    session.add(
        PaperCount(topic_id=topic.id, box=1, counts=[9, 0, 0, 0], papers=9, spoilt=0, households=[], by=1, at=NOW)
    )
    with pytest.raises(DBAPIError, match="is sealed"):
        session.flush()
    session.rollback()
