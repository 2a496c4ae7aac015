"""create_app(settings): builds every part and includes routers; the only wiring."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rasa_sdk.executor import ActionExecutor
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actions.dialogue.knowledge import Services
from actions.dialogue.services import all_actions
from bot.channels.base import Remaining
from bot.channels.wechat import Wechat
from bot.channels.wechat_accounts import read_accounts
from bot.channels.wechat_api import OFFICIAL, WechatApi, fetch_picture
from bot.conversations import service
from bot.db import make_engine, make_sessions
from bot.rasa_client import RasaClient, erase_trackers
from bot.settings import ROOT, SHANGHAI, Settings
from bot.turns import Turns
from bot.web import (
    bookings,
    cases,
    curation,
    curation_golden,
    curation_import,
    curation_law,
    curation_quality,
    curation_unanswered,
    errors,
    imports,
    inbox,
    progress,
    settings_pages,
    sign_in,
    widget,
)
from bot.web import wechat as wechat_pages
from bot.web.body_limit import BodyLimit
from bot.web.desk import Desk
from bot.web.rasa_webhook import internal_app
from knowledge import index, indexing, segments
from knowledge.anonymity import names, training
from knowledge.embedding import SentenceEmbedder, VectorCache, prepare_model
from knowledge.errors import SnapshotUnavailable
from knowledge.evaluation import golden
from knowledge.evaluation.queries import KeptQueries
from knowledge.models import DocumentVersion, GoldenQuestion
from knowledge.search import Searcher
from knowledge.topics import TopicClassifier

log = logging.getLogger("linli.app")

CSP = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'self'"
)


class Headers:
    """On every response.

    Plain ASGI: behind Starlette's BaseHTTPMiddleware a response's background task runs before it has left us.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", CSP)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
            await send(message)

        await self._app(scope, receive, sent)


def today() -> date:
    return datetime.now(SHANGHAI).date()


class LiveIndex:
    """The live snapshot with what was published since.

    Asked at each search; looking costs one small file read and one `stat`.
    """

    def __init__(self, settings: Settings) -> None:
        self._root = settings.snapshots
        self._loaded: index.Index | None = None
        self._lock = threading.Lock()

    def __call__(self) -> index.Index:
        current = index.current_id(self._root)
        loaded = self._loaded
        if loaded is not None and loaded.id == current and segments.mark(self._root / current) == loaded.delta_mark:
            return loaded
        # One of several searches loads; the others go on with what there is.
        if self._lock.acquire(blocking=loaded is None):
            try:
                self._loaded = (
                    index.refreshed(self._loaded, self._root)
                    if self._loaded is not None and self._loaded.id == current
                    else index.load(self._root)
                )
            except SnapshotUnavailable:
                if self._loaded is None:
                    raise
            finally:
                self._lock.release()
        return self._loaded or index.load(self._root)


@dataclass
class Parts:
    settings: Settings
    sessions: sessionmaker[Session]
    embedder: SentenceEmbedder
    searcher: Searcher
    rasa: RasaClient
    topic: Callable[[str], str]
    turns: Turns
    golden: Searcher  # keeps the vectors of what it is asked, so never a resident's words

    async def intent(self, text: str) -> str:
        """Of a message, as the dialogue part understands it. Raises RasaUnavailable."""
        return str((await self.rasa.parse(text))["intent"]["name"])

    def gate(self, session: Session, version: DocumentVersion) -> list[GoldenQuestion]:
        """The golden questions that publishing this version would spoil."""
        draft = indexing.draft_overlay(session, version, embedder=self.embedder)
        return golden.gate(session, self.golden, version, day=today(), draft=draft)


def build_parts(settings: Settings) -> Parts:
    names.use(lambda: training.learned(settings.cache))
    sessions = make_sessions(make_engine(settings.url))
    embedder = SentenceEmbedder(
        prepare_model(settings.cache, model=settings.model), learned=settings.learned, threads=settings.encoder_threads
    )
    searcher = Searcher(embedder=embedder, live=LiveIndex(settings))
    rasa = RasaClient(
        settings.rasa_url, settings.secret("rasa"), timeout_s=settings.rasa_timeout_s, trackers=settings.rasa_trackers
    )
    topic = _topic(settings, embedder)
    kept = Searcher(embedder=KeptQueries(embedder, VectorCache(settings.cache / "vectors.sqlite")), live=searcher.live)
    return Parts(
        settings, sessions, embedder, searcher, rasa, topic, Turns(sessions=sessions, rasa=rasa, topic=topic), kept
    )


