"""The turn of the year 2026/27, when 农业法 and 商标法 count their articles anew: whatever cites them says what it
said, or isn't shown. Over the real package and the whole corpus.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bot.run.citing import FILES, citing_data, citing_files
from bot.settings import ROOT
from knowledge.documents.building import corpus_files, read_document
from knowledge.documents.models import ArticleMove, BankQuestion, BankTarget, Chunk, DocumentVersion
from knowledge.documents.versions import Person
from knowledge.encoder.cache import VectorCache
from knowledge.errors import CorrectionInvalid
from knowledge.evaluation.golden import evaluate
from knowledge.evaluation.models import GoldenQuestion
from knowledge.exchange import corpus
from knowledge.law import decisions, loading, queue
from knowledge.law.changes import Citing, find_changes
from knowledge.law.models import Decision, LawHit
from knowledge.law.standing import sound
from knowledge.search import building, references, rows, snapshot
from knowledge.search.passages import load_passages
from knowledge.search.references import Aim, References
from knowledge.search.searcher import Searcher
from knowledge.statutes import moves
from knowledge.statutes.citations import Citation, Where, arabic, citations_in, short_name, statute_id
from knowledge.statutes.numerals import article_number
from knowledge.statutes.reading import StatuteVersion, read_statutes
from tests.conftest import CORPUS
from tests.databases import Databases
from tests.fakes import PairEmbedder
from tests.knowledge.law.test_law_changes import law, shown, story

LAST, FIRST = date(2026, 12, 31), date(2027, 1, 1)
NOW = datetime(2026, 12, 20, 2, tzinfo=UTC)
LI = Person(1, "李")
FARM, MARK = statute_id("农业法"), statute_id("商标法")


def both(name: str) -> tuple[StatuteVersion, StatuteVersion]:
    old, new = read_statutes(CORPUS / "statute-corrections.yml", law=f"中华人民共和国{name}")
    return old, new


# Read in both versions: what the old article says, and the one that says it from 2027 on.
@pytest.mark.parametrize(
    ("law", "old", "new", "words"),
    [
        ("农业法", 46, 54, "不得强制农民和农业生产经营组织参加农业保险"),
        ("农业法", 67, 81, "有权拒绝"),
        ("农业法", 73, 87, "禁止强行以资代劳"),
        ("农业法", 74, 88, "必须坚持自愿原则"),
        ("农业法", 75, 89, "不得压级压价"),
        ("农业法", 76, 90, "赔偿额包括购货价款、有关费用和可得利益损失"),
        ("农业法", 95, 110, "以资代劳"),
        ("商标法", 31, 35, "初步审定并公告使用在先的商标"),
        ("商标法", 32, 24, "已经使用并有一定影响的商标"),
        ("商标法", 39, 43, "有效期为十年"),
        ("商标法", 42, 46, "应当签订转让协议"),
        ("商标法", 48, 2, "本法所称商标的使用"),
        ("商标法", 57, 72, "均属侵犯注册商标专用权"),
        ("商标法", 59, 73, "要求其附加适当区别标识"),
        ("商标法", 64, 78, "不承担赔偿责任"),
    ],
)
def test_an_article_moved_with_its_words(law: str, old: int, new: int, words: str) -> None:
    before, after = both(law)
    texts = {a.number: a.text for a in before.articles}, {a.number: a.text for a in after.articles}
    assert words in texts[0][article_number(str(old))]
    assert words in texts[1][article_number(str(new))]
    assert words not in texts[1].get(article_number(str(old)), "")
    assert moves.on(law, article_number(str(old)), LAST) == (article_number(str(old)),)
    assert moves.on(law, article_number(str(old)), FIRST)[0] == article_number(str(new))


def test_the_objection_to_a_trade_mark_is_two_months_then() -> None:
    before, after = both("商标法")
    (new,) = moves.on("商标法", "第三十三条", FIRST)
    assert "自公告之日起三个月内" in next(a.text for a in before.articles if a.number == "第三十三条")
    assert "自公告之日起二个月内" in next(a.text for a in after.articles if a.number == new)


@pytest.mark.parametrize("version", moves.RENUMBERED, ids=lambda v: v.law)
def test_every_article_of_the_old_version_is_decided_about_once(version: moves.Renumbered) -> None:
    old, new = both(version.law)
    assert (new.version_date, new.in_force_from) == (version.adopted, version.since)
    decided = [*version.moved, *version.doubtful, *version.gone]
    assert sorted(decided) == sorted(arabic(a.number) for a in old.articles)
    there = {arabic(a.number) for a in new.articles}
    assert {to for found in (*version.moved.values(), *version.doubtful.values()) for to in found} <= there


# The rest of an article that was taken apart, or that says the same in fewer or other words; read by hand.
TAKEN_APART = {("商标法", "2"), ("商标法", "9"), ("商标法", "53")}


@pytest.mark.parametrize("version", moves.RENUMBERED, ids=lambda v: v.law)
def test_what_moved_shares_its_words_with_what_it_was(version: moves.Renumbered) -> None:
    before, after = ({arabic(a.number): a.text for a in v.articles} for v in both(version.law))
    unlike = {old for old, found in version.moved.items() if references.alike(before[old], after[found[0]]) < 0.2}
    assert {(version.law, old) for old in unlike} <= TAKEN_APART


def test_each_law_written_anew_that_our_files_cite_is_in_the_table(turned: Session) -> None:
    begins = {v.law.removeprefix("中华人民共和国"): v for v in read_statutes(CORPUS / "statute-corrections.yml")}
    before = {
        v.law.removeprefix("中华人民共和国")
        for v in read_statutes(CORPUS / "statute-corrections.yml")
        if v.in_force_to and v.in_force_to >= moves.WRITTEN_ON
    }
    anew = {name for name, v in begins.items() if v.in_force_from > moves.WRITTEN_ON} & before
    cited = {w.citation.law for c in citing_files(turned, ROOT) for w in c.where}
    assert anew & cited <= {v.law for v in moves.RENUMBERED}
    assert "商标法" in anew & cited


def corpus_with_both_laws(session: Session) -> None:
    corpus.import_places(session, CORPUS)
    loading.import_statutes(session, CORPUS, only=["农业法", "商标法"])
    corpus.import_corpus(session, CORPUS)


@pytest.fixture
def turned(databases: Databases) -> Iterator[Session]:
    """The whole corpus with its bank, and the two laws; half a minute, once a process."""
    with databases.opened(corpus_with_both_laws) as sessions, sessions() as session:
        yield session


def text_on(session: Session, document: str, ref: str, day: date) -> str:
    return session.scalars(
        select(Chunk.text)
        .join(DocumentVersion)
        .where(
            DocumentVersion.document_id == document,
            Chunk.ref == ref,
            DocumentVersion.in_force_from <= day,
            (DocumentVersion.in_force_to.is_(None)) | (DocumentVersion.in_force_to >= day),
        )
    ).one()


def test_everything_walks_over_the_turn_of_the_year(turned: Session) -> None:
    """The bank and what answers rest on: each article shown on the first day is about what it was about on the last."""
    aims = {aim for found in rows.bases(turned, LAST, most=20).values() for aim in found}
    aims |= {Aim(*row) for row in turned.execute(select(BankTarget.document_id, BankTarget.ref, BankTarget.meant_on))}
    ours = {aim for aim in aims if aim.document in (FARM, MARK) and (aim.meant_on or LAST) <= LAST}
    known = References.read(turned, {FARM, MARK})
    walked, hidden = 0, set()
    for aim in ours:
        assert aim.ref
        assert known.on(aim, LAST) == (aim.ref,)
        name = "农业法" if aim.document == FARM else "商标法"
        if not (after := known.on(aim, FIRST)):
            hidden.add((name, arabic(aim.ref)))
            continue
        walked += 1
        was, then = (text_on(turned, aim.document, ref, day) for ref, day in ((aim.ref, LAST), (after[0], FIRST)))
        assert references.alike(was, then) >= 0.2 or (name, arabic(aim.ref)) in TAKEN_APART
    assert walked > 50
    assert hidden == {("商标法", "50"), ("商标法", "58"), ("商标法", "67")}


def test_the_queue_lists_all_that_cites_what_changes_then(turned: Session) -> None:
    """With both wordings, and the article that says the same."""
    files = citing_files(turned, ROOT)
    find_changes(turned, today=date(2026, 11, 30), others=files)
    find_changes(turned, today=FIRST, others=files)
    waiting = queue.waiting(turned)
    listed = {(c.change.law, arabic(c.change.ref)) for c in waiting for h in c.hits if h.is_file}
    cited = {
        (w.citation.law, arabic(w.citation.ref))
        for c in files
        for w in c.where
        if c.is_file and w.citation.law in ("农业法", "商标法")
    }
    assert cited - listed == set()
    assert len({n for law, n in listed if law == "商标法"}) > 45
    of = {(c.change.law, arabic(c.change.ref)): c for c in waiting}
    old, new = of["商标法", "33"], of["商标法", "58"]
    assert (old.moved, old.proposed) == (("第三十六条",), "第三十六条")
    assert "三个月" in "".join(p.text for p in old.old)
    assert "问法库：" in old.hits[0].title
    assert new.moved == ()
    assert of["商标法", "50"].proposed == "第四十九条"  # doubted: proposed, and shown to nobody meanwhile
    assert of["商标法", "50"].moved == ()
    documents = {h.document_id for c in waiting for h in c.hits if h.document_id}
    assert {"guide-nongye-baoxian", "reg-nongye-baoxian"} <= documents


def test_data_files_are_read_whole() -> None:
    found = citing_data(ROOT)
    assert len({c.source for c in found}) == len(found)
    assert all(len(c.source) <= 40 for c in found)
    by_source = {c.source: [f"{w.citation.law} {arabic(w.citation.ref)}" for w in c.where] for c in found}
    assert "劳动争议调解仲裁法 27" in by_source["matters:matters:labour_arbitration"]
    assert by_source["legal_aid:verdicts:no_means_test"] == ["法律援助法 32"]
    assert "行政处罚法 16" in by_source["patterns:patterns:fine"]
    assert by_source["code:deadlines"] == ["法律援助法 44"]
    assert all((ROOT / name).exists() for name in FILES.values())


# What has a first day of its own, and what it cites is ours: a regulation, a village's rule, a paper of the county.
OWN_DAY = ("reg-", "rule-", "policy-")


def test_no_text_of_ours_begins_before_the_law_it_cites() -> None:
    """Shown for a day on which its article wasn't there, it would rest on nothing."""
    laws: dict[str, list[StatuteVersion]] = defaultdict(list)
    for version in read_statutes(CORPUS / "statute-corrections.yml"):
        laws[short_name(version.law)].append(version)
    early = set()
    for path in corpus_files(CORPUS):
        document, _ = read_document(path)
        day = moves.WRITTEN_ON if document.id.startswith(OWN_DAY) else document.in_force_from
        for where in citations_in(document.content):
            versions = next((laws[name] for name in where.citation.names if name in laws), None)
            if versions and not any(v.is_in_force(day) and where.citation.ref in _numbers(v) for v in versions):
                early.add((document.id, f"{where.citation}"))
    assert early == set()


