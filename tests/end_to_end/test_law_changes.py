"""The law changes under documents of ours, and a citation is found by words: real browsers, the real stack.

The days of a statute come from two people's corrections, so the calendar moves as it does in the product: a day
announced for next week, then reached.
"""

import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page
from sqlalchemy import select

from bot.db import make_engine, make_sessions
from bot.settings import Settings
from knowledge.clock import today
from knowledge.documents import saving, versions
from knowledge.documents.building import build
from knowledge.documents.models import DocumentVersion, Kind, VersionStatus
from knowledge.documents.versions import Person
from knowledge.law import loading
from knowledge.statutes.reading import read_statutes
from tests.end_to_end.conftest import Resident
from tests.end_to_end.staff import Chat, sign_in
from tests.end_to_end.test_accessibility import violations
from tests.end_to_end.test_curation import approve_and_publish, desks, until_published, version_of
from tests.end_to_end.test_journeys import press, shot

FARMING, MACHINES = "中华人民共和国农业法", "中华人民共和国农业机械化促进法"
# of our corpus: they rest on 农业法 46 and on 农业机械化促进法 27
INSURANCE, SUBSIDY = "庄稼受灾，农业保险怎么赔", "买农机怎么领补贴"
INSURANCE_ANSWER = "农业保险是不是必须买，村里统一买的怎么赔"  # rests on the same article
ASKED_INSURANCE, ASKED_SUBSIDY = "水稻被大水淹了，保险怎么报", "先买机子后申请补贴行吗"
# as the queue names them
INSURED, MACHINE = "《农业法》第四十六条 条文改了", "《农业机械化促进法》第二十七条 整部法废止"
OURS = {
    "id": "guide-nongji-jiaohuan",
    "kind": "service_guide",
    "title": "旧农机换新怎么办",
    "place": "shiqiao",
    "topic": "土地承包与宅基地",
    "in_force_from": "2026-01-01",
    "reviewed_on": "2026-11-20",
    "answer": "旧农机先到镇里登记，再换新的。",
    "legal_basis": ["农业机械化促进法 27"],
    "questions": ["旧农机换新去哪里登记"],
}


def arrive(settings: Settings) -> int:
    """Two statutes as a new package brings them, and a published text of the village's own; returns that version."""
    engine, corrections = make_engine(settings.url), settings.corpus / "statute-corrections.yml"
    with make_sessions(engine)() as session:
        for law in (FARMING, MACHINES):
            loading.save_statutes(
                session,
                read_statutes(corrections, law=law),
                repealed=read_statutes(corrections, law=law, repealed=True),
            )
        version = saving.save_document(session, build(OURS, source="test")[0], key=None).id
        session.commit()
    engine.dispose()
    return version


def correct(
    writer: Page, reader: Page, base: str, law: str, adopted: str, *, reason: str, open_end: bool = False, **days: str
) -> None:
    """One proposes, the other confirms."""
    writer.goto(f"{base}/staff/knowledge/law/corrections?law={law.removeprefix('中华人民共和国')}")
    version = writer.get_by_role("region", name=law, exact=True).locator(
        "div.border-top", has_text=f"{adopted} 通过的文本"
    )
    version.locator("summary").click()
    for name, day in days.items():
        version.locator(f"[name={name}]").fill(day)
    if open_end:
        version.get_by_label("去掉结束日期").check()
    version.locator("[name=reason]").fill(reason)
    version.get_by_role("button", name="提出，请同事确认").click()
    writer.get_by_text("要请另一位同事确认").wait_for()
    reader.goto(f"{base}/staff/knowledge/law/corrections")
    press(reader, "确认，马上生效")
    reader.get_by_text("等人确认（0）").wait_for()


def listed(page: Page, base: str, section: str, article: str, *titles: str) -> Locator:
    """The change's card, as soon as the worker has looked, which it does text by text: until the card holds these
    titles.
    """
    for _ in range(120):
        page.goto(f"{base}/staff/knowledge/law")
        found = page.get_by_role("region", name=section).get_by_role("region", name=article)
        if found.count() and all(title in found.first.inner_text() for title in titles):
            return found.first
        time.sleep(1)
    raise AssertionError(f"{article} isn't listed under {section}")


def told(base: str, question: str, settings: Settings) -> dict[str, str]:
    """What a resident of 石桥 is told: by title of the source, what is noted beside it."""
    resident = Resident(base, "shiqiao", secret=settings.secret("internal"))
    said = resident.say(question)
    resident.http.close()
    return {c["title"]: c["note"] or "" for m in said for c in m["citations"]}


def decide(page: Page, base: str, article: str, title: str, do: str, reason: str = "") -> None:
    form = listed(page, base, "已经生效的变动", article).locator("form", has_text=title)
    form.locator("[name=reason]").fill(reason)
    form.get_by_role("button", name=do).click()
    page.wait_for_load_state()