def _topic(settings: Settings, embedder: SentenceEmbedder) -> Callable[[str], str]:
    classifier: list[TopicClassifier] = []

    def topic(text: str) -> str:
        """Loaded when first asked for; without the file a person sorts the matter."""
        try:
            if not classifier:
                classifier.append(TopicClassifier.load(settings.topics))
            return classifier[0].predict([text], embedder)[0]
        except (OSError, ValueError) as error:
            log.warning("topics unavailable: %s", type(error).__name__)
            return "其他"

    return topic


def build_wechat(parts: Parts, links: wechat_pages.Links) -> dict[str, Wechat]:
    """The official accounts by name; {} where none are set. Raises AccountsUnreadable."""
    settings = parts.settings
    if settings.wechat_accounts is None:
        return {}
    http = httpx.Client(base_url=settings.wechat_api, timeout=httpx.Timeout(8.0, connect=3.0), trust_env=False)
    hosts = ("qpic.cn", "qq.com") if settings.wechat_api == OFFICIAL else (str(httpx.URL(settings.wechat_api).host),)

    def greeting(village: str | None) -> str:
        where = f"我先按{village}的村规来答。" if village else "告诉我您是哪个村的，我就能查本村的村规。"
        return (
            f"{widget.GREETING}{where}\n{widget.notice(settings)}在这里说的话，微信公司的服务器也会经手。"
            "想删除，发“删除记录”。"
        )

    accounts = read_accounts(settings.wechat_accounts)
    titles = {a.appid: f"“{a.title}”公众号" if a.title else "另一个公众号" for a in accounts.values()}
    return {
        name: Wechat(
            account,
            sessions=parts.sessions,
            answer=parts.turns.answer,
            api=WechatApi(account, sessions=parts.sessions, http=http),
            greeting=greeting,
            page_link=links.page,
            sources_link=links.sources,
            picture=lambda url: fetch_picture(http, url, hosts=hosts),
            own_url=settings.own_url,
            others={appid: title for appid, title in titles.items() if appid != account.appid},
        )
        for name, account in accounts.items()
    }


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
    links = wechat_pages.Links(secret=settings.secret("tokens"), public_url=settings.own_url, sessions=parts.sessions)
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
                        waiting = service.unanswered(session, older_than=timedelta(seconds=2))
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
            service.release_all(session)
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
        settings_pages.router(desk),
        inbox.router(desk, parts.searcher, today=today, slots=parts.rasa.slots, remaining=remaining),
        curation_import.router(desk),
        curation_law.router(desk, parts.searcher, today=today),
        curation_quality.router(desk, parts.searcher, today=today, intent=parts.intent),
        curation_golden.router(desk, parts.golden, today=today),
        curation_unanswered.router(desk, parts.searcher, today=today, topic=parts.topic),
        # Last: its addresses end in a document's id, which could be any word.
        curation.router(
            desk,
            today=today,
            gate=parts.gate,
            is_indexed=lambda version: indexing.is_indexed(settings.snapshots, version),
            live=parts.searcher.live,
        ),
    ):
        app.include_router(pages)
    app.include_router(
        wechat_pages.router(
            accounts_there,
            sessions=parts.sessions,
            links=links,
            tokens=widget.Tokens(settings.secret("tokens")),
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
    meta = index.meta(settings.snapshots)
    chunks, embedded = int(str(meta.get("chunks", 0))), int(str(meta.get("embedded", 0)))
    if not chunks:
        return "资料正在准备。"
    share = (
        f"资料 {chunks} 条，均已可查"
        if embedded == chunks
        else f"资料 {chunks} 条，其中 {embedded} 条已能按意思查，其余可按字词查"
    )
    return f"{share}。回答供参考，以法律原文和主管部门答复为准。"


async def serve(settings: Settings) -> None:
    """The pages, and on loopback Rasa's calls, in one process."""
    parts = build_parts(settings)
    servers = [
        uvicorn.Server(
            uvicorn.Config(
                create_internal_app(parts),
                host="127.0.0.1",
                port=settings.internal_port,
                log_level="warning",
                access_log=False,
            )
        ),
        uvicorn.Server(
            uvicorn.Config(
                create_app(parts),
                host=settings.host,
                port=settings.port,
                forwarded_allow_ips=settings.trusted_proxies,
                log_level="warning",
                access_log=False,
            )
        ),
    ]
    await asyncio.gather(*(s.serve() for s in servers))
