import html
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from bot.staff.models import AuditEntry, Role, Staff
from knowledge.documents import versions
from knowledge.documents.kinds.registry import EDITABLE, KINDS
from knowledge.documents.models import Document, DocumentVersion, Kind, VersionComment, VersionEvent, VersionStatus
from knowledge.documents.versions import SYSTEM, Person
from knowledge.encoder.cache import VectorCache
from knowledge.encoder.embedding import DIM
from knowledge.evaluation.models import GoldenQuestion
from knowledge.search import building as index_building
from knowledge.search import snapshot
from knowledge.search.searcher import Searcher
from tests.bot.world import ATTACK, DAY, World, console
from tests.fakes import NoSearch, PairEmbedder

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
ANN = Person(901, "安")
GUIDE: dict[str, Any] = {
    "title": "怎么办老年证",
    "topic": "社会保障与救助",
    "answer": "满六十岁就能办。",
    "questions": ["老年证咋办"],
    "sections": {"带什么": "身份证"},
}
STORY = {
    "title": "借钱的事",
    "facts": "张建国借了三千块，电话13800001234。",
    "handling": "司法所调解。",
    "lesson": "写欠条。",
    "answer": "先调解。",
    "articles": ["反家庭暴力法 5"],
}
FINE = {"number": "第二条", "text": "违反村规的，罚款五百元。", "answer": "村里不能罚款。"}


def draft(
    world: World,
    content: dict[str, Any] = GUIDE,
    *,
    kind: Kind = Kind.service_guide,
    place: str = "lijiagou",
    by: Person = ANN,
) -> int:
    with world.sessions() as session:
        version = versions.start_draft(
            session, by=by, now=NOW, kind=kind, place_id=place, content=content, in_force_from=DAY
        )
        session.commit()
        return version.id


def published(
    world: World, content: dict[str, Any] = GUIDE, *, kind: Kind = Kind.service_guide, place: str = "lijiagou"
) -> int:
    version_id = draft(world, content, kind=kind, place=place)
    with world.sessions() as session:
        versions.submit(session, version_id, by=ANN, now=NOW)
        versions.approve(session, version_id, by=Person(902, "波"), now=NOW)
        versions.request_publication(session, version_id, by=ANN, now=NOW, on=DAY)
        versions.publish(session, version_id, by=SYSTEM, now=NOW, today=DAY)
        session.commit()
    return version_id


def at(version_id: int, do: str = "") -> str:
    return f"/staff/knowledge/versions/{version_id}{'/' + do if do else ''}"


def form(client: TestClient, version_id: int, **changes: str) -> dict[str, str]:
    """What a browser would send from the editor as it is shown, with some fields typed over."""
    page = client.get(at(version_id)).text
    return {**fields_of(page), "do": "save", **{k.replace("__", "-"): v for k, v in changes.items()}}


def fields_of(page: str) -> dict[str, str]:
    inside = page[page.index('<form id="editor"') :]
    inside = inside[: inside.index("</form>")]
    found = {
        m[1]: html.unescape(m[2])
        for m in re.finditer(r'<input (?!class="form-check)[^>]*name="([\w-]+)"[^>]*value="([^"]*)"', inside)
    }
    found |= {
        m[1]: html.unescape(m[2].removeprefix("\n"))
        for m in re.finditer(r'<textarea [^>]*name="([\w-]+)"[^>]*>(.*?)</textarea>', inside, re.S)
    }
    for name, options in re.findall(r'<select [^>]*name="([\w-]+)"[^>]*>(.*?)</select>', inside, re.S):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
        found[name] = html.unescape(chosen[1] if chosen and chosen[1] is not None else chosen[2]) if chosen else ""
    return found


def held(world: World, version_id: int) -> DocumentVersion:
    with world.sessions() as session:
        return session.get_one(DocumentVersion, version_id)


def newest(world: World, document_id: str) -> DocumentVersion:
    with world.sessions() as session:
        return session.scalars(
            select(DocumentVersion)
            .where(DocumentVersion.document_id == document_id)
            .order_by(DocumentVersion.number.desc())
            .limit(1)
        ).one()


