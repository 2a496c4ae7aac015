"""A case in hands: who holds it, whom a note calls, and ten seconds to take back what residents would hear."""

import re
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import finding, moves, numbers
from actions.cases.handling import holder, undo
from actions.cases.models import Case, CaseEvent
from actions.cases.status import CaseStatus
from actions.errors import Conflict, NotAllowed, NotFound
from bot.conversations import delivery, messages
from bot.staff.models import AuditEntry, Notice, Staff
from bot.web.staff.conversations.inbox import Listener
from bot.web.staff.desk import COOKIE
from tests.bot.world import ATTACK, World

_LATER = timedelta(seconds=11)


def _told(world: World) -> list[str]:
    with world.sessions() as session:
        return [m.text for m in messages.messages_after(session, world.conversation, 0) if m.kind == "case"]


def _id(session: Session, login: str) -> int:
    return session.scalars(select(Staff.id).where(Staff.login == login)).one()


def _case(world: World) -> Case:
    with world.sessions() as session:
        return session.get_one(Case, world.case)


def _held_event(world: World) -> int:
    """The number that the strip on the page sends."""
    page = world.enter("agent").get("/staff/cases/1").text
    found = re.search(r'/undo"[^>]*>.*?name="event" value="(\d+)"', page, re.S)
    assert found, "nothing can be taken back"
    return int(found[1])


def _ten_seconds_pass(world: World) -> None:
    with world.sessions() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(update(CaseEvent).where(CaseEvent.tell_after.is_not(None)).values(tell_after=past))
        session.commit()
        delivery.tell_case_events(session)


@pytest.fixture
def before(world: World) -> World:
    """Whatever the county's case has to tell is told."""
    with world.sessions() as session:
        delivery.tell_case_events(session)
    return world


def test_an_answer_leaves_after_ten_seconds_and_once(before: World) -> None:
    client, was = before.enter("agent"), len(_told(before))
    sent = {"to": "answered", "note": "已经退回去了", "nonce": "n1"}
    for _ in range(2):
        assert client.post("/staff/cases/1/move", data=sent).status_code == 303
    assert len(_told(before)) == was, "it waits"
    page = client.get("/staff/cases/1").text
    assert "秒后告诉居民" in page
    assert page.count('action="/staff/cases/1/undo"') == 1
    _ten_seconds_pass(before)
    _ten_seconds_pass(before)
    assert [text for text in _told(before)[was:] if "已经退回去了" in text] == _told(before)[was:]
    assert len(_told(before)) == was + 1
    assert "秒后告诉居民" not in client.get("/staff/cases/1").text


def test_an_answer_goes_at_once_where_it_is_sent_now(before: World) -> None:
    client, was = before.enter("agent"), len(_told(before))
    client.post("/staff/cases/1/tell", data={"note": "明天上门", "nonce": "n1"})
    event = _held_event(before)
    for _ in range(2):
        assert client.post("/staff/cases/1/send-now", data={"event": event}).status_code == 303
    assert len(_told(before)) == was + 1
    assert "明天上门" in _told(before)[-1]
    refused = client.post("/staff/cases/1/undo", data={"event": event})
    assert refused.status_code == 409
    assert "已经告诉居民了" in refused.text


