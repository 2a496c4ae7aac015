"""Rounds: clocks, deliveries, sweeps."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.cases import clock
from bot import disk, sqlite_files
from bot.affairs import clock as affairs
from bot.channels import registry
from bot.conversations import canned, delivery, handoff, remains, service
from bot.conversations.models import Conversation
from bot.db import make_engine, make_sessions
from bot.keeping.daily import Daily
from bot.privacy import retention
from bot.rasa_client import erase_trackers
from bot.run.citing import citing_files
from bot.run.clock_watch import ClockWatch
from bot.run.publishing import Publications, Rebuild
from bot.run.pulse import Heartbeat
from bot.settings import ROOT, Settings
from bot.staff import signing_in
from bot.writing.once import Once
from knowledge.clock import SHANGHAI
from knowledge.law import changes

log = logging.getLogger("linli.worker")

_ROUND_S, _SWEEP_S = 10, 600


def run(settings: Settings) -> None:
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    os.nice(10)  # a resident's turn comes before the last statute's vector
    engine = make_engine(settings.url)
    sessions, once = make_sessions(engine), Once(engine, settings.locks)
    watch = ClockWatch(settings.clock)
    publications = Publications(settings, sessions, is_clock_sure=watch.is_sure)
    rebuild, next_round, next_sweep = Rebuild(settings, sessions), 0.0, 0.0
    heartbeat = Heartbeat(settings.heartbeat)
    daily = Daily(settings)
    while not ended.is_set():
        heartbeat.goes_on()
        if time.monotonic() >= next_round:
            next_round = time.monotonic() + _ROUND_S
            if _tried(lambda: once.keep("children")):  # which outlive a round
                _tried(rebuild.poll)
                _tried(daily.poll)
            _tried(lambda: _alone(once, "round", lambda: work(settings, sessions, is_clock_sure=watch.is_sure())))
        if time.monotonic() >= next_sweep:
            next_sweep = time.monotonic() + _SWEEP_S
            _tried(lambda: _alone(once, "sweep", lambda: sweep_remains(settings, sessions)))
            _tried(lambda: _look_at_the_disk(settings))
        while _tried(lambda: _alone(once, "publish", publications.step)) and not ended.is_set():
            heartbeat.goes_on()
        ended.wait(1)
    heartbeat.stop()
    rebuild.stop()
    daily.stop()
    publications.close()
    once.close()


def _alone(once: Once, job: str, do: Callable[[], int | None]) -> int | None:
    """None where another worker is at it."""
    with once.held(job) as is_ours:
        return do() if is_ours else None


def _tried(job: Callable[[], int | None]) -> int | None:
    """One failed round must not end the worker; the next tries again."""
    try:
        return job()
    except Exception:
        log.exception("worker")
        return None


def work(settings: Settings, sessions: Callable[[], Session], *, is_clock_sure: bool = True) -> None:
    """One round: whatever is due now. Cut short anywhere, the next one goes on with it. While the clock is doubted
    nothing is escalated, reminded of or deleted.
    """
    with sessions() as session:
        now = datetime.now(UTC)
        if is_clock_sure:
            clock.tick(session, now=now)
            delivery.tell_appointments(session, now=now)
            affairs.tick(session, settings, now)
        delivery.tell_case_events(session)
        delivery.tell_topic_events(session)
        handoff.release_forgotten(session, now=now, after=timedelta(minutes=settings.forgotten_minutes))
    with sessions() as session:
        hit = changes.look_if_due(
            session,
            today=datetime.now(SHANGHAI).date(),
            others=canned.citing_replies(session),
            files=lambda: citing_files(session, ROOT),
        )
    if hit:
        log.info("the law changed: %s texts to look at", hit)
    if is_clock_sure:
        _forget_old(settings, sessions)


def _forget_old(settings: Settings, sessions: Callable[[], Session]) -> None:
    with sessions() as session:
        old = service.older_than(session, timedelta(days=settings.retention_days))
        # Rasa's copy first: if it can't be deleted now, ours still names it next time.
        erase_trackers(settings.trackers, old)
        for conversation_id in old:
            service.forget(session, conversation_id, is_asked=False)
        now = datetime.now(UTC)
        registry.sweep(session, now=now)
        signing_in.sweep(session, now=now)
        masked = retention.mask_old(session, after=timedelta(days=settings.case_retention_days), now=now)
        photos = retention.drop_waiting_photos(session, now=now)
    if old or masked or photos:
        log.info("retention: %s conversations deleted, %s cases and appointments masked", len(old), masked)
        sqlite_files.empty_wal(sqlite_files.file_of(settings.url))


def _look_at_the_disk(settings: Settings) -> None:
    if (left := disk.free(settings.home)) < disk.LOW:
        log.error("THE DISK IS NEARLY FULL: %s MB left in %s", left // 2**20, settings.home)


def sweep_remains(settings: Settings, sessions: Callable[[], Session]) -> None:
    """What turns wrote after their conversation had been deleted."""
    with sessions() as session:
        found = remains.sweep(session)
        known = set(session.scalars(select(Conversation.id)))
    stray = remains.stray_trackers(settings.trackers, known)
    erase_trackers(settings.trackers, stray)
    if found or stray:
        log.info("swept up: %s rows, %s of Rasa's trackers", found, len(stray))
    # what residents deleted meanwhile while others were reading
    sqlite_files.empty_wal(sqlite_files.file_of(settings.url))
