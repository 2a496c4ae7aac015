"""Writing and reviewing: drafts that save themselves, whole rules pasted, remarks that stop approval, many at once."""

from typing import Any

import pytest
from sqlalchemy import select

from actions.feedback import UnansweredQuestion
from bot.rehearsing.supposed import Rehearsed
from bot.staff.models import Staff
from knowledge.clock import SHANGHAI
from knowledge.documents import comments, versions
from knowledge.documents.models import Kind, VersionEvent, VersionStatus
from knowledge.documents.versions import SYSTEM, Person
from knowledge.evaluation.models import GoldenQuestion
from tests.bot.web.knowledge.test_documents import (
    ANN,
    FINE,
    NOW,
    STORY,
    at,
    draft,
    form,
    held,
    published,
    serve,
)
from tests.bot.world import DAY, World

RULE = {"title": "荷塘公约", "clauses": [{**FINE, "questions": ["采藕罚钱吗"]}]}


def submitted(world: World) -> int:
    version_id = draft(world)
    with world.sessions() as session:
        versions.submit(session, version_id, by=ANN, now=NOW)
        session.commit()
    return version_id


def test_a_draft_saves_itself_and_tells_it_once_a_quarter_of_an_hour(world: World) -> None:
    version_id, client = draft(world), world.enter("legal_worker")
    sent = form(client, version_id, do="auto", answer="写到一半")
    first = client.post(at(version_id), data=sent)
    assert first.status_code == 200
    assert first.json()["address"] == at(version_id)
    again = {**sent, "revision": str(first.json()["revision"]), "answer": "写到一半又添了几个字"}
    assert client.post(at(version_id), data=again).status_code == 200
    assert held(world, version_id).content["answer"] == "写到一半又添了几个字"
    with world.sessions() as session:
        saves = session.scalars(
            select(VersionEvent).where(VersionEvent.version_id == version_id, VersionEvent.what == "saved")
        )
        assert len(saves.all()) == 1


def test_a_draft_that_saves_itself_never_writes_over_a_colleague(world: World) -> None:
    version_id, client, colleague = draft(world), world.enter("legal_worker"), world.enter("colleague")
    sent = form(client, version_id, do="auto", answer="我写的")
    colleague.post(at(version_id), data=form(colleague, version_id, answer="同事写的"))
    refused = client.post(at(version_id), data=sent, headers={"accept": "application/json"})
    assert refused.status_code == 409
    assert held(world, version_id).content["answer"] == "同事写的"


def test_a_draft_whose_session_ended_is_told_so_and_not_redirected(world: World) -> None:
    version_id, client = draft(world), world.enter("legal_worker")
    sent = form(client, version_id, do="auto", answer="我写的")
    client.cookies.clear()
    answer = client.post(at(version_id), data=sent, headers={"accept": "application/json"})
    assert answer.status_code == 401


def test_a_text_that_came_back_goes_on_as_the_next_version_at_its_address(world: World) -> None:
    version_id, client = submitted(world), world.enter("legal_worker")
    with world.sessions() as session:
        versions.send_back(session, version_id, by=ANN, now=NOW, reason="改一下")
        session.commit()
    answer = client.post(at(version_id), data=form(client, version_id, do="auto", answer="改好了")).json()
    assert answer["address"] != at(version_id)
    assert held(world, int(answer["address"].rsplit("/", 1)[1])).content["answer"] == "改好了"


def test_a_whole_rule_is_pasted_into_clauses_and_what_was_written_for_residents_stays(world: World) -> None:
    version_id, client = draft(world, RULE, kind=Kind.village_rule), world.enter("legal_worker")
    whole = "第一条 车停到村东停车场。\n第二条 违反村规的，批评教育。\n第三条 看荷花别堵路口。"
    assert client.post(at(version_id), data=form(client, version_id, do="paste", whole=whole)).status_code == 303
    clauses = {c["number"]: c for c in held(world, version_id).content["clauses"]}
    assert [clauses[n]["text"] for n in ("第一条", "第二条", "第三条")] == [
        "车停到村东停车场。",
        "违反村规的，批评教育。",
        "看荷花别堵路口。",
    ]
    assert clauses["第二条"]["answer"] == "村里不能罚款。"
    assert clauses["第二条"]["questions"] == ["采藕罚钱吗"]
    assert clauses["第二条"]["status"] == "unclear", "other words have to be looked at again"


