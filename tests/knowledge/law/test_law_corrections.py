"""The real package: 农业法 has two versions, 噪声污染防治法 one that ended."""

import threading
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from knowledge.clock import SHANGHAI
from knowledge.documents.models import Chunk, DocumentVersion, VersionStatus
from knowledge.documents.versions import Person
from knowledge.errors import CorrectionDecided, CorrectionInvalid, ReasonNeeded, ReviewError, SamePerson
from knowledge.exchange import corpus
from knowledge.law import changes, corrections, loading, queue
from knowledge.law.checking import CitationStatus, check_citation
from knowledge.law.confirmed import confirmed_fixes
from knowledge.law.models import ChangeKind, CorrectionState, StatuteCorrection
from knowledge.search.articles import article_in_force
from knowledge.statutes.citations import statute_id
from tests.conftest import CORPUS
from tests.knowledge.law.test_law_changes import shown, story

FILE = CORPUS / "statute-corrections.yml"
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LI, WANG, ZHAO = Person(1, "李"), Person(2, "王"), Person(3, "赵")
FARM, NOISE = "中华人民共和国农业法", "中华人民共和国噪声污染防治法"
TODAY = date(2026, 11, 24)
NEW, OLD = date(2026, 8, 28), date(2012, 12, 28)


@pytest.fixture
def installed(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    with sessions() as session:
        corpus.import_places(session, CORPUS)
        loading.import_statutes(session, CORPUS, only=["农业法", "噪声污染防治法", "人民调解法"])
        session.commit()
    return sessions


def propose(
    session: Session,
    fix: dict[str, Any],
    *,
    law: str = FARM,
    version: date = NEW,
    reason: str = "公告第 12 号写的是这一天",
    by: Person = LI,
) -> StatuteCorrection:
    return corrections.propose(
        session, corrections=FILE, law=law, version_date=version, fix=fix, reason=reason, by=by, now=NOW
    )


def confirm(session: Session, row: StatuteCorrection, by: Person = WANG) -> StatuteCorrection:
    return corrections.confirm(session, row.id, corrections=FILE, by=by, now=NOW)


def periods(session: Session, law: str = "农业法") -> list[tuple[str, str, VersionStatus]]:
    session.expire_all()
    rows = session.scalars(
        select(DocumentVersion)
        .where(DocumentVersion.document_id == statute_id(law))
        .order_by(DocumentVersion.in_force_from)
    )
    return [(str(v.in_force_from), str(v.in_force_to), v.status) for v in rows]


P, W = VersionStatus.published, VersionStatus.withdrawn
SHIPPED = [("2012-12-28", "2026-12-31", P), ("2027-01-01", "None", P)]
LATER = [("2012-12-28", "2027-02-28", P), ("2027-03-01", "None", P)]


def test_a_confirmed_date_counts_at_once_and_the_version_before_follows(installed: sessionmaker[Session]) -> None:
    with installed() as session:
        chunks = session.scalars(select(Chunk.id).order_by(Chunk.id)).all()
        row = propose(session, {"in_force_from": date(2027, 3, 1)})
        assert periods(session) == SHIPPED
        confirm(session, row)
        session.commit()
        assert periods(session) == LATER
        assert session.scalars(select(Chunk.id).order_by(Chunk.id)).all() == chunks  # what is indexed stays


def test_a_confirmed_correction_survives_the_next_import(installed: sessionmaker[Session]) -> None:
    with installed() as session:
        confirm(session, propose(session, {"in_force_from": date(2027, 3, 1)}))
        session.commit()
        assert loading.import_statutes(session, CORPUS, only=["农业法", "噪声污染防治法", "人民调解法"]) > 0
        session.commit()
        assert periods(session) == LATER
        assert loading.import_statutes(session, CORPUS, only=["农业法", "噪声污染防治法", "人民调解法"]) == 0


def test_a_proposed_or_refused_one_changes_nothing(installed: sessionmaker[Session]) -> None:
    with installed() as session:
        row = propose(session, {"in_force_from": date(2027, 3, 1)})
        with pytest.raises(ReasonNeeded):
            corrections.refuse(session, row.id, by=WANG, now=NOW, note=" ")
        corrections.refuse(session, row.id, by=WANG, now=NOW, note="公告写的是一月一日")
        assert (confirmed_fixes(session), periods(session), row.state) == ({}, SHIPPED, CorrectionState.refused)
        with pytest.raises(CorrectionDecided):
            confirm(session, row)


def test_the_proposer_does_not_confirm(installed: sessionmaker[Session]) -> None:
    with installed() as session:
        row = propose(session, {"in_force_from": date(2027, 3, 1)})
        for nobody_else in (LI, Person(None, "系统")):
            with pytest.raises(SamePerson):
                confirm(session, row, by=nobody_else)
        assert periods(session) == SHIPPED


def test_repeal_takes_a_version_away_at_once_and_a_second_correction_gives_it_back(
    installed: sessionmaker[Session],
) -> None:
    with installed() as session:
        law = "中华人民共和国人民调解法"
        (version,) = session.scalars(
            select(DocumentVersion).where(DocumentVersion.document_id == statute_id("人民调解法"))
        ).all()
        adopted, day = version.promulgated_on, date(2026, 11, 24)
        assert adopted
        assert article_in_force(session, "人民调解法", "第一条", day)
        confirm(session, propose(session, {"repealed": True}, law=law, version=adopted))
        assert article_in_force(session, "人民调解法", "第一条", day) is None
        loading.import_statutes(session, CORPUS, only=["人民调解法"])
        assert [s for *_, s in periods(session, "人民调解法")] == [W]
        before = session.scalar(select(DocumentVersion.published_at).where(DocumentVersion.id == version.id))
        confirm(session, propose(session, {"repealed": False}, law=law, version=adopted))
        # so that the index looks at it again
        assert session.get_one(DocumentVersion, version.id).published_at != before
        assert [s for *_, s in periods(session, "人民调解法")] == [P]
        assert article_in_force(session, "人民调解法", "第一条", day)


@pytest.mark.parametrize(
    ("fix", "reason"),
    [
        ({}, "有理由的"),
        ({"title": "x"}, "有理由的"),
        ({"in_force_from": date(2027, 3, 1)}, " 短 "),
        ({"in_force_from": date(1900, 1, 1)}, "有理由的"),
        ({"in_force_from": date(2027, 3, 1), "in_force_to": date(2027, 2, 1)}, "有理由的"),
        ({"in_force_to": date(2026, 12, 1)}, "早于它自己的开始日期"),
        ({"in_force_from": date(2027, 1, 1)}, "本来就是这样"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_proposed(
    installed: sessionmaker[Session], fix: dict[str, Any], reason: str
) -> None:
    with installed() as session, pytest.raises((CorrectionInvalid, ReasonNeeded)):
        propose(session, fix, reason=reason)


def test_two_versions_in_force_on_one_day_are_refused(installed: sessionmaker[Session]) -> None:
    with installed() as session, pytest.raises(CorrectionInvalid, match="两版同时有效"):
        propose(session, {"in_force_to": date(2027, 6, 1)}, version=OLD)


def test_a_version_that_the_package_lacks_is_refused(installed: sessionmaker[Session]) -> None:
    with installed() as session:
        for law, version in ((FARM, date(2000, 1, 1)), ("没有的法", NEW), ("'; DROP TABLE laws; --", NEW)):
            with pytest.raises(CorrectionInvalid):
                propose(session, {"repealed": True}, law=law, version=version)


def test_a_proposal_about_data_that_changed_since_is_refused(installed: sessionmaker[Session]) -> None:
    with installed() as session:
        first = propose(session, {"in_force_from": date(2027, 3, 1)})
        second = propose(session, {"in_force_from": date(2027, 4, 1)})
        session.commit()
        confirm(session, first)
        session.commit()
        with pytest.raises(CorrectionInvalid, match="又变了"):
            confirm(session, second)
        session.rollback()
        assert periods(session) == LATER
        assert session.get_one(StatuteCorrection, second.id).state is CorrectionState.proposed


def test_two_people_confirm_at_once_and_one_is_told(installed: sessionmaker[Session]) -> None:
    with installed() as session:
        number = propose(session, {"in_force_from": date(2027, 3, 1)}).id
        session.commit()
    start, outcomes = threading.Barrier(2), list[str]()

    def press(by: Person) -> None:
        with installed() as own:
            start.wait()
            try:
                corrections.confirm(own, number, corrections=FILE, by=by, now=NOW)
                own.commit()
                outcomes.append("done")
            except ReviewError as error:
                own.rollback()
                outcomes.append(type(error).__name__)

    people = [threading.Thread(target=press, args=(by,)) for by in (WANG, ZHAO)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(outcomes) == ["CorrectionDecided", "done"]
    with installed() as session:
        assert periods(session) == LATER


def test_the_flag_that_asks_for_a_second_look_goes_with_the_correction(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        corpus.import_places(session, CORPUS)
        loading.import_statutes(session, CORPUS, only=["注册会计师法"])
        session.commit()
        asked = select(DocumentVersion.flag).where(DocumentVersion.promulgated_on == date(2026, 6, 26))
        assert "请复核" in (session.scalar(asked) or "")
        confirm(
            session,
            propose(
                session,
                {"in_force_from": date(2026, 10, 1)},
                law="中华人民共和国注册会计师法",
                version=date(2026, 6, 26),
            ),
        )
        assert session.scalar(asked) is None


def cited_by_a_story(session: Session) -> DocumentVersion:
    version = story(session, "tiaojie", articles=["人民调解法 4"])
    session.commit()
    assert changes.find_changes(session, today=TODAY) == 0
    return version


@pytest.mark.parametrize("fix", [{"repealed": True}, {"repealed": True, "in_force_to": date(2026, 6, 30)}])
def test_what_cites_a_law_that_people_mark_as_repealed_is_hidden_and_waits(
    installed: sessionmaker[Session], fix: dict[str, Any]
) -> None:
    with installed() as session:
        version = cited_by_a_story(session)
        law, adopted = "中华人民共和国人民调解法", date(2010, 8, 28)
        confirm(session, propose(session, fix, law=law, version=adopted))
        session.commit()
        today = datetime.now(SHANGHAI).date()
        assert changes.find_changes(session, today=today) == 1
        (waiting,) = queue.waiting(session)
        assert waiting.change.kind is ChangeKind.repealed
        assert [h.document_id for h in waiting.hits] == [version.document_id]
        found = shown(session, version, today)
        assert found is not None
        assert found.is_dead
        told = check_citation(session, "人民调解法 4", from_day=today, to_day=None)
        assert told.status is CitationStatus.repealed
        assert "您是不是想写" not in told.message_zh
        assert "已经失效" in told.message_zh


def test_a_law_that_the_data_lacks_is_not_proposed_as_itself(installed: sessionmaker[Session]) -> None:
    with installed() as session:
        near = check_citation(session, "农业发 4", from_day=TODAY, to_day=None)
        assert "您是不是想写《农业法》" in near.message_zh