def serve(
    world: World,
    *,
    gate: Callable[[Session, DocumentVersion], Sequence[GoldenQuestion]] = lambda session, version: [],
    is_indexed: Callable[[DocumentVersion], bool] = lambda version: True,
    live: Callable[[], Any] | None = None,
) -> World:
    """The same county, its console with another gate or index."""
    searcher = NoSearch()
    if live is not None:
        searcher.live = live  # type: ignore[method-assign]
    return replace(
        world, app=console(world.settings, world.sessions, gate=gate, is_indexed=is_indexed, searcher=searcher)
    )


def test_who_begins_a_document_reads_what_goes_into_each_kind(world: World) -> None:
    page = world.enter("legal_worker").get("/staff/knowledge/new").text
    for kind in EDITABLE:
        label = page[page.index(f'for="kind-{kind}"') :]
        assert KINDS[kind].about in label[: label.index("</label>")]


def test_a_guide_is_written_reviewed_and_asked_to_be_published_by_two_people(world: World) -> None:
    author, colleague = world.enter("legal_worker"), world.enter("colleague")
    to = author.post(
        "/staff/knowledge/new",
        data={"kind": "service_guide", "place": "lijiagou", "title": "怎么办老年证", "topic": "社会保障与救助"},
    ).headers["location"]
    version_id = int(to.rsplit("/", 1)[1])
    sent = form(
        author,
        version_id,
        answer="满六十岁就能办。",
        questions="老年证咋办\n老人证在哪办",
        legal_basis="反家庭暴力法 5",
        section__0__text="满六十岁",
        do="submit",
    )
    assert author.post(at(version_id), data=sent).headers["location"] == at(version_id, "review")
    version = held(world, version_id)
    assert (version.status, version.content["questions"], version.content["sections"]) == (
        VersionStatus.in_review,
        ["老年证咋办", "老人证在哪办"],
        {"谁可以办": "满六十岁"},
    )
    assert "怎么办老年证" in colleague.get("/staff/knowledge?show=review").text
    assert "怎么办老年证" not in author.get("/staff/knowledge?show=review").text
    page = colleague.get(at(version_id, "review")).text
    assert f'action="{at(version_id, "approve")}"' in page
    assert "另一位同事" not in page
    assert colleague.post(at(version_id, "approve")).status_code == 303
    assert colleague.post(at(version_id, "publish"), data={"on": "2026-12-01"}).status_code == 303
    assert (held(world, version_id).publish_on, held(world, version_id).approved_by) == (
        date(2026, 12, 1),
        "colleague的人",
    )
    assert "已通过，2026-12-01 发布" in author.get("/staff/knowledge").text
    with world.sessions() as session:
        assert [
            e.what
            for e in session.scalars(
                select(AuditEntry).where(AuditEntry.subject == version.document_id).order_by(AuditEntry.id)
            )
        ] == ["新建资料", "改资料", "资料送审", "通过资料", "发布资料"]


def test_an_author_gets_no_button_to_approve_and_a_forged_form_is_refused(world: World) -> None:
    author = world.enter("legal_worker")
    with world.sessions() as session:
        me = session.scalars(select(Staff).where(Staff.login == "legal_worker")).one()
        by = Person(me.id, me.name)
    version_id = draft(world, by=by)
    with world.sessions() as session:
        versions.submit(session, version_id, by=by, now=NOW)
        session.commit()
    page = author.get(at(version_id, "review")).text
    assert "要请另一位同事来审核" in page
    assert at(version_id, "approve") not in page
    assert author.post(at(version_id, "approve")).status_code == 403
    with world.sessions() as session:  # nor after a change of role
        session.scalars(select(Staff).where(Staff.login == "legal_worker")).one().role = Role.administrator
        session.commit()
    assert author.post(at(version_id, "approve")).status_code == 403
    assert held(world, version_id).status is VersionStatus.in_review


def test_whoever_edited_a_colleagues_draft_does_not_approve_it_by_page(world: World) -> None:
    version_id, editor = draft(world), world.enter("colleague")
    assert editor.post(at(version_id), data=form(editor, version_id, answer="我改过。", do="submit")).headers[
        "location"
    ] == at(version_id, "review")
    assert editor.post(at(version_id, "approve")).status_code == 403
    assert world.enter("administrator").post(at(version_id, "approve")).status_code == 303


