"""Golden questions in the console: what must stay right, how it stands, how it went, and since when something is
wrong.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import ActionError, Conflict, InvalidInput, NotAllowed, NotFound
from bot.rasa_client import RasaUnavailable
from bot.rehearsing.supposed import Rehearsed, Supposed
from bot.staff import rights
from bot.web.knowledge.asking.try_it import weigh
from bot.web.knowledge.asking.why import why
from bot.web.knowledge.shelf import KnowledgeForm, KnowledgeSeat
from bot.web.staff.desk import Form, Seat
from bot.web.staff.typed import number_or_404, words
from knowledge.clock import SHANGHAI
from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind
from knowledge.errors import CitationNotFound
from knowledge.evaluation import golden, history
from knowledge.evaluation.history import Since
from knowledge.evaluation.models import GoldenQuestion, GoldenResult, GoldenRun
from knowledge.places import Place
from knowledge.statutes.citations import Target, named_article, short_name, statute_id

REASONS = {"worker": "发布前", "snapshot": "建索引", "person": "有人点了检查", "gate": "点发布时"}
_MOST_SOURCES, _MOST_ASK, _MOST_RUNS = 10, 300, 20
SHOWS = {"": "全部", "wrong": "现在答错的", "own": "自己加的", "off": "停用的"}
_ON_A_PAGE = 50
_LISTS = ("must", "any_of", "must_not")
_PAGE = "/staff/knowledge/golden"

router = APIRouter(prefix=_PAGE)


@dataclass(frozen=True)
class Chosen:
    """Which of them the list shows."""

    show: str = ""
    q: str = ""
    page: int = 1

    def link(self, **changes: Any) -> str:
        given = {"show": self.show, "q": self.q, **changes}
        return "?" + urlencode({name: value for name, value in given.items() if value})

    def among(self, questions: Sequence[GoldenQuestion], wrong: set[int]) -> list[GoldenQuestion]:
        return [q for q in questions if self.q in q.ask and _shows(self.show, q, wrong)]


def _shows(show: str, question: GoldenQuestion, wrong: set[int]) -> bool:
    match show:
        case "wrong":
            return question.id in wrong
        case "own":
            return question.source == "console"
        case "off":
            return not question.is_active
        case _:
            return True


@dataclass(frozen=True)
class Written:
    """A question as it stands in its form: sources one a line."""

    ask: str = ""
    place: str = ""
    day: str = ""
    must: str = ""
    any_of: str = ""
    must_not: str = ""
    abstains: bool = False
    note: str = ""

    @classmethod
    def read(cls, at: Form) -> "Written":
        return cls(
            ask=at.text("ask", 2000),
            place=at.text("place", 40),
            day=at.text("day", 10),
            must=at.text("must", 2000),
            any_of=at.text("any_of", 2000),
            must_not=at.text("must_not", 2000),
            abstains=bool(at.text("abstains", 5)),
            note=at.text("note", 500),
        )


@router.get("", response_class=HTMLResponse)
def everything(at: KnowledgeSeat, show: str = "", q: str = "", page: int = 1) -> Response:
    return _page(at, chosen=Chosen(show if show in SHOWS else "", words(q, 40), max(1, page)))


@router.post("", response_class=HTMLResponse)
def add(at: KnowledgeForm) -> Response:
    """A new question of one's own; with `do` = write, only the form filled in, as the results of "try it" offer it."""
    written = Written.read(at)
    if at.text("do", 10) == "write":
        return _page(at, written, is_open=True)
    if problem := _kept(at, lambda: _add(at, written)):
        return _page(at, written, problem=problem)
    return at.back(_PAGE)


@router.post("/run")
def run(at: KnowledgeForm) -> Response:
    at.record("跑检查问题")
    at.session.commit()
    golden.run(at.session, at.tools.golden, golden.active(at.session), day=at.tools.today(), reason="person")
    at.session.commit()
    return at.back(_PAGE)


@router.get("/{question_id}", response_class=HTMLResponse)
def look(at: KnowledgeSeat, question_id: str) -> Response:
    return _one(at, _question(at, question_id))


