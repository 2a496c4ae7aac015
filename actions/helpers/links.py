"""Links with which people without an account act. The token is random and only its SHA-256 is stored; previews of
messengers fetch every link, so nothing is shown or done until a button is pressed.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from actions.errors import NotFound
from actions.helpers.models import HelperLink

SELF, HELPER, OTHER, RESIDENT = "self", "helper", "other", "resident"
_LASTS = {
    SELF: timedelta(days=30),
    HELPER: timedelta(days=90),
    OTHER: timedelta(days=30),
    RESIDENT: timedelta(days=180),
}
_GONE = "这个链接过期了、收回了，或者不完整。请找给您链接的人再要一个。"


def make(
    session: Session, role: str, *, now: datetime, helper_id: int | None = None, referral_id: int | None = None
) -> str:
    """A fresh token; of a helper's or the other party's the older ones of the same referral are dead. The caller
    commits.
    """
    if role in (HELPER, OTHER):
        take_back(session, referral_id=referral_id, role=role)
    token = secrets.token_urlsafe(18)
    ends = now + _LASTS[role]
    row = HelperLink(token_hash=_digest(token), role=role, helper_id=helper_id, referral_id=referral_id)
    row.made_at, row.ends_at = now, ends
    session.add(row)
    session.flush()
    return token


def check(session: Session, token: str, *, now: datetime) -> HelperLink:
    """Raises NotFound."""
    link = session.get(HelperLink, _digest(token[:100]))
    if link is None or link.ends_at <= now:
        raise NotFound(_GONE)
    return link


def take_back(session: Session, *, referral_id: int | None, role: str) -> None:
    """The caller commits."""
    session.execute(delete(HelperLink).where(HelperLink.referral_id == referral_id, HelperLink.role == role))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
