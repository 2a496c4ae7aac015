"""Create_app: routes and handlers joined, nothing else."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI
from rasa_sdk.executor import ActionExecutor
from starlette.middleware.gzip import GZipMiddleware

from actions.dialogue.frame.base import Services
from actions.dialogue.registry import all_actions
from actions.motions import learned as motions
from actions.papers import font
from actions.tools import hearing
from bot import sqlite_files
from bot.alarms.robots import RobotSetting, robots_of
from bot.alarms.sending import Sending
from bot.background import Background
from bot.channels import registry
from bot.channels.base import Channel
from bot.parts import Parts
from bot.rehearsing.supposed import Supposed
from bot.settings import Settings
from bot.web import errors, health, static_files
from bot.web.affairs.exchange import api as exchange
from bot.web.body_limit import BodyLimit
from bot.web.embedding import door
from bot.web.embedding.visitors import Visitors
from bot.web.headers import Headers
from bot.web.internal import internal_app
from bot.web.limits import Limits
from bot.web.proxies import UntrustedProxies
from bot.web.resident import events, files, matters, progress, widget
from bot.web.resident import pages as resident_pages
from bot.web.resident import wechat as wechat_pages
from bot.web.resident.chat import Chat
from bot.web.staff.desk import Desk, Tools
from bot.web.staff.pages import include_pages
from bot.web.static_files import KeptFiles
from bot.web.subpath import SubPath
from bot.web.village import page as village
from bot.web.village import papers
from bot.web.village.registry import TABS
from bot.writing.durable import Durable
from bot.writing.once import Once
from knowledge.clock import today
from knowledge.search import building as index_building

log = logging.getLogger("linli.app")

_RESTARTING = "助手正在重启，您可以先把问题写下来，好了马上回答。"
_BY_WORDS_ALONE = "资料库这会儿只能按字面查，可能查不准。没查到您要的，请换个说法再问一次，或者找人工。"


def _get_ready() -> None:
    """What would keep the first resident waiting who needs it."""
    hearing.get_ready()
    motions.learned()


def create_internal_app(parts: Parts) -> FastAPI:
    def rehearsing(supposed: Supposed) -> ActionExecutor:
        return _executor(parts.rehearsals.services(supposed))

    secret = parts.settings.secret("internal")
    executor = _executor(parts.services)
    return internal_app(secret=secret, embedder=parts.embedder, executor=executor, rehearsing=rehearsing)


def _executor(services: Services) -> ActionExecutor:
    executor = ActionExecutor()
    for action in all_actions(services):
        executor.register_action(action)
    return executor


def create_app(parts: Parts, channels: Sequence[Channel] | None = None) -> FastAPI:
    """`channels`: those that the settings ask for, unless they are given."""
    settings = parts.settings
    if channels is None:
        channels = registry.build_channels(settings, sessions=parts.sessions, answer=parts.turns.answer)
    background = Background(parts, channels, _sending(parts), Once(parts.sessions.kw["bind"], settings.locks))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loops = [*background.start(), asyncio.create_task(asyncio.to_thread(_get_ready))]
        yield
        for loop in loops:
            loop.cancel()
        await parts.rasa.close()

    font.use(settings.vendor)
    app = FastAPI(title="Linli", openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.parts, app.state.channels, app.state.leave = parts, channels, background.leave
    errors.install(app)

    def degraded() -> str | None:
        if not background.is_rasa_ready:
            return _RESTARTING
        return _BY_WORDS_ALONE if parts.engine.is_away else None

    limits = Limits(parts.shared)
    app.state.chat = Chat(
        settings=settings, sessions=parts.sessions, turns=parts.turns, degraded=degraded, limits=limits
    )
    desk = Desk(settings=settings, sessions=parts.sessions, tools=_tools(parts, channels), limits=limits)
    include_pages(app, desk)
    wechat_pages.include_pages(app, wechat_pages.door_of(parts))
    ours = (
        widget.router,
        door.router,
        events.router,
        matters.router,
        progress.router,
        files.router,
        resident_pages.router,
        health.router,
        *(tab.router for tab in TABS),
        village.router,
        papers.router,
        exchange.router,
    )
    for router in (*registry.routes(), *ours):
        app.include_router(router)
    _join_files(app, settings)
    _join_middleware(app, settings)
    return app


def _sending(parts: Parts) -> Sending | None:
    try:
        robots = robots_of(parts.settings.alarm_robots.get_secret_value())
    except RobotSetting as error:  # pages and answers go on without; `linli doctor` says it, too
        log.error("alarms: %s", error.message_zh)
        return None
    if not robots:
        return None
    waiting = timedelta(minutes=parts.settings.alarm_waiting_minutes) or None
    return Sending(parts.sessions, robots, link=f"{parts.settings.own_url}/staff/inbox", waiting=waiting)


def _tools(parts: Parts, channels: Sequence[Channel]) -> Tools:
    return Tools(
        searcher=parts.searcher,
        golden=parts.golden,
        today=today,
        topic=parts.topic,
        rehearse=parts.rehearse,
        supposing=lambda supposed: parts.rehearsals.services(supposed).searcher,
        slots=parts.rasa.slots,
        gate=parts.gate,
        is_indexed=lambda version: index_building.is_indexed(parts.settings.snapshots, version),
        remaining=lambda conversation_id: registry.remaining(channels, conversation_id),
    )


class _Pages(KeptFiles):
    """What a page loads; the lists of what it was made of are nobody's."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        return ("", None) if path.endswith(".json") else super().lookup_path(path)


def _join_files(app: FastAPI, settings: Settings) -> None:
    for name, path in static_files.VENDOR.items():
        app.mount(f"/static/vendor/{name}", KeptFiles(directory=settings.vendor / path, check_dir=False))
    app.mount("/static", _Pages(directory=static_files.FOLDER), name="static")


def _join_middleware(app: FastAPI, settings: Settings) -> None:
    """The last one added is met first."""
    app.add_middleware(health.Going, state=app.state.leave)
    # A secret beside words from outside could be guessed from compressed lengths (BREACH), were the staff's cookie not
    # kept from every request that another site starts (SameSite=Strict). Server-sent events aren't compressed.
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)
    app.add_middleware(BodyLimit)
    app.add_middleware(Durable, database=sqlite_files.file_of(settings.url))
    app.add_middleware(Visitors, settings=settings, sites=app.state.chat.sites)
    app.add_middleware(Headers)
    app.add_middleware(UntrustedProxies)
    if settings.prefix:
        app.add_middleware(SubPath, prefix=settings.prefix)
