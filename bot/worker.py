"""State is the queue: what isn't embedded yet, what has lain too long."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from actions.cases import service as service_of_cases
from bot import stack
from bot.conversations import canned, delivery, handoff, service
from bot.db import make_engine, make_sessions
from bot.rasa_client import erase_trackers
from bot.settings import SHANGHAI, Settings
from knowledge import index
from knowledge.law import changes

log = logging.getLogger("linli.worker")


def run(settings: Settings) -> None:
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    os.nice(10)  # a resident's turn comes before the last statute's vector
    sessions = make_sessions(make_engine(settings.url))
    while not ended.is_set():
        try:
            work(settings, sessions)
        except Exception:
            log.exception("worker")  # one failed round must not end the worker; the next tries again
        ended.wait(10)


def work(settings: Settings, sessions: Callable[[], Session]) -> None:
    """One round: whatever is due now. Cut short anywhere, the next one goes on with it."""
    meta = index.meta(settings.snapshots)
    if meta and meta["embedded"] != meta["chunks"]:
        log.info("embedding the rest: %s of %s", meta["embedded"], meta["chunks"])
        stack.build_snapshot(settings, core_only=False)
    with sessions() as session:
        now = datetime.now(UTC)
        service_of_cases.tick(session, now=now)
        delivery.tell_case_events(session)
        delivery.tell_appointments(session, now=now)
        handoff.release_forgotten(session, now=now, after=timedelta(minutes=settings.forgotten_minutes))
    with sessions() as session:
        hit = changes.look_if_due(session, today=datetime.now(SHANGHAI).date(), others=canned.citing_replies(session))
    if hit:
        log.info("the law changed: %s texts to look at", hit)
    with sessions() as session:
        old = service.older_than(session, timedelta(days=settings.retention_days))
        # Rasa's copy first: if it can't be deleted now, ours still names it next time.
        erase_trackers(settings.rasa_trackers, old)
        for conversation_id in old:
            service.forget(session, conversation_id)
    if old:
        log.info("retention: %s conversations deleted", len(old))
