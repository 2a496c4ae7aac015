"""Links to a case's progress, for whoever has neither the conversation nor a phone on record (filed by an agent,
anonymous), and for the daughter in town.

The token is random and only its SHA-256 is stored. A link opens as often as one likes within LASTS, until it is taken
back: by the resident, or by whoever holds it.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from actions.cases.models import Case, CaseLink
from actions.errors import NotFound
from knowledge.tables import changed

LASTS = timedelta(days=30)
_GONE = "这个链接收回了、过期了，或者不完整。可以在原来的对话里再要一个，也可以报编号和手机号后四位来查。"


def make(session: Session, case_id: int, *, now: datetime) -> str:
    """A fresh token; the caller commits."""
    token = secrets.token_urlsafe(24)
    session.add(CaseLink(token_hash=_digest(token), case_id=case_id, made_at=now, ends_at=now + LASTS))
    session.flush()
    return token


def check(session: Session, token: str, *, now: datetime) -> CaseLink:
    """The link, without a word of what lies behind it: previews of messengers fetch every link. Raises NotFound."""
    link = session.get(CaseLink, _digest(token))
    if link is None or link.ends_at <= now:
        raise NotFound(_GONE)
    return link


def opened(session: Session, token: str, *, now: datetime) -> Case:
    """The case, and that it was looked at. Raises NotFound."""
    link = check(session, token, now=now)
    noted = update(CaseLink).where(CaseLink.token_hash == link.token_hash).values(opened_at=now)
    if not changed(session, noted):
        session.rollback()
        raise NotFound(_GONE)  # taken back at this moment
    session.commit()
    return session.get_one(Case, link.case_id)


def take_back(session: Session, token: str, *, now: datetime) -> None:
    """Nobody opens this one any more. Raises NotFound."""
    session.delete(check(session, token, now=now))
    session.commit()


def take_back_all(session: Session, case_id: int) -> int:
    """Nobody opens any link of the case any more. How many there were."""
    done = changed(session, delete(CaseLink).where(CaseLink.case_id == case_id))
    session.commit()
    return done


def count_good(session: Session, case_id: int, *, now: datetime) -> int:
    """Links of the case that still open it."""
    good = select(func.count()).select_from(CaseLink).where(CaseLink.case_id == case_id, CaseLink.ends_at > now)
    return session.scalar(good) or 0


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
