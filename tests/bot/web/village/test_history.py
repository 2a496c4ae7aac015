"""村史: told on the page, edited by the clerk, published by another, read with its teller; or declined, and why."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from actions.history import telling
from actions.history.models import Story, StoryState
from bot.staff.models import Role, Staff
from knowledge.documents import versions
from knowledge.documents.models import Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.versions import Person
from tests.bot.world import ATTACK, DAY, HASH, World

TOLD = "民国二十三年发大水，桥冲垮了，全村人一块石头一块石头又垒起来，垒了一个冬天。"
EDITED = {"title": "南沟的石桥", "told": TOLD, "answer": "石桥是发大水以后全村人垒的。", "questions": "石桥谁修的"}
DESK = "/staff/village/history"


@pytest.fixture
def there(world: World) -> World:
    with world.sessions() as session:
        session.add(Staff(login="scribe", name="文书的人", password_hash=HASH, role=Role.clerk, place_id="lijiagou"))
        session.commit()
    return world


@pytest.fixture
def db(there: World) -> Iterator[Session]:
    with there.sessions() as session:
        yield session


def tell(visitor: TestClient, **more: str) -> str:
    sent = visitor.post("/v/lijiagou/history/tell", data={"text": TOLD, "nonce": "n", **more})
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"])


def newest(db: Session) -> Story:
    db.expire_all()
    return db.scalars(select(Story).order_by(Story.id.desc())).first()  # type: ignore[return-value]


def test_from_the_page_to_the_page_by_two_people(there: World, db: Session) -> None:
    visitor = there.visitor()
    mine = tell(visitor, teller="赵大爷", may_name="1")
    assert tell(visitor) == mine
    assert "收到了" in visitor.get(mine).text
    clerk, story = there.enter("scribe"), newest(db)
    assert "有人讲了一段村史" in clerk.get("/staff/village").text
    sent = clerk.post(f"{DESK}/{story.id}/hand-on", data={**EDITED, "why_names": "讲的人同意"})
    assert sent.status_code == 303, sent.text
    assert clerk.post(f"{DESK}/{story.id}/hand-on", data=EDITED).status_code == 403
    version = db.scalars(select(DocumentVersion).join(Document).where(Document.kind == Kind.history)).one()
    assert (version.status, version.content["teller"]) == (VersionStatus.in_review, "赵大爷")
    page = f"/v/lijiagou/history/{version.document_id}"
    assert visitor.get(page).status_code == 404
    clerk_id = db.scalars(select(Staff.id).where(Staff.login == "scribe")).one()
    now = datetime.now(UTC)
    with pytest.raises(versions.SamePerson):
        versions.approve(db, version.id, by=Person(clerk_id, "文书的人"), now=now, accepts_marks=True)
    db.rollback()
    other = Person(900, "法律工作者")
    versions.approve(db, version.id, by=other, now=now, accepts_marks=True)
    versions.publish(db, version.id, by=other, now=now, today=DAY)
    db.commit()
    shown = visitor.get(page).text
    assert "赵大爷讲" in shown
    assert "一块石头一块石头" in shown
    assert "南沟的石桥" in visitor.get("/v/lijiagou/history").text
    assert "南沟的石桥" in visitor.get("/v/lijiagou").text
    assert "发出来了" in visitor.get(mine).text
    assert visitor.get(f"/v/qingshi/history/{version.document_id}").status_code == 404


def test_who_doesnt_want_to_be_named_isnt(there: World, db: Session) -> None:
    tell(there.visitor(), teller="赵大爷")
    there.enter("scribe").post(f"{DESK}/{newest(db).id}/hand-on", data={**EDITED, "why_names": "都是过世的人"})
    version = db.scalars(select(DocumentVersion).join(Document).where(Document.kind == Kind.history)).one()
    assert version.content["teller"] == "村里的老人"


def test_names_in_it_need_a_reason_and_an_empty_title_is_refused(there: World, db: Session) -> None:
    tell(there.visitor())
    clerk, number = there.enter("scribe"), newest(db).id
    named = {**EDITED, "told": f"{TOLD}领头的是王大明，电话13800001111。"}
    refused = clerk.post(f"{DESK}/{number}/hand-on", data=named)
    assert refused.status_code == 422
    assert "写明理由" in refused.text
    assert "领头的是王大明" in refused.text
    assert clerk.post(f"{DESK}/{number}/hand-on", data={**EDITED, "title": ""}).status_code == 422
    assert newest(db).state is StoryState.told
    assert db.scalars(select(Document).where(Document.kind == Kind.history)).all() == []


def test_what_is_declined_says_why_to_who_told_it_and_goes(there: World, db: Session) -> None:
    visitor = there.visitor()
    mine = tell(visitor)
    clerk, number = there.enter("scribe"), newest(db).id
    assert clerk.post(f"{DESK}/{number}/decline", data={"why": ""}).status_code == 422
    assert clerk.post(f"{DESK}/{number}/decline", data={"why": "两家人还在为这事闹，先不发"}).status_code == 303
    assert "两家人还在为这事闹" in visitor.get(mine).text
    telling.tick(db, datetime.now(UTC) + timedelta(days=89))
    assert visitor.get(mine).status_code == 200
    telling.tick(db, datetime.now(UTC) + timedelta(days=91))
    assert visitor.get(mine).status_code == 404


def test_hostile_words_are_kept_as_words_and_short_ones_given_back(there: World, db: Session) -> None:
    visitor = there.visitor()
    short = visitor.post("/v/lijiagou/history/tell", data={"text": f"太短{ATTACK}"[:12]})
    assert short.status_code == 422
    assert "太短" in short.text
    unnamed = visitor.post("/v/lijiagou/history/tell", data={"text": TOLD, "may_name": "1"})
    assert "怎么称呼" in unnamed.text
    mine = tell(visitor, text=f"{TOLD}{ATTACK}")
    assert ATTACK not in visitor.get(mine).text
    assert ATTACK not in there.enter("scribe").get(f"{DESK}/{newest(db).id}").text
    elsewhere = {"sec-fetch-site": "cross-site"}
    assert visitor.post("/v/lijiagou/history/tell", data={"text": TOLD}, headers=elsewhere).status_code == 422
    for wrong in ("rule-1", "nothing", "%00"):
        assert visitor.get(f"/v/lijiagou/history/{wrong}").status_code == 404


def test_two_at_one_moment_decide_once(there: World, db: Session) -> None:
    tell(there.visitor())
    story, now = newest(db), datetime.now(UTC)
    with there.sessions() as other:
        telling.decline(other, other.get_one(Story, story.id), why="先不收了", by="甲", now=now)
        other.commit()
    with pytest.raises(telling.Conflict):
        telling.decline(db, story, why="我也不收", by="乙", now=now)
    db.rollback()
    assert newest(db).decided_by == "甲"