def test_a_pasted_text_without_clauses_is_given_back(world: World) -> None:
    version_id, client = draft(world, RULE, kind=Kind.village_rule), world.enter("legal_worker")
    answer = client.post(at(version_id), data=form(client, version_id, do="paste", whole="大家要爱护荷塘"))
    assert answer.status_code == 422
    assert "大家要爱护荷塘" in answer.text
    assert len(held(world, version_id).content["clauses"]) == 1


def test_all_that_may_give_somebody_away_is_replaced_at_once(world: World) -> None:
    story = {**STORY, "facts": "张建国借了三千块，电话13800001234。张建国的身份证号 420106199001011234。"}
    version_id, client = draft(world, story, kind=Kind.case_story), world.enter("legal_worker")
    assert 'value="swap-all"' in client.get(at(version_id)).text
    client.post(at(version_id), data=form(client, version_id, do="swap-all"))
    facts = held(world, version_id).content["facts"]
    assert not any(word in facts for word in ("张建国", "13800001234", "420106199001011234"))
    assert "身份证号 （身份证号略）" not in facts
    assert "借了三千块" in facts


def test_open_remarks_stop_approval_until_settled_or_waved_through(world: World) -> None:
    version_id, colleague = submitted(world), world.enter("colleague")
    with world.sessions() as session:
        comments.comment(session, version_id, by=ANN, now=NOW, text="第二句说的是谁？")
        session.commit()
    refused = colleague.post(at(version_id, "approve"))
    assert refused.status_code == 422
    assert "还有 1 条意见没有处理" in refused.text
    assert held(world, version_id).status is VersionStatus.in_review
    assert colleague.post(at(version_id, "approve"), data={"accepts_remarks": "1"}).status_code == 303
    with world.sessions() as session:
        told = session.scalars(select(VersionEvent.detail).where(VersionEvent.what == "approved")).all()
    assert "1 条意见以后再改" in told


def test_a_text_is_approved_and_published_with_one_press(world: World) -> None:
    version_id, colleague = submitted(world), world.enter("colleague")
    assert colleague.post(at(version_id, "approve"), data={"then": "publish"}).status_code == 303
    found = held(world, version_id)
    assert (found.status, found.publish_on) == (VersionStatus.approved, DAY)


def test_the_golden_questions_are_asked_before_one_press_publishes_too(world: World) -> None:
    failing = GoldenQuestion(id=1, key="k", ask="旧的问题", must=["guide-x"], any_of=[], must_not=[], source="console")
    colleague = serve(world, gate=lambda session, version: [failing]).enter("colleague")
    version_id = submitted(world)
    answer = colleague.post(at(version_id, "approve"), data={"then": "publish"})
    assert "旧的问题" in answer.text
    found = held(world, version_id)
    assert (found.status, found.publish_on) == (VersionStatus.approved, None)


def test_who_may_review_sees_how_many_wait_and_the_author_does_not(world: World) -> None:
    author, colleague = world.enter("legal_worker"), world.enter("colleague")
    with world.sessions() as session:
        me = session.scalars(select(Staff).where(Staff.login == "legal_worker")).one()
    version_id = draft(world, by=Person(me.id, me.name))
    assert 'title="等我审核的"' not in colleague.get("/staff/knowledge").text
    with world.sessions() as session:
        versions.submit(session, version_id, by=ANN, now=NOW)
        session.commit()
    assert 'title="等我审核的">1<' in colleague.get("/staff/knowledge").text
    assert 'title="等我审核的"' not in author.get("/staff/knowledge").text


