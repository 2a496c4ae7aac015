from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from knowledge.documents import comments, versions
from knowledge.documents import versions as documents_versions
from knowledge.documents.models import (
    BankQuestion,
    BankTarget,
    Document,
    DocumentVersion,
    Kind,
    VersionEvent,
    VersionStatus,
)
from knowledge.documents.shape import questions, shaped
from knowledge.documents.versions import MOVES, OPEN, SYSTEM, Person
from knowledge.errors import (
    DraftExists,
    EditConflict,
    Incomplete,
    MoveNotAllowed,
    NotEditable,
    ReasonNeeded,
    SamePerson,
    VersionNotFound,
)
from knowledge.exchange import corpus
from tests.conftest import CORPUS

NOW, DAY = datetime(2026, 11, 25, 2, tzinfo=UTC), date(2026, 11, 25)
ANN, BO = Person(1, "安"), Person(2, "波")
GUIDE: dict[str, Any] = {
    "title": "怎么办老年证",
    "topic": "社会保障与救助",
    "answer": "满六十岁就能办。",
    "legal_basis": ["老年人权益保障法 52"],
    "questions": ["老年证咋办"],
    "sections": {"带什么": "身份证"},
}


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions() as held:
        corpus.import_places(held, CORPUS)
        yield held


def draft(session: Session, *, by: Person = ANN, content: dict[str, Any] = GUIDE, **more: Any) -> DocumentVersion:
    return versions.start_draft(
        session,
        by=by,
        now=NOW,
        content=content,
        in_force_from=DAY,
        **{"kind": Kind.service_guide, "place_id": "nation", **more},
    )


def save(
    session: Session, version: DocumentVersion, *, by: Person = ANN, revision: int | None = None, **changes: Any
) -> DocumentVersion:
    return versions.save_draft(
        session,
        version.id,
        content={**version.content, **changes},
        in_force_from=DAY,
        in_force_to=None,
        reviewed_on=None,
        revision=revision or version.revision,
        by=by,
        now=NOW,
    )


def published(session: Session, version: DocumentVersion, *, today: date = DAY) -> DocumentVersion:
    versions.submit(session, version.id, by=ANN, now=NOW)
    versions.approve(session, version.id, by=BO, now=NOW)
    versions.request_publication(session, version.id, by=BO, now=NOW, on=today)
    return versions.publish(session, version.id, by=SYSTEM, now=NOW, today=today)


def asked(session: Session, document_id: str) -> set[str]:
    return set(session.scalars(select(BankQuestion.text).join(BankTarget).where(BankTarget.document_id == document_id)))


def test_a_guide_is_written_looked_at_and_published(session: Session) -> None:
    version = draft(session)
    assert (version.status, version.document.title, [c.text for c in version.chunks]) == (
        VersionStatus.draft,
        "怎么办老年证",
        ["满六十岁就能办。\n【带什么】身份证"],
    )
    assert asked(session, version.document_id) == set()
    published(session, version)
    assert (version.status, version.published_at, asked(session, version.document_id)) == (
        VersionStatus.published,
        NOW,
        {"老年证咋办"},
    )
    assert [(e.what, e.name) for e, _ in comments.history(session, version.document_id)] == [
        ("published", "系统"),
        ("requested", "波"),
        ("approved", "波"),
        ("submitted", "安"),
        ("started", "安"),
    ]


@pytest.mark.parametrize("writer", ["author", "editor"])
def test_approve_by_whoever_wrote_in_it_is_refused(session: Session, writer: str) -> None:
    version = draft(session)
    if writer == "editor":
        save(session, version, by=BO, answer="满六十就行。")
    versions.submit(session, version.id, by=ANN, now=NOW)
    with pytest.raises(SamePerson):
        versions.approve(session, version.id, by=ANN if writer == "author" else BO, now=NOW)
    with pytest.raises(SamePerson):
        versions.approve(session, version.id, by=SYSTEM, now=NOW)
    assert versions.approve(session, version.id, by=Person(3, "丙"), now=NOW).approved_by == "丙"