@pytest.mark.parametrize("status", VersionStatus)
def test_the_review_page_has_a_button_for_each_move_of_the_table(world: World, status: VersionStatus) -> None:
    version_id = draft(world)
    with world.sessions() as session:
        session.get_one(DocumentVersion, version_id).status = status
        session.commit()
    page = world.enter("colleague").get(at(version_id, "review")).text
    shown = {do for do in ("approve", "publish", "send-back", "withdraw") if f'action="{at(version_id, do)}"' in page}
    moves = {
        VersionStatus.approved: "approve",
        VersionStatus.published: "publish",
        VersionStatus.draft: "send-back",
        VersionStatus.withdrawn: "withdraw",
    }
    assert shown == {moves[to] for to in versions.MOVES[status] if to in moves}


def test_a_text_that_came_back_is_edited_as_the_next_version_with_its_remarks(world: World) -> None:
    version_id, colleague, author = draft(world), world.enter("colleague"), world.enter("legal_worker")
    with world.sessions() as session:
        versions.submit(session, version_id, by=ANN, now=NOW)
        session.commit()
    assert (
        colleague.post(
            at(version_id, "comment"), data={"quote": "满六十岁就能办。", "text": "外地户口的呢？"}
        ).status_code
        == 303
    )
    assert colleague.post(at(version_id, "send-back"), data={"reason": " "}).status_code == 422
    assert colleague.post(at(version_id, "send-back"), data={"reason": "写清外地户口"}).status_code == 303
    to = author.post(at(version_id), data=form(author, version_id, answer="满六十岁就能办，外地户口也行。")).headers[
        "location"
    ]
    fresh = int(re.findall(r"versions/(\d+)", to)[0])
    assert fresh != version_id
    assert held(world, fresh).number == 2
    page = author.get(at(fresh, "review")).text
    assert "外地户口的呢？" in page
    assert "<ins>，外地户口也行</ins>" in page
    with world.sessions() as session:
        remark = session.scalars(select(VersionComment).where(VersionComment.text == "外地户口的呢？")).one().id
    assert author.post(at(fresh, "settle"), data={"comment": str(remark)}).status_code == 303
    assert "外地户口的呢？" not in author.get(at(fresh, "review")).text  # settled, and of an older version
    assert author.post(at(draft(world), "settle"), data={"comment": str(remark)}).status_code == 404


def test_an_old_text_comes_back_as_a_new_version(world: World) -> None:
    version_id, client = published(world), world.enter("legal_worker")
    document = held(world, version_id).document_id
    assert client.post(f"/staff/knowledge/{document}/edit").headers["location"].startswith("/staff/knowledge/versions/")
    second = newest(world, document)
    assert client.post(f"/staff/knowledge/{document}/edit").headers["location"] == at(second.id)  # the same one again
    assert client.post(f"/staff/knowledge/{document}/edit", data={"number": "1"}).status_code == 409
    assert client.post(at(second.id, "withdraw"), data={"reason": "写错了"}).status_code == 303
    client.post(f"/staff/knowledge/{document}/edit", data={"number": "1"})
    assert (newest(world, document).number, newest(world, document).based_on) == (3, 1)
    assert client.post(f"/staff/knowledge/{document}/edit", data={"number": "99"}).status_code in (404, 409)