def test_where_a_version_stands_is_told_until_residents_see_it(world: World) -> None:
    version_id = submitted(world)
    known = list[int]()
    client = serve(world, is_indexed=lambda version: version.id in known).enter("colleague")
    client.post(at(version_id, "approve"), data={"then": "publish"})
    assert "/state" in client.get(at(version_id, "state")).text, "it looks again"
    with world.sessions() as session:
        version = versions.publish(session, version_id, by=SYSTEM, now=NOW, today=DAY)
        for question in ("晒谷场归谁", "谷子晒哪"):
            asked = UnansweredQuestion(question=question, reason="abstained", document_id=version.document_id)
            session.add(asked)
        session.commit()
    assert "居民看得到了" not in client.get(at(version_id, "state")).text
    known.append(version_id)
    shown = client.get(at(version_id, "state")).text
    assert "居民看得到了 ✓" in shown
    assert "/heard" in shown
    assert f"{NOW.astimezone(SHANGHAI):%Y-%m-%d %H:%M} 发布" in shown
    assert "居民以前问过 <strong>2 次</strong>没答上" in shown
    assert f'hx-get="{at(version_id, "state")}"' not in shown, "nothing more to wait for"


@pytest.mark.slow
def test_what_a_resident_hears_after_publication_is_said_beside_it(real: Any) -> None:
    with real.world.sessions() as session:
        version = versions.current(session, real.document("低保怎么申请").id)
        assert version is not None
    shown = real.client.get(at(version.id, "heard")).text
    assert "居民问“低保怎么申请”，答的就是这一份" in shown

    async def elsewhere(*_: object) -> Rehearsed:
        said: Rehearsed = await real.rasa.rehearse("工伤怎么认定", None, _[2])
        return said

    real.client.app.state.desk.tools.__dict__["rehearse"] = elsewhere
    assert "答的不是这一份" in real.client.get(at(version.id, "heard")).text


def test_many_are_sent_to_review_and_what_lacks_something_is_named(world: World) -> None:
    client = world.enter("legal_worker")
    whole, lacking = draft(world), draft(world, {"title": "没写完的"})
    ids = [held(world, v).document_id for v in (whole, lacking)]
    shown = client.post("/staff/knowledge/bulk", data={"do": "submit", "ids": ids}).text
    assert "送审 1 份，1 份没有办" in shown
    assert "《没写完的》还差" in shown
    assert [held(world, v).status.value for v in (whole, lacking)] == ["in_review", "draft"]


def test_many_are_put_under_a_topic_and_keep_it_in_the_next_version(world: World) -> None:
    client, version_id = world.enter("legal_worker"), published(world)
    document = held(world, version_id).document_id
    sent = {"do": "topic", "ids": [document], "to_topic": "劳动用工"}
    assert "归类 1 份" in client.post("/staff/knowledge/bulk", data=sent).text
    with world.sessions() as session:
        assert versions.edit(session, document, by=ANN, now=NOW).content["topic"] == "劳动用工"
    assert "归类 0 份，1 份没有办" in client.post("/staff/knowledge/bulk", data={**sent, "to_topic": "乱写的"}).text


def test_many_are_withdrawn_with_a_reason_and_never_those_of_others(world: World) -> None:
    mine, theirs = published(world, place="qingshi"), published(world, place="liuhe")
    ids = [held(world, v).document_id for v in (mine, theirs)]
    shown = world.enter("legal_worker").post("/staff/knowledge/bulk", data={"do": "withdraw", "ids": ids}).text
    assert "请写明为什么撤回" in shown
    sent = {"do": "withdraw", "ids": ids, "reason": "旧了"}
    shown = world.enter("qingshi").post("/staff/knowledge/bulk", data=sent).text
    assert "撤回 1 份，1 份没有办" in shown
    assert [held(world, v).status for v in (mine, theirs)] == [VersionStatus.withdrawn, VersionStatus.published]