def test_whoever_wrote_in_a_version_that_came_back_does_not_approve_the_next_one_either(session: Session) -> None:
    version = draft(session)
    versions.submit(session, version.id, by=ANN, now=NOW)
    versions.send_back(session, version.id, by=BO, now=NOW, reason="数字写错了")
    fresh = save(session, version, by=BO, answer="改好了。")
    versions.submit(session, fresh.id, by=BO, now=NOW)
    for person in (ANN, BO):
        with pytest.raises(SamePerson):
            versions.approve(session, fresh.id, by=person, now=NOW)


def test_a_text_that_was_submitted_never_changes(session: Session) -> None:
    version = draft(session)
    versions.submit(session, version.id, by=ANN, now=NOW)
    with pytest.raises(MoveNotAllowed):
        save(session, version, answer="偷偷改")
    versions.send_back(session, version.id, by=BO, now=NOW, reason="再写短些")
    fresh = save(session, version, answer="短。")
    assert (version.content["answer"], version.status, version.end_reason) == (
        GUIDE["answer"],
        VersionStatus.superseded,
        "改成了下一版",
    )
    assert (fresh.number, fresh.based_on, fresh.content["answer"], fresh.status) == (2, 1, "短。", VersionStatus.draft)


def test_of_two_people_who_save_the_second_is_told_and_nothing_is_lost(session: Session) -> None:
    version = draft(session)
    seen = version.revision
    save(session, version, answer="安的改动", revision=seen)
    with pytest.raises(EditConflict):
        save(session, version, by=BO, answer="波的改动", revision=seen)
    assert (version.content["answer"], version.revision, version.editors) == ("安的改动", seen + 1, [1])


def test_a_second_draft_of_a_document_is_refused(session: Session) -> None:
    version = published(session, draft(session))
    second = versions.edit(session, version.document_id, by=ANN, now=NOW)
    assert (second.number, versions.edit(session, version.document_id, by=BO, now=NOW).id) == (2, second.id)
    session.commit()
    with pytest.raises(DraftExists):
        draft(session, document_id=version.document_id, by=BO)
    with pytest.raises(DraftExists):
        versions.edit(session, version.document_id, by=BO, now=NOW, number=1)


def test_two_sessions_cannot_both_open_a_draft(sessions: sessionmaker[Session], session: Session) -> None:
    document = published(session, draft(session)).document_id
    session.commit()
    with sessions() as other:
        first = versions.edit(other, document, by=BO, now=NOW)
        other.commit()
    with pytest.raises(DraftExists) as refused:
        draft(session, document_id=document)
    assert refused.value.version_id == first.id


def test_a_new_version_takes_over_and_a_roll_back_is_a_new_version(session: Session) -> None:
    first = published(session, draft(session))
    second = versions.edit(session, first.document_id, by=ANN, now=NOW)
    save(session, second, title="老年人优待证", answer="满六十岁，到村里办。", questions=["优待证在哪办"])
    published(session, second)
    assert (first.status, second.status, first.document.title, asked(session, first.document_id)) == (
        VersionStatus.superseded,
        VersionStatus.published,
        "老年人优待证",
        {"优待证在哪办"},
    )
    back = versions.edit(session, first.document_id, by=BO, now=NOW, number=1)
    assert (back.number, back.based_on, back.content) == (3, 1, first.content)


def test_a_version_that_takes_effect_later_leaves_the_former_in_force_until_then(session: Session) -> None:
    first = published(session, draft(session))
    later = versions.edit(session, first.document_id, by=ANN, now=NOW)
    versions.save_draft(
        session,
        later.id,
        content=later.content,
        in_force_from=date(2027, 1, 1),
        in_force_to=None,
        reviewed_on=None,
        revision=later.revision,
        by=ANN,
        now=NOW,
    )
    published(session, later)
    assert (first.status, first.in_force_to, later.in_force_from) == (
        VersionStatus.published,
        date(2026, 12, 31),
        date(2027, 1, 1),
    )