class Letters:
    """An embedder that counts characters: enough to find a text by its own words."""

    name = "letters"

    def encode_passages(self, texts: Sequence[str], *, progress: Any = None) -> np.ndarray:
        rows = np.zeros((len(texts), DIM), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for character in text:
                row[ord(character) % DIM] += 1
        normalised: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return normalised

    encode_queries = encode_passages


def test_a_withdrawn_text_is_found_no_more_the_moment_the_page_says_so(world: World, tmp_path: Path) -> None:
    version_id, client = published(world), world.enter("legal_worker")
    with world.sessions() as session:
        index_building.build_snapshot(
            session, root=tmp_path, embedder=Letters(), cache=VectorCache(tmp_path / "vectors.sqlite"), today=DAY
        )
    loaded = snapshot.load(tmp_path)  # and stays loaded
    searcher = Searcher(embedder=Letters(), live=lambda: loaded)

    def found() -> list[str]:
        with world.sessions() as session:
            return [p.title for p in searcher.search(session, "老年证怎么办", day=DAY, place="lijiagou")]

    assert found() == ["怎么办老年证"]
    assert client.post(at(version_id, "withdraw"), data={"reason": ""}).status_code == 422
    assert found() == ["怎么办老年证"]
    assert client.post(at(version_id, "withdraw"), data={"reason": "标准变了"}).status_code == 303
    assert found() == []
    assert (held(world, version_id).status, held(world, version_id).end_reason) == (VersionStatus.withdrawn, "标准变了")


def test_a_published_text_that_the_search_does_not_know_yet_is_called_so(world: World) -> None:
    published(world)
    world = serve(world, is_indexed=lambda version: False)
    assert "已发布，索引中" in world.enter("legal_worker").get("/staff/knowledge").text


def test_a_failing_golden_question_stops_the_publication_until_a_reason_is_written(world: World) -> None:
    version_id = draft(world)
    with world.sessions() as session:
        session.add(
            GoldenQuestion(
                key="mine", ask="老人证在哪里办？", must=["rule-1 第一条", "law 民法典 1042"], source="shipped"
            )
        )
        versions.submit(session, version_id, by=ANN, now=NOW)
        versions.approve(session, version_id, by=Person(902, "波"), now=NOW)
        session.commit()

    def gate(session: Session, version: DocumentVersion) -> list[GoldenQuestion]:
        assert version.id == version_id
        return list(session.scalars(select(GoldenQuestion).where(GoldenQuestion.key == "mine")))

    world = serve(world, gate=gate)
    client = world.enter("legal_worker")
    refused = client.post(at(version_id, "publish"), data={"on": "2026-11-30"})
    assert "“李家沟村规”第一条、民法典 1042" in refused.text
    assert refused.status_code == 422
    assert "老人证在哪里办？" in refused.text
    assert 'name="reason"' in refused.text
    assert 'value="2026-11-30"' in refused.text
    assert held(world, version_id).publish_on is None
    assert (
        client.post(at(version_id, "publish"), data={"on": "2026-11-30", "reason": "那一问该换了"}).status_code == 303
    )
    version = held(world, version_id)
    assert (version.publish_on, version.waivers["golden"]["reason"], version.waivers["golden"]["by"]) == (
        date(2026, 11, 30),
        "那一问该换了",
        "legal_worker的人",
    )
    with world.sessions() as session:  # the worker holds it: the page says why, with the same form
        versions.hold(
            session, version_id, [q.id for q in gate(session, session.get_one(DocumentVersion, version_id))], now=NOW
        )
        session.commit()
        assert (
            session.scalars(
                select(VersionEvent.what).where(VersionEvent.version_id == version_id).order_by(VersionEvent.id.desc())
            ).first()
            == "held"
        )
    page = client.get(at(version_id, "review")).text
    assert "老人证在哪里办？" in page
    assert "还是发布" in page
    assert "发布被拦下" in client.get("/staff/knowledge").text


@pytest.mark.parametrize("on", ["0000-99-99", "昨天", "9999-12-31", "2026-02-30"])
def test_a_day_of_publication_that_is_none_is_said_so(world: World, on: str) -> None:
    version_id = draft(world)
    with world.sessions() as session:
        session.get_one(DocumentVersion, version_id).status = VersionStatus.approved
        session.commit()
    answer = world.enter("legal_worker").post(at(version_id, "publish"), data={"on": on})
    assert answer.status_code == 422
    assert "日期" in answer.text
    assert held(world, version_id).publish_on is None


def test_saving_the_form_as_it_is_shown_changes_no_text(world: World) -> None:
    client = world.enter("legal_worker")
    rule: dict[str, Any] = {"title": "村规", "adopted_on": "2026-01-02"}
    rule["clauses"] = [
        {
            **FINE,
            "status": "conflicts",
            "topic": "其他",
            "conflict": {"articles": ["行政处罚法 10"], "says": "不能罚。"},
            "questions": ["能罚款吗"],
        },
        {"number": "第三条", "text": "要拴狗绳。\n管好狗。", "answer": "要拴。", "status": "compatible"},
    ]
    regulation = {
        "title": "信访条例",
        "number": "1 号",
        "issuer": "县里",
        "articles": [{"number": "第一条", "text": "文。", "answer": "答。", "questions": ["问"]}],
        "legal_basis": ["反家庭暴力法 5"],
    }
    guide = {
        **GUIDE,
        "sections": {"注意": "别弄丢", "带什么": "身份证\n照片", "自己的": "一项"},
        "proof": "promise",
        "varies_by_province": True,
        "issuer": "民政局",
        "number": "2 号",
        "next": "去镇里。",
        "legal_basis": ["反家庭暴力法 5"],
    }
    for kind, content in (
        (Kind.service_guide, guide),
        (Kind.policy, guide),
        (Kind.village_rule, rule),
        (Kind.regulation, regulation),
        (Kind.case_story, STORY),
    ):
        version_id = draft(world, content, kind=kind)
        before = held(world, version_id)
        sent = {**form(client, version_id), **({"varies_by_province": "1"} if "varies_by_province" in content else {})}
        assert client.post(at(version_id), data=sent).status_code == 303
        after = held(world, version_id)
        assert (after.content, list(after.content.get("sections") or {})) == (
            before.content,
            list(before.content.get("sections") or {}),
        ), kind
        assert after.revision == before.revision + 1


def test_two_people_who_edit_see_each_others_text_and_nothing_is_lost(world: World) -> None:
    version_id, one, other = draft(world), world.enter("legal_worker"), world.enter("colleague")
    mine, theirs = form(one, version_id, answer="一号写的话。"), form(other, version_id, answer="二号写的话。")
    assert one.post(at(version_id), data=mine).status_code == 303
    refused = other.post(at(version_id), data=theirs)
    assert refused.status_code == 409
    assert "legal_worker的人" in refused.text
    assert re.search(r"<td>(<del>)?一(</del>)?号写的话。|<del>一</del>号写的话。", refused.text)
    assert "号写的话。" in fields_of(refused.text)["answer"]
    assert fields_of(refused.text)["answer"] == "二号写的话。"
    assert held(world, version_id).content["answer"] == "一号写的话。"
    assert other.post(at(version_id), data={**fields_of(refused.text), "do": "save"}).status_code == 303
    assert held(world, version_id).content["answer"] == "二号写的话。"


def test_a_draft_that_was_submitted_meanwhile_keeps_what_was_typed_on_the_page(world: World) -> None:
    version_id, client = draft(world), world.enter("legal_worker")
    sent = form(client, version_id, answer="写了半天的话。")
    with world.sessions() as session:
        versions.submit(session, version_id, by=ANN, now=NOW)
        session.commit()
    refused = client.post(at(version_id), data=sent)
    assert refused.status_code == 409
    assert fields_of(refused.text)["answer"] == "写了半天的话。"
    assert "待审核" in refused.text
    assert held(world, version_id).content["answer"] == GUIDE["answer"]


def test_clauses_are_added_moved_and_removed_without_a_script(world: World) -> None:
    client = world.enter("legal_worker")
    version_id = draft(
        world,
        {
            "title": "村规",
            "clauses": [{"number": n, "text": f"{n}的话。", "answer": "好。"} for n in ("第一条", "第二条", "第三条")],
        },
        kind=Kind.village_rule,
    )

    def numbers() -> list[str]:
        return [c["number"] for c in held(world, version_id).content["clauses"]]

    presses = (
        ("down-0", ["第二条", "第一条", "第三条"], "#part-1"),
        ("up-2", ["第二条", "第三条", "第一条"], "#part-1"),
        ("remove-0", ["第三条", "第一条"], "#part-0"),
        ("add", ["第三条", "第一条", ""], "#part-2"),
        ("up-0", ["第三条", "第一条", ""], "#part-0"),
        ("remove-99", ["第三条", "第一条", ""], ""),
        ("up-²", ["第三条", "第一条", ""], ""),
    )
    for do, found, anchor in presses:
        answer = client.post(at(version_id), data=form(client, version_id, do=do))
        assert (answer.status_code, numbers()) == (303, found), do
        assert not anchor or answer.headers["location"].endswith(anchor), do


def test_a_flagged_clause_is_not_submitted_before_somebody_decided_and_the_decision_is_signed(world: World) -> None:
    client = world.enter("legal_worker")
    version_id = draft(world, {"title": "村规", "clauses": [FINE]}, kind=Kind.village_rule)
    refused = client.post(at(version_id), data=form(client, version_id, do="submit"))
    assert refused.status_code == 422
    assert "第二条可能与法律冲突" in refused.text
    assert "行政处罚法" in refused.text
    assert held(world, version_id).status is VersionStatus.draft
    client.post(at(version_id), data=form(client, version_id, part__0__status="conflicts"))
    clause = held(world, version_id).content["clauses"][0]
    assert (clause["decided_by"], clause["decided_on"]) == ("legal_worker的人", "2026-11-24")
    assert clause["conflict"]["articles"]
    assert clause["conflict"]["says"]
    client.post(at(version_id), data=form(client, version_id))
    assert held(world, version_id).content["clauses"][0] == clause  # saving alone decides nothing anew
    client.post(at(version_id), data=form(client, version_id, part__0__text="违反村规的，罚款一千元。"))
    assert "decided_by" not in held(world, version_id).content["clauses"][0]  # other words, another decision
    other = world.enter("colleague")
    other.post(at(version_id), data=form(other, version_id, part__0__confirm="1"))
    assert held(world, version_id).content["clauses"][0]["decided_by"] == "colleague的人"
    assert client.post(at(version_id), data=form(client, version_id, do="submit")).headers["location"] == at(
        version_id, "review"
    )


def test_the_letter_to_the_township_names_the_clauses_in_conflict_and_no_others(world: World) -> None:
    client = world.enter("legal_worker")
    clauses = [
        {
            **FINE,
            "status": "conflicts",
            "conflict": {"articles": ["行政处罚法 10", "不是法条"], "says": "村里不能罚款。"},
        },
        {"number": "第三条", "text": "要拴狗绳。", "answer": "要拴。", "status": "compatible"},
    ]
    letter = client.get(
        at(draft(world, {"title": "李家沟村规", "clauses": clauses}, kind=Kind.village_rule), "letter.docx")
    )
    text = "\n".join(p.text for p in docx.Document(BytesIO(letter.content)).paragraphs)
    assert "第二条" in text
    assert "村里不能罚款" in text
    assert "狗绳" not in text
    assert "柳河镇" in text
    assert client.get(at(draft(world), "letter.docx")).status_code == 404


def test_marks_in_a_story_are_replaced_by_a_button_or_need_a_reason_and_consent(world: World) -> None:
    client = world.enter("legal_worker")
    colleague = world.enter("colleague")
    version_id = draft(world, STORY, kind=Kind.case_story)
    assert 'value="swap:13800001234"' in client.get(at(version_id)).text
    client.post(at(version_id), data=form(client, version_id, do="swap:13800001234"))
    facts = held(world, version_id).content["facts"]
    assert "13800001234" not in facts
    assert "张建国" in facts
    # no mark: no button changes words of its own choice
    client.post(at(version_id), data=form(client, version_id, do="swap:借了"))
    assert held(world, version_id).content["facts"] == facts
    assert client.post(at(version_id), data=form(client, version_id, do="submit")).status_code == 422
    assert (
        client.post(at(version_id), data=form(client, version_id, do="submit", reason="本人书面同意")).status_code
        == 303
    )
    page = colleague.get(at(version_id, "review")).text
    assert "张建国" in page
    assert "本人书面同意" in page
    assert 'name="accepts_marks"' in page
    assert colleague.post(at(version_id, "approve")).status_code == 422
    assert colleague.post(at(version_id, "approve"), data={"accepts_marks": "1"}).status_code == 303


def test_the_preview_shows_what_is_typed_at_four_sizes_and_stores_nothing(world: World) -> None:
    version_id, client = draft(world), world.enter("legal_worker")
    before = world.rows()
    shown = client.post(
        at(version_id, "preview"),
        data=form(client, version_id, answer="刚刚打的字。", legal_basis="没有的法 7", size="all"),
    ).text
    assert shown.count("刚刚打的字。") >= 4
    assert all(f"size-{i}" in shown for i in range(4))
    assert "老年证咋办" in shown
    assert "库里没有《没有的法》" in shown
    assert "<html" not in shown
    looked = client.post(at(version_id), data=form(client, version_id, answer="只是看看。", do="look"))
    assert looked.status_code == 200
    assert fields_of(looked.text)["answer"] == "只是看看。"
    assert world.rows() == before


def test_a_township_reads_what_holds_there_and_changes_only_its_own(world: World) -> None:
    national = published(world, place="nation")
    own = published(world, {**GUIDE, "title": "青石镇的事"}, place="qingshi")
    client = world.enter("qingshi")
    assert all(words in client.get("/staff/knowledge").text for words in ("怎么办老年证", "青石镇的事"))
    with world.sessions() as session:
        documents = {v: session.get_one(DocumentVersion, v).document_id for v in (national, own)}
    page = client.get(f"/staff/knowledge/{documents[national]}").text
    assert "不归您负责的地方管" in page
    assert "马上撤回" not in page
    assert "马上撤回" in client.get(f"/staff/knowledge/{documents[own]}").text
    before = world.rows()
    for do in ("", "approve", "publish", "send-back", "withdraw", "preview"):
        assert client.post(at(national, do), data={"reason": "改", "title": "改"}).status_code == 403, do
    assert client.post(f"/staff/knowledge/{documents[national]}/edit").status_code == 403
    assert client.get(at(national)).status_code == 403
    assert world.rows() == before
    assert client.post(at(national, "comment"), data={"text": "数字不对"}).status_code == 303  # a remark is welcome
    assert client.post(at(own, "withdraw"), data={"reason": "过时了"}).status_code == 303


def test_statutes_are_read_and_never_edited(world: World) -> None:
    with world.sessions() as session:
        session.add(Document(id="law-x", kind=Kind.statute, title="中华人民共和国某法", place_id="nation"))
        session.add(
            DocumentVersion(
                document_id="law-x",
                number=1,
                status=VersionStatus.published,
                in_force_from=DAY,
                content={"effective_from": "2026-01-01"},
                content_hash="",
            )
        )
        session.commit()
        version_id = session.scalars(select(DocumentVersion.id).where(DocumentVersion.document_id == "law-x")).one()
    client = world.enter("administrator")
    assert "某法" not in client.get("/staff/knowledge").text
    assert "某法" in client.get("/staff/knowledge?kind=statute").text
    assert client.get("/staff/knowledge/law-x").status_code == client.get(at(version_id, "review")).status_code == 200
    before = world.rows()
    for path in (at(version_id), at(version_id, "withdraw"), "/staff/knowledge/law-x/edit"):
        assert client.post(path, data={"reason": "改"}).status_code in (403, 409), path
    assert world.rows() == before


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True),
        ("show=expiring", False),
        ("show=stale", True),
        ("kind=service_guide&status=published&topic=社会保障与救助&place=liuhe&q=老年", True),
        ("kind=policy", False),
        ("status=draft", False),
        ("place=qingshi", False),
        ("q=没有这个", False),
        ("page=2", False),
        ("show=mine", False),
    ],
)
def test_the_list_keeps_what_fits_its_filters(world: World, query: str, found: bool) -> None:
    version_id = published(world)
    with world.sessions() as session:
        session.get_one(DocumentVersion, version_id).reviewed_on = date(2025, 11, 1)
        session.commit()
    assert ("怎么办老年证" in world.enter("legal_worker").get(f"/staff/knowledge?{query}").text) is found


