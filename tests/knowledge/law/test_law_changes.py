"""Small statutes made here, so that both wordings are before the reader; one case with the real package."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from knowledge.answering.compose import answer
from knowledge.answering.told import Answer
from knowledge.documents import saving, versions
from knowledge.documents.building import DocumentText, build
from knowledge.documents.kinds.base import ChunkText
from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.versions import Person
from knowledge.errors import HitDecided, ReasonNeeded
from knowledge.exchange import corpus
from knowledge.law import decisions, loading, queue
from knowledge.law.changes import Citing, find_changes, look_if_due
from knowledge.law.models import ChangeKind, CitationSeen, Decision, LawChange, LawHit
from knowledge.law.standing import Standing, standing
from knowledge.search.passages import Passage, load_passages
from knowledge.statutes.citations import citations_in, statute_id
from tests.conftest import CORPUS

NEW_YEAR = date(2027, 1, 1)
NOW = datetime(2027, 1, 1, 2, tzinfo=UTC)
LI, WANG = Person(1, "李"), Person(2, "王")
NOISE = {"第一条": "夜间不得产生噪声。", "第二条": "违反的，处五百元罚款。", "第三条": "本法自公布之日起施行。"}


def law(
    session: Session, name: str, articles: dict[str, str], *, adopted: date, start: date, end: date | None = None
) -> DocumentVersion:
    chunks = tuple(ChunkText(ref, None, text, f"{name} {text}") for ref, text in articles.items())
    document = DocumentText(
        statute_id(name),
        Kind.statute,
        f"中华人民共和国{name}",
        "nation",
        None,
        start,
        end,
        None,
        {},
        chunks,
        promulgated_on=adopted,
    )
    return saving.save_document(session, document, key=adopted)


def story(
    session: Session,
    id: str,
    *,
    articles: Sequence[str],
    lesson: str = "好好说话。",
    reviewed: date | None = date(2026, 7, 1),
    **more: Any,
) -> DocumentVersion:
    data = {
        "id": id,
        "kind": "case_story",
        "title": f"故事{id}",
        "place": "nation",
        "topic": "邻里相邻",
        "in_force_from": date(2026, 1, 1),
        "in_force_to": None,
        "reviewed_on": reviewed,
        "facts": "隔壁放音响。",
        "handling": "村里劝了。",
        "lesson": lesson,
        "answer": "先请村里劝。",
        "articles": list(articles),
        "questions": [],
        **more,
    }
    return saving.save_document(session, build(data, source=id)[0], key=None)


def shown(session: Session, version: DocumentVersion, day: date) -> Standing | None:
    chunk = session.scalars(select(Chunk).where(Chunk.version_id == version.id)).one()
    passages: list[Passage] = load_passages(session, [(0.9, chunk.id)], 1)
    return standing(session, passages, day=day).get(chunk.id)


def hits(session: Session, *decisions: Decision) -> list[tuple[str, str, ChangeKind]]:
    rows = session.execute(select(LawHit, LawChange).join(LawChange).order_by(LawHit.id))
    return [
        (hit.title, f"{change.law} {change.ref}", change.kind)
        for hit, change in rows
        if hit.decision in (decisions or (Decision.open,))
    ]


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions() as held:
        corpus.import_places(held, CORPUS)
        held.commit()
        yield held


def repealed_noise_law(session: Session) -> DocumentVersion:
    law(session, "噪声法", NOISE, adopted=date(2021, 12, 24), start=date(2022, 6, 5), end=date(2026, 8, 14))
    version = story(session, "a", articles=["噪声法 1"])
    session.commit()
    return version


def test_a_story_on_a_repealed_law_is_shown_until_its_last_day_and_not_after(session: Session) -> None:
    version = repealed_noise_law(session)
    assert shown(session, version, date(2026, 8, 14)) == Standing(False, None)
    assert shown(session, version, date(2026, 8, 15)) == Standing(True, None)
    assert shown(session, version, date(2026, 8, 14)) == Standing(False, None)


def test_a_repeal_is_announced_then_found_and_void_when_the_clock_goes_back(session: Session) -> None:
    version = repealed_noise_law(session)
    assert find_changes(session, today=date(2026, 7, 1)) == 0
    assert find_changes(session, today=date(2026, 7, 20)) == 1
    change = session.scalars(select(LawChange)).one()
    assert (change.kind, change.effective_on, change.new_version_id) == (ChangeKind.repealed, date(2026, 8, 15), None)
    assert shown(session, version, date(2026, 7, 20)) == Standing(False, None)
    assert find_changes(session, today=date(2026, 8, 15)) == 0
    assert hits(session) == [("故事a", "噪声法 第一条", ChangeKind.repealed)]
    find_changes(session, today=date(2026, 7, 1))
    session.expire_all()
    assert hits(session) == []
    assert find_changes(session, today=date(2026, 8, 15)) == 1


def test_a_change_follows_a_correction_of_the_day_it_begins(session: Session) -> None:
    old = law(
        session,
        "农法",
        {"第一条": "保险自愿。"},
        adopted=date(2012, 12, 28),
        start=date(2012, 12, 28),
        end=date(2027, 1, 19),
    )
    new = law(session, "农法", {"第一条": "保险自愿，国家补贴。"}, adopted=date(2026, 8, 28), start=date(2027, 1, 20))
    story(session, "a", articles=["农法 1"])
    session.commit()
    assert find_changes(session, today=NEW_YEAR) == 1
    assert session.scalars(select(LawChange.effective_on)).all() == [date(2027, 1, 20)]
    old.in_force_to, new.in_force_from = date(2026, 12, 31), NEW_YEAR
    session.commit()
    assert find_changes(session, today=NEW_YEAR) == 0
    assert session.scalars(select(LawChange.effective_on)).all() == [NEW_YEAR]
    assert queue.count_waiting(session, today=NEW_YEAR) == 1


def test_who_approves_in_the_first_hours_of_the_day_has_read_that_days_law(session: Session) -> None:
    law(
        session,
        "农法",
        {"第一条": "保险自愿。"},
        adopted=date(2012, 12, 28),
        start=date(2012, 12, 28),
        end=date(2026, 12, 31),
    )
    law(session, "农法", {"第一条": "保险自愿，国家补贴。"}, adopted=date(2026, 8, 28), start=NEW_YEAR)
    version = story(session, "a", articles=["农法 1"])
    version.approved_at = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)  # 23:59 in China
    session.commit()
    assert (before := shown(session, version, NEW_YEAR))
    assert before.caution
    version.approved_at = datetime(2026, 12, 31, 16, 1, tzinfo=UTC)
    session.commit()
    assert shown(session, version, NEW_YEAR) == Standing(False, None)
    assert find_changes(session, today=NEW_YEAR) == 0


def test_a_text_that_names_a_dead_article_is_not_shown_although_its_other_law_lives(session: Session) -> None:
    repealed_noise_law(session)
    law(session, "环境法", {"第一条": "爱护环境。"}, adopted=date(2020, 1, 1), start=date(2020, 1, 1))
    named = story(session, "b", articles=["环境法 1"], lesson="《噪声法》第二条说要罚。")
    listed = story(session, "c", articles=["环境法 1", "噪声法 2"])
    after = date(2026, 8, 15)
    assert shown(session, named, after) == Standing(True, None)
    found = shown(session, listed, after)
    assert found is not None
    assert not found.is_dead
    assert "《噪声法》第二条有变动" in (found.caution or "")


class Fixed:
    """A searcher that finds these texts, best first, whatever is asked."""

    def __init__(self, *found: DocumentVersion) -> None:
        self.found = found

    def search(self, session: Session, *_: object, **__: object) -> list[Passage]:
        ids = [session.scalars(select(Chunk.id).where(Chunk.version_id == v.id)).one() for v in self.found]
        return load_passages(session, [(0.9 - i / 10, chunk) for i, chunk in enumerate(ids)], 10)


@pytest.mark.parametrize("intent", ["ask_law", "ask_case_story"])
def test_a_dead_text_makes_room_for_the_next_best_and_for_nothing_when_it_was_alone(
    session: Session, intent: str
) -> None:
    dead = repealed_noise_law(session)
    law(session, "环境法", {"第一条": "爱护环境。"}, adopted=date(2020, 1, 1), start=date(2020, 1, 1))
    alive = story(session, "b", articles=["环境法 1"], answer="打 12345。")

    def told(day: date, *found: DocumentVersion) -> str:
        given = answer(session, Fixed(*found), "音响太吵", day=day, place=None, intent=intent, threshold=0.0)
        return given.text if isinstance(given, Answer) else given.reason

    assert told(date(2026, 8, 14), dead, alive) == "先请村里劝。"
    assert told(date(2026, 8, 15), dead, alive) == "打 12345。"
    assert told(date(2026, 8, 15), dead) == "nothing_found"


def test_an_answer_whose_law_changed_says_so_beside_its_own_citation(session: Session) -> None:
    version = new_farm_law(session)
    given = answer(session, Fixed(version), "保险", day=NEW_YEAR, place=None, threshold=0.0)
    assert isinstance(given, Answer)
    assert "正在核对" in (given.citations[0].note or "")
    assert [c.article for c in given.citations[1:]] == ["第一条", "第二条"]  # as they are now; what is gone isn't cited


def new_farm_law(session: Session) -> DocumentVersion:
    law(
        session,
        "种地法",
        {"第一条": "农民种地。", "第二条": "可以买保险。", "第三条": "村里要公开账目。", "第四条": "不得抛荒。"},
        adopted=date(2012, 1, 1),
        start=date(2012, 1, 1),
        end=date(2026, 12, 31),
    )
    law(
        session,
        "种地法",
        {"第一条": "农民种地。", "第二条": "国家补贴保险。", "第三条": "不得抛荒。"},
        adopted=date(2026, 8, 1),
        start=date(2027, 1, 1),
    )
    version = story(
        session, "d", articles=["种地法 1", "种地法 2", "种地法 3", "种地法 4"], reviewed=date(2026, 11, 20)
    )
    session.commit()
    return version


def test_a_new_version_hits_what_cites_the_articles_that_differ(session: Session) -> None:
    version = new_farm_law(session)
    find_changes(session, today=date(2027, 1, 1))
    assert sorted(hits(session)) == [
        ("故事d", "种地法 第三条", ChangeKind.changed),
        ("故事d", "种地法 第二条", ChangeKind.changed),
        ("故事d", "种地法 第四条", ChangeKind.renumbered),
    ]
    moved = session.scalars(select(LawChange).where(LawChange.ref == "第四条")).one()
    assert moved.new_ref == "第三条"
    assert shown(session, version, date(2026, 12, 31)) == Standing(False, None)
    after = shown(session, version, date(2027, 1, 1))
    assert after is not None
    assert "正在核对" in (after.caution or "")


def test_looking_again_finds_nothing_twice(session: Session) -> None:
    new_farm_law(session)
    first = find_changes(session, today=date(2027, 1, 1))
    counts = [session.scalar(select(func.count()).select_from(t)) for t in (LawChange, LawHit, CitationSeen)]
    assert (first, find_changes(session, today=date(2027, 1, 1))) == (3, 0)
    assert (
        counts
        == [session.scalar(select(func.count()).select_from(t)) for t in (LawChange, LawHit, CitationSeen)]
        == [3, 3, 4]
    )


def test_two_workers_at_once_find_each_hit_once(session: Session, sessions: sessionmaker[Session]) -> None:
    new_farm_law(session)
    session.close()
    found, start = list[int](), threading.Barrier(2)

    def look() -> None:
        with sessions() as own:
            start.wait()
            found.append(find_changes(own, today=date(2027, 1, 1)))

    workers = [threading.Thread(target=look) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (sum(found), len(found)) == (3, 2)
    assert session.scalar(select(func.count()).select_from(LawHit)) == 3


def test_a_wording_mended_by_a_newer_package_is_a_change(session: Session) -> None:
    law(session, "小法", {"第一条": "罚五百元。"}, adopted=date(2020, 1, 1), start=date(2020, 1, 1))
    story(session, "e", articles=["小法 1"])
    session.commit()
    assert find_changes(session, today=date(2026, 11, 24)) == 0
    law(session, "小法", {"第一条": "罚五十元。"}, adopted=date(2020, 1, 1), start=date(2020, 1, 1))
    assert find_changes(session, today=date(2026, 11, 24)) == 1
    change = session.scalars(select(LawChange)).one()
    texts = [
        session.scalar(select(Chunk.text).where(Chunk.version_id == version))
        for version in (change.old_version_id, change.new_version_id)
    ]
    assert texts == ["罚五百元。", "罚五十元。"]


def test_a_law_that_takes_effect_hits_nobody_who_knew_of_it(session: Session) -> None:
    law(session, "医保法", {"第一条": "人人参保。"}, adopted=date(2026, 8, 1), start=date(2027, 1, 1))
    version = story(session, "f", articles=["医保法 1"], lesson="明年起《医保法》第一条管这件事。")
    session.commit()
    for day in (date(2026, 12, 20), date(2027, 1, 1), date(2027, 5, 1)):
        assert find_changes(session, today=day) == 0
        assert shown(session, version, day) == Standing(False, None)


def test_laws_that_the_data_lacks_are_not_judged(session: Session) -> None:
    version = story(session, "g", articles=["工伤保险条例 14"], lesson="《工伤保险条例》第十四条写着。")
    session.commit()
    assert find_changes(session, today=date(2026, 11, 24)) == 0
    assert shown(session, version, date(2026, 11, 24)) == Standing(False, None)


def test_hits_of_a_withdrawn_text_become_void(session: Session) -> None:
    version = repealed_noise_law(session)
    find_changes(session, today=date(2026, 8, 15))
    version.status = VersionStatus.withdrawn
    session.commit()
    find_changes(session, today=date(2026, 8, 15))
    session.expire_all()
    assert hits(session, Decision.void) == [("故事a", "噪声法 第一条", ChangeKind.repealed)]


def test_the_real_farm_law_of_2027_hits_the_guide_on_farm_insurance(session: Session) -> None:
    loading.import_statutes(session, CORPUS, only=["农业法"])
    corpus.import_corpus(session, CORPUS)
    session.commit()
    assert find_changes(session, today=date(2026, 11, 24)) == 0
    find_changes(session, today=date(2027, 1, 1))
    found = {hit.document_id for hit in session.scalars(select(LawHit).where(LawHit.decision == Decision.open))}
    assert found == {"guide-nongye-baoxian", "reg-nongye-baoxian"}
    assert session.scalars(select(LawChange)).one().ref == "第四十六条"
    (waiting,) = queue.waiting(session)
    # farm insurance moved there, with other words
    assert waiting.nearest is not None
    assert waiting.nearest[0] == "第五十四条"
    document = session.get_one(Document, "guide-nongye-baoxian")
    assert shown(session, document.versions[-1], date(2026, 12, 31)) == Standing(False, None)
    assert (shown(session, document.versions[-1], date(2027, 1, 1)) or Standing(False, None)).caution


def only_hit(session: Session) -> LawHit:
    session.expire_all()
    return session.scalars(select(LawHit)).one()


def one_changed(session: Session) -> DocumentVersion:
    law(
        session,
        "种地法",
        {"第一条": "可以买保险。"},
        adopted=date(2012, 1, 1),
        start=date(2012, 1, 1),
        end=date(2026, 12, 31),
    )
    law(session, "种地法", {"第一条": "国家补贴保险。"}, adopted=date(2026, 8, 1), start=date(2027, 1, 1))
    version = story(session, "k", articles=["种地法 1"], reviewed=date(2026, 11, 20))
    session.commit()
    find_changes(session, today=NEW_YEAR)
    return version


def test_kept_with_a_reason_it_is_shown_plainly_and_never_asked_about_again(session: Session) -> None:
    version = one_changed(session)
    with pytest.raises(ReasonNeeded):
        decisions.keep(session, only_hit(session).id, by=LI, now=NOW, reason=" ")
    decisions.keep(session, only_hit(session).id, by=LI, now=NOW, reason="意思没变")
    session.commit()
    assert shown(session, version, NEW_YEAR) == Standing(False, None)
    assert shown(session, version, date(2026, 12, 31)) == Standing(False, None)
    assert find_changes(session, today=NEW_YEAR) == 0
    assert (only_hit(session).decision, only_hit(session).reason) == (Decision.keep, "意思没变")
    with pytest.raises(HitDecided):
        decisions.withdraw(session, only_hit(session).id, by=LI, now=NOW, reason="还是撤了")


def test_a_kept_text_is_asked_about_again_when_the_law_changes_once_more(session: Session) -> None:
    version = one_changed(session)
    decisions.keep(session, only_hit(session).id, by=LI, now=NOW, reason="意思没变")
    law(session, "种地法", {"第一条": "保险自愿。"}, adopted=date(2026, 8, 1), start=date(2027, 1, 1))
    session.commit()
    assert find_changes(session, today=NEW_YEAR) == 1
    assert (shown(session, version, NEW_YEAR) or Standing(False, None)).caution


def test_editing_begins_a_draft_and_the_caution_stays_until_it_is_published(session: Session) -> None:
    version = one_changed(session)
    draft = decisions.edit(session, only_hit(session).id, by=LI, now=NOW)
    assert draft is not None
    assert (draft.status, draft.based_on) == (VersionStatus.draft, 1)
    assert decisions.edit(session, only_hit(session).id, by=LI, now=NOW) is draft
    assert (shown(session, version, NEW_YEAR) or Standing(False, None)).caution
    assert [c.hits[0].decision for c in queue.waiting(session)] == [Decision.edit]
    versions.submit(session, draft.id, by=LI, now=NOW)
    versions.approve(session, draft.id, by=WANG, now=NOW)
    versions.publish(session, draft.id, by=WANG, now=NOW, today=NEW_YEAR)
    session.commit()
    assert queue.waiting(session) == []
    assert shown(session, draft, NEW_YEAR) == Standing(False, None)
    assert find_changes(session, today=NEW_YEAR) == 0
    assert only_hit(session).decision is Decision.void


def test_withdrawing_takes_the_text_away_and_settles_all_that_hits_it(session: Session) -> None:
    version = new_farm_law(session)
    find_changes(session, today=NEW_YEAR)
    first = session.scalars(select(LawHit).order_by(LawHit.id)).first()
    assert first is not None
    decisions.withdraw(session, first.id, by=LI, now=NOW, reason="新法不这样规定了")
    session.commit()
    session.expire_all()
    assert version.status is VersionStatus.withdrawn
    assert "种地法" in (version.end_reason or "")
    assert sorted(h.decision for h in session.scalars(select(LawHit))) == [
        Decision.void,
        Decision.void,
        Decision.withdraw,
    ]


def test_a_hit_of_a_text_that_is_gone_is_no_longer_decided(session: Session) -> None:
    version = one_changed(session)
    version.status = VersionStatus.superseded
    session.commit()
    with pytest.raises(HitDecided):
        decisions.keep(session, only_hit(session).id, by=LI, now=NOW, reason="看过")


def test_both_wordings_stand_side_by_side_with_what_differs_marked(session: Session) -> None:
    one_changed(session)
    (found,) = queue.waiting(session)
    assert ("".join(p.text for p in found.old), "".join(p.text for p in found.new)) == (
        "可以买保险。",
        "国家补贴保险。",
    )
    assert [p.text for p in found.old if p.is_changed] == ["可以买"]
    assert [p.text for p in found.new if p.is_changed] == ["国家补贴"]
    assert found.nearest is None
    assert queue.waiting(session, places=["lijiagou"]) == []
    assert (queue.count_waiting(session, today=date(2026, 12, 31)), queue.count_waiting(session, today=NEW_YEAR)) == (
        0,
        1,
    )


def test_texts_that_run_out_within_thirty_days_are_listed(session: Session) -> None:
    for id, end in (
        ("soon", date(2026, 12, 24)),
        ("later", date(2026, 12, 25)),
        ("today", date(2026, 11, 24)),
        ("over", date(2026, 11, 23)),
    ):
        story(session, id, articles=[], in_force_to=end)
    assert [document.id for document, _ in queue.expiring(session, today=date(2026, 11, 24))] == ["today", "soon"]


def test_statutes_that_begin_or_end_are_announced(session: Session) -> None:
    repealed_noise_law(session)
    new_farm_law(session)
    assert [(e.law, e.on, e.is_start) for e in queue.statute_events(session, today=date(2026, 8, 1))] == [
        ("噪声法", date(2026, 8, 15), False)
    ]
    assert [(e.law, e.on, e.is_start) for e in queue.statute_events(session, today=date(2026, 12, 5))] == [
        ("种地法", NEW_YEAR, True)
    ]


def test_the_worker_looks_once_a_day_and_when_statutes_were_imported(session: Session) -> None:
    new_farm_law(session)
    assert look_if_due(session, today=date(2026, 11, 24)) == 0
    assert look_if_due(session, today=date(2026, 11, 24)) is None
    loading.import_statutes(session, CORPUS, only=["人民调解法"])
    assert look_if_due(session, today=date(2026, 11, 24)) == 0
    assert look_if_due(session, today=NEW_YEAR) == 3


def test_what_lives_a_floor_higher_is_hit_too(session: Session) -> None:
    repealed_noise_law(session)
    reply = Citing(
        source="canned:3",
        title="快捷回复",
        where=tuple(citations_in({"text": "依据《噪声法》第二条，可以报警。"})),
        reviewed=date(2026, 7, 1),
    )
    find_changes(session, today=date(2026, 8, 15), others=[reply])
    assert ("快捷回复", "噪声法 第二条", ChangeKind.repealed) in hits(session)
    find_changes(session, today=date(2026, 8, 15))
    session.expire_all()
    assert [t for t, *_ in hits(session)] == ["故事a"]