@dataclass(frozen=True)
class Asked:
    ask: str
    place: str | None
    day: date


def _asked(at: KnowledgeSeat, question_id: str) -> Asked:
    """Nothing of the database is held any more while Rasa is asked."""
    question = _question(at, question_id)
    found = Asked(question.ask, question.place_id, question.day or at.tools.today())
    at.session.rollback()
    return found


@router.get("/{question_id}/said", response_class=HTMLResponse)
async def said(at: KnowledgeSeat, asked: Annotated[Asked, Depends(_asked)]) -> Response:
    """What a resident would be told today for a golden question, and why."""
    supposed = Supposed(asked.day)
    try:
        rehearsed = await at.tools.rehearse(asked.ask, asked.place, supposed)
    except RasaUnavailable:
        return await run_in_threadpool(at.page, "knowledge/golden/said.html", replies=None)
    return await run_in_threadpool(_said, at, asked, rehearsed, supposed)


def _said(at: Seat, asked: Asked, rehearsed: Rehearsed, supposed: Supposed) -> Response:
    weighed = weigh(at, asked.ask, place=asked.place, supposed=supposed)
    reasons = why(rehearsed, weighed.shown, weighed.hidden, version=None)
    return at.page(
        "knowledge/golden/said.html",
        replies=rehearsed.replies,
        why=reasons,
        question=asked.ask,
        place=asked.place,
        version=None,
    )


@router.post("/{question_id}", response_class=HTMLResponse)
def change(at: KnowledgeForm, question_id: str) -> Response:
    question, do = _question(at, question_id), at.text("do", 10)
    if not _may(at, question.place_id):
        raise NotAllowed("对所有地方都算数的检查问题，由负责所有地方的人来改。" if question.place_id is None else None)
    if do in ("on", "off"):
        question.is_active = do == "on"
        at.record("打开检查问题" if do == "on" else "停用检查问题", str(question.id))
        at.session.commit()
    elif do == "save" and question.source == "console":
        written = Written.read(at)
        if problem := _kept(at, lambda: _rewrite(at, question, written)):
            return _one(at, _question(at, question_id), written, problem=problem)
    else:
        raise Conflict("自带的检查问题不能改，可以停用，再加一个自己的。")
    return at.back(f"{_PAGE}/{question.id}")


def _kept(at: Form, write: Callable[[], None]) -> str | None:
    """What stands in the way, in words; None: it is written and committed."""
    try:
        write()
        at.session.commit()
    except IntegrityError:
        at.session.rollback()
        return "已经有同样的检查问题了。"
    except ActionError as error:
        at.session.rollback()
        return error.message_zh
    return None


def _add(at: Form, written: Written) -> None:
    values = _values(at, written)
    added = GoldenQuestion(**values, source="console", is_active=True, created_by=at.staff.name)
    at.session.add(added)
    at.session.flush()
    at.record("加检查问题", str(added.id))


def _rewrite(at: Form, question: GoldenQuestion, written: Written) -> None:
    for name, value in _values(at, written).items():
        setattr(question, name, value)
    at.record("改检查问题", str(question.id))


