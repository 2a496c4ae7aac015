"""Rounds: clocks, deliveries, sweeps."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from actions.cases import clock
from bot.channels import registry
from bot.conversations import canned, delivery, handoff, service
from bot.db import make_engine, make_sessions
from bot.rasa_client import erase_trackers
from bot.run.citing import citing_files
from bot.run.publishing import Publications, Rebuild
from bot.settings import ROOT, Settings
from knowledge.clock import SHANGHAI
from knowledge.law import changes

log = logging.getLogger("linli.worker")

_ROUND_S = 10


def run(settings: Settings) -> None:
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    os.nice(10)  # a resident's turn comes before the last statute's vector
    sessions = make_sessions(make_engine(settings.url))
    publications, rebuild, next_round = Publications(settings, sessions), Rebuild(settings, sessions), 0.0
    while not ended.is_set():
        if time.monotonic() >= next_round:
            next_round = time.monotonic() + _ROUND_S
            _tried(rebuild.poll)
            _tried(lambda: work(settings, sessions))
        while _tried(publications.step) and not ended.is_set():
            pass
        ended.wait(1)
    rebuild.stop()
    publications.close()


def _tried(job: Callable[[], int | None]) -> int | None:
    """One failed round must not end the worker; the next tries again."""
    try:
        return job()
    except Exception:
        log.exception("worker")
        return None


def work(settings: Settings, sessions: Callable[[], Session]) -> None:
    """One round: whatever is due now. Cut short anywhere, the next one goes on with it."""
    with sessions() as session:
        now = datetime.now(UTC)
        clock.tick(session, now=now)
        delivery.tell_case_events(session)
        delivery.tell_appointments(session, now=now)
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
    with sessions() as session:
        old = service.older_than(session, timedelta(days=settings.retention_days))
        # Rasa's copy first: if it can't be deleted now, ours still names it next time.
        erase_trackers(settings.rasa_trackers, old)
        for conversation_id in old:
            service.forget(session, conversation_id)
        registry.sweep(session, now=datetime.now(UTC))
    if old:
        log.info("retention: %s conversations deleted", len(old))
