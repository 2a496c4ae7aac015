from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy.orm import Session, sessionmaker

from bot.db import make_engine, make_sessions, migrate
from knowledge.errors import CitationNotFound
from knowledge.exchange import corpus
from knowledge.law import loading
from knowledge.law.checking import CitationStatus, check_citation, suggest_articles
from knowledge.statutes.citations import (
    Target,
    arabic,
    citations_in,
    parse_citation,
    read_citation,
    statute_id,
    written_in,
)
from tests.conftest import CORPUS, DAY
from tests.fakes import NoSearch

CODE = ("民法典", "第一千零四十二条")


@pytest.mark.parametrize(
    ("text", "law", "ref", "paragraph"),
    [
        ("民法典 1042", *CODE, None),
        ("民法典　１０４２", *CODE, None),
        ("中华人民共和国民法典 1042", *CODE, None),
        ("《民法典》第一千零四十二条", *CODE, None),
        ("《中华人民共和国民法典》第 1042 条第二款第（三）项", *CODE, 2),
        ("《民法典》（2020年）第一〇四二条", *CODE, None),
        ("民法典第1042条第二款", "民法典", "第一千零四十二条", 2),
        ("民法典1042条", *CODE, None),
        ("刑法 17-1", "刑法", "第十七条之一", None),
        ("刑法第十七条之一", "刑法", "第十七条之一", None),
        ("《劳动合同法》第一十条", "劳动合同法", "第十条", None),
    ],
)
def test_a_citation_is_read_however_it_is_written(text: str, law: str, ref: str, paragraph: int | None) -> None:
    found = read_citation(text)
    assert (found.law, found.ref, found.paragraph) == (law, ref, paragraph)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "民法典",
        "guide-x",
        "《民法典》第十百条",
        "第十条",
        "《民法典》第零条",
        "《民法典》第99999条",
        "x" * 9000,
        "《" * 500,
        "一" * 500,
    ],
)
def test_what_is_no_citation_is_told(text: str) -> None:
    with pytest.raises(CitationNotFound):
        read_citation(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("根据《民法典》第十条第一款、第二款和第十二条处理。", ["民法典 10", "民法典 12"]),
        ("《刑法》第二百六十四条至第二百六十六条", ["刑法 264", "刑法 265", "刑法 266"]),
        ("《刑法》第一条规定。本村规约第三条规定。", ["刑法 1"]),
        ("《刑法》讲盗窃。该法第二百六十四条说要坐牢。", ["刑法 264"]),
        ("《民法典》第十条，《刑法》第十二条，以及第十三条。", ["民法典 10", "刑法 12", "刑法 13"]),
        ("照村规第五条办，见《某办法》。", []),
        ("《刑法》第一条至第九千条", ["刑法 1", "刑法 9000"]),
    ],
)
def test_citations_in_a_sentence_are_found_with_those_joined_to_them(text: str, found: list[str]) -> None:
    assert [f"{c.law} {arabic(c.ref)}" for c, _ in written_in(text)] == found


def test_every_place_of_a_document_is_searched_but_not_residents_questions() -> None:
    content = {
        "answer": "按《刑法》第二条办。",
        "legal_basis": ["民法典 1042", "guide-x"],
        "sections": {"注意": "《刑法》第三条"},
        "questions": ["《刑法》第四条是啥"],
        "clauses": [{"text": "罚款。", "conflict": {"articles": ["刑法 238"], "says": "《刑法》第五条"}}],
        "articles": [{"number": "第一条", "text": "《刑法》第六条"}],
    }
    assert {w.path: arabic(w.citation.ref) for w in citations_in(content)} == {
        "answer": "2",
        "legal_basis[0]": "1042",
        "sections.注意": "3",
        "clauses[0].conflict.articles[0]": "238",
        "clauses[0].conflict.says": "5",
        "articles[0].text": "6",
    }


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sessionmaker[Session]]:
    """Read only, so one for all tests here."""
    url = f"sqlite:///{tmp_path_factory.mktemp('law') / 'law.sqlite'}"
    migrate(url)
    engine = make_engine(url)
    sessions = make_sessions(engine)
    with sessions() as session:
        corpus.import_places(session, CORPUS)
        loading.import_statutes(
            session, CORPUS, only=["农业法", "噪声污染防治法", "医疗保障法", "反家庭暴力法", "刑法"]
        )
        session.commit()
    yield sessions
    engine.dispose()