def _page(
    at: Seat,
    written: Written | None = None,
    *,
    chosen: Chosen | None = None,
    problem: str | None = None,
    is_open: bool = False,
) -> HTMLResponse:
    questions = at.session.scalars(select(GoldenQuestion).order_by(GoldenQuestion.id)).all()
    results, runs = history.latest(at.session), history.runs(at.session)
    wrong = {q.id for q in questions if q.is_active and q.id in results and not results[q.id][0].passed}
    chosen = chosen or Chosen()
    found = chosen.among(questions, wrong)
    pages = max(1, -(-len(found) // _ON_A_PAGE))
    page = min(chosen.page, pages)
    shown = found[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE]
    return at.page(
        "knowledge/golden/questions.html",
        status=422 if problem else 200,
        problem=problem,
        questions=shown,
        found=len(found),
        counts={show: sum(_shows(show, q, wrong) for q in questions) for show in SHOWS},
        shows=SHOWS,
        chosen=chosen,
        page=page,
        pages=pages,
        results=results,
        runs=runs[::-1],
        plot={
            "at": [f"{r.at.astimezone(SHANGHAI):%m-%d %H:%M}" for r in runs],
            "share": [round(100 * r.passed / max(1, r.passed + r.failed), 1) for r in runs],
        },
        form=written or Written(),
        is_open=is_open or bool(problem),
        names=_Names(at.session, (n for q in shown for n in (*q.must, *q.any_of, *q.must_not))),
        reasons=REASONS,
    )


def _one(
    at: Seat, question: GoldenQuestion, written: Written | None = None, *, problem: str | None = None
) -> HTMLResponse:
    results, since = _results(at.session, question), history.since(at.session, question.id)
    found = [f for r, _ in results for f in r.found] + (since.found + since.found_before if since else [])
    sources = [f"{document} {ref or ''}".strip() for document, ref, _ in found]
    names = _Names(at.session, [*question.must, *question.any_of, *question.must_not, *sources])
    return at.page(
        "knowledge/golden/question.html",
        status=422 if problem else 200,
        problem=problem,
        question=question,
        results=results,
        since=since,
        names=names,
        form=written or _as_written(question, names),
        reasons=REASONS,
        versions=_versions(at.session, results, since),
        may_change=_may(at, question.place_id),
    )


def _results(session: Session, question: GoldenQuestion) -> Sequence[tuple[GoldenResult, GoldenRun]]:
    """The latest first."""
    rows = session.execute(
        select(GoldenResult, GoldenRun)
        .join(GoldenRun, GoldenRun.id == GoldenResult.run_id)
        .where(GoldenResult.question_id == question.id)
        .order_by(GoldenRun.id.desc())
        .limit(_MOST_RUNS)
    )
    return [(result, run) for result, run in rows]


def _versions(
    session: Session, results: Sequence[tuple[GoldenResult, GoldenRun]], since: Since | None
) -> dict[int, DocumentVersion]:
    """Those that the runs were about."""
    runs = [run for _, run in results] + ([since.run, since.before] if since else [])
    numbers = [run.version_id for run in runs if run and run.version_id]
    return {v.id: v for v in session.scalars(select(DocumentVersion).where(DocumentVersion.id.in_(numbers)))}


def _as_written(question: GoldenQuestion, names: "_Names") -> Written:
    return Written(
        ask=question.ask,
        place=question.place_id or "",
        day=question.day.isoformat() if question.day else "",
        must="\n".join(names.written(s) for s in question.must),
        any_of="\n".join(names.written(s) for s in question.any_of),
        must_not="\n".join(names.written(s) for s in question.must_not),
        abstains=question.abstains,
        note=question.note,
    )


class _Names:
    """How sources are written for people: the title and the article, found in one query."""

    def __init__(self, session: Session, names: Iterable[str]) -> None:
        ids = sorted({golden.target(n).document_id for n in names})
        self._titles: dict[str, tuple[str, Kind]] = {}
        for at in range(0, len(ids), 500):
            self._titles |= {
                d: (title, kind)
                for d, title, kind in session.execute(
                    select(Document.id, Document.title, Document.kind).where(Document.id.in_(ids[at : at + 500]))
                )
            }
        titles = [t for t, _ in self._titles.values()]
        self._shared = _twice(session, titles) if len(titles) <= 500 else set[str]()

    def __call__(self, name: str) -> str:
        cited = golden.target(name)
        held = self._titles.get(cited.document_id)
        if held is None:
            title = name.partition(" ")[2] if name.startswith("law ") else cited.document_id
        else:
            title = short_name(held[0]) if held[1] is Kind.statute else held[0]
        return f"{title} {cited.ref or ''}".strip()

    def written(self, name: str) -> str:
        """As it may stand in the form and be found again."""
        cited = golden.target(name)
        held = self._titles.get(cited.document_id)
        if held is None or held[0] in self._shared or (held[1] is Kind.statute and name.startswith("law ")):
            return name
        return self(name)

    def found(self, held: list[Any]) -> str:
        document, ref, number = held
        return self(f"{document} {ref or ''}".strip()) + (f"（第 {number} 版）" if number else "")

    def is_own(self, document_id: str) -> bool:
        return document_id in self._titles and self._titles[document_id][1] is not Kind.statute


def _twice(session: Session, titles: Sequence[str]) -> set[str]:
    """Titles that more than one document has."""
    of_title = select(Document.title).where(Document.title.in_(titles)).group_by(Document.title)
    return set(session.scalars(of_title.having(func.count() > 1)))


def _question(at: Seat, question_id: str) -> GoldenQuestion:
    found = at.session.get(GoldenQuestion, number_or_404(question_id))
    if found is None:
        raise NotFound("没有这个检查问题。")
    return found


def _may(at: Seat, place: str | None) -> bool:
    """A question without a place counts for everybody: who works everywhere changes it."""
    seen = rights.places_of(at.session, at.staff)
    return seen is None or place in seen


def _values(at: Form, written: Written) -> dict[str, Any]:
    """Columns of a question. Raises InvalidInput, NotAllowed."""
    ask, place = " ".join(written.ask.split()), written.place or None
    if not 2 <= len(ask) <= _MOST_ASK:
        raise InvalidInput(f"问题请写 2 到 {_MOST_ASK} 个字，像居民平常那样问。")
    if place and at.session.get(Place, place) is None:
        raise InvalidInput("没有这个地方。")
    if not _may(at, place):
        raise NotAllowed("请选一个您负责的地方。")
    try:
        day = date.fromisoformat(written.day) if written.day else None
    except ValueError:
        raise InvalidInput("日期请填成 2026-11-25 这样，或者空着。") from None
    sources = {name: _sources(at.session, getattr(written, name)) for name in _LISTS}
    if any(len(some) > _MOST_SOURCES for some in sources.values()):
        raise InvalidInput(f"每一栏最多写 {_MOST_SOURCES} 个。")
    if not any(sources.values()) and not written.abstains:
        raise InvalidInput("请写明要引用什么、不能引用什么，或者勾“不该回答”。")
    return {
        "key": golden.key_of(ask, place, day),
        "ask": ask,
        "place_id": place,
        "day": day,
        **sources,
        "abstains": written.abstains,
        "note": written.note,
    }


def _sources(session: Session, lines: str) -> list[str]:
    return [_source(session, line) for line in lines.splitlines() if line.strip()]


def _source(session: Session, line: str) -> str:
    """What a line names: an article, a document by number or title, with its clause.

    Raises InvalidInput with the line.
    """
    line = " ".join(line.split())
    try:
        named = named_article(line)
        cited = (
            Target(statute_id(named.law), named.ref) if named and not line.startswith("law ") else golden.target(line)
        )
    except CitationNotFound:
        raise InvalidInput(f"“{line[:40]}”不是法条的写法，请写成“民法典第1042条”。") from None
    found = session.get(Document, cited.document_id)
    if found is None:
        cited = _by_title(session, line)
        found = session.get_one(Document, cited.document_id)
    if cited.ref and not _has_part(session, found, cited.ref):
        raise InvalidInput(f"“{found.title}”里没有{cited.ref[:20]}。")
    return f"{cited.document_id} {cited.ref}" if cited.ref else cited.document_id


def _by_title(session: Session, line: str) -> Target:
    """Raises InvalidInput."""
    title, _, ref = line.rpartition(" ")
    for name, clause in ((line, None), (title, ref)):
        same = session.scalars(select(Document.id).where(Document.title == name).limit(2)).all()
        if len(same) > 1:
            raise InvalidInput(f"叫“{name[:40]}”的资料不止一份，请写资料编号。")
        if same:
            return Target(same[0], clause)
    raise InvalidInput(f"没有找到“{line[:40]}”。可以写资料的标题、编号，或者“民法典第1042条”。")


def _has_part(session: Session, document: Document, ref: str) -> bool:
    of_document = select(Chunk.id).join(DocumentVersion).where(DocumentVersion.document_id == document.id)
    return session.scalar(of_document.where(Chunk.ref == ref).limit(1)) is not None
