"""The pages of the law in force, over the real package's 农业法, of which a new version takes effect on 2027-01-01."""

import html
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.conversations import canned
from bot.conversations.models import CannedReply
from bot.run.citing import citing_bank
from bot.staff.models import AuditEntry, Role, Staff
from bot.web.staff.conversations import deeds
from knowledge.documents import saving
from knowledge.documents.building import build
from knowledge.documents.models import ArticleMove, BankQuestion, BankTarget, Chunk, DocumentVersion, VersionStatus
from knowledge.law import loading
from knowledge.law.changes import find_changes
from knowledge.law.models import CorrectionState, Decision, LawHit, StatuteCorrection
from knowledge.statutes.citations import statute_id
from tests.bot.world import ATTACK, DAY, World, console
from tests.conftest import CORPUS

NEW_YEAR = date(2027, 1, 1)
LAW = "/staff/knowledge/law"


def guide(id: str, place: str, title: str = "农业保险怎么买") -> dict[str, Any]:
    return {
        "id": id,
        "kind": "service_guide",
        "title": title,
        "place": place,
        "topic": "土地承包与宅基地",
        "issuer": "农业农村局",
        "in_force_from": date(2026, 1, 1),
        "in_force_to": date(2027, 1, 20),
        "reviewed_on": date(2026, 11, 20),
        "answer": "自愿买。",
        "next": "去镇里问。",
        "sections": {"怎么办": "去镇里。"},
        "legal_basis": ["农业法 46"],
        "questions": ["农业保险怎么买"],
    }


@pytest.fixture
def changed(world: World) -> World:
    """On the day the new 农业法 takes effect, before anybody looked: two guides and a canned reply cite article 46."""
    with world.sessions() as session:
        loading.import_statutes(session, CORPUS, only=["农业法"])
        for data in (guide("guide-county", "qinghe"), guide("guide-village", "lijiagou", f"李家沟的保险{ATTACK}")):
            saving.save_document(session, build(data, source="test")[0], key=None)
        session.add(CannedReply(text="依据《农业法》第四十六条，保险自愿。"))
        session.commit()
        find_changes(session, today=DAY, others=canned.citing_replies(session))
        find_changes(session, today=NEW_YEAR, others=canned.citing_replies(session))
    return replace(world, app=console(world.settings, world.sessions, today=lambda: NEW_YEAR))


def hit(world: World, title: str) -> LawHit:
    with world.sessions() as session:
        return session.scalars(select(LawHit).where(LawHit.title.startswith(title))).one()


def decide(client: TestClient, number: int, do: str, reason: str = "") -> Any:
    return client.post(f"{LAW}/hits/{number}", data={"do": do, "reason": reason})


def test_the_queue_shows_both_wordings_and_all_that_cite_the_article(changed: World) -> None:
    shown = changed.enter("legal_worker").get(LAW).text
    assert "《农业法》第四十六条" in shown
    assert "条文改了" in shown
    assert "2027-01-01 起" in shown
    assert "农业保险怎么买" in shown
    assert "快捷回复：依据" in shown
    assert "李家沟的保险" in shown
    assert ATTACK not in shown
    assert html.escape(ATTACK) in shown
    assert re.search(r"<del>[^<]+</del>", shown)
    assert re.search(r"<ins>[^<]+</ins>", shown)
    assert "30 天内到期（2）" in shown
    assert "2027-01-01：《农业法》（2026-08-28 通过）施行" in shown


def test_keeping_needs_a_reason_and_is_on_record(changed: World) -> None:
    client, number = changed.enter("legal_worker"), hit(changed, "农业保险").id
    refused = decide(client, number, "keep", " ")
    assert refused.status_code == 422
    assert "要写明理由" in refused.text
    assert decide(client, number, "keep", "对照过，自愿投保没变").headers["location"] == LAW
    assert hit(changed, "农业保险").decision is Decision.keep
    with changed.sessions() as session:
        assert session.scalars(select(AuditEntry.detail).where(AuditEntry.what == "法律变动：保留")).all() == [
            "对照过，自愿投保没变"
        ]
    late = decide(changed.enter("colleague"), number, "withdraw", "我来晚了，理由别丢")
    assert late.status_code == 422
    assert "已经有同事处理了" in late.text


def test_editing_opens_a_draft_of_the_document(changed: World) -> None:
    answer = decide(changed.enter("legal_worker"), hit(changed, "农业保险").id, "edit")
    with changed.sessions() as session:
        draft = session.scalars(
            select(DocumentVersion).where(
                DocumentVersion.document_id == "guide-county", DocumentVersion.status == VersionStatus.draft
            )
        ).one()
    assert answer.headers["location"] == f"/staff/knowledge/versions/{draft.id}"
    assert draft.author == "legal_worker的人"
    assert "legal_worker的人正在修改" in changed.enter("colleague").get(LAW).text