def test_the_list_finds_texts_by_their_words_and_shows_the_sentence(world: World, tmp_path: Path) -> None:
    published(world)
    draft(
        world, {**GUIDE, "title": "另一件事", "answer": f"先到村里拿表。{ATTACK}再去拿身份证原件。"}, place="wangjiawan"
    )
    cache = VectorCache(tmp_path / "vectors.sqlite")
    with world.sessions() as session:
        index_building.build_snapshot(
            session, root=tmp_path / "snapshots", embedder=PairEmbedder(), cache=cache, today=DAY
        )
    cache.close()
    world = serve(world, live=lambda: snapshot.load(tmp_path / "snapshots"))
    client = world.enter("legal_worker")
    shown = client.get("/staff/knowledge?q=身份证").text
    assert "怎么办老年证" in shown
    assert "另一件事" in shown
    assert "<mark>身份证</mark>原件" in shown
    assert "<mark>六十岁</mark>就能办。" in client.get("/staff/knowledge?q=六十岁").text
    assert ATTACK not in client.get("/staff/knowledge", params={"q": "script"}).text
    assert "&lt;<mark>script</mark>&gt;alert" in client.get("/staff/knowledge", params={"q": "script"}).text
    assert "怎么办老年证" not in client.get("/staff/knowledge?q=身份证&place=wangjiawan").text
    assert "怎么办老年证" not in world.enter("qingshi").get("/staff/knowledge?q=六十岁").text


