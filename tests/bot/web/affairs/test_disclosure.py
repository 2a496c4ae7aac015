"""公开 in the console and on the village's page: two people, a table, the board, a question, a complaint."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import Workbook
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from actions.cases.models import Case, Photo
from actions.disclosure import schedule
from actions.disclosure.models import Disclosure, DisclosureQuestion
from actions.disclosure.status import State
from bot.conversations.models import Message
from bot.staff.models import AuditEntry, Role, Staff
from bot.web import body_limit
from knowledge.clock import SHANGHAI
from tests.bot.world import ATTACK, HASH, World

HOME = "/staff/village/disclosure"
TABLE = "日期,事由,收入,支出,结余,经手\n7月1日,电费,0,300,700,会计\n7月2日,水费,0,200,500,会计\n"
HTML_OF_ATTACK = "&lt;script&gt;"


@pytest.fixture
def begun(world: World) -> World:
    """Since a year ago; an overseer sits at lijiagou."""
    with world.sessions() as session:
        session.add(Staff(login="own", name="监督的人", password_hash=HASH, role=Role.overseer, place_id="lijiagou"))
        session.add(Staff(login="scribe", name="文书的人", password_hash=HASH, role=Role.clerk, place_id="lijiagou"))
        session.commit()
    start = (datetime.now(SHANGHAI) - timedelta(days=200)).date()
    sent = world.enter("scribe").post(f"{HOME}/begin", data={"place": "lijiagou", "day": start.isoformat()})
    assert sent.status_code == 303
    return world


def item(world: World, code: str = "finance") -> Disclosure:
    with world.sessions() as session:
        own = select(Disclosure).where(Disclosure.duty_code == code, Disclosure.state != State.corrected)
        found = session.scalars(own.order_by(Disclosure.id.desc())).first()
        assert found
        return found


def do(client: TestClient, number: int, deed: str, **fields: object) -> str:
    files = {k: v for k, v in fields.items() if isinstance(v, tuple)}
    data = {k: str(v) for k, v in fields.items() if not isinstance(v, tuple)}
    answer = client.post(f"{HOME}/{number}/{deed}", data=data, files=files or None)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def posted(world: World, code: str = "finance", table: str = TABLE, **check: object) -> int:
    number = item(world, code).id
    clerk, own = world.enter("scribe"), world.enter("own")
    do(clerk, number, "put", table=table)
    do(own, number, "check", edition=1, **check)
    do(clerk, number, "post", edition=1)
    return number


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(out, "PNG")
    return out.getvalue()


def test_a_table_goes_from_the_clerk_by_the_overseer_to_everybody(begun: World) -> None:
    number, clerk, own = item(begun).id, begun.enter("scribe"), begun.enter("own")
    visitor = begun.visitor()
    assert visitor.get(f"/v/lijiagou/open/{number}").status_code == 404
    do(clerk, number, "put", table=TABLE, note="三季度的账")
    assert visitor.get(f"/v/lijiagou/open/{number}").status_code == 404
    refused = clerk.post(f"{HOME}/{number}/check", data={"edition": "1"})
    assert refused.status_code == 403
    assert "要由村务监督委员会的人确认" in refused.text
    assert "等村务监督委员会的人核对" in clerk.get(f"{HOME}/{number}").text
    assert "要核对" in own.get("/staff/village").text
    do(own, number, "check", edition=1)
    do(clerk, number, "post", edition=1)
    page = visitor.get(f"/v/lijiagou/open/{number}")
    for said in ("三季度的账", "电费", "合计 500", "核对：监督的人", "填表：文书的人", "村民委员会组织法第三十五条"):
        assert said in page.text, said
    assert "<script" not in page.text
    assert page.headers["x-robots-tag"] == "noindex"
    assert f"/v/lijiagou/open/{number}" in visitor.get("/v/lijiagou").text
    with begun.sessions() as session:
        done = set(session.scalars(select(AuditEntry.what).where(AuditEntry.what.startswith("公开："))))
        assert done == {"公开：put", "公开：check", "公开：post"}


def test_who_wrote_does_not_check_and_a_supervisor_only_where_nobody_oversees(begun: World) -> None:
    number = item(begun).id
    do(begun.enter("scribe"), number, "put", table=TABLE)
    assert begun.enter("supervisor").post(f"{HOME}/{number}/check", data={"edition": "1"}).status_code == 403
    with begun.sessions() as session:
        for staff in session.scalars(select(Staff).where(Staff.role == Role.overseer, Staff.place_id == "lijiagou")):
            staff.is_active = False
        session.commit()
    do(begun.enter("supervisor"), number, "check", edition=1)


@pytest.mark.parametrize(
    ("login", "deed", "fields"),
    [
        ("own", "put", {"table": TABLE}),
        ("own", "post", {}),
        ("own", "correct", {"why": "改"}),
        ("own", "drop", {}),
        ("legal_worker", "put", {"table": TABLE}),
        ("legal_worker", "check", {"edition": "0"}),
        ("supervisor", "put", {"table": TABLE}),
        ("clerk", "back", {"why": "改", "edition": "0"}),
    ],
)
def test_a_deed_of_another_trade_is_refused(begun: World, login: str, deed: str, fields: dict[str, str]) -> None:
    number, before = item(begun).id, begun.rows()
    assert begun.enter(login).post(f"{HOME}/{number}/{deed}", data=fields).status_code == 403
    assert begun.rows() == before


def test_a_clerk_of_another_village_sees_and_does_nothing(begun: World) -> None:
    with begun.sessions() as session:
        session.add(Staff(login="far", name="别村的", password_hash=HASH, role=Role.clerk, place_id="shiqiao"))
        session.commit()
    number, client = item(begun).id, begun.enter("far")
    assert client.get(f"{HOME}/{number}").status_code == 403
    assert client.get(f"{HOME}?place=lijiagou").status_code == 403
    assert client.post(f"{HOME}/{number}/put", data={"table": TABLE}).status_code == 403
    assert client.post(f"{HOME}/begin", data={"place": "lijiagou", "day": "2026-01-01"}).status_code == 403
    assert "李家沟" not in client.get(HOME).text


def workbook(*rows: list[object]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def test_a_workbook_with_an_identity_number_is_refused_and_nothing_is_kept(begun: World) -> None:
    """Scenario 5."""
    number, clerk = item(begun).id, begun.enter("scribe")
    data = workbook(["姓名", "事由", "支出"], ["王大勇", "付 330102199003070017", 500])
    answer = clerk.post(f"{HOME}/{number}/put", files={"file": ("a.xlsx", data)})
    assert answer.status_code == 422
    assert "第 2 行第 2 栏“事由”" in answer.text
    assert "330102199003070017" not in answer.text
    assert (item(begun).state, item(begun).rows) == (State.due, [])


def test_a_workbook_with_names_and_sums_is_held_for_a_person(begun: World) -> None:
    number, clerk, own = item(begun).id, begun.enter("scribe"), begun.enter("own")
    data = workbook(["户主", "欠水费"], ["王大勇", 320], ["李二妹", 150])
    do(clerk, number, "put", file=("a.xlsx", data))
    assert "标黄的 2 格像姓名" in own.get(f"{HOME}/{number}").text
    refused = own.post(f"{HOME}/{number}/check", data={"edition": "1"})
    assert refused.status_code == 422
    assert "像姓名" in refused.text
    do(own, number, "back", edition=1, why="欠费的名单不能贴")
    assert "欠费的名单不能贴" in clerk.get(f"{HOME}/{number}").text


@pytest.mark.parametrize("data", [b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old", b"\x00" * 50, b"x" * 300_001, b""])
def test_a_hostile_file_is_a_sentence_on_the_page(begun: World, data: bytes) -> None:
    number = item(begun).id
    answer = begun.enter("scribe").post(f"{HOME}/{number}/put", files={"file": ("a.xlsx", data)})
    assert answer.status_code == 422
    assert item(begun).state is State.due


def test_words_that_are_code_are_shown_as_words(begun: World) -> None:
    number = posted(begun, table=f"事由,支出\n{ATTACK},300\n=1+1,200\n")
    for page in (begun.visitor().get(f"/v/lijiagou/open/{number}"), begun.enter("own").get(f"{HOME}/{number}")):
        assert ATTACK not in page.text
        assert HTML_OF_ATTACK in page.text
        assert "=1+1" in page.text


def test_the_board_is_photographed_without_what_the_camera_says(begun: World) -> None:
    number, clerk, visitor = posted(begun), begun.enter("scribe"), begun.visitor()
    assert "要拍公开栏" in clerk.get("/staff/village").text
    bad = clerk.post(f"{HOME}/{number}/board", files={"photo": ("a.jpg", b"no picture")})
    assert bad.status_code == 422
    do(clerk, number, "board", photo=("a.png", picture()))
    shown = visitor.get(f"/v/lijiagou/open/{number}/board.jpg")
    assert shown.content.startswith(b"\xff\xd8")
    assert "要拍公开栏" not in clerk.get("/staff/village").text
    begun.app.state.clock = lambda: datetime.now(UTC) + timedelta(days=20)
    assert visitor.get(f"/v/lijiagou/open/{number}/board.jpg").status_code == 404


def test_a_correction_is_read_beside_the_old_one(begun: World) -> None:
    """Scenario 17."""
    old, clerk, own, visitor = posted(begun), begun.enter("scribe"), begun.enter("own"), begun.visitor()
    to = do(clerk, old, "correct", why="电费写错了")
    new = int(re.findall(r"\d+", to)[0])
    assert visitor.get(f"/v/lijiagou/open/{new}").status_code == 404
    do(clerk, new, "put", table=TABLE.replace("300", "320"))
    do(own, new, "check", edition=1)
    do(clerk, new, "post", edition=1)
    page = visitor.get(f"/v/lijiagou/open/{new}").text
    assert "电费写错了" in page
    assert "原来“300”，现在“320”" in page
    before = visitor.get(f"/v/lijiagou/open/{old}").text
    assert "300" in before
    assert "这一份后来更正过" in before
    listed = visitor.get("/v/lijiagou/open").text
    assert f"/open/{new}" in listed
    assert f'/open/{old}"' not in listed


def test_a_question_is_asked_without_signing_in_and_answered_for_everybody(begun: World) -> None:
    number, visitor, clerk = posted(begun), begun.visitor(), begun.enter("scribe")
    sent = visitor.post(f"/v/lijiagou/open/{number}/ask", data={"text": "我是王大勇，电费咋这么多", "nonce": "n1"})
    assert sent.status_code == 303
    again = visitor.post(f"/v/lijiagou/open/{number}/ask", data={"text": "我是王大勇，电费咋这么多", "nonce": "n1"})
    assert again.status_code == 303
    with begun.sessions() as session:
        question = session.scalars(select(DisclosureQuestion)).one()
        question.conversation_id = World.conversation  # as the chat asks
        session.commit()
        shown, asked = question.shown_text, question.id
    assert "电费咋这么多" not in visitor.get(f"/v/lijiagou/open/{number}").text
    assert "有人问" in clerk.get("/staff/village").text
    do(clerk, number, "answer", question=asked, shown=shown, text="夏天开会多，单子在村部")
    page = visitor.get(f"/v/lijiagou/open/{number}").text
    assert "夏天开会多" in page
    assert "王大勇" not in page
    with begun.sessions() as session:
        told = session.scalars(select(Message.text).where(Message.client_id == f"disclosure-answer-{asked}")).all()
        assert len(told) == 1
        assert "夏天开会多" in told[0]
    assert (
        clerk.post(f"{HOME}/{number}/answer", data={"question": str(asked), "shown": "x", "text": "再答"}).status_code
        == 403
    )


def test_a_clerk_does_not_hide_what_is_asked(begun: World) -> None:
    number, visitor = posted(begun), begun.visitor()
    visitor.post(f"/v/lijiagou/open/{number}/ask", data={"text": "钱去哪了"})
    fields = {"question": "1", "shown": "钱去哪了", "text": "不告诉", "hide": "1"}
    assert begun.enter("scribe").post(f"{HOME}/{number}/answer", data=fields).status_code == 403
    do(begun.enter("own"), number, "answer", **fields)
    assert "钱去哪了" not in visitor.get(f"/v/lijiagou/open/{number}").text


@pytest.mark.parametrize("text", ["", "嗯", "问" * 1000, "\x00", ATTACK * 20])
def test_a_hostile_question_ends_in_a_sentence(begun: World, text: str) -> None:
    answer = begun.visitor().post(f"/v/lijiagou/open/{posted(begun)}/ask", data={"text": text})
    assert answer.status_code == 422
    assert 'class="problem"' in answer.text
    assert ATTACK not in answer.text


def test_danger_in_a_question_is_heard_first(begun: World) -> None:
    answer = begun.visitor().post(f"/v/lijiagou/open/{posted(begun)}/ask", data={"text": "我不想活了，钱都没了"})
    assert answer.status_code == 200
    assert "12356" in answer.text


def test_questions_and_complaints_from_one_address_have_a_limit(begun: World) -> None:
    number, visitor = posted(begun), begun.visitor()
    asked = [visitor.post(f"/v/lijiagou/open/{number}/ask", data={"text": f"问题{n}"}).status_code for n in range(8)]
    assert asked == [303] * 6 + [429] * 2
    told = [
        visitor.post("/v/lijiagou/open/tell", data={"duty": "finance", "nonce": str(n)}).status_code for n in range(6)
    ]
    assert told == [200] * 4 + [429] * 2


def test_a_form_of_another_site_is_refused(begun: World) -> None:
    visitor = begun.visitor()
    visitor.headers["sec-fetch-site"] = "cross-site"
    assert visitor.post("/v/lijiagou/open/tell", data={"duty": "finance"}).status_code == 403


def test_what_is_missing_is_named_and_complained_of_without_a_name(begun: World) -> None:
    """Scenario 16, as a resident sees it."""
    visitor = begun.visitor()
    page = visitor.get("/v/lijiagou/open").text
    assert "还没有公布的" in page
    link = re.search(r"/v/lijiagou/open/tell\?duty=finance&amp;period=(20\d\dQ\d)", page)
    assert link
    assert "还没有公布" in visitor.get("/v/lijiagou").text
    form = visitor.get(link[0].replace("&amp;", "&")).text
    assert 'value="finance" selected' in form
    assert "不经过村委会" in form
    data = {
        "duty": "finance",
        "period": link[1],
        "words": "一直没贴",
        "anonymous": "1",
        "nonce": "n",
        "phone": "13800001234",
    }
    done = visitor.post("/v/lijiagou/open/tell", data=data, files={"photo": ("a.png", picture())})
    assert done.status_code == 200
    assert "登记好了" in done.text
    with begun.sessions() as session:
        case = session.scalars(select(Case).where(Case.category == "村务公开")).one()
        assert (case.is_anonymous, case.phone, case.conversation_id) == (True, None, None)
        assert case.team
        assert case.team.place_id == "liuhe"
        assert session.scalars(select(Photo.case_id).where(Photo.case_id == case.id)).all() == [case.id]
        number = case.id
    assert begun.enter("agent").get(f"/staff/cases/{number}").status_code == 200


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"duty": ""}, "请从单子里选"),
        ({"duty": "finance", "period": "'; DROP"}, "写法不对"),
        ({"duty": "finance", "phone": "不是号码"}, "电话好像不对"),
    ],
)
def test_a_complaint_that_cannot_be_taken_gives_the_words_back(begun: World, fields: dict[str, str], said: str) -> None:
    answer = begun.visitor().post("/v/lijiagou/open/tell", data={"words": "我写了很久的话", **fields})
    assert answer.status_code == 422
    assert said in answer.text
    assert "我写了很久的话" in answer.text


def test_a_picture_that_cannot_be_read_gives_the_words_back(begun: World) -> None:
    data = {"duty": "finance", "words": "我写了很久的话"}
    answer = begun.visitor().post("/v/lijiagou/open/tell", data=data, files={"photo": ("a.jpg", b"<svg/>")})
    assert answer.status_code == 422
    assert "我写了很久的话" in answer.text


def test_names_leave_the_page_with_its_last_day(begun: World) -> None:
    """Scenario 18, without a clock; `test_names_gone.py` is what the clock does."""
    clerk, visitor = begun.enter("scribe"), begun.visitor()
    today = datetime.now(SHANGHAI).date().isoformat()
    fields = {"place": "lijiagou", "code": "relief_decisions", "title": "第三批", "day": today, "nonce": "n"}
    to = clerk.post(f"{HOME}/open", data=fields).headers["location"]
    assert clerk.post(f"{HOME}/open", data=fields).headers["location"] == to  # pressed twice
    table = "姓名,救助类别\n王大勇,低保\n"
    number = posted(begun, "relief_decisions", table, names=1, why="社会救助法第四十五条")
    assert "王大勇" in visitor.get(f"/v/lijiagou/open/{number}").text
    later = datetime.now(UTC) + timedelta(days=17)
    begun.app.state.clock = lambda: later
    gone = visitor.get(f"/v/lijiagou/open/{number}").text
    assert "王大勇" not in gone
    assert "公示期满" in gone
    with begun.sessions() as session:
        schedule.tick(session, later)
    assert "王大勇" not in visitor.get("/v/lijiagou/open?all=1").text


def test_the_township_reads_what_is_late_in_all_its_villages(begun: World) -> None:
    page = begun.enter("supervisor").get(HOME).text
    assert "各村过了5天还没有公布的" in page
    assert "各村过了5天" not in begun.enter("own").get(HOME).text  # one village: it stands below


@pytest.mark.parametrize("number", ["0", "99999", "9" * 30, "x", "%00", "1e3", "-1"])
def test_a_posting_that_there_isnt_is_not_found(begun: World, number: str) -> None:
    assert begun.visitor().get(f"/v/lijiagou/open/{number}").status_code == 404
    assert begun.enter("clerk").get(f"{HOME}/{number}").status_code == 404


def test_a_posting_of_another_village_is_not_found_here(begun: World) -> None:
    assert begun.visitor().get(f"/v/shiqiao/open/{posted(begun)}").status_code == 404


def test_looser_than_the_law_is_refused_in_words(begun: World) -> None:
    fields = {"place": "lijiagou", "code": "finance", "rhythm": "yearly", "grace_days": "10"}
    answer = begun.enter("scribe").post(f"{HOME}/tighten", data=fields)
    assert answer.status_code == 422
    assert "不能放宽" in answer.text


def test_only_the_photo_of_a_board_may_be_large() -> None:
    assert body_limit._most("/v/lijiagou/open/tell") == 12_000_000
    assert body_limit._most("/v/lijiagou/open/1/ask") == body_limit.OTHER
    assert body_limit._most("/v/lijiagou/talk") == body_limit.OTHER


def test_the_clerk_is_told_that_no_first_day_is_set_until_it_is(world: World, request: pytest.FixtureRequest) -> None:
    with world.sessions() as session:
        session.add(Staff(login="first", name="文书的人", password_hash=HASH, role=Role.clerk, place_id="lijiagou"))
        session.commit()
    assert "从哪天起在这里公开，还没有定" in world.enter("first").get("/staff/village").text
    request.getfixturevalue("begun")
    assert "从哪天起在这里公开" not in world.enter("first").get("/staff/village").text
