"""Whether one's telephone may go to another system; and the sheet for whoever wants a paper that no village gives."""

import logging
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from actions.demands import certificates, log
from actions.demands.certificates import Certificate
from actions.demands.models import DemandKind
from actions.dialogue.affairs.village import village_of
from actions.dialogue.frame.base import Said, Services, Turn, say
from actions.errors import ActionError
from actions.exchange import sharing
from actions.replies import Link, Reply, ReplyKind
from knowledge.clock import SHANGHAI

_log = logging.getLogger("linli.dialogue")
_SHEETS = "/paper/"
_MOST_WORDS = 120  # a long story names banks and papers for other reasons


def consent(services: Services, turn: Turn) -> Said | None:
    """To 同意转电话给…, which a button sends; None for other words."""
    with services.sessions() as session:
        try:
            told = sharing.answered(session, turn.conversation_id, turn.text, now=datetime.now(UTC))
        except ActionError as error:
            told = error.message_zh
    return say(Reply(ReplyKind.case, told)) if told is not None else None


def with_sheet(services: Services, turn: Turn, said: Said) -> Said:
    """The answer on a paper that isn't the village's, with the sheet. Who demanded it is kept, never for whom."""
    if len(turn.text) > _MOST_WORDS:
        return said
    replies = list(said.replies)
    for place, reply in enumerate(replies):
        paper = _paper_of(reply, turn.text)
        if paper is None:
            continue
        who = certificates.asker(turn.text)
        link = Link(f"给{who or '对方'}看的告知单", f"{_SHEETS}{paper.code}")
        replies[place] = replace(reply, links=(*reply.links, link))
        if who is not None and not services.is_tried:
            _keep(services, turn, paper, who)
        return replace(said, replies=tuple(replies))
    return said


def _paper_of(reply: Reply, words: str) -> Certificate | None:
    """Of the first source of an answer: what is only cited beside it isn't what it is about."""
    first = reply.citations[0].document if reply.kind is ReplyKind.answer and reply.citations else ""
    if any(link.href.startswith(_SHEETS) for link in reply.links):  # one action may call another
        return None
    return certificates.of_guide(first, words) if first in certificates.GUIDES else None


def _keep(services: Services, turn: Turn, paper: Certificate, who: str) -> None:
    """An answer isn't lost because the log couldn't be written."""
    now = datetime.now(UTC)
    today = now.astimezone(SHANGHAI).date()
    try:
        with services.sessions() as session:
            village = village_of(session, turn)
            if village is not None:
                told = log.Told(
                    place=village.id,
                    kind=DemandKind.certificate,
                    asked_by=who or "没说是谁",
                    what=paper.name,
                    on=today,
                    certificate=paper.code,
                )
                log.note(session, told, key=f"chat-m{turn.message or now.timestamp()}", today=today)
    except (ActionError, SQLAlchemyError) as error:
        _log.warning("demand not kept %s", type(error).__name__)
