"""One-time links to a case's progress, for whoever has neither the conversation nor a phone on record (filed by an
agent, anonymous).

The token is random and only its SHA-256 is stored; it shows the progress once, within LASTS.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from actions.cases.models import Case, CaseLink
from actions.errors import NotFound
from knowledge.tables import changed

LASTS = timedelta(days=30)
_GONE = "这个链接已经用过、过期了，或者不完整。可以在原来的对话里再要一个，也可以报编号和手机号后四位来查。"


def make(session: Session, case_id: int, *, now: datetime) -> str:
    """A fresh token; the caller commits."""
    token = secrets.token_urlsafe(24)
    session.add(CaseLink(token_hash=_digest(token), case_id=case_id, made_at=now, ends_at=now + LASTS))
    session.flush()
    return token


def check(session: Session, token: str, *, now: datetime) -> None:
    """Whether it would open, without using it up: previews of messengers fetch every link. Raises NotFound."""
    link = session.get(CaseLink, _digest(token))
    if link is None or link.opened_at is not None or link.ends_at <= now:
        raise NotFound(_GONE)


def open_once(session: Session, token: str, *, now: datetime) -> Case:
    """The case, for the first who opens it. Raises NotFound."""
    found = _digest(token)
    done = changed(
        session,
        update(CaseLink)
        .where(CaseLink.token_hash == found, CaseLink.opened_at.is_(None), CaseLink.ends_at > now)
        .values(opened_at=now),
    )
    if not done:
        session.rollback()
        raise NotFound(_GONE)
    session.commit()
    return session.get_one(Case, session.get_one(CaseLink, found).case_id)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
