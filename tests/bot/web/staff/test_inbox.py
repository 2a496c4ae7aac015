"""The list beside a conversation: boxes, search, what was said, what is unread; and the figures that ring."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.cases import filing
from actions.cases.models import Case
from bot.conversations import handoff, queue
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.staff.models import Staff
from bot.web.staff.conversations.inbox import Listener
from bot.web.staff.desk import COOKIE, Desk
from tests.bot.world import World

_ROW = 'class="list-group-item'


def _add(session: Session, name: str, text: str, **more: object) -> Conversation:
    conversation = Conversation(id=name, channel="widget", **{"place_id": "lijiagou", **more})
    session.add(conversation)
    session.flush()
    session.add(Message(conversation_id=name, sender=Sender.resident, text=text, answered_at=datetime.now(UTC)))
    session.flush()
    return conversation


def _agent(session: Session) -> int:
    return session.scalars(select(Staff.id).where(Staff.login == "agent")).one()


def test_a_search_finds_what_was_said_the_place_and_the_agent(world: World) -> None:
    with world.sessions() as session:
        _add(session, "other", "100%是他拿的", place_id="shiqiao", status="waiting", waiting_since=datetime.now(UTC))
        session.commit()
    client = world.enter("administrator")
    for q, found in (("占了我家", 1), ("李家沟", 1), ("100%", 1), ("1_0", 0), ("没人说过", 0)):
        page = client.get("/staff/inbox", params={"q": q})
        assert page.text.count(_ROW) == found, q
        assert f'value="{q}"' in page.text
    assert client.get("/staff/inbox").text.count(_ROW) == 2


def test_a_conversation_given_back_stands_among_those_that_ended(world: World) -> None:
    with world.sessions() as session:
        me, now = _agent(session), datetime.now(UTC)
        handoff.accept(session, World.conversation, agent_id=me, agent_name="小钱", now=now)
        handoff.say(session, World.conversation, "我来看看。", agent_id=me, client_id="1", now=now)
        handoff.give_back(session, World.conversation, agent_id=me, agent_name="小钱", is_closing=True)
        _add(session, "alone", "只跟邻里说过话", status=ConversationStatus.bot)
        session.commit()
    client = world.enter("agent")
    page = client.get("/staff/inbox?box=closed").text
    assert "占了我家的路" in page
    assert "只跟邻里说过话" not in page, "nobody looks through what was said to the bot alone"
    assert client.get("/staff/inbox?box=waiting").text.count(_ROW) == 0


def test_the_list_stands_beside_the_conversation_and_marks_it(world: World) -> None:
    page = world.enter("agent").get(f"/staff/conversations/{World.conversation}").text
    row = page[page.index(_ROW) :]
    assert 'aria-current="true"' in row[: row.index(">")]
    assert "等人接 1" in page


def test_the_list_and_the_conversation_say_by_which_way_somebody_writes(world: World) -> None:
    client, badge = world.enter("agent"), '<span class="badge text-bg-light">微信</span>'
    shown = ("/staff/inbox", f"/staff/conversations/{World.conversation}")
    assert [client.get(page).text.count(badge) for page in shown] == [0, 0]
    with world.sessions() as session:
        session.get_one(Conversation, World.conversation).channel = "wechat"
        session.commit()
    assert [client.get(page).text.count(badge) for page in shown] == [1, 2]


def test_cases_under_the_same_telephone_are_shown_as_far_as_one_may_see(world: World) -> None:
    with world.sessions() as session:
        for place, what in (("shiqiao", "去年的水渠"), ("qingshi", "镇上的垃圾场")):
            fields = {"what": what, "phone": "13800001234"}
            filing.file(
                session,
                request_key=place,
                conversation_id=None,
                place=place,
                category="其他",
                fields=fields,
                now=datetime.now(UTC),
            )
        session.commit()
        assert session.scalars(select(Case.phone)).all().count("13800001234") == 3
    page = world.enter("liuhe").get(f"/staff/conversations/{World.conversation}").text
    assert "去年的水渠" in page
    assert "镇上的垃圾场" not in page
    assert "镇上的垃圾场" in world.enter("administrator").get(f"/staff/conversations/{World.conversation}").text


def test_the_figures_ring_for_danger_and_for_ones_own_unread(world: World) -> None:
    desk: Desk = world.app.state.desk
    with world.sessions() as session:
        me, now = _agent(session), datetime.now(UTC)
        handoff.accept(session, World.conversation, agent_id=me, agent_name="小钱", now=now)
        _add(session, "fear", "他拿刀", status="waiting", waiting_since=now, handoff_reason="danger", emergency_at=now)
        session.commit()
    token, other = (world.enter(login).cookies[COOKIE] for login in ("agent", "supervisor"))
    counts = Listener(me, token, None, hears_alarms=False).counts(desk)
    assert counts is not None
    assert (counts["waiting"], counts["danger"], counts["unread"]) == (1, 1, 1)
    assert world.enter("agent").get(f"/staff/conversations/{World.conversation}").status_code == 200
    with world.sessions() as session:
        assert session.get_one(Conversation, World.conversation).agent_seen > 0
    assert (Listener(me, token, None, hears_alarms=False).counts(desk) or {})["unread"] == 0
    assert (Listener(me + 1, other, None, hears_alarms=False).counts(desk) or {})["unread"] == 0


def test_who_may_be_in_danger_stays_with_staff_though_the_bot_goes_on_answering(world: World) -> None:
    """Whoever took the telephone could write 不等了, too: nobody has spoken with them yet."""
    desk: Desk = world.app.state.desk
    with world.sessions() as session:
        me, now = _agent(session), datetime.now(UTC)
        _add(session, "fear", "他拿刀砍门", status="waiting", waiting_since=now, emergency_at=now)
        session.add(Message(conversation_id="fear", sender=Sender.resident, text="不等了，接着问邻里"))
        session.flush()
        assert queue.stop_waiting(session, "fear")
        session.commit()
    client = world.enter("agent")
    counts = Listener(me, client.cookies[COOKIE], None, hears_alarms=False).counts(desk) or {}
    assert (counts["danger"], counts["last_danger"]) == (1, int(now.timestamp() * 1000))
    box = client.get("/staff/inbox?box=danger").text
    assert box.count(_ROW) == 1
    assert "不等人了，邻里在答" in box
    page = client.get("/staff/conversations/fear").text
    assert '<span class="badge text-bg-danger">危险</span>\n<h2' in page
    assert "接入以后才能回复" in page
    with world.sessions() as session:
        handoff.accept(session, "fear", agent_id=me, agent_name="小钱", now=now)
        handoff.say(session, "fear", "您安全吗？", agent_id=me, client_id="1", now=now + timedelta(seconds=1))
        handoff.give_back(session, "fear", agent_id=me, agent_name="小钱")
    assert (Listener(me, client.cookies[COOKIE], None, hears_alarms=False).counts(desk) or {})["danger"] == 0
    assert client.get("/staff/inbox?box=danger").text.count(_ROW) == 0


def test_one_who_comes_as_another_leaves_is_news(world: World) -> None:
    """How many wait stays the same, and so would the bell have been silent (chatwoot#1055)."""
    desk: Desk = world.app.state.desk
    token = world.enter("agent").cookies[COOKIE]
    with world.sessions() as session:
        me, now = _agent(session), datetime.now(UTC)
    listener = Listener(me, token, None, hears_alarms=False)
    before = listener.counts(desk) or {}
    with world.sessions() as session:
        session.get_one(Conversation, World.conversation).status = ConversationStatus.bot
        _add(session, "new", "又来一位", status="waiting", waiting_since=now + timedelta(seconds=5))
        session.commit()
    after = listener.counts(desk) or {}
    assert after["waiting"] == before["waiting"] == 1
    assert after["last_waiting"] > before["last_waiting"]


def test_a_second_word_in_ones_own_conversations_is_news(world: World) -> None:
    """One is looked at as another writes: as many conversations are unread as before."""
    desk: Desk = world.app.state.desk
    token, now = world.enter("agent").cookies[COOKIE], datetime.now(UTC)
    with world.sessions() as session:
        me = _agent(session)
        for name in ("one", "two"):
            _add(session, name, "在吗", status="open", agent_id=me, agent_name="小钱", agent_active_at=now)
        session.get_one(Conversation, "two").agent_seen = 10_000
        session.commit()
    listener = Listener(me, token, None, hears_alarms=False)
    before = listener.counts(desk) or {}
    with world.sessions() as session:
        newest = session.scalar(select(func.max(Message.id))) or 0
        session.get_one(Conversation, "one").agent_seen = session.get_one(Conversation, "two").agent_seen = newest
        session.add(Message(conversation_id="two", sender=Sender.resident, text="您说句话"))
        session.commit()
    after = listener.counts(desk) or {}
    assert after["unread"] == before["unread"] == 1
    assert after["last_said"] > before["last_said"]


def test_red_is_danger_that_nobody_has_taken_and_who_was_left_waiting(world: World) -> None:
    with world.sessions() as session:
        now = datetime.now(UTC)
        _add(session, "taken", "他拿刀", status="open", agent_id=_agent(session), agent_name="小钱", emergency_at=now)
        _add(session, "left", "没人回我", status="waiting", waiting_since=now - timedelta(days=2))
        _add(session, "fresh", "刚来的", status="waiting", waiting_since=now)
        session.commit()
    client = world.enter("agent")
    assert "row-call danger" not in client.get("/staff/inbox?box=danger").text
    waiting = client.get("/staff/inbox?box=waiting").text
    assert waiting.count("text-nowrap late") == waiting.count("等了 2 天") == 1
