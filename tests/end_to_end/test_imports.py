"""A village that staff import is at once one that residents can name."""

import io

from openpyxl import Workbook
from playwright.sync_api import Browser
from sqlalchemy import select

from actions.cases.models import Case
from bot.conversations.models import Conversation
from bot.db import make_engine, make_sessions
from bot.settings import Settings
from knowledge.places import Place
from tests.end_to_end import staff
from tests.end_to_end.conftest import Resident


def test_an_imported_village_is_named_by_a_resident(browser: Browser, base: str, prepared: Settings) -> None:
    staff.make(prepared, "import", "钱主管", "supervisor")
    desk = staff.sign_in(browser, base, "import", width=360)
    book = Workbook()
    # names that no other test uses
    for row in (
        ["名称", "上级", "级别", "别名", "电话", "兜底"],
        ["赵家坳", "柳河镇", "村", "老赵家", "0312-5550123", "否"],
        ["钱家湾", "柳河镇"],
        ["钱家湾", "青石乡"],
    ):
        book.active.append(row)
    held = io.BytesIO()
    book.save(held)
    desk.goto(f"{base}/staff/import/committees")
    desk.get_by_label("选文件").set_input_files(
        {"name": "村居委会.xlsx", "mimeType": "application/octet-stream", "buffer": held.getvalue()}
    )
    desk.get_by_role("button", name="先检查").click()
    desk.get_by_text("3 行都对，还没有导入").wait_for()
    # the table is on the page; the file needn't be chosen again
    desk.get_by_role("button", name="导入", exact=True).click()
    desk.get_by_text("导入好了：新增 3 行").wait_for()
    desk.context.close()

    with make_sessions(make_engine(prepared.url))() as session:
        villages = {(p.name, p.parent_id): p.id for p in session.scalars(select(Place))}
    chat = Resident(base)
    chat.say("我是赵家坳村的")
    assert chat.http.get("/api/widget/conversations/current").json()["village"] == villages["赵家坳村", "liuhe"]
    asked = chat.say("我是钱家湾村的")[-1]
    assert {b["title"] for b in asked["buttons"]} == {"钱家湾村（柳河镇）", "钱家湾村（青石乡）"}
    chat.say(next(b["payload"] for b in asked["buttons"] if "青石" in b["title"]))
    assert chat.http.get("/api/widget/conversations/current").json()["village"] == villages["钱家湾村", "qingshi"]
    assert (
        Resident(base, villages["赵家坳村", "liuhe"]).http.get("/api/widget/conversations/current").json()["village"]
        == villages["赵家坳村", "liuhe"]
    )

    reporter = Resident(base)
    reporter.say("我要报一件事")
    for answer in ("隔壁砌墙占了我家的路", "就在老赵家村口", "昨天", "隔壁老王", "让他拆了", "匿名", "没有"):
        said = reporter.say(answer)
        if any("我念一遍" in m["text"] for m in said):
            break
    assert any("赵家坳村" in m["text"] or "老赵家" in m["text"] for m in said), said
    reporter.say("对，报上去")
    with make_sessions(make_engine(prepared.url))() as session:
        conversation = session.scalars(select(Conversation.id).order_by(Conversation.created_at.desc())).first()
        assert (
            session.scalars(select(Case.place_id).where(Case.conversation_id == conversation)).one()
            == villages["赵家坳村", "liuhe"]
        )
