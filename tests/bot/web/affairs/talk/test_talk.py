"""Hearings and deputies in the console: by two, once, and not from elsewhere."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from actions.deputies.models import Deputy, DeputyQuestion
from actions.hearings import draw, service
from actions.hearings.models import Hearing, HearingSignup
from actions.topics.models import Opinion, Topic
from actions.topics.status import TopicState
from bot.conversations import service as conversations
from bot.staff.models import Role, Staff
from tests.bot.world import ATTACK, HASH, World

AT = "/staff/village/hearings/1"


@pytest.fixture
def two(world: World) -> World:
    """The village's own overseer; the last day of signing up is over."""
    with world.sessions() as session:
        session.add(Staff(login="own", name="监委老王", password_hash=HASH, role=Role.overseer, place_id="lijiagou"))
        session.execute(update(Hearing).values(closes_on=(datetime.now(UTC) - timedelta(days=2)).date(), seats=3))
        for n in range(2, 9):
            row = HearingSignup(
                hearing_id=1, key=f"k{n}", code=n, name=f"人{n}", group_name="一组", at=datetime.now(UTC)
            )
            session.add(row)
        session.commit()
    return world


def do(world: World, login: str, deed: str, **form: str) -> int:
    return world.enter(login).post(f"{AT}/{deed}", data=form).status_code


def hearing(world: World) -> Hearing:
    with world.sessions() as session:
        return session.get_one(Hearing, 1)


def test_list_and_dice_are_entered_by_two_and_everybody_can_draw_again(two: World) -> None:
    assert do(two, "clerk", "throw", dice="3 5 2 6 1") == 422  # the list isn't frozen
    with two.sessions() as session:
        last = session.scalars(select(HearingSignup.id).where(HearingSignup.code == 8)).one()
    assert do(two, "clerk", "strike", signup=str(last), why="") == 422
    assert do(two, "clerk", "strike", signup=str(last), why="报了两次") == 303
    assert do(two, "clerk", "affected", signup="1", **{"is": "1"}) == 303
    assert do(two, "own", "freeze") == 422
    assert do(two, "clerk", "ready") == 303
    assert "请您核对名单、封上" in two.enter("own").get("/staff/village").text
    assert do(two, "clerk", "freeze") == 403
    assert do(two, "supervisor", "freeze") == 422  # the village has somebody who oversees it
    assert do(two, "own", "freeze") == 303
    assert do(two, "clerk", "strike", signup="1", why="想换人") == 422
    assert do(two, "clerk", "throw", dice="3 5 2 6 7") == 422
    assert do(two, "clerk", "throw", dice="3 5 2 6 1") == 303
    assert do(two, "own", "confirm", dice="3 5 2 6 2") == 422
    assert hearing(two).state == "frozen"
    assert do(two, "own", "confirm", dice="35261") == 303
    assert do(two, "own", "confirm", dice="35261") == 422
    held = hearing(two)
    page = two.visitor().get("/v/lijiagou/t1").text
    assert held.list_hash in page
    assert "3 5 2 6 1" in page
    assert "划掉 1 个" in page
    assert "王大爷" not in page
    lines = page.split('<pre class="list">')[1].split("</pre>")[0].splitlines()
    entries = [draw.Entry(int(c), g, s, bool(a)) for c, g, s, a in (line.split("|") for line in lines)]
    again = draw.draw(entries, seats=3, dice="3 5 2 6 1")
    assert held.drawn == {k: list(getattr(again, k)) for k in ("affected", "seated", "reserve")}
    assert 1 in again.affected


def test_whoever_mistyped_the_dice_enters_them_again_and_who_sits_is_called(two: World) -> None:
    """The second was told that both should look again, and the first had no form left."""
    assert do(two, "clerk", "ready") == 303
    assert do(two, "own", "freeze") == 303
    assert do(two, "clerk", "throw", dice="3 5 2 6 2") == 303
    assert do(two, "own", "confirm", dice="3 5 2 6 1") == 422
    page = two.enter("clerk").get(AT).text
    assert "录错了，再录一遍" in page
    assert "录错了，再录一遍" not in two.enter("own").get(AT).text
    assert do(two, "clerk", "throw", dice="3 5 2 6 1") == 303
    with two.sessions() as session:
        session.execute(update(HearingSignup).values(phone="13900001111"))
        session.commit()
    assert do(two, "own", "confirm", dice="3 5 2 6 1") == 303
    told = two.enter("clerk").get(AT).text
    assert told.count('href="tel:13900001111"') == 3  # as many as there are seats


def test_a_list_that_somebody_touched_after_it_was_frozen_isnt_drawn(two: World) -> None:
    assert do(two, "clerk", "ready") == 303
    assert do(two, "own", "freeze") == 303
    with two.sessions() as session:
        session.execute(update(HearingSignup).where(HearingSignup.code == 3).values(is_affected=True))
        session.commit()
    assert do(two, "clerk", "throw", dice="1 1 1 1 1") == 303
    assert do(two, "own", "confirm", dice="1 1 1 1 1") == 422
    assert hearing(two).state == "frozen"