def test_withdrawing_ends_the_document_at_once(changed: World) -> None:
    client, number = changed.enter("legal_worker"), hit(changed, "农业保险").id
    assert decide(client, number, "withdraw").status_code == 422
    assert decide(client, number, "withdraw", "新法改了").status_code == 303
    with changed.sessions() as session:
        assert [
            v.status
            for v in session.scalars(select(DocumentVersion).where(DocumentVersion.document_id == "guide-county"))
        ] == [VersionStatus.withdrawn]


def test_a_canned_reply_is_withdrawn_by_the_county_and_not_by_a_township(changed: World) -> None:
    number, farm = hit(changed, "快捷回复").id, select(CannedReply).where(CannedReply.text.contains("农业法"))
    assert decide(changed.enter("qingshi"), number, "withdraw", "不对了").status_code == 403
    with changed.sessions() as session:
        assert session.scalars(farm).one()
    assert hit(changed, "快捷回复").decision is Decision.open
    assert decide(changed.enter("legal_worker"), number, "withdraw", "不对了").status_code == 303
    with changed.sessions() as session:
        assert session.scalars(farm).all() == []


def test_another_township_neither_sees_nor_decides(changed: World) -> None:
    client, number = changed.enter("qingshi"), hit(changed, "李家沟").id
    assert "李家沟的保险" not in client.get(LAW).text
    for do in ("keep", "edit", "withdraw"):
        assert decide(client, number, do, "看过").status_code == 403
    assert hit(changed, "李家沟").decision is Decision.open


@pytest.mark.parametrize("number", ["0", "999", "x", "²", "9999999999"])
def test_a_hit_that_is_not_there_is_not_found(changed: World, number: str) -> None:
    assert (
        changed.enter("legal_worker").post(f"{LAW}/hits/{number}", data={"do": "keep", "reason": "x"}).status_code
        == 404
    )
    assert decide(changed.enter("legal_worker"), hit(changed, "农业保险").id, "explode", "x").status_code == 404


def test_what_an_agent_cites_carries_the_caution_too(changed: World) -> None:
    with changed.sessions() as session:
        chunk = session.scalars(
            select(Chunk).join(DocumentVersion).where(DocumentVersion.document_id == "guide-county")
        ).one()
        assert [c.note for c in deeds.citations(session, str(chunk.id), DAY)] == [None]
        assert "正在核对" in (deeds.citations(session, f"{chunk.id},99999", NEW_YEAR)[0].note or "")


def propose(client: TestClient, **more: str) -> Any:
    return client.post(
        f"{LAW}/corrections",
        data={
            "law": "中华人民共和国农业法",
            "version_date": "2026-08-28",
            "in_force_from": "2027-03-01",
            "reason": "公报写的是三月一日",
            **more,
        },
    )


def correction(world: World) -> StatuteCorrection:
    with world.sessions() as session:
        return session.scalars(select(StatuteCorrection)).one()


def test_one_proposes_another_confirms_and_the_dates_follow(changed: World) -> None:
    author, colleague = changed.enter("legal_worker"), changed.enter("colleague")
    assert "2026-08-28 通过的文本" in author.get(f"{LAW}/corrections?law=农业法").text
    assert propose(author).headers["location"] == f"{LAW}/corrections"
    number = correction(changed).id
    own = author.post(f"{LAW}/corrections/{number}", data={"do": "confirm"})
    assert own.status_code == 422
    assert "另一位同事" in own.text
    assert "2027-01-01 → 2027-03-01" in colleague.get(f"{LAW}/corrections").text
    assert colleague.post(f"{LAW}/corrections/{number}", data={"do": "confirm"}).status_code == 303
    with changed.sessions() as session:
        rows = session.scalars(
            select(DocumentVersion)
            .where(DocumentVersion.document_id == statute_id("农业法"))
            .order_by(DocumentVersion.in_force_from)
        )
        assert [(str(v.in_force_from), str(v.in_force_to)) for v in rows] == [
            ("2012-12-28", "2027-02-28"),
            ("2027-03-01", "None"),
        ]
    late = changed.enter("administrator").post(f"{LAW}/corrections/{number}", data={"do": "refuse", "note": "晚了"})
    assert late.status_code == 422
    assert "已经有同事处理了" in late.text


def test_a_role_change_of_the_proposer_makes_no_second_person(changed: World) -> None:
    author = changed.enter("legal_worker")
    propose(author)
    with changed.sessions() as session:
        session.scalars(select(Staff).where(Staff.login == "legal_worker")).one().role = Role.administrator
        session.commit()
    assert author.post(f"{LAW}/corrections/{correction(changed).id}", data={"do": "confirm"}).status_code == 422
    assert correction(changed).state is CorrectionState.proposed


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"in_force_from": "昨天"},
        {"in_force_from": "2027-01-01"},
        {"version_date": ""},
        {"version_date": "2001-01-01"},
        {"law": ATTACK},
        {"in_force_from": "0001-01-01"},
        {"in_force_to": "2027-02-01"},
    ],
)
def test_a_correction_that_cannot_be_is_refused_and_what_was_typed_stays(changed: World, wrong: dict[str, str]) -> None:
    answer = propose(changed.enter("legal_worker"), **wrong)
    assert answer.status_code == 422
    assert ATTACK not in answer.text
    if "version_date" not in wrong and "law" not in wrong and "reason" not in wrong:
        assert "公报写的是三月一日" in answer.text
    with changed.sessions() as session:
        assert session.scalars(select(StatuteCorrection)).all() == []


