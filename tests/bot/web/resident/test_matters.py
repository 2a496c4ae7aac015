"""我的事 and 我的预约 of one conversation, and of no other."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from actions import persons
from actions.bookings import appointments, openings
from actions.bookings.models import Mode
from actions.cases import filing, links, moves, numbers
from actions.cases.models import Case
from actions.cases.status import MOVES, STEP_OF, CaseStatus
from actions.offices.models import Team
from bot.conversations.models import Conversation
from tests.bot.web.resident.test_widget import resident
from tests.bot.world import World

DESK = moves.Actor("staff", "王芳", 1)


def own(world: World) -> str:
    """The conversation that was begun last."""
    with world.sessions() as session:
        return session.scalars(select(Conversation.id).order_by(Conversation.created_at.desc())).first() or ""


def filed(world: World, what: str) -> Case:
    with world.sessions() as session:
        return filing.file(
            session,
            request_key=f"{own(world)}:{what}",
            conversation_id=own(world),
            place="lijiagou",
            category="其他",
            fields={"what": what},
            now=datetime.now(UTC),
        )


def moved(world: World, case: Case, *way: CaseStatus) -> None:
    with world.sessions() as session:
        team = session.scalars(select(Team.id)).first()
        for number, to in enumerate(way):
            moves.move(
                session,
                case.id,
                to,
                actor=DESK,
                key=f"{case.id}-{number}-{to}",
                now=datetime.now(UTC),
                note="到现场看过，灯修好了。",
                team_id=team,
            )


def booked(world: World, hour: int) -> None:
    now = datetime.now(UTC)
    with world.sessions() as session:
        opening = openings.publish(
            session,
            worker_id=None,
            worker_name="李律师",
            mode=Mode.visit,
            place="lijiagou",
            address="村委会二楼",
            starts_at=now + timedelta(days=3, hours=hour),
            ends_at=now + timedelta(days=3, hours=hour + 1),
            capacity=1,
            now=now,
        )
        session.commit()
        appointments.book(
            session,
            opening.id,
            conversation_id=own(world),
            request_key=f"{own(world)}:{hour}",
            summary="离婚",
            phone=None,
            now=now,
        )


def matters(client: TestClient) -> dict[str, Any]:
    answer = client.get("/api/widget/matters")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def titles(row: dict[str, Any]) -> list[str]:
    return [button["title"] for button in row["buttons"]]


def test_a_case_is_told_from_filed_to_answered(empty: World) -> None:
    client = resident(empty)
    case = filed(empty, "路灯坏了三盏")
    [row] = matters(client)["cases"]
    assert (row["number"], row["what"], row["step"]) == (numbers.spoken(case.number), "路灯坏了三盏", 0)
    assert (titles(row), row["withdraws"], row["adds"]) == (["催一下"], True, True)
    assert row["due"].startswith("最晚 ")
    moved(empty, case, CaseStatus.accepted, CaseStatus.assigned, CaseStatus.in_progress, CaseStatus.answered)
    [row] = matters(client)["cases"]
    assert matters(client)["steps"][row["step"]] == "答复"
    assert "灯修好了" in row["news"]["text"]
    assert titles(row) == ["解决了", "没解决"]
    assert all(button["payload"].startswith(row["number"]) for button in row["buttons"])


def test_who_is_asked_for_more_is_told_so_and_urges_nobody(empty: World) -> None:
    client = resident(empty)
    case = filed(empty, "路灯坏了三盏")
    with empty.sessions() as session:
        moves.pause(session, case.id, "是哪几盏？", actor=DESK, key="p", now=datetime.now(UTC))
    [row] = matters(client)["cases"]
    assert (row["is_asked"], titles(row), row["adds"]) == (True, [], True)


def test_what_is_over_offers_only_that_it_is_not(empty: World) -> None:
    client = resident(empty)
    withdrawn, closed = filed(empty, "井盖丢了"), filed(empty, "水管漏水")
    with empty.sessions() as session:
        now = datetime.now(UTC)
        moves.move(session, withdrawn.id, CaseStatus.withdrawn, actor=moves.RESIDENT, key="w", now=now)
    way = (CaseStatus.accepted, CaseStatus.assigned, CaseStatus.in_progress, CaseStatus.answered, CaseStatus.closed)
    moved(empty, closed, *way)
    rows = {row["what"]: row for row in matters(client)["cases"]}
    assert [(titles(row), row["step"], row["withdraws"]) for row in (rows["井盖丢了"], rows["水管漏水"])] == [
        ([], None, False),
        (["没解决"], 5, False),
    ]


def test_every_open_state_stands_somewhere_on_the_way() -> None:
    assert set(CaseStatus) - set(STEP_OF) == {CaseStatus.returned, CaseStatus.withdrawn, CaseStatus.merged}
    assert set(MOVES) == set(CaseStatus)


def test_appointments_are_told_and_only_the_nearest_is_changed_by_a_word(empty: World) -> None:
    client = resident(empty)
    booked(empty, 2)
    booked(empty, 5)
    first, second = matters(client)["appointments"]
    assert "李律师" in first["label"]
    assert (first["where"], first["status"]) == ("村委会二楼", "已约好")
    assert (titles(first), titles(second)) == (["改时间", "取消"], ["取消"])


def test_another_conversation_sees_and_takes_back_nothing(empty: World) -> None:
    mine = resident(empty)
    case = filed(empty, "路灯坏了三盏")
    booked(empty, 2)
    with empty.sessions() as session:
        token = links.make(session, case.id, now=datetime.now(UTC))
        session.commit()
    number = matters(mine)["cases"][0]["number"]
    other = resident(empty)
    assert (matters(other)["cases"], matters(other)["appointments"]) == ([], [])
    assert other.delete(f"/api/widget/matters/{number}/links").status_code == 404
    with empty.sessions() as session:
        assert links.opened(session, token, now=datetime.now(UTC)).id == case.id
    assert matters(mine)["cases"][0]["links"] == 1


def test_what_the_resident_joined_is_told_in_both(empty: World) -> None:
    resident(empty)
    one = own(empty)
    filed(empty, "路灯坏了三盏")
    other = resident(empty)
    with empty.sessions() as session:
        persons.join(session, one, own(empty))
    assert [row["what"] for row in matters(other)["cases"]] == ["路灯坏了三盏"]


def test_all_links_of_a_case_are_taken_back_with_one_press(empty: World) -> None:
    client = resident(empty)
    case = filed(empty, "路灯坏了三盏")
    with empty.sessions() as session:
        tokens = [links.make(session, case.id, now=datetime.now(UTC)) for _ in range(2)]
        session.commit()
    number = numbers.spoken(case.number)
    assert client.delete(f"/api/widget/matters/{number}/links").status_code == 204
    assert {empty.visitor().get(f"/progress/{token}").status_code for token in tokens} == {404}
    assert matters(client)["cases"][0]["links"] == 0


@pytest.mark.parametrize("number", ["x", "261124-001-05", "2" * 300, "%00"])
def test_a_number_that_is_nobodys_is_not_found(empty: World, number: str) -> None:
    assert resident(empty).delete(f"/api/widget/matters/{number}/links").status_code == 404