@cache
def _numbers(version: StatuteVersion) -> frozenset[str]:
    return frozenset(a.number for a in version.articles)


class Small:
    """A law of three articles written anew, a question to each, indexed."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.root = session, folder / "snapshots"
        self.embedder, self.cache = PairEmbedder(), VectorCache(folder / "vectors.sqlite")
        corpus.import_places(session, CORPUS)
        old = {
            "第一条": "收购粮食不得压级压价。",
            "第二条": "提供有偿服务必须坚持自愿原则。",
            "第三条": "村里公开账目。",
        }
        new = {
            "第一条": "国家保护转基因以外的物种资源。",
            "第二条": "收购粮食不得压级压价。",
            "第三条": "农民提供有偿服务，合同写明价钱和期限，双方自愿签字。",
        }
        law(session, "粮法", old, adopted=date(2012, 1, 1), start=date(2012, 1, 1), end=LAST)
        law(session, "粮法", new, adopted=date(2026, 8, 1), start=FIRST)
        for n, text in enumerate(("粮站压价怎么办", "逼我买服务行吗", "账目在哪看"), 1):
            question = BankQuestion(id=str(n), text=text, set_aside=False, source="test")
            question.targets = [BankTarget(rank=0, document_id=statute_id("粮法"), ref=article_number(str(n)))]
            session.add(question)
        session.commit()
        self.build()

    def build(self) -> None:
        building.build_snapshot(
            self.session, root=self.root, embedder=self.embedder, cache=self.cache, today=date(2026, 11, 30)
        )

    @property
    def searcher(self) -> Searcher:
        live = snapshot.load(self.root)
        return Searcher(embedder=self.embedder, live=lambda: live)

    def pointed(self, question: str, day: date) -> list[str | None]:
        """Articles that the bank's own question brings."""
        found = self.searcher.explain(self.session, question, day=day)
        return [e.ref for e in found if e.is_shown and e.question == question]