def test_without_an_index_the_list_says_that_published_texts_are_not_looked_through(
    world: World, tmp_path: Path
) -> None:
    published(world)
    world = serve(world, live=lambda: snapshot.load(tmp_path / "snapshots"))
    client = world.enter("legal_worker")
    answer = client.get("/staff/knowledge?q=老年证")
    assert answer.status_code == 200
    assert "怎么办老年证" in answer.text
    assert "资料索引还在准备" in answer.text
    assert "资料索引还在准备" not in client.get("/staff/knowledge").text


def test_a_text_that_ends_within_thirty_days_is_announced(world: World) -> None:
    version_id, client = published(world), world.enter("legal_worker")
    for last, is_found in ((date(2026, 12, 24), True), (date(2026, 12, 25), False), (date(2026, 11, 23), False)):
        with world.sessions() as session:
            session.get_one(DocumentVersion, version_id).in_force_to = last
            session.commit()
        assert ("怎么办老年证" in client.get("/staff/knowledge?show=expiring").text) is is_found, last


@pytest.mark.parametrize("name", ["in_force_from", "in_force_to", "reviewed_on"])
@pytest.mark.parametrize("value", ["0000-99-99", "2026-02-30", "0001-01-01", "9999-12-31", "明天", "²"])
def test_a_date_that_is_none_loses_no_word(world: World, name: str, value: str) -> None:
    version_id, client = draft(world), world.enter("legal_worker")
    refused = client.post(at(version_id), data={**form(client, version_id, answer="写了半天的话。"), name: value})
    assert refused.status_code == 422
    assert fields_of(refused.text)["answer"] == "写了半天的话。"
    assert "要填一个日期" in refused.text
    assert held(world, version_id).content["answer"] == GUIDE["answer"]