def test_publication_waits_for_its_day_and_for_nothing_that_holds_it(session: Session) -> None:
    version = draft(session)
    versions.submit(session, version.id, by=ANN, now=NOW)
    with pytest.raises(MoveNotAllowed):
        versions.request_publication(session, version.id, by=BO, now=NOW, on=DAY)
    versions.approve(session, version.id, by=BO, now=NOW)
    assert versions.due(session, DAY) == []
    versions.request_publication(session, version.id, by=BO, now=NOW, on=DAY + timedelta(days=1))
    assert (versions.due(session, DAY), versions.due(session, DAY + timedelta(days=1))) == ([], [version])
    versions.hold(session, version.id, [7, 3], now=NOW)
    assert (versions.due(session, DAY + timedelta(days=1)), version.held) == ([], [3, 7])
    with pytest.raises(ReasonNeeded):
        versions.request_publication(session, version.id, by=BO, now=NOW, on=DAY, failing=[3, 7], reason=" ")
    versions.request_publication(session, version.id, by=BO, now=NOW, on=DAY, failing=[3, 7], reason="那两问该换了")
    assert (versions.due(session, DAY), version.waivers["golden"]["questions"], version.waivers["golden"]["by"]) == (
        [version],
        [3, 7],
        "波",
    )
    assert (
        session.scalars(select(VersionEvent.detail).where(VersionEvent.what == "overruled")).one()
        == "2026-11-25 那两问该换了"
    )


def test_marks_that_stay_need_a_reason_and_a_second_persons_consent(session: Session) -> None:
    story = draft(
        session,
        kind=Kind.case_story,
        content={"title": "还钱", "facts": "张建国欠钱", "handling": "调解", "lesson": "写欠条", "answer": "先调解。"},
    )
    with pytest.raises(ReasonNeeded):
        versions.submit(session, story.id, by=ANN, now=NOW, marks=["张建国"])
    versions.submit(session, story.id, by=ANN, now=NOW, marks=["张建国"], reason="本人书面同意")
    with pytest.raises(ReasonNeeded):
        versions.approve(session, story.id, by=BO, now=NOW)
    assert versions.approve(session, story.id, by=BO, now=NOW, accepts_marks=True).waivers["anonymity"] == {
        "marks": ["张建国"],
        "reason": "本人书面同意",
        "by": "安",
    }


def test_what_is_missing_is_named_before_a_colleague_sees_it(session: Session) -> None:
    rule = draft(
        session,
        kind=Kind.village_rule,
        place_id="lijiagou",
        content={
            "title": "",
            "clauses": [
                {"number": "第一条", "text": "养狗罚款", "status": "conflicts"},
                {"number": "第一条", "text": "拴绳", "answer": "要拴。"},
            ],
        },
    )
    with pytest.raises(Incomplete) as refused:
        versions.submit(session, rule.id, by=ANN, now=NOW)
    assert len(refused.value.problems) == 5
    assert "请写标题。" in refused.value.problems
    assert rule.status is VersionStatus.draft


@pytest.mark.parametrize("status", VersionStatus)
def test_every_move_outside_the_table_is_refused(session: Session, status: VersionStatus) -> None:
    version = draft(session)
    version.status = status
    session.flush()
    steps = {
        VersionStatus.in_review: lambda: versions.submit(session, version.id, by=ANN, now=NOW),
        VersionStatus.draft: lambda: versions.send_back(session, version.id, by=BO, now=NOW, reason="改"),
        VersionStatus.approved: lambda: versions.approve(session, version.id, by=BO, now=NOW),
        VersionStatus.published: lambda: versions.publish(session, version.id, by=BO, now=NOW, today=DAY),
        VersionStatus.withdrawn: lambda: versions.withdraw(session, version.id, by=BO, now=NOW, reason="错了"),
    }
    for to, step in steps.items():
        if to in MOVES[status]:
            assert step().status is to
            version.status = status
            session.flush()
        else:
            with pytest.raises(MoveNotAllowed):
                step()
            assert version.status is status


def test_only_open_versions_count_as_being_in_work() -> None:
    assert [s for s in VersionStatus if MOVES[s] and s is not VersionStatus.published] == list(OPEN)


def test_an_expired_version_is_marked_after_its_last_day(session: Session) -> None:
    version = published(session, draft(session))
    version.in_force_to = DAY
    assert (
        versions.expire(session, today=DAY, now=NOW),
        versions.expire(session, today=DAY + timedelta(days=1), now=NOW),
        version.status,
    ) == (0, 1, VersionStatus.expired)