@pytest.mark.parametrize(
    ("status", "sent", "do"),
    [
        ("filed", {"to": "accepted"}, "move"),
        ("filed", {"to": "returned", "note": "材料不全"}, "move"),
        ("accepted", {"to": "assigned", "team": "2"}, "move"),
        ("in_progress", {"to": "answered", "note": "办好了"}, "move"),
        ("in_progress", {"to": "assigned", "team": "2", "note": "不归我们管"}, "move"),
        ("answered", {"to": "closed", "note": "电话里说好了"}, "move"),
        ("closed", {"to": "reopened"}, "move"),
        ("in_progress", {"note": "请拍张照"}, "pause"),
        ("in_progress", {"note": "明天上门"}, "tell"),
    ],
)
def test_a_step_taken_back_leaves_the_case_as_it_was(before: World, status: str, sent: dict[str, str], do: str) -> None:
    client, was = before.enter("agent"), len(_told(before))
    with before.sessions() as session:
        holder_id = _id(session, "mediator")
        session.execute(
            update(Case).values(status=CaseStatus(status), assignee_id=holder_id, warned_at=datetime.now(UTC))
        )
        session.commit()
    columns = [c.key for c in Case.__table__.columns if c.key != "updated_at"]
    held = {name: getattr(_case(before), name) for name in columns}
    assert client.post(f"/staff/cases/1/{do}", data={**sent, "nonce": "n1"}).status_code == 303
    event = _held_event(before)
    for _ in range(2):
        back = client.post("/staff/cases/1/undo", data={"event": event})
        assert back.headers["location"] == f"/staff/cases/1?again={event}"
    assert {name: getattr(_case(before), name) for name in columns} == held
    _ten_seconds_pass(before)
    assert len(_told(before)) == was
    page = client.get(back.headers["location"]).text
    assert "居民没有收到" in page
    assert "已撤销" in page
    if note := sent.get("note"):
        assert re.search(rf"<textarea[^>]*>{note}</textarea>", page), "what was written isn't lost"


def _another(world: World) -> str:
    """The number of a case like the county's, of somebody else."""
    with world.sessions() as session:
        like = session.get_one(Case, world.case)
        own = ("id", "number", "request_key", "conversation_id")
        kept = {c.key: getattr(like, c.key) for c in Case.__table__.columns if c.key not in own}
        number = numbers.make(date(2026, 11, 29), 1)
        session.add(Case(**kept, number=number, request_key="another", conversation_id=None))
        session.commit()
    return number


def test_a_merge_in_which_a_resident_added_something_isnt_taken_back(before: World) -> None:
    """What they said stands in the other case, and theirs would have gone on without it."""
    client, number = before.enter("agent"), _another(before)
    client.post("/staff/cases/1/move", data={"to": "merged", "into": number, "nonce": "n1"})
    event = _held_event(before)
    with before.sessions() as session:
        moves.supplement(session, before.case, "墙又砌高了", key="added", now=datetime.now(UTC))
    refused = client.post("/staff/cases/1/undo", data={"event": event})
    assert refused.status_code == 409
    assert "别的变化" in refused.text
    assert (_case(before).status, _case(before).merged_into_id) == (CaseStatus.merged, 2)
    with before.sessions() as session:
        assert session.get_one(CaseEvent, event).undone_at is None


def test_a_merge_taken_back_is_one_for_both_residents(before: World) -> None:
    number = _another(before)
    client, was = before.enter("agent"), len(_told(before))
    move = {"to": "merged", "into": number, "nonce": "n1"}
    assert client.post("/staff/cases/1/move", data=move).status_code == 303
    with before.sessions() as session:
        case = session.get_one(Case, before.case)
        assert case.merged_into_id == 2
        assert "并在一起办" not in finding.progress(session, case), "residents don't know of it yet"
    client.post("/staff/cases/1/undo", data={"event": _held_event(before)})
    _ten_seconds_pass(before)
    case = _case(before)
    assert (case.status, case.merged_into_id) == (CaseStatus.in_progress, None)
    assert len(_told(before)) == was
    with before.sessions() as session:
        lines = session.scalars(select(CaseEvent).where(CaseEvent.case_id == 2)).all()
        assert [e.undone_at is not None for e in lines if e.what.startswith("并入")] == [True]


def test_only_who_took_the_step_takes_it_back(before: World) -> None:
    before.enter("agent").post("/staff/cases/1/tell", data={"note": "明天上门", "nonce": "n1"})
    event = _held_event(before)
    other = before.enter("mediator")
    assert "/staff/cases/1/undo" not in other.get("/staff/cases/1").text
    for do in ("undo", "send-now"):
        assert other.post(f"/staff/cases/1/{do}", data={"event": event}).status_code == 404
    assert before.enter("agent").post("/staff/cases/1/undo", data={"event": "9999999"}).status_code == 404