def _announced(writer: Page, reader: Page, base: str, prepared: Settings) -> None:
    """The new text of 农业法 begins in ten days, residents are told what holds today."""
    correct(
        writer,
        reader,
        base,
        FARMING,
        "2026-08-28",
        reason="公报：施行日期提前",
        in_force_from=(today() + timedelta(days=10)).isoformat(),
    )
    coming = listed(reader, base, "快要生效的变动", INSURED, INSURANCE)
    assert INSURANCE in coming.inner_text()
    assert "将来的条文" in coming.inner_text()
    shot(reader, "law-1-announced")
    assert told(base, ASKED_INSURANCE, prepared)[INSURANCE] == ""


def _the_day_has_come(writer: Page, reader: Page, base: str, prepared: Settings) -> None:
    correct(writer, reader, base, FARMING, "2026-08-28", reason="公报：从今天起施行", in_force_from=today().isoformat())
    due = listed(reader, base, "已经生效的变动", INSURED, "农业保险条例", INSURANCE, INSURANCE_ANSWER)
    assert "农业保险条例" in due.inner_text()
    assert "现在的条文" in due.inner_text()
    assert "意思最接近的：第五十四条" in due.inner_text()
    assert "建立和完善农业保险制度" in due.locator(".law-old").inner_text()
    assert "农业投入" in due.locator(".law-new").inner_text()
    old, new = due.locator(".law-old").bounding_box(), due.locator(".law-new").bounding_box()
    assert old, "side by side"
    assert new, "side by side"
    assert old["x"] + old["width"] <= new["x"], "side by side"
    assert old["y"] == new["y"], "side by side"
    assert "正在核对" in told(base, ASKED_INSURANCE, prepared)[INSURANCE]


def _ended(writer: Page, reader: Page, chat: Chat, base: str, prepared: Settings) -> None:
    """What rests on a law that ended yesterday is shown to nobody, before anybody has looked at the queue."""
    assert SUBSIDY in told(base, ASKED_SUBSIDY, prepared)
    correct(
        writer,
        reader,
        base,
        MACHINES,
        "2018-10-26",
        reason="公告：自今日起废止",
        in_force_to=(today() - timedelta(days=1)).isoformat(),
    )
    assert SUBSIDY not in told(base, ASKED_SUBSIDY, prepared)
    assert OURS["title"] not in told(base, "旧农机换新去哪里登记", prepared)
    assert "买了补贴目录里的机子" not in chat.say(ASKED_SUBSIDY)
    shot(chat.page, "law-2-resident")
    dead = listed(reader, base, "已经生效的变动", MACHINE, SUBSIDY, str(OURS["title"]))
    assert SUBSIDY in dead.inner_text()
    assert str(OURS["title"]) in dead.inner_text()
    assert "没有了" in dead.locator(".law-new").inner_text()
    assert violations(reader) == []
    shot(reader, "law-3-due")


def _kept(reader: Page, base: str) -> None:
    """Kept, once it is said why."""
    decide(reader, base, INSURED, "农业保险条例", "保留，还是对的")
    assert "要写明理由" in reader.locator("main").inner_text()
    decide(reader, base, INSURED, "农业保险条例", "保留，还是对的", "自愿投保写在新法第五十四条，条例没有变")
    assert "农业保险条例" not in listed(reader, base, "已经生效的变动", INSURED).inner_text()
    decide(reader, base, INSURED, INSURANCE_ANSWER, "保留，还是对的", "自愿这一句新旧条文一样")


def _edited(writer: Page, reader: Page, base: str, prepared: Settings) -> None:
    """Approved by the other and published: nothing is noted beside it any more."""
    decide(writer, base, INSURED, INSURANCE, "去修改")
    version = version_of(writer)
    basis = writer.locator("#editor [name=legal_basis]")
    basis.fill(basis.input_value().replace("农业法 46", "农业法 54"))
    writer.locator(".cited", has_text="《农业法》第五十四条").wait_for()
    shot(writer, "law-4-edit")
    press(writer, "保存并送审")
    approve_and_publish(reader, base, version)
    until_published(prepared, version)
    assert told(base, ASKED_INSURANCE, prepared)[INSURANCE] == ""


def _withdrawn(reader: Page, base: str, prepared: Settings, own: int) -> None:
    decide(reader, base, MACHINE, str(OURS["title"]), "撤回", "依据废止了，先不办")
    engine = make_engine(prepared.url)
    with make_sessions(engine)() as session:
        assert session.get_one(DocumentVersion, own).status is VersionStatus.withdrawn
    reader.goto(f"{base}/staff/knowledge/law")
    assert INSURED not in reader.locator("main").inner_text()
    assert str(OURS["title"]) not in reader.locator("main").inner_text()
    shot(reader, "law-5-decided")
    engine.dispose()


def test_a_statute_changes_on_a_day_and_what_it_hits_is_kept_edited_and_withdrawn(
    browser: Browser, base: str, prepared: Settings
) -> None:
    writer, reader = desks(browser, base, prepared)
    chat, own = Chat(browser, base, village="shiqiao"), arrive(prepared)
    until_published(prepared, own)

    _announced(writer, reader, base, prepared)
    _the_day_has_come(writer, reader, base, prepared)
    _ended(writer, reader, chat, base, prepared)
    _kept(reader, base)
    _edited(writer, reader, base, prepared)
    _withdrawn(reader, base, prepared, own)

    # It was a mistake: the law goes on, and with it what nobody had decided about.
    correct(writer, reader, base, MACHINES, "2018-10-26", reason="公告看错了，仍然有效", open_end=True)
    assert SUBSIDY in told(base, ASKED_SUBSIDY, prepared)
    assert OURS["title"] not in told(base, "旧农机换新去哪里登记", prepared)
    for page in (writer, reader, chat.page):
        page.context.close()