@pytest.fixture
def small(sessions: sessionmaker[Session], tmp_path: Path) -> Iterator[Small]:
    with sessions() as session:
        made = Small(session, tmp_path)
        yield made
        made.cache.close()


def test_a_question_of_the_bank_follows_the_words_and_never_the_number(small: Small) -> None:
    assert small.pointed("粮站压价怎么办", LAST) == ["第一条"]
    assert small.pointed("粮站压价怎么办", FIRST) == ["第二条"]
    assert small.pointed("账目在哪看", LAST) == ["第三条"]
    assert small.pointed("账目在哪看", FIRST) == []


def test_a_question_added_for_the_new_law_means_the_new_number(small: Small) -> None:
    row = BankQuestion(id="9", text="转基因种子", set_aside=False, source="test")
    row.targets = [BankTarget(rank=0, document_id=statute_id("粮法"), ref="第一条", meant_on=FIRST)]
    small.session.add(row)
    small.session.commit()
    small.build()
    assert small.pointed("转基因种子", FIRST) == ["第一条"]
    assert small.pointed("转基因种子", LAST) == []


def test_a_golden_question_means_the_article_of_the_day_it_was_written(small: Small) -> None:
    asked = GoldenQuestion(key="g", ask="粮站压价怎么办", must=["law 粮法 1"], source="shipped")
    lost = GoldenQuestion(key="l", ask="账目在哪看", must=["law 粮法 3"], source="shipped")
    dated = GoldenQuestion(key="d", ask="粮站压价怎么办", must=["law 粮法 2"], day=FIRST, source="shipped")
    for question in (asked, lost, dated):
        question.any_of, question.must_not, question.abstains, question.note = [], [], False, ""

    def passed(day: date) -> dict[str, bool]:
        found = evaluate(small.session, small.searcher, [asked, lost, dated], day=day)
        return {question.key: outcome.passed for question, outcome in found}

    assert passed(LAST) == {"g": True, "l": True, "d": True}
    assert passed(FIRST) == {"g": True, "d": True}  # the third waits in the queue


