"""What an agent does to a conversation, one function a verb."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fastapi import Response
from sqlalchemy.orm import Session

from actions.cases import filing
from actions.errors import InvalidInput, NotAllowed
from actions.feedback import record_unanswered
from bot.conversations import handoff, private
from bot.conversations.agents import withdrawing
from bot.conversations.agents.attachments import CleanFile
from bot.conversations.models import Conversation, Message
from bot.staff import notices, rights
from bot.staff.notices import About
from bot.web.staff.conversations.thread import Thread
from bot.web.staff.desk import Form
from knowledge.answering.told import Citation, cite_row
from knowledge.documents.models import Chunk, DocumentVersion, VersionStatus
from knowledge.law.standing import sound
from knowledge.search.passages import load_passages


@dataclass(frozen=True)
class Doing:
    """A form about a conversation, and what was sent along with it."""

    at: Form
    conversation: Conversation
    now: datetime
    file: CleanFile | None = None

    @property
    def own(self) -> str:
        return self.conversation.id

    @property
    def key(self) -> str:
        """Of this one wish: the same when the form is sent twice."""
        return self.at.text("nonce", 40) or str(self.now.timestamp())

    @property
    def agent(self) -> dict[str, Any]:
        return {"agent_id": self.at.staff.id, "agent_name": self.at.staff.name}

    def here(self) -> Response:
        return self.at.back(f"/staff/conversations/{self.own}")

    def thread(self) -> Response:
        """The part of the page that htmx asked for, or the whole."""
        is_part = self.at.request.headers.get("hx-request")
        return Thread.of(self.at, self.conversation).page(self.at) if is_part else self.here()


@dataclass(frozen=True)
class Deed:
    """Something an agent does to a conversation; `label` stands in the audit, None: nothing does."""

    label: str | None
    carry_out: Callable[[Doing], Response]


def _accept(doing: Doing) -> Response:
    handoff.accept(doing.at.session, doing.own, **doing.agent, now=doing.now)
    return doing.here()


def _say(doing: Doing) -> Response:
    at = doing.at
    handoff.say(
        at.session,
        doing.own,
        at.text("text", 4001),
        agent_id=at.staff.id,
        client_id=doing.key,
        now=doing.now,
        citations=citations(at.session, at.text("cite", 200), at.tools.today()),
        file=doing.file,
    )
    return doing.thread()


def _withdraw(doing: Doing) -> Response:
    """Its audit line says which one; the words stay in the thread, for colleagues."""
    number = doing.at.number("message") or 0
    doing.at.record("撤回消息", doing.own[:8], detail=f"第 {number} 条")
    withdrawing.withdraw(doing.at.session, doing.own, number, agent_id=doing.at.staff.id, now=doing.now)
    return doing.thread()


def _give_back(doing: Doing) -> Response:
    handoff.give_back(doing.at.session, doing.own, **doing.agent, is_closing=False)
    return doing.at.back("/staff/inbox")


def _close(doing: Doing) -> Response:
    handoff.give_back(doing.at.session, doing.own, **doing.agent, is_closing=True)
    return doing.at.back("/staff/inbox")


def _transfer(doing: Doing) -> Response:
    hand_over(doing.at, doing.conversation, doing.at.text("to", 20), key=doing.key, now=doing.now)
    return doing.at.back("/staff/inbox")


def hand_over(at: Form, conversation: Conversation, to: str, *, key: str, now: datetime) -> None:
    """To a unit's queue (`team-3`) or into a colleague's hands (`staff-7`), who hears of it.

    Raises InvalidInput for nobody who may have it, Conflict, NotAllowed.
    """
    kind, _, number = to.partition("-")
    if kind == "team":
        team = next((t for t in at.teams() if str(t.id) == number), None)
        if team is not None:
            who = at.staff
            to_it = (team.id, team.name)
            handoff.route(at.session, conversation.id, to_it, agent_id=who.id, agent_name=who.name, now=now)
            return
    if kind == "staff":
        colleagues = rights.colleagues(at.session, conversation.place_id, but=at.staff.id)
        colleague = next((c for c in colleagues if str(c.id) == number), None)
        if colleague is not None:
            about = About(source=f"given-{conversation.id}-{key}", conversation_id=conversation.id)
            notices.tell(at.session, [colleague], about, kind=notices.GIVEN, by=at.staff.name, now=now)
            to_them = (colleague.id, colleague.name)
            handoff.assign(at.session, conversation.id, to_them, agent_id=at.staff.id, now=now)
            return
    raise InvalidInput("请选转给哪个单位，或者哪位看得到这段对话的同事。")


def _note(doing: Doing) -> Response:
    """Whoever is named in it with @ hears of it, in the same transaction."""
    at, text = doing.at, doing.at.text("text")
    called = notices.named(text, rights.colleagues(at.session, doing.conversation.place_id, but=at.staff.id))
    about = About(source=f"note-{doing.own}-{doing.key}", conversation_id=doing.own)
    notices.tell(at.session, called, about, kind=notices.MENTION, by=at.staff.name, now=doing.now)
    handoff.note(at.session, doing.own, text, author=at.staff.name)
    return doing.here()


def _file_case(doing: Doing) -> Response:
    what = doing.at.text("what", 2000)
    if len(what) < 4:
        raise InvalidInput("请写明是什么事。")
    case = filing.file(
        doing.at.session,
        request_key=f"agent:{doing.own}:{doing.key}",
        conversation_id=doing.own,
        place=doing.conversation.place_id,
        category="其他",
        fields={"what": what, "wish": doing.at.text("wish", 1000)},
        now=doing.now,
    )
    return doing.at.back(f"/staff/cases/{case.id}")


def _wrong(doing: Doing) -> Response:
    """The question of an answer that was wrong goes to those who write the knowledge. Raises NotAllowed for one that
    was asked of a legal worker alone.
    """
    session = doing.at.session
    answer = session.get(Message, doing.at.number("message") or 0)
    if answer and answer.conversation_id == doing.own and answer.in_reply_to:
        asked = session.get(Message, answer.in_reply_to)
        if asked and private.among(session, [asked.id]):
            raise NotAllowed("这是约见时说的，只有约见的法律工作者能看，不记到没答上的问题里。")
        if asked:
            record_unanswered(
                session,
                asked.text,
                reason="wrong",
                conversation_id=doing.own,
                message_id=asked.id,
                place=doing.conversation.place_id,
            )
    session.commit()
    return doing.here()


def _typing(doing: Doing) -> Response:
    if doing.conversation.agent_id == doing.at.staff.id:
        doing.conversation.agent_typing_at = doing.conversation.agent_active_at = doing.now
        doing.at.session.commit()
    return Response(status_code=204)


DEEDS = {
    "typing": Deed(None, _typing),
    "accept": Deed("接入对话", _accept),
    "say": Deed("回复", _say),
    "withdraw": Deed(None, _withdraw),
    "give-back": Deed("交还邻里", _give_back),
    "close": Deed("结束对话", _close),
    "transfer": Deed("转接", _transfer),
    "note": Deed("内部记录", _note),
    "case": Deed("登记成事", _file_case),
    "wrong": Deed("标记答错", _wrong),
}


def citations(session: Session, chosen: str, day: date) -> list[Citation]:
    """The passages an agent put into a reply, as residents see citations; what isn't in force, or rests on dead
    law, is left out.
    """
    ids = [int(x) for x in chosen.split(",") if x.isascii() and x.isdigit() and len(x) < 10][:3]
    chunks = [chunk for i in ids if (chunk := session.get(Chunk, i))]
    passages = load_passages(session, [(1.0, chunk.id) for chunk in chunks], len(chunks))
    cautions = {p.chunk_id: p.caution for p in sound(session, passages, day=day)}
    return [
        cite_row((chunk, chunk.version, chunk.version.document), note=cautions[chunk.id])
        for chunk in chunks
        if chunk.id in cautions and _is_in_force(chunk.version, day)
    ]


def _is_in_force(version: DocumentVersion, day: date) -> bool:
    return (
        version.status is VersionStatus.published
        and version.in_force_from <= day
        and (version.in_force_to is None or version.in_force_to >= day)
    )