def test_very_much_text_is_kept_and_shown(world: World) -> None:
    client = world.enter("legal_worker")
    guide = draft(world)
    assert client.post(at(guide), data=form(client, guide, section__0__text="字" * 20_000)).status_code == 303
    assert "字" * 20_000 in held(world, guide).content["sections"].values()
    rule = draft(
        world,
        {
            "title": "村规",
            "clauses": [
                {"number": f"第{i}条", "text": "违者罚款一百元。" * 10, "answer": "不能罚。"} for i in range(300)
            ],
        },
        kind=Kind.village_rule,
    )
    sent = form(client, rule, do="add")
    assert len(sent) > 2500
    assert client.post(at(rule), data=sent, files={"none": ("", b"")}).status_code == 303
    assert len(held(world, rule).content["clauses"]) == 300
    assert client.get(at(rule, "review")).status_code == 200
    assert client.post(at(rule), data={**sent, "parts": "999999999"}).status_code in (303, 409)


@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.statute])
def test_html_in_every_field_is_shown_as_words(world: World, kind: Kind) -> None:
    client = world.enter("legal_worker")
    colleague = world.enter("colleague")
    version_id = draft(
        world, {"title": "题", "clauses": [FINE], "articles": [FINE] if kind is Kind.regulation else []}, kind=kind
    )
    sent = form(client, version_id)
    kept = (
        "csrf",
        "revision",
        "parts",
        "do",
        "topic",
        "proof",
        "in_force_from",
        "in_force_to",
        "reviewed_on",
        "adopted_on",
        "filed_on",
    )
    attacked = {
        k: v
        if k in kept or k.endswith(("-topic", "-status", "-was"))
        else (ATTACK if k.endswith("-name") else f"{ATTACK}{k}")
        for k, v in sent.items()
    }
    shown = [
        client.post(at(version_id, "preview"), data=attacked),
        client.post(at(version_id), data={**attacked, "do": "look"}),
        client.post(at(version_id), data=attacked),
    ]
    colleague.post(at(version_id, "comment"), data={"quote": ATTACK, "text": ATTACK})
    document = held(world, version_id).document_id
    shown += [
        client.get(path)
        for path in (
            at(version_id),
            at(version_id, "review"),
            f"/staff/knowledge/{document}?size=all",
            "/staff/knowledge",
        )
    ]
    shown.append(client.post(at(version_id), data={**attacked, "revision": "1"}))  # the conflict page
    assert [s.status_code for s in shown] == [200, 200, 303, 200, 200, 200, 200, 409]
    assert held(world, version_id).content["title"].startswith("<script>")
    for page in shown:
        assert "<script>alert" not in page.text, page.url


@pytest.mark.parametrize(
    "sent",
    [{"kind": "statute"}, {"kind": "nonsense"}, {"kind": ""}, {"title": " "}, {"place": "nowhere"}, {"place": ""}],
)
def test_a_document_of_no_kind_place_or_title_is_not_begun(world: World, sent: dict[str, str]) -> None:
    before = world.rows()
    answer = world.enter("legal_worker").post(
        "/staff/knowledge/new", data={"kind": "policy", "place": "lijiagou", "title": "一份", **sent}
    )
    assert answer.status_code == 422
    assert world.rows() == before
