"""项目 in the console and on the village's page."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from actions.decisions.models import DecisionFile
from actions.projects.models import Project, ProjectStage
from bot.staff.models import AuditEntry, Role, Staff
from bot.web import body_limit
from tests.bot.world import ATTACK, HASH, World

HOME = "/staff/village/projects"
DAY = (datetime.now(UTC) - timedelta(days=20)).date()


@pytest.fixture
def staffed(world: World) -> World:
    """A clerk and an overseer of lijiagou."""
    with world.sessions() as session:
        session.add(Staff(login="own", name="监督的人", password_hash=HASH, role=Role.overseer, place_id="lijiagou"))
        session.add(Staff(login="scribe", name="文书的人", password_hash=HASH, role=Role.clerk, place_id="lijiagou"))
        session.commit()
    return world


def begun(world: World, title: str = "南沟路硬化", **more: str) -> int:
    data = {"place": "lijiagou", "title": title, "nonce": f"n-{title}", **more}
    sent = world.enter("scribe").post(HOME, data=data)
    assert sent.status_code == 303, sent.text
    return int(sent.headers["location"].split("?")[0].rsplit("/", 1)[1])


def record(client: TestClient, number: int, stage: str, **more: object) -> int:
    files = {k: v for k, v in more.items() if isinstance(v, tuple)}
    data = {"stage": stage, "on_day": DAY.isoformat(), "nonce": f"n-{stage}-{more.get('yuan')}"}
    data |= {k: str(v) for k, v in more.items() if not isinstance(v, tuple)}
    return client.post(f"{HOME}/{number}/record", data=data, files=files or None).status_code


def newest(world: World) -> ProjectStage:
    with world.sessions() as session:
        found = session.scalars(select(ProjectStage).order_by(ProjectStage.id.desc())).first()
        assert found
        return found


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(out, "PNG")
    return out.getvalue()


def test_a_stage_goes_from_the_clerk_by_the_overseer_to_everybody(staffed: World) -> None:
    number, clerk, own, visitor = begun(staffed), staffed.enter("scribe"), staffed.enter("own"), staffed.visitor()
    address = f"/v/lijiagou/projects/{datetime.now(UTC).year % 100}-002"
    assert (
        record(clerk, number, "budget", yuan=80_000, words="镇里补一半", file=("a.png", picture(), "image/png")) == 303
    )
    assert visitor.get(address).status_code == 404
    assert "核对预算" in own.get("/staff/village").text
    row = newest(staffed)
    page = own.get(f"{HOME}/{number}").text
    assert f"/staff/village/decisions/files/{row.file_id}" in page
    assert own.get(f"/staff/village/decisions/files/{row.file_id}").headers["content-type"] == "image/jpeg"
    assert clerk.post(f"{HOME}/{number}/confirm", data={"row": row.id}).status_code == 403
    assert own.post(f"{HOME}/{number}/confirm", data={"row": row.id}).status_code == 303
    shown = visitor.get(address)
    for said in (
        "80,000元",
        "镇里补一半",
        "填表：文书的人；核对：监督的人",
        "下一步",
        "招标或比选",
        "立项”这一步没有记录",
    ):
        assert said in shown.text, said
    assert "<script" not in shown.text
    assert "files/" not in shown.text  # the paper stays with staff
    assert shown.headers["x-robots-tag"] == "noindex"
    assert address in visitor.get("/v/lijiagou").text
    with staffed.sessions() as session:
        done = set(session.scalars(select(AuditEntry.what).where(AuditEntry.what.startswith("项目："))))
        assert done == {"项目：begin", "项目：record", "项目：confirm"}


def test_a_change_of_more_than_a_tenth_stands_on_the_villages_page(staffed: World) -> None:
    number, clerk, own = begun(staffed), staffed.enter("scribe"), staffed.enter("own")
    for stage, yuan in (("contract", 100_000), ("change", 115_000)):
        assert record(clerk, number, stage, yuan=yuan) == 303
        assert own.post(f"{HOME}/{number}/confirm", data={"row": newest(staffed).id}).status_code == 303
    shown = staffed.visitor().get(f"/v/lijiagou/projects/{datetime.now(UTC).year % 100}-002").text
    assert "115,000 元，比合同价 100,000 元多 15,000 元，差15.0%，超过一成" in shown
    assert "不等于有问题" in shown


def test_sent_back_the_clerk_reads_why_and_nobody_else_reads_it(staffed: World) -> None:
    number, clerk, own = begun(staffed), staffed.enter("scribe"), staffed.enter("own")
    record(clerk, number, "budget", yuan=1)
    refused = own.post(f"{HOME}/{number}/send-back", data={"row": newest(staffed).id, "why": " "})
    assert refused.status_code == 422
    assert (
        own.post(f"{HOME}/{number}/send-back", data={"row": newest(staffed).id, "why": "少写了零"}).status_code == 303
    )
    assert "少写了零" in clerk.get(f"{HOME}/{number}").text
    assert "预算退回了" in clerk.get("/staff/village").text
    assert record(clerk, number, "budget", yuan=10) == 303


def test_the_same_forms_twice_do_one_thing(staffed: World) -> None:
    number = begun(staffed)
    assert begun(staffed) == number
    clerk = staffed.enter("scribe")
    assert [record(clerk, number, "budget", yuan=5) for _ in range(2)] == [303, 303]
    with staffed.sessions() as session:
        assert len(session.scalars(select(ProjectStage).where(ProjectStage.project_id == number)).all()) == 1


@pytest.mark.parametrize("login", ["own", "legal_worker", "supervisor"])
def test_who_does_not_write_begins_and_records_nothing(staffed: World, login: str) -> None:
    client, number = staffed.enter(login), begun(staffed)
    assert client.post(HOME, data={"place": "lijiagou", "title": "打井"}).status_code == 403
    assert record(client, number, "budget", yuan=5) == 403
    with staffed.sessions() as session:
        assert len(session.scalars(select(Project)).all()) == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"stage": "x"}, "请选是哪一步"),
        ({"stage": "budget", "on_day": "2026-13-01", "yuan": "5"}, "日期不对"),
        ({"stage": "budget", "on_day": "2999-01-01", "yuan": "5"}, "日期不对"),
        ({"stage": "budget", "on_day": DAY.isoformat(), "yuan": "八万"}, "不是整数"),
        ({"stage": "budget", "on_day": DAY.isoformat()}, "请填预算金额"),
        ({"stage": "start", "on_day": DAY.isoformat(), "words": "工头13812345678"}, "电话号码"),
    ],
)
def test_a_refused_form_says_why_and_gives_the_words_back(staffed: World, fields: dict[str, str], said: str) -> None:
    number = begun(staffed)
    answer = staffed.enter("scribe").post(f"{HOME}/{number}/record", data={"words": "写了很久的话", **fields})
    assert answer.status_code == 422
    assert said in answer.text
    assert fields.get("words", "写了很久的话") in answer.text


def test_a_decision_that_there_isnt_is_refused_and_one_that_there_is_is_linked(staffed: World) -> None:
    data = {"place": "lijiagou", "title": "打井", "decision": "26-999", "nonce": "d"}
    assert "没有找到这个决定" in staffed.enter("scribe").post(HOME, data=data).text
    slug = f"{datetime.now(UTC).year % 100}-001"
    number = begun(staffed, "打井", decision=f"决-{slug}")
    assert f"决-{slug}" in staffed.enter("own").get(f"{HOME}/{number}").text


def test_hostile_words_stand_there_as_words(staffed: World) -> None:
    number, clerk, own = begun(staffed, ATTACK[:60]), staffed.enter("scribe"), staffed.enter("own")
    record(clerk, number, "approve", words=ATTACK)
    own.post(f"{HOME}/{number}/confirm", data={"row": newest(staffed).id})
    slug = f"{datetime.now(UTC).year % 100}-002"
    for page in (own.get(f"{HOME}/{number}"), staffed.visitor().get(f"/v/lijiagou/projects/{slug}"), own.get(HOME)):
        assert page.status_code == 200
        assert "<script>alert" not in page.text


@pytest.mark.parametrize("number", ["0", "99999", "9" * 30, "x", "%00", "-1"])
def test_a_project_that_there_isnt_is_not_found(staffed: World, number: str) -> None:
    assert staffed.enter("scribe").get(f"{HOME}/{number}").status_code == 404
    assert staffed.visitor().get(f"/v/lijiagou/projects/{number}").status_code == 404


def test_a_row_of_another_project_is_not_confirmed_here(staffed: World) -> None:
    one, two = begun(staffed), begun(staffed, "打井")
    record(staffed.enter("scribe"), one, "budget", yuan=5)
    row = newest(staffed)
    assert staffed.enter("own").post(f"{HOME}/{two}/confirm", data={"row": row.id}).status_code == 404
    assert newest(staffed).confirmed_at is None


def test_a_stranger_of_another_township_sees_nothing(staffed: World) -> None:
    client, before = staffed.enter("qingshi"), staffed.rows()
    assert client.get(f"{HOME}/1").status_code in (403, 404)
    assert client.post(f"{HOME}/1/record", data={"stage": "start", "on_day": DAY.isoformat()}).status_code in (403, 404)
    assert staffed.rows() == before


def test_what_looks_like_a_name_is_shown_to_who_confirms(staffed: World) -> None:
    number = begun(staffed)
    record(staffed.enter("scribe"), number, "start", words="由村民王大勇带队施工")
    assert "王大勇”像是姓名" in staffed.enter("own").get(f"{HOME}/{number}").text


def test_a_paper_that_is_none_is_refused_and_a_large_one_may_come(staffed: World) -> None:
    number, clerk = begun(staffed), staffed.enter("scribe")
    assert record(clerk, number, "start", file=("a.pdf", b"<svg onload=x>", "application/pdf")) in (400, 415, 422)
    assert body_limit._most(f"{HOME}/{number}/record") >= 10_000_000
    with staffed.sessions() as session:
        assert len(session.scalars(select(DecisionFile)).all()) == 1  # the county's own


def test_a_village_without_projects_has_no_such_tab(staffed: World) -> None:
    assert "/v/lijiagou/projects" in staffed.visitor().get("/v/lijiagou").text
    assert "/v/shiqiao/projects" not in staffed.visitor().get("/v/shiqiao").text