def test_a_case_that_went_on_isnt_turned_back_over_it(before: World) -> None:
    client = before.enter("agent")
    client.post("/staff/cases/1/move", data={"to": "answered", "note": "办好了", "nonce": "n1"})
    event = _held_event(before)
    with before.sessions() as session:
        moves.move(session, 1, CaseStatus.withdrawn, actor=moves.RESIDENT, key="theirs", now=datetime.now(UTC))
    refused = client.post("/staff/cases/1/undo", data={"event": event})
    assert refused.status_code == 409
    assert "别的变化" in refused.text
    assert _case(before).status is CaseStatus.withdrawn


def test_residents_see_nothing_of_a_step_that_is_held_back(before: World) -> None:
    client, number = before.enter("agent"), numbers.spoken(_case(before).number)
    client.post("/staff/cases/1/move", data={"to": "answered", "note": "办好了", "nonce": "n1"})
    client.post("/staff/cases/1/call", data={"team": "2", "note": "一起来", "nonce": "n2"})
    with before.sessions() as session:
        shown = finding.progress(session, session.get_one(Case, before.case))
        assert f"{number}：办理中" in shown
        assert "答复，等您确认" not in shown
    told = _told(before)
    assert not any("办好了" in text for text in told)
    _ten_seconds_pass(before)
    assert "已答复" in finding.progress(before.sessions(), _case_with_events(before))
    assert "办好了" in _told(before)[len(told)]


def _case_with_events(world: World) -> Case:
    return world.sessions().get_one(Case, world.case)


def test_news_of_a_case_stay_in_their_order(before: World) -> None:
    """What is told at once doesn't overtake what was done before and is held back."""
    client, was = before.enter("agent"), len(_told(before))
    client.post("/staff/cases/1/tell", data={"note": "先说这句", "nonce": "n1"})
    client.post("/staff/cases/1/green", data={"green-老年人": "1", "nonce": "n2"})
    assert len(_told(before)) == was
    _ten_seconds_pass(before)
    after = _told(before)[was:]
    assert "先说这句" in after[0]


