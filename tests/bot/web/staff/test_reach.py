"""What an account may reach, and what it leaves behind: findings M3 to M9 of the red team."""

import pyotp
import pytest
from sqlalchemy import select, update

from actions.cases.models import Case
from actions.cases.moves import NO_MASTER
from actions.feedback import UnansweredQuestion
from bot.staff.models import AuditEntry, Staff
from knowledge.documents.models import Document, VersionComment
from tests.bot.world import PASSWORD, STAFF, World


def test_a_telephone_is_replaced_only_by_who_has_it(world: World) -> None:
    """Whoever sat at an open browser set a code of his own and kept the owner out (red team M8)."""
    old, new, client = pyotp.random_base32(), pyotp.random_base32(), world.enter("agent")
    with world.sessions() as session:
        session.execute(update(Staff).where(Staff.login == "agent").values(totp_secret=old))
        session.commit()
    sent = {"old": PASSWORD, "secret": new, "code": pyotp.TOTP(new).now()}
    for old_code in ("", "000000"):
        assert client.post("/staff/account/totp", data={**sent, "old_code": old_code}).status_code == 422
    with_old = {**sent, "old_code": pyotp.TOTP(old).now()}
    assert client.post("/staff/account/totp", data=with_old).status_code == 200


@pytest.mark.parametrize(
    "guess",
    [
        "1234567890",
        "13912345678",
        "woaini1314",
        "a123456789",
        "password123",
        "qwertyuiop",
        "linli123456",
        "19900101zhang",
    ],
)
def test_a_password_that_is_guessed_is_refused(world: World, guess: str) -> None:
    answer = world.enter("agent").post("/staff/account/password", data={"old": PASSWORD, "new": guess})
    assert answer.status_code == 422
    assert "太好猜" in answer.text


def test_a_case_is_not_merged_into_one_out_of_reach(world: World) -> None:
    """Staff of one village heard what was told in another's case (red team M3)."""
    with world.sessions() as session:
        master = session.get_one(Case, world.case)
        own = ("id", "number", "request_key", "place_id")
        held = {c.key: getattr(master, c.key) for c in Case.__table__.columns if c.key not in own}
        case = Case(**held, number="26112900130", request_key="of-wangjiawan", place_id="wangjiawan")
        session.add(case)
        session.execute(update(Staff).where(Staff.login == "liuhe").values(place_id="wangjiawan"))
        session.commit()
        move = {"to": "merged", "into": master.number}
    answer = world.enter("liuhe").post(f"/staff/cases/{case.id}/move", data=move)
    assert answer.status_code == 422
    assert NO_MASTER in answer.text, "as for a number that isn't there"
    with world.sessions() as session:
        assert session.get_one(Case, case.id).merged_into_id is None


def test_an_administrator_sees_the_accounts_of_their_own_places(world: World) -> None:
    """A list of every login of the county is where guessing begins."""
    with world.sessions() as session:
        session.execute(update(Staff).where(Staff.login == "colleague").values(place_id="qingshi"))
        session.commit()
    shown = world.enter("qingshi").get("/staff/people").text
    names = [f"{login}的人" for login in STAFF]
    assert {name for name in names if name in shown} == {"qingshi的人", "colleague的人"}
    everybody = world.enter("administrator").get("/staff/people").text
    assert all(name in everybody for name in names)


def test_a_village_settles_and_remarks_nothing_in_a_draft_of_the_county(world: World) -> None:
    with world.sessions() as session:
        session.execute(update(Staff).where(Staff.login == "legal_worker").values(place_id="lijiagou"))
        session.execute(update(Document).where(Document.id == world.document).values(place_id="nation"))
        session.commit()
        remark = session.scalars(select(VersionComment.id)).one()
    client, review = world.enter("legal_worker"), f"/staff/knowledge/versions/{world.version}"
    page = client.get(f"{review}/review").text
    assert not any(f'action="{review}/{do}"' in page for do in ("settle", "comment"))
    before = world.rows()
    assert client.post(f"{review}/settle", data={"comment": str(remark)}).status_code == 403
    assert client.post(f"{review}/comment", data={"text": "我看不对"}).status_code == 403
    assert world.rows() == before
    colleague = world.enter("colleague")
    assert f'action="{review}/comment"' in colleague.get(f"{review}/review").text
    assert colleague.post(f"{review}/settle", data={"comment": str(remark)}).status_code == 303


@pytest.mark.parametrize(("place", "is_theirs"), [("lijiagou", False), ("liuhe", True), ("nation", True)])
def test_a_question_of_no_place_is_dismissed_above_villages(world: World, place: str, is_theirs: bool) -> None:
    with world.sessions() as session:
        session.execute(update(Staff).where(Staff.login == "legal_worker").values(place_id=place))
        own = session.scalars(select(UnansweredQuestion)).one()
        nowhere = UnansweredQuestion(question="摩托车年检去哪里办", reason="abstained", place_id=None)
        session.add(nowhere)
        session.commit()
        ids = f"{own.id},{nowhere.id}"
    sent = {"do": "dismiss", "ids": ids}
    assert world.enter("legal_worker").post("/staff/knowledge/unanswered", data=sent).status_code == 303
    with world.sessions() as session:
        assert session.get_one(UnansweredQuestion, own.id).dismissed_at is not None
        assert (session.get_one(UnansweredQuestion, nowhere.id).dismissed_at is not None) is is_theirs


def test_what_staff_look_at_leaves_a_line(world: World) -> None:
    client = world.enter("agent")
    part = {"hx-request": "true"}
    for _ in range(3):
        assert client.get(f"/staff/conversations/{world.conversation}", headers=part).status_code == 200
        assert client.get(f"/staff/cases/{world.case}/photos/{world.photo}").status_code == 200
    with world.sessions() as session:
        seen = list(session.scalars(select(AuditEntry.what).where(AuditEntry.what.in_(["查看对话", "查看照片"]))))
    assert sorted(seen) == ["查看对话", "查看照片"], "once in ten minutes each"


@pytest.mark.parametrize(
    ("what", "sent"),
    [
        ("limit", {"category": "*", "amount": "999", "green_amount": "999", "unit": "workdays"}),
        ("day", {"day": "2026-12-01", "is_workday": ""}),
        ("day", {"day": "2026-12-01", "do": "delete"}),
        ("reply", {"text": "您好"}),
        ("reply", {"id": "1", "do": "delete"}),
    ],
)
def test_what_holds_for_all_places_is_not_set_from_one(world: World, what: str, sent: dict[str, str]) -> None:
    refused = world.enter("qingshi").post(f"/staff/settings/{what}", data=sent)
    assert refused.status_code in (403, 422)
    assert "要由负责所有地方的人来定" in refused.text
    assert world.enter("administrator").post(f"/staff/settings/{what}", data=sent).status_code == 303