def bank_of_small(small: Small) -> list[Citing]:
    where = Where(Citation(("粮法",), "第三条"), "", "账目在哪看", True)
    return [Citing("bank:粮法 3", "问法库：账目在哪看", (where,), reviewed=moves.WRITTEN_ON, is_file=True)]


def test_where_a_person_says_an_article_went_is_shown_with_the_next_snapshot(small: Small) -> None:
    session = small.session
    find_changes(session, today=date(2026, 12, 20), others=bank_of_small(small))
    (hit,) = session.scalars(select(LawHit)).all()
    with pytest.raises(CorrectionInvalid):
        decisions.move(session, hit.id, to="99", by=LI, now=NOW)
    assert not building.needs_rebuild(small.root, moves=references.digest(session))
    decisions.move(session, hit.id, to="3", by=LI, now=NOW)
    session.commit()
    session.refresh(hit)
    assert hit.decision is Decision.keep
    assert session.scalars(select(ArticleMove.new_ref)).one() == "第三条"
    assert building.needs_rebuild(small.root, moves=references.digest(session))
    small.build()
    assert small.pointed("账目在哪看", FIRST) == ["第三条"]
    find_changes(session, today=FIRST, others=bank_of_small(small))
    assert queue.waiting(session) == []


def test_what_has_no_successor_stays_hidden_once_a_person_said_so(small: Small) -> None:
    session = small.session
    find_changes(session, today=date(2026, 12, 20), others=bank_of_small(small))
    (hit,) = session.scalars(select(LawHit)).all()
    decisions.move(session, hit.id, to=None, by=LI, now=NOW)
    session.commit()
    small.build()
    assert small.pointed("账目在哪看", FIRST) == []
    assert queue.waiting(session) == []