def test_statutes_and_what_does_not_exist_are_not_edited(session: Session) -> None:
    session.add(Document(id="law-x", kind=Kind.statute, title="某法", place_id="nation"))
    session.flush()
    with pytest.raises(NotEditable):
        draft(session, document_id="law-x")
    with pytest.raises(NotEditable):
        draft(session, kind=Kind.statute)
    with pytest.raises(VersionNotFound):
        draft(session, document_id="nothing")
    with pytest.raises(VersionNotFound):
        versions.edit(session, "law-x", by=ANN, now=NOW)
    for text in ("", "  "):
        with pytest.raises(ReasonNeeded):
            comments.comment(session, draft(session).id, by=ANN, now=NOW, text=text)


def test_a_question_of_two_documents_stays_with_the_other_when_one_drops_it(session: Session) -> None:
    first, second = published(session, draft(session)), published(session, draft(session))
    third = versions.edit(session, first.document_id, by=ANN, now=NOW)
    save(session, third, questions=[])
    published(session, third)
    assert (asked(session, first.document_id), asked(session, second.document_id)) == (set(), {"老年证咋办"})


def corpus_with(tmp_path: Path, answer: str) -> Path:
    """Our places and one guide, as files."""
    (tmp_path / "guides").mkdir(exist_ok=True)
    (tmp_path / "places.yml").write_text((CORPUS / "places.yml").read_text(encoding="utf-8"), encoding="utf-8")
    guide = {
        **GUIDE,
        "id": "guide-x",
        "kind": "service_guide",
        "place": "nation",
        "in_force_from": DAY,
        "answer": answer,
    }
    (tmp_path / "guides" / "x.yml").write_text(yaml.safe_dump(guide, allow_unicode=True), encoding="utf-8")
    return tmp_path


def test_a_file_follows_until_a_person_takes_over_then_it_is_a_proposal(session: Session, tmp_path: Path) -> None:
    corpus.import_corpus(session, corpus_with(tmp_path, "一"))
    corpus.import_corpus(session, corpus_with(tmp_path, "二"))
    held = versions.current(session, "guide-x")
    assert held is not None
    assert (held.number, held.content["answer"], asked(session, "guide-x")) == (
        2,
        "二",
        {"老年证咋办"},
    )
    mine = versions.edit(session, "guide-x", by=ANN, now=NOW)
    save(session, mine, answer="人写的", questions=["老年证去哪办呀"])
    published(session, mine)
    corpus.import_corpus(session, corpus_with(tmp_path, "三"))
    proposal = versions.open_version(session, "guide-x")
    assert proposal is not None
    assert (proposal.content["answer"], proposal.author, mine.status) == (
        "三",
        "资料更新",
        VersionStatus.published,
    )
    assert asked(session, "guide-x") == {"老年证去哪办呀"}
    (tmp_path / "guides" / "x.yml").unlink()
    corpus.import_corpus(session, tmp_path)
    assert mine.status is VersionStatus.published


def test_a_document_that_a_person_withdrew_stays_withdrawn_when_its_file_changes(
    session: Session, tmp_path: Path
) -> None:
    corpus.import_corpus(session, corpus_with(tmp_path, "一"))
    held = versions.current(session, "guide-x")
    assert held is not None
    versions.withdraw(session, held.id, by=ANN, now=NOW, reason="标准变了")
    corpus.import_corpus(session, corpus_with(tmp_path, "二"))
    assert versions.current(session, "guide-x") is None
    assert versions.open_version(session, "guide-x") is not None


def test_every_document_of_ours_keeps_its_text_when_it_is_shaped_for_the_editor(session: Session) -> None:
    """What the console saves without a change is what the file said: nothing of the corpus is lost in the editor."""
    corpus.import_corpus(session, CORPUS)
    versions = session.scalars(select(DocumentVersion)).all()
    assert len(versions) > 200
    for version in versions:
        before, after = documents_versions.built(version), None
        version.content = shaped(version.document.kind, version.content)
        after = documents_versions.built(version)
        assert [(c.ref, c.text.strip(), c.details.get("answer")) for c in after[0].chunks] == [
            (c.ref, c.text.strip(), c.details.get("answer")) for c in before[0].chunks
        ], version.document_id
        own = {version.content["title"]} if version.document.kind is Kind.answer else set()  # a question itself
        assert (
            {q.text for q in after[1]}
            == set(questions(version.content)) | own
            == {" ".join(q.text.split()) for q in before[1]}
        ), version.document_id
