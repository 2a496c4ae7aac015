"""借场地 on the page and in the console: hours picked, refused where somebody has them, given back, struck off."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from actions.bookings.models import Appointment
from actions.bookings.status import AppointmentStatus as Status
from actions.events import publishing
from actions.events.publishing import Wanted
from bot.staff.models import Role, Staff
from knowledge.clock import SHANGHAI
from tests.bot.world import ATTACK, HASH, World

DAY = (datetime.now(SHANGHAI) + timedelta(days=3)).replace(hour=8, minute=0, second=0, microsecond=0)
WISH = {"name": "赵大爷", "party": "20", "item": "给老人做寿", "from": "09:00", "to": "11:30"}


@pytest.fixture
def hall(world: World) -> str:
    how = Wanted("room", "文化礼堂", "", "", "村部一楼", "", DAY, DAY + timedelta(hours=12), 60)
    with world.sessions() as session:
        [event] = publishing.announce(session, "lijiagou", how, key="hall", now=datetime.now(UTC))
        session.commit()
        return f"/v/lijiagou/h{event.id}"


@pytest.fixture
def db(world: World) -> Iterator[Session]:
    with world.sessions() as session:
        yield session


def borrow(visitor: TestClient, hall: str, **said: str) -> str:
    answer = visitor.post(f"{hall}/borrow", data={**WISH, "nonce": "n1", **said})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def lent(db: Session) -> list[Appointment]:
    db.expire_all()
    return list(db.scalars(select(Appointment).where(Appointment.lent_from.is_not(None)).order_by(Appointment.id)))


def test_two_borrow_it_on_one_day_and_nobody_reads_who(world: World, hall: str, db: Session) -> None:
    first, second = world.visitor(), world.visitor()
    assert "08:00到20:00" in first.get(hall).text
    mine = borrow(first, hall)
    assert "借好了" in first.get(mine).text
    assert "09:00到11:30" in first.get(mine).text
    borrow(second, hall, **{"from": "11:30", "to": "13:00", "name": "老李"})
    page = world.visitor().get(hall).text
    assert "08:00到09:00、13:00到20:00" in page
    assert "09:00到11:30、11:30到13:00" in page
    assert "赵大爷" not in page
    assert "做寿" not in page
    assert "您借了 09:00到11:30" in first.get(hall).text
    assert len(lent(db)) == 2


def test_hours_that_somebody_has_are_refused_and_what_was_typed_stands(world: World, hall: str, db: Session) -> None:
    borrow(world.visitor(), hall)
    answer = world.visitor().post(f"{hall}/borrow", data={**WISH, "from": "11:00", "to": "12:00", "nonce": "n2"})
    assert answer.status_code == 422
    assert "09:00到11:30 已经有人借了" in answer.text
    assert "08:00到09:00、11:30到20:00" in answer.text
    assert 'value="给老人做寿"' in answer.text
    assert len(lent(db)) == 1


def test_given_back_by_its_address_it_is_free_again(world: World, hall: str, db: Session) -> None:
    visitor = world.visitor()
    mine = borrow(visitor, hall)
    assert visitor.post(mine).headers["location"] == f"{hall}?done=left"
    assert "已经取消" in visitor.get(mine).text
    assert lent(db)[0].status is Status.cancelled
    assert "08:00到20:00" in visitor.get(hall).text


def test_the_same_form_sent_twice_lends_once(world: World, hall: str, db: Session) -> None:
    visitor = world.visitor()
    assert borrow(visitor, hall) == borrow(visitor, hall)
    assert len(lent(db)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "", "to": ""},
        {"from": "99:00"},
        {"from": "九点"},
        {"to": "23:30"},
        {"party": "0"},
        {"party": "-5"},
        {"party": "99999999999999"},
        {"item": ""},
        {"name": ""},
        {"phone": ATTACK},
    ],
)
def test_what_is_typed_wrongly_is_said_in_words(world: World, hall: str, db: Session, wrong: dict[str, str]) -> None:
    answer = world.visitor().post(f"{hall}/borrow", data={**WISH, **wrong, "nonce": "n1"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert lent(db) == []


def test_what_attacks_stands_there_as_text(world: World, hall: str) -> None:
    visitor = world.visitor()
    mine = borrow(visitor, hall, item=ATTACK, name=ATTACK[:20])
    assert ATTACK not in visitor.get(mine).text
    assert "<script" not in visitor.get(hall).text


def test_the_clerk_sees_who_lends_by_telephone_and_strikes_off(world: World, hall: str, db: Session) -> None:
    borrow(world.visitor(), hall)
    number = hall.rsplit("h", 1)[1]
    with world.sessions() as session:
        session.add(Staff(login="scribe", name="文书的人", password_hash=HASH, role=Role.clerk, place_id="lijiagou"))
        session.commit()
    clerk, at = world.enter("scribe"), f"/staff/village/events/{number}"
    page = clerk.get(at)
    assert "借出 1 段" in page.text
    assert "借了的 1 家都会看到" in page.text
    assert "<strong>09:00到11:30</strong> 赵大爷" in page.text
    assert "09:00到11:30" in clerk.get(f"{at}/list").text
    form = {**WISH, "name": "老李", "item": "排练", "nonce": "n1"}
    refused = clerk.post(f"{at}/lend", data=form)
    assert refused.status_code == 422
    assert "已经有人借了" in refused.text
    assert clerk.post(f"{at}/lend", data={**form, "from": "14:00", "to": "15:00"}).status_code == 303
    row = lent(db)[0]
    assert clerk.post(f"{at}/strike", data={"row": str(row.id), "why": "要开村民会议"}).status_code == 303
    assert lent(db)[0].status is Status.cancelled
    assert "要开村民会议" in str(lent(db)[0].say)
