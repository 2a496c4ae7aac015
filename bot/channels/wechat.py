"""WeChat as a channel: what arrives becomes messages of a conversation, what the conversation says goes out.

A reply in time is passive; a late one goes by the customer-service API, or, for an account without it, with the next word of the
resident. Everything is a row first, so what can't be sent now waits.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from actions.cases.photos import clean_photo
from actions.cases.service import attach_photo
from actions.errors import InvalidInput
from bot.channels import wechat_ledger as ledger
from bot.channels.base import Remaining
from bot.channels.wechat_accounts import Account
from bot.channels.wechat_api import TryLater, WechatApi, WechatError, WindowClosed
from bot.channels.wechat_ledger import Part
from bot.channels.wechat_models import WechatContact, WechatReceipt, WechatSent
from bot.channels.wechat_text import MOST_BYTES, chosen, pieces, shown
from bot.channels.wechat_xml import Incoming, number
from bot.conversations import delivery, service
from bot.conversations.models import Conversation, Message, Sender
from bot.emergency import recognise
from knowledge.models import Level, Place

log = logging.getLogger("linli.wechat")

PATIENCE_S = 4.0  # of the five seconds; the rest is for the way and the database
_GAVE_UP = timedelta(seconds=4.5)  # a delivery this long after the first comes because WeChat didn't get our answer
_ON_ITS_WAY_S = 0.3
_SETTLED = timedelta(seconds=2)
_FETCH = 4  # so few characters, once we have asked for them ("回复任意文字"), are no message of their own
_MORE = "\n（还有，回复任意文字接着看）"
_NOTICE = "您的事有了新消息，点开查看。"
# Keys of the menu, and what a press says or shows.
MENU_SAYS = {"report": "我要报个事", "book": "想约律师", "progress": "我那事咋样了", "village_rule": "我们村的村规民约有哪些规定", "person": "转人工"}
MENU_SHOWS = {"ask": "想问什么法律或者办事的问题，直接打字发给我就行，比如“彩礼能退吗”“低保怎么申请”。我会告诉您依据在哪一条。"}
_OTHER_KINDS = {
    "video": "视频我还看不了，请用文字说一说，或者发照片。",
    "shortvideo": "视频我还看不了，请用文字说一说，或者发照片。",
    "link": "链接我打不开，想问什么请直接打字。要是怀疑是诈骗链接，千万别点，可以打 96110。",
    "file": "文件我还看不了，请把要问的话打出来，或者拍照发来。",
}
_FORGET = ("删除记录", "删除对话", "删除我的记录", "删除聊天记录")
_UNKNOWN = "这种消息我还看不懂，请打字告诉我。急事请拨打 12345；危险时拨打 110。"
_NO_WORDS = "这段语音我没听清，请打字再说一遍，几个字就行。"
_PENDING = "这个问题我还在查。过几秒回复任意一个字，我就把结果给您。"


class Wechat:
    """One official account. `answer` is `Turns.answer`; `page_link` and `sources_link` give signed addresses of our web pages; `own_url` stands before the others."""

    name = "wechat"

    def __init__(
        self, account: Account, *, sessions: Callable[[], Session], answer: Callable[[int], Awaitable[Any]], api: WechatApi, greeting: Callable[[str | None], str],
        page_link: Callable[[str], str], sources_link: Callable[[int], str], picture: Callable[[str], bytes], own_url: str = "", now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self.account = account
        self._sessions, self._answer, self._api, self._greeting = sessions, answer, api, greeting
        self._page_link, self._sources_link, self._picture, self._own_url, self._now = page_link, sources_link, picture, own_url, now
        self._tasks: set[asyncio.Task[Any]] = set()

    # --- in ------------------------------------------------------------------------------------------------------------

    async def receive(self, incoming: Incoming) -> str:
        """The text of the passive reply, "" for `success`. Each delivery of a message comes here; one of them carries the reply."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_S
        contact_id, message_id, delivery_number = await asyncio.to_thread(self._take, incoming)
        if message_id is not None:
            # Kept and shielded: an answer goes on when WeChat has hung up.
            task = asyncio.create_task(self._quietly(message_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await asyncio.wait({task}, timeout=max(0.0, deadline - loop.time()))
            while loop.time() < deadline and not await asyncio.to_thread(self._is_answered, message_id):
                await asyncio.sleep(0.1)  # another delivery, or another process, is at it
        text, is_fresh = await asyncio.to_thread(self._reply, contact_id, incoming.key, delivery_number, message_id)
        if text and not is_fresh:
            await asyncio.sleep(_ON_ITS_WAY_S)
            text, _ = await asyncio.to_thread(self._reply, contact_id, incoming.key, delivery_number, message_id)
        return text

    def left_us(self, incoming: Incoming) -> None:
        """The response to a delivery was handed to the network. Until then a killed process has answered nothing."""
        with self._sessions() as session:
            contact = session.scalar(select(WechatContact.id).where(WechatContact.appid == self.account.appid, WechatContact.openid == incoming.openid))
            mine = (WechatReceipt.contact_id == contact) & (WechatReceipt.key == incoming.key)
            session.execute(update(WechatReceipt).where(mine, WechatReceipt.reply.is_not(None), WechatReceipt.answered_at.is_(None)).values(answered_at=self._now()))
            session.commit()

    async def _quietly(self, message_id: int) -> None:
        try:
            await self._answer(message_id)
        except Exception as error:  # the message stays unanswered and is taken up again by the app's watch
            log.error("wechat message=%s %s", message_id, type(error).__name__)

    def _take(self, incoming: Incoming) -> tuple[int, int | None, int]:
        """Stored before anything is done with it: the contact, the message to answer (None: nothing to answer), which delivery it is."""
        now = self._now()
        with self._sessions() as session:
            contact = ledger.contact_of(session, self.account.appid, incoming.openid, place=self.account.place)
            conversation = session.get_one(Conversation, contact.conversation_id)
            message_id = self._event(session, contact, conversation, incoming, now) if incoming.kind == "event" else self._message(session, contact, conversation, incoming)
            delivery_number = ledger.arrive(session, contact, incoming.key, message_id=message_id, now=now)
            if delivery_number == 1 and incoming.kind != "event":
                ledger.said(session, contact, now=now)
            return contact.id, message_id, delivery_number

    def _message(self, session: Session, contact: WechatContact, conversation: Conversation, incoming: Incoming) -> int | None:
        fields, kind = incoming.fields, incoming.kind
        if kind in ("text", "voice"):
            text = fields.get("Content", "") if kind == "text" else fields.get("Recognition", "")
            if not text:
                return self._tell(session, conversation, incoming, _NO_WORDS if kind == "voice" else "还没写字呢。您想问什么，打几个字就行。")
            if len(text) > service.MAX_CHARACTERS:
                return self._tell(session, conversation, incoming, f"这条太长了，请分成几条发，每条不超过 {service.MAX_CHARACTERS} 个字。")
            if text.strip("。！!") in _FORGET:
                return self._tell(session, conversation, incoming, f"要删除您和我说过的话，请点开下面的链接，按“删除这段对话”：\n{self._page_link(conversation.id)}")
            if len(text) <= _FETCH and self._asked_for_a_word(session, contact, before=incoming.key) and not recognise(text):
                return self._unanswered(session, conversation.id)
            return service.receive(session, conversation, client_id=incoming.key, text=self._choice(session, conversation.id, text) or text).id
        if kind == "location":
            x, y = number(fields, "Location_X"), number(fields, "Location_Y")
            label = fields.get("Label", "")[:200] or (f"地图位置 {x:.5f}，{y:.5f}" if x is not None and y is not None else "")
            return service.receive(session, conversation, client_id=incoming.key, text=label).id if label else self._tell(session, conversation, incoming, _UNKNOWN)
        if kind == "image":
            return self._photo(session, conversation, incoming)
        return self._tell(session, conversation, incoming, _OTHER_KINDS.get(kind, _UNKNOWN))

    def _asked_for_a_word(self, session: Session, contact: WechatContact, *, before: str) -> bool:
        """Whether our last reply said 回复任意文字. Where it didn't, a short word means what it says: 没有, 解决了."""
        if self.account.has_customer_service:
            return False
        last = session.scalar(select(WechatReceipt).where(WechatReceipt.contact_id == contact.id, WechatReceipt.key != before).order_by(WechatReceipt.first_at.desc()).limit(1))
        if last is None or last.reply is None:
            return last is not None and last.first_at < self._now() - timedelta(seconds=PATIENCE_S)
        return last.reply.startswith(_PENDING) or last.reply.endswith(_MORE)

    def _unanswered(self, session: Session, conversation_id: str) -> int | None:
        """The message whose answer the word asks for; None when it has one already."""
        return session.scalar(select(Message.id).where(Message.conversation_id == conversation_id, Message.sender == Sender.resident, Message.answered_at.is_(None)).order_by(Message.id.desc()).limit(1))

    def _choice(self, session: Session, conversation_id: str, text: str) -> str | None:
        """What a number stands for among the buttons shown last; what still lies here was never shown."""
        rows = session.scalars(select(Message).join(WechatSent, WechatSent.message_id == Message.id).where(Message.conversation_id == conversation_id).order_by(Message.id.desc()).limit(3))
        buttons: Sequence[dict[str, str]] = next((m.body["buttons"] for m in rows if (m.body or {}).get("buttons")), [])
        return chosen(text, buttons)

    def _photo(self, session: Session, conversation: Conversation, incoming: Incoming) -> None:
        try:
            clean = clean_photo(self._picture(incoming.fields.get("PicUrl", "")))
            count = attach_photo(session, conversation.id, clean)
            return self._tell(session, conversation, incoming, f"收到照片 {count} 张，登记时一起交上去。要报事，说“我要报个事”就行。")
        except InvalidInput as error:
            return self._tell(session, conversation, incoming, error.message_zh)

    def _event(self, session: Session, contact: WechatContact, conversation: Conversation, incoming: Incoming, now: datetime) -> int | None:
        key = incoming.fields.get("EventKey", "")
        if incoming.event == "unsubscribe":
            contact.is_following = False
            session.commit()
            return None
        if incoming.event not in ("subscribe", "scan", "click"):
            return None
        if session.get(WechatReceipt, (contact.id, incoming.key)) is None:
            ledger.pressed(session, contact, now=now)
        if incoming.event == "click":
            if key in MENU_SAYS:
                return service.receive(session, conversation, client_id=incoming.key, text=MENU_SAYS[key]).id
            return self._tell(session, conversation, incoming, MENU_SHOWS.get(key, _UNKNOWN))
        place = session.get(Place, key.removeprefix("qrscene_")[:40])
        if place is not None and place.level is Level.village:
            conversation.place_id = place.id
        village = session.get(Place, conversation.place_id) if conversation.place_id else None
        return self._tell(session, conversation, incoming, self._greeting(village.name if village and village.level is Level.village else None))

    def _tell(self, session: Session, conversation: Conversation, incoming: Incoming, text: str) -> None:
        delivery.tell(session, conversation.id, key=f"wx-{incoming.key}"[:64], kind="smalltalk", text=text)
        session.commit()

    def _is_answered(self, message_id: int) -> bool:
        with self._sessions() as session:
            message = session.get(Message, message_id)
            return message is None or message.answered_at is not None

    # --- out -----------------------------------------------------------------------------------------------------------

    def _reply(self, contact_id: int, key: str, delivery_number: int, message_id: int | None) -> tuple[str, bool]:
        """The passive reply, and whether it was put together just now; "" when this delivery isn't the one to carry it."""
        now = self._now()
        with self._sessions() as session:
            receipt, contact = session.get(WechatReceipt, (contact_id, key)), session.get(WechatContact, contact_id)
            if receipt is None or contact is None or receipt.arrivals != delivery_number:
                return "", True  # deleted in between, or a later delivery is the one that WeChat still listens to
            if receipt.reply is not None:
                # Said already. Again only if it never left us, or if WeChat waits five seconds for each delivery and asks once more.
                return (receipt.reply, False) if receipt.answered_at is None or receipt.first_at < now - _GAVE_UP else ("", False)
            if not ledger.take_turn(session, contact_id, now=now):
                return "", True
            try:
                text, parts = self._passive(session, contact)
                if not text and message_id is not None and not self._is_answered(message_id) and not self.account.has_customer_service:
                    text = f"{_PENDING}\n也可以在网页上看：{self._page_link(contact.conversation_id)}"
                ledger.mark(session, parts, via="passive", now=now)
                receipt.reply = text
                session.commit()
            finally:
                ledger.end_turn(session, contact_id)
            return text, True

    def _parts(self, session: Session, conversation_id: str) -> list[Part]:
        parts, pending = [], ledger.pending(session, conversation_id)
        # They may go out as one text, in which a number must stand for one thing.
        numbered = max((message.id for message, *_ in pending if (message.body or {}).get("buttons")), default=0)
        for message, gone in pending:
            body = message.body or {}
            who = f"【{body['agent']}】" if message.sender is Sender.agent and body.get("agent") else ""
            sources = self._sources_link(message.id) if body.get("citations") else None
            cut = pieces(who + shown({**body, "text": message.text}, sources=sources, own_url=self._own_url, is_numbered=message.id == numbered)) or ["……"]
            parts += [Part(message.id, i, text, i == len(cut) - 1) for i, text in enumerate(cut) if i >= gone]
        return parts

    def _passive(self, session: Session, contact: WechatContact) -> tuple[str, list[Part]]:
        """As much as one text holds; the rest follows by the API, or on the next word."""
        parts = self._parts(session, contact.conversation_id)
        text, taken = _merged(parts, room=MOST_BYTES - len(_MORE.encode()))
        if len(taken) < len(parts) and not self.account.has_customer_service:
            text += _MORE
        return text, taken

    def deliver_due(self) -> int:
        """Pieces sent by the customer-service API just now, to all people of this account."""
        if not self.account.has_customer_service:
            return 0
        with self._sessions() as session:
            waiting = ledger.waiting_contacts(session, self.account.appid, now=self._now(), settled=_SETTLED)
        return sum(self._deliver(contact_id) for contact_id in waiting)

    def _deliver(self, contact_id: int) -> int:
        sent, not_before = 0, None
        with self._sessions() as session:
            if not ledger.take_turn(session, contact_id, now=self._now()):
                return 0
            try:
                while parts := self._parts(session, session.get_one(WechatContact, contact_id).conversation_id):
                    contact = session.get_one(WechatContact, contact_id, populate_existing=True)
                    text, taken = _merged(parts, room=MOST_BYTES)
                    if len(taken) < len(parts) and ledger.left(contact, now=self._now()) == 1:
                        link = f"\n还有没发完的，点开接着看：{self._page_link(contact.conversation_id)}"
                        text, taken = _merged(parts, room=MOST_BYTES - len(link.encode()))
                        text += link
                    if not ledger.reserve(session, contact_id, now=self._now()):
                        self._notice(session, contact, parts[-1].message_id)
                        not_before = self._now() + timedelta(minutes=1)
                        break
                    self._api.send_text(contact.openid, text)
                    ledger.mark(session, taken, via="customer_service", now=self._now())
                    session.commit()
                    sent += 1
            except WindowClosed:
                ledger.close_window(session, contact_id)
            except TryLater:
                not_before = self._now() + timedelta(seconds=30)
            except WechatError:
                not_before = self._now() + timedelta(hours=1)
            finally:
                session.rollback()
                ledger.end_turn(session, contact_id, not_before=not_before)
        return sent

    def _notice(self, session: Session, contact: WechatContact, last: int) -> None:
        """That there is something to read, once for each new message; never what."""
        if self.account.template_id and contact.noticed_to < last:
            self._api.send_notice(contact.openid, words=_NOTICE, url=self._page_link(contact.conversation_id))
            contact.noticed_to = last
            session.commit()

    def remaining(self, conversation_id: str) -> Remaining | None:
        with self._sessions() as session:
            return ledger.remaining(session, conversation_id, can_send=self.account.has_customer_service, now=self._now())


def _merged(parts: Sequence[Part], *, room: int) -> tuple[str, list[Part]]:
    """The first parts in one text of at most `room` bytes."""
    text, taken = "", []
    for part in parts:
        longer = f"{text}\n\n{part.text}" if text else part.text
        if len(longer.encode()) > room and taken:
            break
        text, taken = longer, [*taken, part]
    return text, taken
