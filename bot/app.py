"""Create_app: routes and handlers joined, nothing else."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rasa_sdk.executor import ActionExecutor
from sqlalchemy import text
from starlette.middleware.cors import CORSMiddleware

from actions.dialogue.base import Services
from actions.dialogue.registry import all_actions
from bot.channels.base import Remaining
from bot.channels.registry import build_wechat
from bot.channels.wechat.inbound import Wechat
from bot.conversations import claims
from bot.parts import Parts
from bot.rasa_client import erase_trackers
from bot.settings import ROOT, Settings
from bot.web import errors
from bot.web.body_limit import BodyLimit
from bot.web.headers import Headers
from bot.web.internal import internal_app
from bot.web.knowledge import bulk_import, documents, golden, law, try_it, unanswered
from bot.web.resident import links as resident_links
from bot.web.resident import progress, tokens, widget
from bot.web.resident import wechat as wechat_pages
from bot.web.staff import bookings, cases, imports, inbox, sign_in
from bot.web.staff import settings as staff_settings
from bot.web.staff.desk import Desk
from knowledge.clock import today
from knowledge.search import building as index_building
from knowledge.search import snapshot

log = logging.getLogger("linli.app")


def create_internal_app(parts: Parts) -> FastAPI:
    executor = ActionExecutor()
    for action in all_actions(
        Services(sessions=parts.sessions, searcher=parts.searcher, today=today, topic=parts.topic)
    ):
        executor.register_action(action)
    return internal_app(secret=parts.settings.secret("internal"), embedder=parts.embedder, executor=executor)


def create_app(parts: Parts) -> FastAPI:
    settings = parts.settings
    state: dict[str, bool] = {"rasa": True}
    links = resident_links.Links(secret=settings.secret("tokens"), public_url=settings.own_url, sessions=parts.sessions)
    accounts_there = build_wechat(parts, links)

    async def deliver(wechat: Wechat) -> None:
        """What this account's people haven't got yet goes out as soon as it may."""
        while True:
            try:
                await asyncio.to_thread(wechat.deliver_due)
            except Exception as error:
                # the trace would carry what was said
                log.error("wechat deliver account=%s %s", wechat.account.name, type(error).__name__)
            await asyncio.sleep(1)

    async def tend(wechat: Wechat) -> None:
        while True:
            try:
                await asyncio.to_thread(wechat.tend)
            except Exception as error:
                log.error("wechat tend account=%s %s", wechat.account.name, type(error).__name__)
            await asyncio.sleep(1)

    def remaining(conversation_id: str) -> Remaining | None:
        return next((r for w in accounts_there.values() if (r := w.remaining(conversation_id))), None)

    async def watch() -> None:
        """Answer what is waiting as soon as Rasa is back, also what was said before the app itself was killed."""
        while True:
            try:
                state["rasa"] = await parts.rasa.is_ready()
                if state["rasa"]:
                    with parts.sessions() as session:
                        waiting = claims.unanswered(session, older_than=timedelta(seconds=2))
                    for error in await asyncio.gather(
                        *(parts.turns.answer(message_id) for message_id in waiting), return_exceptions=True
                    ):
                        if isinstance(error, Exception):
                            log.error("watch %s", type(error).__name__)
            except Exception:
                log.exception("watch")  # the loop must outlive a locked database; no resident's words are in the trace
            await asyncio.sleep(2)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with parts.sessions() as session:
            claims.release_all(session)
        tasks = [
            asyncio.create_task(watch()),
            *(asyncio.create_task(job(wechat)) for wechat in accounts_there.values() for job in (deliver, tend)),
        ]
        yield
        for task in tasks:
            task.cancel()
        await parts.rasa.close()

    app = FastAPI(title="Linli", openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    errors.install(app)

    def degraded() -> str | None:
        return None if state["rasa"] else "助手正在重启，您可以先把问题写下来，好了马上回答。"

    app.include_router(widget.router(settings=settings, sessions=parts.sessions, turns=parts.turns, degraded=degraded))
    app.include_router(progress.router(parts.sessions))
    desk = Desk(settings=settings, sessions=parts.sessions)
    for pages in (
        sign_in.router(desk),
        cases.router(desk),
        bookings.router(desk),
        imports.router(desk),
        staff_settings.router(desk),
        inbox.router(desk, parts.searcher, today=today, slots=parts.rasa.slots, remaining=remaining),
        bulk_import.router(desk),
        law.router(desk, parts.searcher, today=today),
        try_it.router(desk, parts.searcher, today=today, intent=parts.intent),
        golden.router(desk, parts.golden, today=today),
        unanswered.router(desk, parts.searcher, today=today, topic=parts.topic),
        # Last: its addresses end in a document's id, which could be any word.
        documents.router(
            desk,
            today=today,
            gate=parts.gate,
            is_indexed=lambda version: index_building.is_indexed(settings.snapshots, version),
            live=parts.searcher.live,
        ),
    ):
        app.include_router(pages)
    app.include_router(
        wechat_pages.router(
            accounts_there,
            sessions=parts.sessions,
            links=links,
            tokens=tokens.Tokens(settings.secret("tokens")),
            cookie_days=settings.retention_days,
            erase=lambda c: erase_trackers(settings.rasa_trackers, [c]),
        )
    )
    app.add_middleware(BodyLimit)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=[o.strip() for o in settings.origins.split(",")],
            allow_methods=["*"],
            allow_headers=["authorization", "content-type"],
        )
    for name, path in (("bootstrap", "bootstrap/dist"), ("htmx", "htmx.org/dist"), ("chart", "chart.js/dist")):
        app.mount(f"/static/vendor/{name}", StaticFiles(directory=settings.vendor / path, check_dir=False))
    app.mount("/static", StaticFiles(directory=ROOT / "bot" / "static"), name="static")
    templates = Jinja2Templates(directory=ROOT / "bot" / "templates")

    app.add_middleware(Headers)

    @app.get("/", response_class=HTMLResponse)
    async def page(request: Request, village: str | None = None) -> HTMLResponse:
        return templates.TemplateResponse(request, "chat.html", {"village": village, "footer": _footer(settings)})

    @app.get("/privacy", response_class=HTMLResponse)
    async def privacy(request: Request) -> HTMLResponse:
        return templates.TemplateResponse(
            request,
            "privacy.html",
            {"notice": widget.notice(settings), "retention_days": settings.retention_days, "footer": _footer(settings)},
        )

    @app.get("/healthz")
    async def alive() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz")
    async def ready() -> JSONResponse:
        checks = {"rasa": await parts.rasa.is_ready()}
        try:
            with parts.sessions() as session:
                session.execute(text("SELECT 1"))
                checks["database"] = True
                checks["search"] = bool(
                    await asyncio.to_thread(parts.searcher.search, session, "彩礼", day=today(), k=1)
                )
        except Exception:
            log.exception("readyz")
            checks.setdefault("database", False)
            checks["search"] = False
        return JSONResponse(checks, 200 if all(checks.values()) else 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


def _footer(settings: Settings) -> str:
    meta = snapshot.meta(settings.snapshots)
    chunks, embedded = int(str(meta.get("chunks", 0))), int(str(meta.get("embedded", 0)))
    if not chunks:
        return "资料正在准备。"
    share = (
        f"资料 {chunks} 条，均已可查"
        if embedded == chunks
        else f"资料 {chunks} 条，其中 {embedded} 条已能按意思查，其余可按字词查"
    )
    return f"{share}。回答供参考，以法律原文和主管部门答复为准。"