def draft(settings: Settings, kind: Kind, content: dict[str, object]) -> int:
    engine = make_engine(settings.url)
    with make_sessions(engine)() as session:
        version = versions.start_draft(
            session,
            by=Person(None, "测试"),
            now=datetime.now(UTC),
            kind=kind,
            place_id="shiqiao",
            content=content,
            in_force_from=today(),
        )
        session.commit()
        found = version.id
    engine.dispose()
    return found


def stored(settings: Settings, version_id: int) -> dict[str, object]:
    engine = make_engine(settings.url)
    with make_sessions(engine)() as session:
        content = session.scalars(select(DocumentVersion.content).where(DocumentVersion.id == version_id)).one()
    engine.dispose()
    return dict(content)


@pytest.mark.parametrize("width", [320, 1280])
def test_an_article_is_found_by_words_and_cited_from_the_keyboard(
    browser: Browser, base: str, prepared: Settings, width: int
) -> None:
    desks(browser, base, prepared)
    page = sign_in(browser, base, "writer", width=width)
    version = draft(prepared, Kind.service_guide, {"title": "分户", "legal_basis": ["反家庭暴力法 5"]})
    page.goto(f"{base}/staff/knowledge/versions/{version}")
    basis, picker = page.locator("[name=legal_basis]"), page.locator(".picker")
    basis.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("外嫁女 分红 成员资格")
    found = picker.locator("li", has_text="《农村集体经济组织法》").first
    found.wait_for()
    assert "有效" in found.inner_text()
    assert "第" in found.inner_text()
    assert len(found.locator("p").inner_text()) > 10
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.keyboard.press("Enter")  # neither saves nor leaves
    assert page.url.endswith(f"/versions/{version}")
    assert basis.input_value() == "反家庭暴力法 5"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    cited = page.evaluate("document.activeElement.dataset.citation")
    # What has the focus is seen, not hidden by the bar with the buttons.
    page.wait_for_function(
        "() => { const box = document.activeElement.getBoundingClientRect(); return "
        "document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === document.activeElement; }"
    )
    shot(page, f"picker-{width}-found")
    page.keyboard.press("Enter")
    assert basis.input_value().split("\n") == ["反家庭暴力法 5", cited]
    page.locator(".cited li", has_text=f"可用 {cited}").wait_for()
    assert violations(page) == []
    shot(page, f"picker-{width}-picked")
    picker.locator("[data-citation]").first.click()
    assert basis.input_value().split("\n") == ["反家庭暴力法 5", cited], "twice is once"
    basis.fill(f"{cited}\n反家庭暴力法 999")
    page.locator(".cited li", has_text="不对 反家庭暴力法 999").wait_for()
    basis.fill(cited)
    press(page, "保存")
    assert stored(prepared, version)["legal_basis"] == [cited]
    page.context.close()


def test_each_clause_has_a_picker_of_its_own(browser: Browser, base: str, prepared: Settings) -> None:
    writer, reader = desks(browser, base, prepared)
    version = draft(
        prepared,
        Kind.village_rule,
        {"title": "规矩", "clauses": [{"number": f"第{n}条", "text": "红事白事从简，十桌以内最好。"} for n in "一二"]},
    )
    writer.goto(f"{base}/staff/knowledge/versions/{version}")
    part = writer.locator("#part-1")
    part.locator("summary", has_text="与哪条法律冲突").click()
    part.locator("summary", has_text="找法条").click()
    part.locator("[name=q]").fill("反家庭暴力法 3")
    part.get_by_role("button", name="引用 反家庭暴力法 3", exact=True).click()
    part.locator(".cited li", has_text="可用 反家庭暴力法 3").wait_for()
    assert [writer.locator(f"[name=part-{i}-conflicts_with]").input_value() for i in (0, 1)] == ["", "反家庭暴力法 3"]
    for page in (writer, reader):
        page.context.close()


def test_without_javascript_a_citation_is_typed_and_checked_when_saved(
    browser: Browser, base: str, prepared: Settings
) -> None:
    desks(browser, base, prepared)
    page = sign_in(browser, base, "writer")
    version = draft(prepared, Kind.service_guide, {"title": "手写"})
    plain = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state()).new_page()
    plain.goto(f"{base}/staff/knowledge/versions/{version}")
    assert not plain.locator(".picker").is_visible()
    plain.locator("[name=legal_basis]").fill("反家庭暴力法 5")
    press(plain, "保存")
    assert "《反家庭暴力法》第五条" in plain.get_by_role("region", name="引用的法条").inner_text()
    assert stored(prepared, version)["legal_basis"] == ["反家庭暴力法 5"]
    for some in (page, plain):
        some.context.close()
