"""议题 in the console: who may do what, twice sent once done, another township shut out."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from actions.roster import codes
from actions.roster.models import VillageProfile
from actions.topics import raising
from actions.topics.models import Opinion, Topic, TopicEvent
from actions.topics.status import TopicState
from bot.staff.models import AuditEntry, Role, Staff
from bot.web.affairs.topics.deeds import DEEDS
from knowledge.clock import today
from tests.bot.world import ATTACK, HASH, World


@pytest.fixture(autouse=True)
def _pepper() -> None:
    codes.use_pepper(lambda: "the pepper of tests")


WORDING = {
    "title": "健身器材放在哪里",
    "background": "一套约2000元",
    "matter": "facility",
    "circle": "all",
    "basis": "person",
    "method": "single",
    "options": "村部\n学校门口",
    "days": "10",
    "boxes": "1",
}


@pytest.fixture
def topic(world: World) -> int:
    """Raised at lijiagou, which has an overseer and a roster of this year."""
    with world.sessions() as session:
        session.add(Staff(login="own", name="监委老王", password_hash=HASH, role=Role.overseer, place_id="lijiagou"))
        session.merge(VillageProfile(place_id="lijiagou", adults=800, confirmed_on=date(today().year, 1, 5)))
        raised = raising.raise_topic(
            session,
            place="lijiagou",
            text=f"健身器材放在哪里{ATTACK}",
            conversation_id="conversation-1",
            by="resident",
            key="k",
            now=datetime.now(UTC),
        )
        return raised.id


def do(world: World, login: str, topic: int, deed: str, **form: str) -> int:
    return world.enter(login).post(f"/staff/village/topics/{topic}/{deed}", data=form).status_code


def state(world: World, topic: int) -> TopicState:
    with world.sessions() as session:
        return session.get_one(Topic, topic).state


def test_from_the_list_to_the_notice_by_two_people(world: World, topic: int) -> None:
    hub = world.enter("clerk").get("/staff/village").text
    assert "列不列入：健身器材放在哪里" in hub
    assert ATTACK not in hub
    page = world.enter("clerk").get(f"/staff/village/topics/{topic}").text
    assert f"/staff/village/topics/{topic}/edit" in page
    assert "法律上能不能这样问" not in page  # that is a lawyer's
    assert do(world, "clerk", topic, "take") == 422  # nothing is said yet of how it is asked
    assert do(world, "clerk", topic, "edit", **WORDING) == 303
    assert do(world, "clerk", topic, "take") == 303
    assert do(world, "clerk", topic, "open") == 403
    assert do(world, "own", topic, "open") == 422
    assert do(world, "clerk", topic, "ready") == 303
    seen = world.enter("own").get(f"/staff/village/topics/{topic}").text
    assert "一套约2000元" in seen  # who confirms sees all that will be asked
    assert '<li class="text-break">学校门口</li>' in seen
    assert "等您确认（开始征求意见）" in world.enter("own").get("/staff/village").text
    assert do(world, "supervisor", topic, "open") == 422  # the village has somebody who oversees it
    assert do(world, "own", topic, "open", nonce="n") == 303
    assert do(world, "own", topic, "open", nonce="n") == 303  # sent twice, opened once
    assert state(world, topic) is TopicState.open
    notice = world.enter("clerk").get(f"/staff/village/topics/{topic}/notice").text
    for words in ("这是征求意见，不是表决。", "健身器材放在哪里", "学校门口", "data:image/svg", "监委老王"):
        assert words in notice
    with world.sessions() as session:
        whats = session.scalars(select(TopicEvent.what).where(TopicEvent.topic_id == topic)).all()
        assert whats.count("开始征求意见") == 1
        audited = set(session.scalars(select(AuditEntry.what)))
        assert {"改议题", "列入议题", "请确认开始", "确认开始征求意见"} <= audited


def test_a_refused_form_gives_the_words_back(world: World, topic: int) -> None:
    page = world.enter("clerk").post(
        f"/staff/village/topics/{topic}/edit",
        data={**WORDING, "options": "只有一项", "background": f"写了很久{ATTACK}"},
    )
    assert page.status_code == 422
    assert "要选的写 2 到 6 项" in page.text
    assert "写了很久" in page.text
    assert ATTACK not in page.text


@pytest.mark.parametrize("deed", list(DEEDS))
def test_a_deed_is_done_by_its_own_role_only(world: World, topic: int, deed: str) -> None:
    for login, permission in (("clerk", "write"), ("own", "oversee"), ("legal_worker", "clear")):
        status = do(world, login, topic, deed)
        assert (status == 403) == (DEEDS[deed].needs != permission), login
    for login in ("agent", "mediator", "grid_worker"):
        assert do(world, login, topic, deed) == 403


def test_another_township_neither_sees_nor_acts(world: World, topic: int) -> None:
    client, before = world.enter("qingshi"), world.rows()["topic"]
    assert client.get(f"/staff/village/topics/{topic}").status_code == 403
    assert "健身器材" not in client.get("/staff/village/topics").text
    assert client.get("/staff/village/topics?place=lijiagou").status_code == 403
    assert (
        client.post("/staff/village/topics/raise", data={"place": "lijiagou", "text": "另一个镇提的事"}).status_code
        == 403
    )
    for deed in DEEDS:
        assert client.post(f"/staff/village/topics/{topic}/{deed}", data=WORDING).status_code == 403
    assert world.rows()["topic"] == before


@pytest.mark.parametrize("path", ["0", "-1", "99", "9999999999999", "x", "１"])
def test_what_is_no_topic_isnt_found(world: World, path: str) -> None:
    client = world.enter("clerk")
    assert client.get(f"/staff/village/topics/{path}").status_code == 404
    assert client.post(f"/staff/village/topics/{path}/edit").status_code == 404
    assert client.post("/staff/village/topics/1/abracadabra").status_code == 404


def test_at_the_door_a_wrong_slip_is_refused_and_an_opinion_is_written_down(world: World) -> None:
    client = world.enter("grid_worker")
    page = client.post("/staff/doorstep/topics/1", data={"do": "choose", "choice": "1", "slip": "ABCDEFGHJK"})
    assert page.status_code == 422
    assert "没有对上" in page.text
    said = {"do": "say", "stance": "担心", "text": "奶奶说灯别太晃眼", "nonce": "n"}
    for _ in range(2):
        assert "意见记下了" in client.post("/staff/doorstep/topics/1", data=said).text
    with world.sessions() as session:
        assert "奶奶说灯别太晃眼" in [row.text for row in session.scalars(select(Opinion))]
        assert len(session.scalars(select(Opinion)).all()) == 1


def test_a_box_stands_in_the_to_do_of_who_counts_and_of_who_counts_again(world: World, topic: int) -> None:
    for deed, form in (("edit", WORDING), ("take", {}), ("ready", {})):
        assert do(world, "clerk", topic, deed, **form) == 303
    assert do(world, "own", topic, "open") == 303
    with world.sessions() as session:
        held = session.get_one(Topic, topic)
        held.state, held.closes_at = TopicState.counting, datetime.now(UTC) - timedelta(hours=1)
        session.commit()
    assert "点纸票：健身器材放在哪里" in world.enter("clerk").get("/staff/village").text
    assert "再点一遍" not in world.enter("own").get("/staff/village").text
    assert do(world, "clerk", topic, "box", box="1", papers="3", spoilt="0", count0="1", count1="2") == 303
    assert "请您再点一遍第 1 箱纸票" in world.enter("own").get("/staff/village").text
    assert "纸票录好了，等另一个人再点一遍" in world.enter("clerk").get("/staff/village").text
    assert do(world, "own", topic, "confirm-box", box="1") == 303
    assert "再点一遍" not in world.enter("own").get("/staff/village").text


def test_nothing_typed_at_a_door_is_kept_in_the_telephone(world: World, topic: int) -> None:
    for deed, form in (("edit", WORDING), ("take", {}), ("ready", {})):
        do(world, "clerk", topic, deed, **form)
    do(world, "own", topic, "open")
    page = world.enter("clerk").get(f"/staff/doorstep/topics/{topic}").text
    assert page.count('method="post" action="/staff/doorstep/topics/') == page.count("data-no-draft") == 2