def test_of_telling_and_taking_back_at_once_one_wins(before: World) -> None:
    """Never both: the resident has it, or it was taken back."""
    client = before.enter("agent")
    for turn in range(8):
        was = len(_told(before))
        client.post("/staff/cases/1/tell", data={"note": f"第{turn}次", "nonce": f"n{turn}"})
        event = _held_event(before)
        with before.sessions() as session:
            soon = datetime.now(UTC) + timedelta(milliseconds=30)
            session.execute(update(CaseEvent).where(CaseEvent.id == event).values(tell_after=soon))
            session.commit()
        won = list[str]()

        def back(event: int = event, won: list[str] = won, sessions: sessionmaker[Session] = before.sessions) -> None:
            with sessions() as session:
                actor = moves.Actor("staff", "某人", _id(session, "agent"))
                try:
                    undo.take_back(session, 1, event, actor=actor, now=datetime.now(UTC))
                    won.append("back")
                except Conflict:
                    won.append("told")

        def tell(sessions: sessionmaker[Session] = before.sessions) -> None:
            ends = datetime.now(UTC) + timedelta(seconds=1)
            while datetime.now(UTC) < ends:
                with sessions() as session:
                    delivery.tell_case_events(session)

        threads = [threading.Thread(target=tell), threading.Thread(target=tell), threading.Thread(target=back)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(_told(before)) == was + (won == ["told"])


def test_what_a_killed_process_held_back_is_told_by_the_next(before: World) -> None:
    was = len(_told(before))
    before.enter("agent").post("/staff/cases/1/move", data={"to": "answered", "note": "办好了", "nonce": "n1"})
    later = datetime.now(UTC) + _LATER
    with before.sessions() as session:  # a new process knows only the database
        (event,) = finding.untold(session, now=later)
        number = event.id
        assert finding.told(session, event, now=later)
        session.rollback()  # killed between claiming and telling
    with before.sessions() as session:
        assert [e.id for e in finding.untold(session, now=later)] == [number]
    _ten_seconds_pass(before)
    assert len(_told(before)) == was + 1


# --- 经手


def test_a_case_is_taken_given_and_laid_down(world: World) -> None:
    client = world.enter("agent")
    with world.sessions() as session:
        me, other = _id(session, "agent"), _id(session, "colleague")
    assert client.post("/staff/cases/1/hold", data={"who": "me", "seen": "", "nonce": "n1"}).status_code == 303
    assert _case(world).assignee_id == me
    assert "砌墙" in client.get("/staff/cases?show=held").text
    assert "砌墙" not in world.enter("colleague").get("/staff/cases?show=held").text
    given = {"who": str(other), "seen": str(me), "nonce": "n2"}
    for _ in range(2):
        assert client.post("/staff/cases/1/hold", data=given).status_code == 303
    assert _case(world).assignee_id == other
    with world.sessions() as session:
        (notice,) = session.scalars(select(Notice)).all()
        assert (notice.staff_id, notice.kind, notice.case_id) == (other, "given", 1)
        lines = session.scalars(select(CaseEvent.what).where(CaseEvent.case_id == 1)).all()
        assert lines.count("交给colleague的人经手") == 1
    assert "砌墙" in world.enter("colleague").get("/staff/cases?show=held").text
    assert "colleague的人" in client.get("/staff/cases").text
    laid = {"who": "", "seen": str(other), "nonce": "n3"}
    assert world.enter("colleague").post("/staff/cases/1/hold", data=laid).status_code == 303
    assert _case(world).assignee_id is None


def test_of_two_who_take_a_case_at_once_one_has_it(world: World) -> None:
    assert world.enter("agent").post("/staff/cases/1/hold", data={"who": "me", "seen": ""}).status_code == 303
    refused = world.enter("mediator").post("/staff/cases/1/hold", data={"who": "me", "seen": ""})
    assert refused.status_code == 409
    assert "现在是谁经手" in refused.text
    with world.sessions() as session:
        assert session.get_one(Case, 1).assignee_id == _id(session, "agent")


@pytest.mark.parametrize("who", ["qingshi", "liuhe", "0", "99999", "nobody"])
def test_a_case_is_given_only_to_who_may_see_it(world: World, who: str) -> None:
    """The case lies at 李家沟; 青石 is another township."""
    with world.sessions() as session:
        number = str(_id(session, who)) if who in ("qingshi", "liuhe") else who
    answer = world.enter("agent").post("/staff/cases/1/hold", data={"who": number, "seen": ""})
    assert answer.status_code == (303 if who == "liuhe" else 422)
    with world.sessions() as session:
        assert len(session.scalars(select(Notice)).all()) == (who == "liuhe")


def test_a_case_that_goes_to_another_unit_is_in_nobodys_hands(world: World) -> None:
    client = world.enter("agent")
    client.post("/staff/cases/1/hold", data={"who": "me", "seen": ""})
    client.post("/staff/cases/1/move", data={"to": "assigned", "team": "2", "note": "归他们管", "nonce": "n1"})
    assert _case(world).assignee_id is None


def test_a_case_that_is_over_is_given_to_nobody(world: World) -> None:
    with world.sessions() as session:
        session.execute(update(Case).values(status=CaseStatus.closed))
        session.commit()
        actor = moves.Actor("staff", "某人", 1)
        with pytest.raises(NotAllowed):
            holder.give(session, 1, (1, "某人"), seen=None, actor=actor, key="k", now=datetime.now(UTC))
        with pytest.raises(NotFound):
            holder.give(session, 999, (1, "某人"), seen=None, actor=actor, key="k", now=datetime.now(UTC))


# --- @


def test_a_colleague_who_is_named_hears_of_it_and_reads_it_there(world: World) -> None:
    client, other = world.enter("agent"), world.enter("colleague")
    sent = {"note": "他家有狗，@colleague的人 去的时候当心", "nonce": "n1"}
    for _ in range(2):
        assert client.post("/staff/cases/1/note", data=sent).status_code == 303
    assert _counts(world, "colleague")["notices"] == 1
    assert _counts(world, "agent")["notices"] == _counts(world, "mediator")["notices"] == 0
    listed = other.get("/staff/notices").text
    assert "agent的人" in listed
    assert 'href="/staff/cases/1"' in listed
    assert "有狗" not in listed, "the words are read where they stand"
    assert "还没看" in client.get("/staff/cases/1").text
    assert "他家有狗" in other.get("/staff/cases/1").text
    assert _counts(world, "colleague")["notices"] == 0
    assert "看过了" in client.get("/staff/cases/1").text
    assert not any("有狗" in text for text in _told(world))


def test_a_note_of_a_conversation_calls_as_well(world: World) -> None:
    at = f"/staff/conversations/{world.conversation}"
    client = world.enter("agent")
    for _ in range(2):
        assert client.post(f"{at}/note", data={"text": "＠mediator的人 您熟悉这家", "nonce": "n1"}).status_code == 303
    assert _counts(world, "mediator")["notices"] == 1
    other = world.enter("mediator")
    assert f'href="{at}"' in other.get("/staff/notices").text
    assert other.get(at, headers={"hx-request": "true"}).status_code == 200
    assert _counts(world, "mediator")["notices"] == 1, "a part that is drawn anew by itself isn't looking"
    other.get(at)
    assert _counts(world, "mediator")["notices"] == 0


def test_nobody_out_of_reach_is_called_nor_oneself(world: World) -> None:
    words = "@qingshi的人 @agent的人 @没有这个人 agent@colleague.example @"
    world.enter("agent").post("/staff/cases/1/note", data={"note": words, "nonce": "n1"})
    with world.sessions() as session:
        assert session.scalars(select(Notice)).all() == []


def test_names_are_told_apart_by_the_longest(world: World) -> None:
    with world.sessions() as session:
        for login, name in (("mediator", "王芳"), ("colleague", "王芳芳"), ("supervisor", "王芳")):
            session.execute(update(Staff).where(Staff.login == login).values(name=name))
        session.commit()
    client = world.enter("agent")
    client.post("/staff/cases/1/note", data={"note": "请@王芳芳看一下", "nonce": "n1"})
    client.post("/staff/cases/1/note", data={"note": "请@王芳，看一下", "nonce": "n2"})
    with world.sessions() as session:
        called = sorted(session.scalars(select(Staff.login).join(Notice, Notice.staff_id == Staff.id)).all())
    assert called == ["colleague", "mediator", "supervisor"]


def test_all_notices_are_put_away_at_once_and_only_ones_own(world: World) -> None:
    client = world.enter("agent")
    client.post("/staff/cases/1/note", data={"note": "@mediator的人 @colleague的人", "nonce": "n1"})
    assert world.enter("mediator").post("/staff/notices/seen").status_code == 303
    assert (_counts(world, "mediator")["notices"], _counts(world, "colleague")["notices"]) == (0, 1)


def test_a_name_is_shown_as_text(world: World) -> None:
    with world.sessions() as session:
        session.execute(update(Staff).where(Staff.login == "agent").values(name=ATTACK))
        session.commit()
    world.enter("agent").post("/staff/cases/1/note", data={"note": "@mediator的人", "nonce": "n1"})
    page = world.enter("mediator").get("/staff/notices").text
    assert ATTACK not in page
    assert "&lt;script&gt;" in page


def test_papers_say_of_a_step_that_it_was_taken_back(before: World) -> None:
    client = before.enter("agent")
    client.post("/staff/cases/1/tell", data={"note": "明天上门", "nonce": "n1"})
    client.post("/staff/cases/1/undo", data={"event": _held_event(before)})
    events = client.get("/staff/cases/1/pack.json").json()["events"]
    assert [e["what"] for e in events[-2:]] == ["告知进展（已撤销）", "撤销：告知进展"]


def test_each_step_of_it_leaves_a_line_in_the_audit(world: World) -> None:
    client = world.enter("agent")
    client.post("/staff/cases/1/hold", data={"who": "me", "seen": "", "nonce": "n1"})
    client.post("/staff/cases/1/tell", data={"note": "明天上门", "nonce": "n2"})
    client.post("/staff/cases/1/undo", data={"event": _held_event(world)})
    with world.sessions() as session:
        lines = session.scalars(select(AuditEntry.what).where(AuditEntry.subject == _case(world).number)).all()
    assert {"事项：hold", "事项：tell", "事项：undo"} <= set(lines)


def _counts(world: World, login: str) -> dict[str, int]:
    token = world.enter(login).cookies[COOKIE]
    with world.sessions() as session:
        listener = Listener(_id(session, login), token, None, hears_alarms=False)
    return listener.counts(world.app.state.desk) or {}
