"""Replies and notices within their windows."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from actions.replies import ReplyKind
from bot.channels.wechat import ledger
from bot.channels.wechat.ledger import Part
from bot.channels.wechat.line import Line
from bot.channels.wechat.models import WechatContact, WechatReceipt
from bot.channels.wechat.wire.api import NoAnswer, TryLater, WechatApi, WechatError, WindowClosed
from bot.channels.wechat.wire.text import MOST_BYTES, pieces, shown
from bot.channels.wechat.wire.xml import Incoming
from bot.conversations.agents import attachments
from bot.conversations.models import Message, Sender

AGAIN = "（补发，收到过就不用再看）\n"
MORE = "\n（还有，回复任意文字接着看）"
_ROOM = MOST_BYTES - len((AGAIN + MORE).encode())
_NOTICE = "您的事有了新消息，点开查看。"
_PENDING = "这个问题我还在查。过几秒回复任意一个字，我就把结果给您。"
# What bookings promise (`actions/bookings/appointments.py`), and what is true where we can't begin to speak.
_PROMISED = {
    "前一天和前两小时我会提醒您": "这个公众号发不了提醒，请把时间记下来，随时可以问我“我的预约”",
    "轮到了我马上在这里告诉您": "轮到了这里发不了通知，请隔天来问“我的预约”",
    # of events (`actions/events/words.py`, `actions/dialogue/community/events.py`)
    "轮到了我就在这里告诉您": "轮到了这里发不了通知，请隔天来问“我报上名了没有”",
    "有了答复我就在这里告诉您": "答复贴在村里的活动页上，这里发不了通知",
}
_NOT_FOLLOWING = 43004  # 全局返回码
_SENDERS = 4  # people being sent to at a time


@dataclass(frozen=True)
class Taken:
    """One delivery, stored.

    `message_id`: what is to be answered, None where there is nothing; `delivery`: which one of its message, from 1.
    """

    contact_id: int
    conversation_id: str
    key: str
    message_id: int | None
    delivery: int
    arrived_at: datetime


@dataclass(frozen=True)
class _Due:
    """The next text for somebody, and what is in it.

    `unheard`: the passive reply that it repeats; `newest`: the last message of ours that lies there.
    """

    contact: WechatContact
    text: str
    parts: Sequence[Part]
    unheard: WechatReceipt | None
    newest: int


class Outbound:
    def __init__(self, line: Line, *, api: WechatApi) -> None:
        self._line, self._api = line, api
        self._senders = ThreadPoolExecutor(_SENDERS, "wechat-send")

    # --- the passive reply

    def reply(self, taken: Taken) -> tuple[str, bool]:
        """The passive reply, "" when this delivery isn't the one to carry it, and whether that is sure: False while
        another delivery has the reply and it hasn't left us, since whoever had it may be dead.
        """
        with self._line.sessions() as session:
            receipt = session.get(WechatReceipt, (taken.contact_id, taken.key))
            if receipt is not None and receipt.reply is None and receipt.arrivals == taken.delivery:
                if not ledger.hold(session, taken.contact_id, now=self._line.now()):
                    return "", True  # the customer-service API is at it
                session.refresh(receipt)
            contact = session.get(WechatContact, taken.contact_id)
            if receipt is None or contact is None or receipt.arrivals != taken.delivery:
                return "", True  # deleted in between, or a later delivery is the one that WeChat still listens to
            if receipt.reply is not None:
                return self._reply_again(receipt, receipt.reply, taken)
            text, parts = self._passive(session, contact)
            ledger.mark(session, parts, via="passive", now=self._line.now())
            receipt.reply = text or None  # nothing there yet: who asks again may get it
            session.commit()
            return text, True

    def _reply_again(self, receipt: WechatReceipt, reply: str, taken: Taken) -> tuple[str, bool]:
        if receipt.first_at < taken.arrived_at - self._line.patience.gave_up:
            return reply, True  # WeChat waits five seconds for each delivery, and it asked once more
        return ("", True) if receipt.answered_at else (reply, False)

    def _passive(self, session: Session, contact: WechatContact) -> tuple[str, list[Part]]:
        """As much as one text holds; the rest follows by the API, or on the next word."""
        parts, unheard = self._parts(session, contact.conversation_id), self._unheard(session, contact.id)
        if unheard:
            unheard.answered_at = self._line.now()  # from here on this reply carries it
        text, taken = _merged(parts, room=_ROOM, text=_once_more(unheard))
        if len(taken) < len(parts) and not self._line.account.has_customer_service:
            text += MORE
        return text, taken

    def later(self, taken: Taken) -> str:
        """That the answer takes longer, for people to whom nothing can be sent.

        Not kept: who asks again gets what there is then.
        """
        r = WechatReceipt
        asked = select(r.arrivals).where(r.contact_id == taken.contact_id, r.key == taken.key)
        with self._line.sessions() as session:
            if session.scalar(asked) != taken.delivery:
                return ""
        return f"{_PENDING}\n也可以在网页上看：{self._line.links.page(taken.conversation_id)}"

    def note_left(self, incoming: Incoming) -> None:
        """The reply to a delivery was handed to the network."""
        contact = (
            select(WechatContact.id)
            .where(WechatContact.appid == self._line.account.appid, WechatContact.openid == incoming.openid)
            .scalar_subquery()
        )
        mine = (WechatReceipt.contact_id == contact) & (WechatReceipt.key == incoming.key)
        with self._line.sessions() as session:
            session.execute(
                update(WechatReceipt)
                .where(mine, WechatReceipt.reply.is_not(None), WechatReceipt.answered_at.is_(None))
                .values(answered_at=self._line.now())
            )
            session.commit()

    # --- the customer-service API

    def deliver_due(self) -> int:
        """Texts sent just now, to all people of this account."""
        if not self._line.account.has_customer_service:
            return 0
        now, patience = self._line.now(), self._line.patience
        with self._line.sessions() as session:
            waiting = ledger.waiting_contacts(
                session,
                self._line.account.appid,
                now=now,
                settled=patience.settled,
                unheard_before=now - patience.not_asked_again,
            )
        return sum(self._senders.map(self._deliver, waiting))

    def _deliver(self, contact_id: int) -> int:
        """To one person, as long as something lies there and may go. How many texts."""
        sent, not_before, lapses = 0, None, self._line.patience.sending_lapses
        with self._line.sessions() as session:
            if not ledger.take_turn(session, contact_id, now=self._line.now(), lapses=lapses):
                return 0
            try:
                while due := self._next(session, contact_id):
                    if not ledger.reserve(session, contact_id, due.parts, now=self._line.now(), lapses=lapses):
                        self._notice(session, due)
                        not_before = self._line.now() + timedelta(minutes=1)
                        break
                    self._send(session, due)
                    sent += 1
            except WindowClosed:
                ledger.close_window(session, contact_id)
            except TryLater:
                not_before = self._line.now() + timedelta(seconds=30)
            except WechatError as error:
                not_before = self._line.now() + timedelta(hours=1)
                if error.code == _NOT_FOLLOWING:
                    ledger.has_left(session, contact_id)
            finally:
                session.rollback()
                ledger.end_turn(session, contact_id, not_before=not_before)
        return sent

    def _next(self, session: Session, contact_id: int) -> _Due | None:
        contact = session.get_one(WechatContact, contact_id, populate_existing=True)
        parts, unheard = self._parts(session, contact.conversation_id), self._unheard(session, contact_id)
        if not parts and not unheard:
            return None
        text, taken = _merged(parts, room=_ROOM, text=_once_more(unheard))
        if len(taken) < len(parts) and not unheard and ledger.left(contact, now=self._line.now()) == 1:
            link = f"\n还有没发完的，点开接着看：{self._line.links.page(contact.conversation_id)}"
            text, taken = _merged(parts, room=_ROOM - len(link.encode()))
            text += link
        return _Due(contact, text, taken, unheard, max((p.message_id for p in parts), default=0))

    def _send(self, session: Session, due: _Due) -> None:
        """Raises WechatError and its kinds."""
        try:
            self._api.send_text(due.contact.openid, due.text)
        except NoAnswer:
            raise  # it may have arrived, so the next try says 补发
        except WechatError:
            ledger.mark_sending(session, due.parts, False)
            session.commit()
            raise
        ledger.mark(session, due.parts, via="customer_service", now=self._line.now())
        if due.unheard:
            due.unheard.answered_at = self._line.now()
        session.commit()

    def _notice(self, session: Session, due: _Due) -> None:
        """That there is something to read, once for each new message; never what."""
        contact = due.contact
        if self._line.account.template_id and contact.noticed_to < due.newest:
            self._api.send_notice(contact.openid, words=_NOTICE, url=self._line.links.page(contact.conversation_id))
            contact.noticed_to = due.newest
            session.commit()

    # --- what lies there

    def _parts(self, session: Session, conversation_id: str) -> list[Part]:
        parts: list[Part] = []
        pending = ledger.pending(session, conversation_id)
        # They may go out as one text, in which a number must stand for one thing.
        numbered = max((message.id for message, *_ in pending if message.reply.buttons), default=0)
        for message, gone, is_cut in pending:
            cut = self._cut(message, is_numbered=message.id == numbered)
            parts += [Part(message.id, i, text, i == len(cut) - 1, is_cut) for i, text in enumerate(cut) if i >= gone]
        return parts

    def _cut(self, message: Message, *, is_numbered: bool) -> list[str]:
        said, links = message.reply, self._line.links
        who = f"【{said.agent}】" if message.sender is Sender.agent and said.agent else ""
        sources = links.sources(message.id) if said.citations else None
        text = shown(said, sources=sources, own_url=links.base, is_numbered=is_numbered)
        if file := attachments.told_of(message):
            look = "点开看照片" if file["kind"] == attachments.PHOTO else "点开看文件"
            text += f"\n{look}（{attachments.LASTS_DAYS} 天内能打开）：{links.file(file['id'])}"
        if said.kind is ReplyKind.booking and not self._line.account.can_begin:
            for promised, true in _PROMISED.items():
                text = text.replace(promised, true)
        return pieces(who + text) or ["……"]

    def _unheard(self, session: Session, contact_id: int) -> WechatReceipt | None:
        return ledger.unheard(session, contact_id, before=self._line.now() - self._line.patience.not_asked_again)


def _once_more(receipt: WechatReceipt | None) -> str:
    return AGAIN + (receipt.reply or "").removeprefix(AGAIN).removesuffix(MORE) if receipt else ""


def _merged(parts: Sequence[Part], *, room: int, text: str = "") -> tuple[str, list[Part]]:
    """`text` and the first parts in one text of at most `room` bytes, and those parts."""
    taken: list[Part] = []
    for part in parts:
        longer = f"{text}\n\n{part.text}" if text else (AGAIN if part.is_cut else "") + part.text
        if len(longer.encode()) > room and text:
            break
        text, taken = longer, [*taken, part]
    return text, taken