@pytest.mark.parametrize(
    ("text", "start", "end", "status", "said"),
    [
        ("农业法 1", date(2026, 1, 1), date(2026, 12, 31), CitationStatus.ok, "2012-12-28 起有效，到 2026-12-31"),
        ("农业法 46", date(2026, 1, 1), None, CitationStatus.changed, "从 2027-01-01 起换成新的条文"),
        ("农业法 46", date(2027, 1, 1), None, CitationStatus.ok, "2027-01-01 起有效"),
        ("依据农业法第46条", date(2026, 1, 1), date(2026, 12, 31), CitationStatus.ok, "《农业法》第四十六条"),
        ("农业法 112", date(2026, 1, 1), date(2026, 12, 31), CitationStatus.not_yet, "从 2027-01-01 起才施行"),
        ("农业法 900", date(2026, 1, 1), None, CitationStatus.unknown_article, "全文共 99 条"),
        ("农业法第一条第九款", date(2026, 1, 1), date(2026, 12, 31), CitationStatus.unknown_article, "只有 1 款"),
        ("噪声污染防治法 3", date(2026, 8, 14), date(2026, 8, 14), CitationStatus.ok, "到 2026-08-14"),
        ("噪声污染防治法 3", date(2026, 8, 1), None, CitationStatus.repealed, "2026-08-15 起失效"),
        ("噪声污染防治法 3", date(2026, 8, 15), None, CitationStatus.repealed, "已经失效（2026-08-15 起）"),
        ("医疗保障法 1", date(2026, 11, 24), None, CitationStatus.not_yet, "2027-01-01"),
        ("反家庭暴力罚 1", DAY, None, CitationStatus.unknown_law, "是不是想写《反家庭暴力法》"),
        ("工伤保险条例 14", DAY, None, CitationStatus.unknown_law, "自己核对"),
        ("随便写写", DAY, None, CitationStatus.unreadable, "民法典 1042"),
    ],
)
def test_a_citation_is_checked_on_the_days_of_its_text(
    book: sessionmaker[Session], text: str, start: date, end: date | None, status: CitationStatus, said: str
) -> None:
    with book() as session:
        found = check_citation(session, text, from_day=start, to_day=end)
    assert found.status is status
    assert said in found.message_zh


def test_the_picker_completes_the_name_of_the_law_and_the_number(book: sessionmaker[Session]) -> None:
    with book() as session:
        assert [s.citation for s in suggest_articles(session, NoSearch(), "反家庭 3", day=DAY, k=4)] == [
            "反家庭暴力法 3",
            "反家庭暴力法 30",
            "反家庭暴力法 31",
            "反家庭暴力法 32",
        ]  # type: ignore[arg-type]
        assert [s.citation for s in suggest_articles(session, NoSearch(), "《刑法》第十七条之一", day=DAY)] == [
            "刑法 17-1"
        ]  # type: ignore[arg-type]
        assert suggest_articles(session, NoSearch(), "医疗保障法 1", day=DAY) == []  # type: ignore[arg-type]
        assert suggest_articles(session, NoSearch(), "%法 1", day=DAY) == []  # type: ignore[arg-type]


def test_attached_articles_follow_the_brackets_of_their_law() -> None:
    text = "依《民法典》第三条、第五条至第六条。该法第八条，刑法第十条。"
    assert [repr(c) for c, _ in written_in(text, is_attached=True)] == [
        "Citation(民法典 第三条)",
        "Citation(民法典 第五条)",
        "Citation(民法典 第六条)",
    ]
    assert len(written_in(text)) == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("民法典 1042", Target(statute_id("民法典"), "第一千零四十二条")),
        ("中华人民共和国民法典 17-1", Target(statute_id("民法典"), "第十七条之一")),
        ("rule-lijiagou", Target("rule-lijiagou", None)),
        ("民法典第1042条", Target("民法典第1042条", None)),
    ],
)
def test_a_list_of_ours_names_articles_in_one_way(text: str, expected: Target) -> None:
    assert parse_citation(text) == expected


@pytest.mark.parametrize("text", ["民法典 0", "民法典 12345", "民法典 第三条", "民 法 典 3"])
def test_another_way_in_a_list_of_ours_is_refused(text: str) -> None:
    with pytest.raises(CitationNotFound):
        parse_citation(text)