def test_citations_in_a_letter_are_numbered_as_on_its_day(small: Small) -> None:
    written = ["粮法 1", "粮法 3", "不是引用", "没有的法 7"]
    told = references.as_numbered(small.session, written, meant_on=LAST, day=FIRST)
    assert told == ["粮法 2", "没有的法 7"]
    assert references.as_numbered(small.session, ["粮法 1"], meant_on=FIRST, day=FIRST) == ["粮法 1"]


def test_a_text_that_names_a_number_of_another_matter_is_hidden(small: Small) -> None:
    named = story(small.session, "n", articles=["粮法 1"], lesson="《粮法》第一条说不得压价。")
    assert shown(small.session, named, LAST).is_dead is False  # type: ignore[union-attr]
    assert shown(small.session, named, FIRST).is_dead is True  # type: ignore[union-attr]


def test_a_text_that_rests_only_on_what_is_nowhere_is_hidden(small: Small) -> None:
    lost = story(small.session, "l", articles=["粮法 3"])
    assert shown(small.session, lost, FIRST).is_dead is True  # type: ignore[union-attr]


def test_a_text_cites_the_article_where_it_stands_now(turned: Session) -> None:
    """The guide on farm insurance: 46 is about public spending from 2027 on."""
    asked = select(Chunk.id).join(DocumentVersion).where(DocumentVersion.document_id == "guide-nongye-baoxian")
    passages = load_passages(turned, [(0.9, turned.scalars(asked).first() or 0)], 1)
    (before,), (after,) = sound(turned, passages, day=LAST), sound(turned, passages, day=FIRST)
    assert "农业法 46" in before.details["basis"]
    assert "农业法 54" in after.details["basis"]
    assert "农业法 46" not in after.details["basis"]
    assert "正在核对" in (after.caution or "")


def test_an_answer_that_follows_another_at_new_year_is_asked_as_often() -> None:
    """answer-weishengfei ends with 2026, answer-weishengfei-2027 goes on with the new numbers."""
    after = {path: read_document(path)[0] for path in corpus_files(CORPUS) if path.stem.endswith("-2027")}
    pairs = [
        (read_document(path.with_stem(path.stem.removesuffix("-2027")))[0], new)
        for path, new in after.items()
        if path.parent.name == "answers"
    ]
    assert len(pairs) >= 18
    for old, new in pairs:
        assert (old.in_force_to, new.in_force_from) == (LAST, FIRST), new.id
        assert len(new.content["questions"]) >= len(old.content["questions"]), new.id
