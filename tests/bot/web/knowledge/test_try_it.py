"""A question asked as a resident would, at the console."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from actions.replies import Reply, ReplyKind
from bot.rehearsing.supposed import Rehearsed
from bot.staff.models import AuditEntry
from knowledge.documents import versions
from tests.bot.web.knowledge.indexed import ANN, Real, now
from tests.bot.world import ATTACK, DAY, World, console

pytestmark = pytest.mark.slow


def test_the_answer_is_shown_with_its_hits_and_a_way_to_edit_them(real: Real) -> None:
    shown = real.try_it("低保怎么申请")
    assert "低保向乡镇政府申请" in shown
    assert "像这个问法" in shown
    assert f'href="/staff/knowledge/{real.document("低保怎么申请").id}"' in shown


def test_what_is_left_out_is_named_with_the_reason(real: Real) -> None:
    with real.world.sessions() as session:
        version = versions.current(session, real.document("特困供养").id)
        assert version is not None
        versions.withdraw(session, version.id, by=ANN, now=now(), reason="写错了")
        session.commit()
    hidden = real.try_it("酒席不超过几桌 特困供养", place="lijiagou").split("没有给居民看的")[1]
    assert re.search(r"石桥酒席规矩.{0,40}别的村的", hidden)
    assert re.search(r"特困供养.{0,40}已撤回", hidden)


def test_a_draft_is_included_only_when_asked_for(real: Real) -> None:
    with real.world.sessions() as session:
        draft = versions.start_draft(
            session,
            by=ANN,
            now=now(),
            content={"title": "低保怎么申请", "answer": "改成找民政所的小陈办低保。", "questions": ["低保怎么申请"]},
            in_force_from=DAY,
            document_id=real.document("低保怎么申请").id,
        )
        session.commit()
    assert "小陈" not in real.try_it("低保怎么申请")
    with_it = real.try_it("低保怎么申请", version=str(draft.id))
    assert "改成找民政所的小陈" in with_it
    assert "正在试的这一版会替代它" in with_it
    assert (
        "小陈" in real.client.get(f"/staff/knowledge/try?version={draft.id}").text
        or f'value="{draft.id}" selected' in real.client.get(f"/staff/knowledge/try?version={draft.id}").text
    )


def test_an_abstention_and_a_danger_are_shown_as_a_resident_meets_them(real: Real) -> None:
    assert "不敢乱答" in real.try_it("低保怎么申请", day="2020-01-01")
    assert "居民先看到的是这个" in real.try_it("救命，有人拿刀砍我")


def test_nothing_of_a_question_is_kept_and_a_hostile_one_is_words(real: Real) -> None:
    before = real.world.rows()
    shown = real.try_it(f"低保怎么申请{ATTACK}")
    assert ATTACK not in shown
    assert "&lt;script&gt;" in shown
    for q, day in (("", DAY.isoformat()), ("低保", "不是日期"), ("\u200b", "")):
        assert real.client.post("/staff/knowledge/try", data={"q": q, "day": day}).status_code == 422
    assert real.world.rows() == before
    with real.world.sessions() as session:
        assert not any("低保" in e.detail for e in session.scalars(select(AuditEntry)))


def test_nothing_of_the_database_is_held_while_rasa_is_asked(world: World) -> None:
    engine, held = world.sessions.kw["bind"], []
    assert isinstance(engine, Engine)

    async def rehearse(text: str, *_: object) -> Rehearsed:
        held.append((text, engine.pool.checkedout()))  # type: ignore[attr-defined]  # of a pool that keeps a queue
        return Rehearsed((Reply(ReplyKind.abstention, "没把握。"),), "ask_law", 0.9)

    client = replace(world, app=console(world.settings, world.sessions, rehearse=rehearse)).enter("administrator")
    assert client.post("/staff/knowledge/try", data={"q": "低保怎么申请"}).status_code == 200
    assert held == [("低保怎么申请", 0)]


def test_rasa_is_not_asked_about_nothing(world: World) -> None:
    asked = list[str]()

    async def rehearse(text: str, *_: object) -> Rehearsed:
        asked.append(text)
        return Rehearsed((Reply(ReplyKind.abstention, "没把握。"),), "ask_law", 0.9)

    client = replace(world, app=console(world.settings, world.sessions, rehearse=rehearse)).enter("administrator")
    assert client.post("/staff/knowledge/try", data={"q": " "}).status_code == 422
    assert client.post("/staff/knowledge/try", data={"q": "低保"}, headers={"x-csrf": "x"}).status_code == 403
    assert asked == []


def test_why_is_said_in_words_and_a_near_document_can_learn_the_question(real: Real) -> None:
    shown = real.try_it("低保怎么申请")
    why = shown.split("为什么</h3>")[1].split("</ol>")[0]
    assert "听成了“问办事”，很有把握" in why
    assert "最像的是《低保怎么申请》" in why
    assert "其次是《" in why
    assert "第一名够像，就答它" in why
    answering, document = real.document("低保怎么申请").id, real.document("低保多久能批下来").id
    assert f'action="/staff/knowledge/{document}/edit"' in shown
    assert f'action="/staff/knowledge/{answering}/edit"' not in shown, "it answers already"
    real.client.post(f"/staff/knowledge/{document}/edit", data={"ask": "低保咋个弄法"})
    with real.world.sessions() as session:
        draft = versions.open_version(session, document)
        assert draft is not None
        assert draft.content["questions"] == ["低保多久能批下来", "低保咋个弄法"]
        assert draft.content["answer"] == "低保批下来一般要三十天。"


def test_what_is_only_tried_leaves_no_row_and_rasa_forgets_it(real: Real) -> None:
    before = real.world.rows()
    for q in ("明天下雨吗，火星上的蚯蚓吃什么", "转人工", "救命，有人拿刀砍我", "低保怎么申请"):
        assert "为什么" in real.try_it(q)
    assert real.world.rows() == before
    asked = [conversation for conversation, _ in real.rasa.asked]
    assert len(asked) == 3, "where somebody is in danger nobody waits for Rasa"
    assert real.rasa.forgotten == asked
