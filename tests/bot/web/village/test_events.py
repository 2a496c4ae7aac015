"""活动 without signing in: seen, signed up for, taken back, asked about; with hostile forms."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from actions.bookings.models import Appointment, Opening
from actions.events.models import EventQuestion
from tests.bot.world import ATTACK, World

DAY = "/v/lijiagou/h2"


@pytest.fixture
def db(world: World) -> Iterator[Session]:
    with world.sessions() as session:
        yield session


def rows(db: Session) -> list[Appointment]:
    db.expire_all()
    own = select(Appointment).where(Appointment.opening_id == World.event)
    return list(db.scalars(own.order_by(Appointment.id)))


def join(visitor: TestClient, **said: str) -> str:
    answer = visitor.post(f"{DAY}/join", data={"name": "赵大爷", "party": "2", "nonce": "n1", **said})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_it_is_seen_without_a_cookie_or_a_script(world: World) -> None:
    visitor = world.visitor()
    for path in ("/v/lijiagou", "/v/lijiagou/events", DAY):
        page = visitor.get(path)
        assert page.status_code == 200
        assert "第四季度村务公开日" in page.text
        assert "<script" not in page.text
    assert not visitor.cookies
    assert visitor.get("/v/lijiagou/h1").status_code == 404  # a lawyer's time
    assert visitor.get("/v/qingshi/h2").status_code == 404


def test_who_signs_up_sees_a_code_and_takes_it_back_with_its_address(world: World, db: Session) -> None:
    visitor = world.visitor()
    mine = join(visitor)
    page = visitor.get(mine)
    assert "报上名了" in page.text
    assert "赵大爷，2个人" in page.text
    assert "您报过名了" in visitor.get(DAY).text
    assert "赵大爷" not in world.visitor().get(DAY).text
    assert db.get_one(Opening, World.event).taken == 2
    elsewhere = world.visitor()  # the address alone is enough, also from a chat of WeChat
    assert elsewhere.get(mine, headers={"sec-fetch-site": "cross-site"}).status_code == 200
    assert elsewhere.post(mine).headers["location"] == f"{DAY}?done=left"
    assert "已经取消" in visitor.get(mine).text
    assert db.get(Opening, World.event, populate_existing=True).taken == 0  # type: ignore[union-attr]


def test_the_same_form_twice_is_one_and_another_from_the_browser_is_refused(world: World, db: Session) -> None:
    visitor = world.visitor()
    assert join(visitor) == join(visitor)
    again = visitor.post(f"{DAY}/join", data={"name": "赵大爷", "party": "1", "nonce": "n2"})
    assert again.status_code == 422
    assert "已经报过名" in again.text
    assert len(rows(db)) == 1


def test_a_full_one_has_a_waiting_list_that_says_where_one_stands(world: World, db: Session) -> None:
    event = db.get_one(Opening, World.event)
    event.capacity = 2
    db.commit()
    first, second = world.visitor(), world.visitor()
    mine = join(first)
    assert "我要候补" in second.get(DAY).text
    waits = join(second, name="老周")
    assert "前面还有 0 家" in second.get(waits).text
    first.post(mine)
    assert "报上名了" in second.get(waits).text


@pytest.mark.parametrize(
    "said",
    [
        {"name": ""},
        {"party": "0"},
        {"party": "99"},
        {"party": "-1"},
        {"party": "二"},
        {"phone": "1" * 40},
        {"phone": "12"},
        {"phone": "问我儿子要"},
    ],
)
def test_what_makes_no_sense_gives_the_words_back(world: World, db: Session, said: dict[str, str]) -> None:
    typed = {"name": "李大爷", "party": "1", **said}
    page = world.visitor().post(f"{DAY}/join", data=typed)
    assert page.status_code == 422
    assert typed["name"] in page.text
    assert rows(db) == []


def test_markup_and_strangers_forms_do_nothing(world: World, db: Session) -> None:
    visitor = world.visitor()
    mine = join(visitor, name=ATTACK[:20])
    for path in (mine, DAY):
        assert ATTACK[:20] not in visitor.get(path).text
    elsewhere = {"sec-fetch-site": "cross-site"}
    other = world.visitor().post(f"{DAY}/join", data={"name": "甲", "party": "1"}, headers=elsewhere)
    assert other.status_code == 422
    assert visitor.post(mine, headers=elsewhere).status_code == 422
    assert len(rows(db)) == 1
    for wrong in ("ABCDEFGH", "x", "%00", "中文"):
        assert world.visitor().get(f"{DAY}/mine/{wrong}").status_code == 404


def test_guessing_codes_is_slow(world: World) -> None:
    visitor = world.visitor()
    answers = [visitor.get(f"{DAY}/mine/ABCDEF{n:02d}").status_code for n in range(25)]
    assert answers[0] == 404
    assert answers[-1] == 429


def test_a_question_is_asked_without_a_name_and_danger_is_heard_first(world: World, db: Session) -> None:
    visitor = world.visitor()
    asked = visitor.post(f"{DAY}/ask", data={"text": f"路灯的钱花哪了{ATTACK}", "nonce": "q"})
    assert asked.headers["location"] == f"{DAY}?done=asked#questions"
    page = visitor.get(DAY).text
    assert "还有 1 个问题没有答复" in page
    assert "路灯的钱" not in page  # shown with its answer
    danger = visitor.post(f"{DAY}/ask", data={"text": "我男人正拿刀要杀我", "nonce": "d"})
    assert danger.status_code == 422
    assert "110" in danger.text
    assert len(db.scalars(select(EventQuestion)).all()) == 1


def test_an_overdue_answer_is_public(world: World, db: Session) -> None:
    event = db.get_one(Opening, World.event)
    event.starts_at = datetime.now(UTC) - timedelta(days=30)
    event.ends_at = event.starts_at + timedelta(hours=2)
    question = EventQuestion(
        opening_id=event.id, key="q", text="账", shown_text="账", asked_at=datetime.now(UTC) - timedelta(days=31)
    )
    db.add(question)
    db.commit()
    page = world.visitor().get(DAY).text
    assert "还有 1 个问题没有答复" in page
    assert 'class="meta late"' in page
    assert "我要报名" not in page
