"""Canned replies seen from the law: which articles they cite, for `knowledge/law/changes.py`."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.models import CannedReply
from knowledge.law.changes import Citing
from knowledge.statutes.citations import citations_in

_PREFIX = "canned:"


def citing_replies(session: Session) -> list[Citing]:
    return [
        Citing(
            source=f"{_PREFIX}{reply.id}",
            title=f"快捷回复：{reply.text}",
            where=tuple(citations_in({"text": reply.text})),
        )
        for reply in session.scalars(select(CannedReply).order_by(CannedReply.id))
    ]


def reply_of(session: Session, source: str) -> CannedReply | None:
    """The reply that a hit names, if it is one and still there."""
    number = source.removeprefix(_PREFIX)
    return session.get(CannedReply, int(number)) if source.startswith(_PREFIX) and number.isdigit() else None