def test_a_township_looks_at_corrections_and_makes_none(changed: World) -> None:
    propose(changed.enter("legal_worker"))
    client = changed.enter("qingshi")
    assert client.get(f"{LAW}/corrections?law=农业法").status_code == 200
    assert propose(client).status_code == 403
    for do in ("confirm", "refuse"):
        assert (
            client.post(f"{LAW}/corrections/{correction(changed).id}", data={"do": do, "note": "不"}).status_code == 403
        )
    assert correction(changed).state is CorrectionState.proposed


def test_citations_are_checked_line_by_line_on_the_days_of_the_text(changed: World) -> None:
    client = changed.enter("legal_worker")
    lines = "农业法 46\n农业法 112\n农业法 900\n《农业法》第四十六条\n民法点\n"
    found = client.post(
        f"{LAW}/check", data={"citation": lines, "in_force_from": "2026-01-01", "in_force_to": "2026-12-31"}
    ).text
    assert re.findall(r'badge [^"]+">(\S+)</span>', found) == ["可用", "请看", "不对", "可用", "不对"]
    later = client.post(
        f"{LAW}/check", data={"legal_basis": "农业法 46", "in_force_from": "2026-01-01", "in_force_to": ""}
    ).text
    assert "从 2027-01-01 起换成新的条文" in later


def test_the_picker_finds_an_article_by_the_start_of_the_law_and_its_number(changed: World) -> None:
    found = changed.enter("legal_worker").get(f"{LAW}/articles", params={"q": "农业 46", "day": "2026-11-24"}).text
    assert 'data-citation="农业法 46"' in found
    assert "2012-12-28 起，到 2026-12-31" in found
    assert "没有找到" in changed.enter("legal_worker").get(f"{LAW}/articles", params={"q": ATTACK}).text
    assert "没有找到" not in changed.enter("legal_worker").get(f"{LAW}/articles").text


@pytest.fixture
def cited_by_the_bank(world: World) -> World:
    """Before the new 农业法: the bank asks about articles 46 (moved, by the table) and 84 (in there no more)."""
    with world.sessions() as session:
        loading.import_statutes(session, CORPUS, only=["农业法"])
        for id, text, ref in (("a", "庄稼险是自愿买吗", "第四十六条"), ("b", "合作医疗怎么办", "第八十四条")):
            question = BankQuestion(id=id, text=text, set_aside=False, source="test")
            question.targets = [BankTarget(rank=0, document_id=statute_id("农业法"), ref=ref)]
            session.add(question)
        session.commit()
        find_changes(session, today=date(2026, 12, 20), others=citing_bank(session))
    return replace(world, app=console(world.settings, world.sessions, today=lambda: date(2026, 12, 20)))


def test_the_queue_says_where_the_banks_articles_go_and_what_is_hidden(cited_by_the_bank: World) -> None:
    shown = cited_by_the_bank.enter("legal_worker").get(LAW).text
    assert "问法库：庄稼险是自愿买吗" in shown
    assert "从 2027-01-01 起改看第五十四条，请对照一下。" in shown
    assert "还没人定改看哪一条，2027-01-01 起先不给居民看。" in shown
    assert 'name="to" maxlength="20" value="第五十四条"' in shown


def test_a_county_says_where_an_article_went_and_a_township_does_not(cited_by_the_bank: World) -> None:
    number = hit(cited_by_the_bank, "问法库：合作医疗").id
    township = cited_by_the_bank.enter("qingshi")
    assert decide(township, number, "move").status_code == 403
    assert 'name="to"' not in township.get(LAW).text
    client = cited_by_the_bank.enter("legal_worker")
    for wrong in ("keep", "edit", "withdraw"):
        assert decide(client, number, wrong, "理由").status_code == 404
    unknown = client.post(f"{LAW}/hits/{number}", data={"do": "move", "to": "999"})
    assert unknown.status_code == 422
    assert "新版里没有这一条" in unknown.text
    assert client.post(f"{LAW}/hits/{number}", data={"do": "move", "to": "第九十九条"}).status_code == 303
    with cited_by_the_bank.sessions() as session:
        (moved,) = session.scalars(select(ArticleMove)).all()
    assert (moved.old_ref, moved.new_ref, moved.decided_by) == ("第八十四条", "第九十九条", "legal_worker的人")
    assert hit(cited_by_the_bank, "问法库：合作医疗").decision is Decision.keep
    number = hit(cited_by_the_bank, "问法库：庄稼险").id
    assert decide(client, number, "hide").status_code == 303
    assert hit(cited_by_the_bank, "问法库：庄稼险").decision is Decision.withdraw
    assert "问法库" not in client.get(LAW).text