def test_who_deletes_their_data_leaves_no_name_and_the_list_still_fits(two: World) -> None:
    assert do(two, "clerk", "ready") == 303
    assert do(two, "own", "freeze") == 303
    with two.sessions() as session:
        conversations.forget(session, "conversation-1")
        row = session.scalars(select(HearingSignup).where(HearingSignup.code == 1)).one()
        assert (row.name, row.phone, row.asker, row.state) == ("", "", None, "withdrawn")
        held = session.get_one(Hearing, 1)
        assert draw.hash_of(service.entries(session, held)) == held.list_hash
        service.tick(session, datetime.now(UTC) + timedelta(days=103))
        session.expire_all()
        assert set(session.scalars(select(HearingSignup.name))) == {""}


@pytest.mark.parametrize(
    "form",
    [{}, {"title": "路灯", "about": "装在哪一头", "spot": "村部", "seats": "12"}]
    + [
        {"title": "路灯", "about": "装在哪一头", "spot": "村部", "seats": seats, "held_at": at, "closes_on": on}
        for seats, at, on in (
            ("12", "2020-01-01T09:00", "2019-12-30"),
            ("0", "2099-01-01T09:00", "2098-12-30"),
            ("12", "0001-01-01T00:00", "9999-12-31"),
            ("12", "nonsense", "2098-12-30"),
            ("12", "2099-01-01T09:00", "2099-01-02"),
        )
    ],
)
def test_a_notice_that_doesnt_fit_is_refused_in_words(world: World, form: dict[str, str]) -> None:
    answer = world.enter("clerk").post("/staff/village/hearings", data={**form, "place": "lijiagou"})
    assert answer.status_code == 422
    assert 'class="alert alert-danger"' in answer.text or "请" in answer.text


def test_another_township_sees_neither_list_nor_deputies(world: World) -> None:
    for method, path in (("get", AT), ("post", f"{AT}/cancel"), ("post", "/staff/village/deputies/add")):
        client = world.enter("qingshi")
        data = {"data": {"place": "lijiagou"}} if method == "post" else {}
        assert getattr(client, method)(path, **data).status_code == 403
    assert world.enter("clerk").get("/staff/village/deputies?place=nowhere").status_code in (403, 404)


def test_a_deputy_is_listed_asked_answered_and_taken_off_at_once(world: World) -> None:
    clerk = world.enter("clerk")
    form = {"place": "lijiagou", "name": f"陈{ATTACK[:8]}", "kind": "rep", "group": "一组", "nonce": "n"}
    until = (datetime.now(UTC) + timedelta(days=400)).date().isoformat()
    good = {**form, "reception": "每月15日上午，村部", "ends_on": until}
    assert clerk.post("/staff/village/deputies/add", data=form).status_code == 422
    for _ in range(2):
        assert clerk.post("/staff/village/deputies/add", data=good).status_code == 303
    with world.sessions() as session:
        who = session.scalars(select(Deputy)).one().id
    assert world.visitor().post(f"/v/lijiagou/deputies/{who}", data={"text": "南沟的路什么时候修"}).status_code == 303
    assert "看一看、转给" in clerk.get("/staff/village").text
    with world.sessions() as session:
        one = str(session.scalars(select(DeputyQuestion)).one().id)
    base = {"place": "lijiagou", "question": one}
    assert clerk.post("/staff/village/deputies/look", data={**base, "verdict": "show"}).status_code == 303
    answer = {**base, "answer": "明年三月动工，我盯着。"}
    assert clerk.post("/staff/village/deputies/answer", data=answer).status_code == 303
    assert clerk.post("/staff/village/deputies/answer", data=answer).status_code == 422
    page = world.visitor().get("/v/lijiagou/deputies").text
    assert "明年三月动工" in page
    assert "<script" not in page
    off = {"place": "lijiagou", "deputy": str(who)}
    assert clerk.post("/staff/village/deputies/off", data=off).status_code == 303
    assert clerk.post("/staff/village/deputies/off", data=off).status_code == 404
    assert "明年三月动工" not in world.visitor().get("/v/lijiagou/deputies").text


def test_a_flagged_statement_is_shown_by_a_legal_worker_alone(world: World) -> None:
    with world.sessions() as session:
        topic = session.get_one(Topic, world.topic)
        topic.method, topic.options, topic.state = "statements", [], TopicState.open
        said = {"topic_id": topic.id, "stance": "说法", "source": "page", "at": datetime.now(UTC), "state": "waiting"}
        for key, text in (("a", "按法律调整一下承包地"), ("b", "灯要亮一点才好")):
            session.add(Opinion(key=key, text=text, normal=key, **said))
        session.commit()
    at = f"/staff/village/topics/{world.topic}"
    assert "法律上能不能让大家表态" in world.enter("legal_worker").get("/staff/village").text
    clerk, lawyer = world.enter("clerk"), world.enter("legal_worker")
    assert clerk.post(f"{at}/look", data={"opinion": "1", "verdict": "show"}).status_code == 422
    assert clerk.post(f"{at}/look-law", data={"opinion": "1"}).status_code == 403
    assert clerk.post(f"{at}/look", data={"opinion": "2", "verdict": "show"}).status_code == 303
    assert lawyer.post(f"{at}/look-law", data={"opinion": "1"}).status_code == 303
    with world.sessions() as session:
        assert set(session.scalars(select(Opinion.state))) == {"shown"}
