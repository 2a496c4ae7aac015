"""Golden questions in the console: what must stay right, how it stands, how it went, and since when something is
wrong.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from actions.errors import ActionError, Conflict, InvalidInput, NotAllowed, NotFound
from bot.staff import audit, rights
from bot.staff.models import Staff
from bot.web.staff.desk import Desk, Who, back, number_or_404, text_of
from knowledge.clock import SHANGHAI
from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind
from knowledge.errors import CitationNotFound
from knowledge.evaluation import golden, history
from knowledge.evaluation.models import GoldenQuestion, GoldenResult, GoldenRun
from knowledge.places import Place
from knowledge.search.articles import named_article
from knowledge.search.searcher import Searcher
from knowledge.statutes.citations import Target, short_name, statute_id

REASONS = {"worker": "发布前", "snapshot": "建索引", "person": "有人点了检查", "gate": "点发布时"}
_MOST_SOURCES, _MOST_ASK = 10, 300
_EMPTY: dict[str, Any] = {
    "ask": "",
    "place": "",
    "day": "",
    "must": "",
    "any_of": "",
    "must_not": "",
    "abstains": False,
    "note": "",
}


def router(desk: Desk, searcher: Searcher, *, today: Callable[[], date]) -> APIRouter:
    """`searcher`: one that keeps the vectors of what it is asked (`KeptQueries`)."""
    api = APIRouter(prefix="/staff/knowledge/golden")

    def page(
        request: Request,
        session: Session,
        who: Who,
        *,
        problem: str | None = None,
        form: dict[str, Any] = _EMPTY,
        is_open: bool = False,
    ) -> HTMLResponse:
        questions = list(session.scalars(select(GoldenQuestion).order_by(GoldenQuestion.id)))
        results = history.latest(session)
        runs = history.runs(session)
        failing = [q for q in questions if q.is_active and q.id in results and not results[q.id][0].passed]
        plot = {
            "at": [f"{r.at.astimezone(SHANGHAI):%m-%d %H:%M}" for r in runs],
            "share": [round(100 * r.passed / max(1, r.passed + r.failed), 1) for r in runs],
        }
        return desk.page(
            request,
            "knowledge/golden/questions.html",
            session,
            who,
            status=422 if problem else 200,
            problem=problem,
            questions=questions,
            results=results,
            runs=runs[::-1],
            failing=failing,
            plot=plot,
            form=form,
            is_open=is_open or bool(problem),
            names=_Names(session, (n for q in questions for n in (*q.must, *q.any_of, *q.must_not))),
            reasons=REASONS,
        )

    def one(
        request: Request,
        session: Session,
        who: Who,
        question: GoldenQuestion,
        *,
        problem: str | None = None,
        form: dict[str, Any] | None = None,
    ) -> HTMLResponse:
        results = session.execute(
            select(GoldenResult, GoldenRun)
            .join(GoldenRun, GoldenRun.id == GoldenResult.run_id)
            .where(GoldenResult.question_id == question.id)
            .order_by(GoldenRun.id.desc())
            .limit(20)
        ).all()
        since = history.since(session, question.id)
        found = [f for r, _ in results for f in r.found] + (since.found + since.found_before if since else [])
        names = _Names(
            session,
            [
                *question.must,
                *question.any_of,
                *question.must_not,
                *(f"{d} {ref or ''}".strip() for d, ref, _ in found),
            ],
        )
        shown = form or {
            **{n: getattr(question, n) for n in ("ask", "abstains", "note")},
            "place": question.place_id or "",
            "day": question.day.isoformat() if question.day else "",
            **{n: "\n".join(names.written(s) for s in getattr(question, n)) for n in ("must", "any_of", "must_not")},
        }
        numbers = [run.version_id for _, run in results if run.version_id] + [
            r.version_id for r in ((since.run, since.before) if since else ()) if r and r.version_id
        ]
        versions = {v.id: v for v in session.scalars(select(DocumentVersion).where(DocumentVersion.id.in_(numbers)))}
        return desk.page(
            request,
            "knowledge/golden/question.html",
            session,
            who,
            status=422 if problem else 200,
            problem=problem,
            question=question,
            results=results,
            since=since,
            names=names,
            form=shown,
            reasons=REASONS,
            versions=versions,
            may_change=_may(session, who.staff, question.place_id),
        )

    @api.get("", response_class=HTMLResponse)
    async def everything(request: Request) -> Response:
        with desk.sessions() as session:
            return page(request, session, desk.who(request, session, "knowledge"))

    @api.post("", response_class=HTMLResponse)
    async def add(request: Request) -> Response:
        """A new question of one's own; with `do` = write, only the form filled in, as the results of "try it" offer
        it.
        """
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge")
            form = _form(sent)
            if text_of(sent, "do", 10) == "write":
                return page(request, session, who, form=form, is_open=True)
            try:
                values = _values(session, who.staff, form)
                session.add(GoldenQuestion(**values, source="console", is_active=True, created_by=who.staff.name))
                audit.record(session, who.staff, "加检查问题", detail=values["ask"])
                session.commit()
            except IntegrityError:
                session.rollback()
                return page(request, session, who, problem="已经有同样的检查问题了。", form=form)
            except ActionError as error:
                session.rollback()
                return page(request, session, who, problem=error.message_zh, form=form)
        return back(request, "/staff/knowledge/golden")

    @api.post("/run")
    async def run(request: Request) -> Response:
        def all_of_them() -> None:
            with desk.sessions() as own:
                golden.run(own, searcher, golden.active(own), day=today(), reason="person")
                own.commit()

        with desk.sessions() as session:
            who, _ = await desk.form(request, session, "knowledge")
            audit.record(session, who.staff, "跑检查问题")
            session.commit()
        await run_in_threadpool(all_of_them)
        return back(request, "/staff/knowledge/golden")

    @api.get("/{question_id}", response_class=HTMLResponse)
    async def look(request: Request, question_id: str) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "knowledge")
            return one(request, session, who, _question(session, question_id))

    @api.post("/{question_id}", response_class=HTMLResponse)
    async def change(request: Request, question_id: str) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge")
            question, do = _question(session, question_id), text_of(sent, "do", 10)
            if not _may(session, who.staff, question.place_id):
                raise NotAllowed(
                    "对所有地方都算数的检查问题，由负责所有地方的人来改。" if question.place_id is None else None
                )
            if do in ("on", "off"):
                question.is_active = do == "on"
                audit.record(
                    session,
                    who.staff,
                    "打开检查问题" if do == "on" else "停用检查问题",
                    str(question.id),
                    question.ask[:200],
                )
            elif do == "save" and question.source == "console":
                form = _form(sent)
                try:
                    for name, value in _values(session, who.staff, form).items():
                        setattr(question, name, value)
                    audit.record(session, who.staff, "改检查问题", str(question.id), question.ask[:200])
                    session.flush()
                except IntegrityError:
                    session.rollback()
                    return one(
                        request,
                        session,
                        who,
                        _question(session, question_id),
                        problem="已经有同样的检查问题了。",
                        form=form,
                    )
                except ActionError as error:
                    session.rollback()
                    return one(
                        request, session, who, _question(session, question_id), problem=error.message_zh, form=form
                    )
            else:
                raise Conflict("自带的检查问题不能改，可以停用，再加一个自己的。")
            session.commit()
        return back(request, f"/staff/knowledge/golden/{question.id}")

    return api


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
        shared = (
            session.execute(
                select(Document.title)
                .where(Document.title.in_(titles))
                .group_by(Document.title)
                .having(func.count() > 1)
            ).scalars()
            if len(titles) <= 500
            else []
        )
        self._shared = set(shared)

    def __call__(self, name: str) -> str:
        cited = golden.target(name)
        title, kind = self._titles.get(
            cited.document_id, (name.partition(" ")[2] if name.startswith("law ") else cited.document_id, None)
        )
        return f"{short_name(title) if kind is Kind.statute else title} {cited.ref or ''}".strip()

    def written(self, name: str) -> str:
        """As it may stand in the form and be found again."""
        cited = golden.target(name)
        held = self._titles.get(cited.document_id)
        return (
            name
            if held is None or held[0] in self._shared or held[1] is Kind.statute and name.startswith("law ")
            else self(name)
        )

    def found(self, held: list[Any]) -> str:
        document, ref, number = held
        return self(f"{document} {ref or ''}".strip()) + (f"（第 {number} 版）" if number else "")

    def is_own(self, document_id: str) -> bool:
        return document_id in self._titles and self._titles[document_id][1] is not Kind.statute


def _question(session: Session, question_id: str) -> GoldenQuestion:
    found = session.get(GoldenQuestion, number_or_404(question_id))
    if found is None:
        raise NotFound("没有这个检查问题。")
    return found


def _may(session: Session, staff: Staff, place: str | None) -> bool:
    """A question without a place counts for everybody: who works everywhere changes it."""
    seen = rights.places_of(session, staff)
    return seen is None or place in seen


def _form(sent: FormData) -> dict[str, Any]:
    texts = {
        name: text_of(sent, name, most)
        for name, most in (
            ("ask", 2000),
            ("place", 40),
            ("day", 10),
            ("must", 2000),
            ("any_of", 2000),
            ("must_not", 2000),
            ("note", 500),
        )
    }
    return {**texts, "abstains": bool(text_of(sent, "abstains", 5))}


def _values(session: Session, staff: Staff, form: dict[str, Any]) -> dict[str, Any]:
    """Columns of a question. Raises InvalidInput, NotAllowed."""
    ask, place = " ".join(form["ask"].split()), form["place"] or None
    if not 2 <= len(ask) <= _MOST_ASK:
        raise InvalidInput(f"问题请写 2 到 {_MOST_ASK} 个字，像居民平常那样问。")
    if place and session.get(Place, place) is None:
        raise InvalidInput("没有这个地方。")
    if not _may(session, staff, place):
        raise NotAllowed("请选一个您负责的地方。")
    try:
        day = date.fromisoformat(form["day"]) if form["day"] else None
    except ValueError:
        raise InvalidInput("日期请填成 2026-11-25 这样，或者空着。") from None
    sources = {
        name: [source(session, line) for line in form[name].splitlines() if line.strip()]
        for name in ("must", "any_of", "must_not")
    }
    if any(len(some) > _MOST_SOURCES for some in sources.values()):
        raise InvalidInput(f"每一栏最多写 {_MOST_SOURCES} 个。")
    if not any(sources.values()) and not form["abstains"]:
        raise InvalidInput("请写明要引用什么、不能引用什么，或者勾“不该回答”。")
    return {
        "key": golden.key_of(ask, place, day),
        "ask": ask,
        "place_id": place,
        "day": day,
        **sources,
        "abstains": form["abstains"],
        "note": form["note"],
    }


def source(session: Session, line: str) -> str:
    """What a line names: an article, a document by number or title, with its clause.

    Raises InvalidInput with the line.
    """
    line = " ".join(line.split())
    try:
        named = named_article(line)
        cited = Target(statute_id(named[0]), named[1]) if named and not line.startswith("law ") else golden.target(line)
    except CitationNotFound:
        raise InvalidInput(f"“{line[:40]}”不是法条的写法，请写成“民法典第1042条”。") from None
    found = session.get(Document, cited.document_id)
    if found is None:
        title, _, ref = line.rpartition(" ")
        for words, clause in ((line, None), (title, ref)):
            same = session.scalars(select(Document.id).where(Document.title == words).limit(2)).all()
            if len(same) > 1:
                raise InvalidInput(f"叫“{words[:40]}”的资料不止一份，请写资料编号。")
            if same:
                cited, found = Target(same[0], clause), session.get(Document, same[0])
                break
    if found is None:
        raise InvalidInput(f"没有找到“{line[:40]}”。可以写资料的标题、编号，或者“民法典第1042条”。")
    if (
        cited.ref
        and session.scalar(
            select(Chunk.id)
            .join(DocumentVersion)
            .where(DocumentVersion.document_id == found.id, Chunk.ref == cited.ref)
            .limit(1)
        )
        is None
    ):
        raise InvalidInput(f"“{found.title}”里没有{cited.ref[:20]}。")
    return f"{cited.document_id} {cited.ref}" if cited.ref else cited.document_id
