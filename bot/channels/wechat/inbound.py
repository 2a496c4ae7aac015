"""A push taken once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from actions.replies import Button, Reply, ReplyKind
from bot.channels.base import Remaining
from bot.channels.wechat import identity, ledger, pictures
from bot.channels.wechat.accounts import Account
from bot.channels.wechat.api import NoAnswer, TryLater, WechatApi, WechatError, WindowClosed
from bot.channels.wechat.events import (
    _CLOSE_PAGE,
    _FORGET,
    _NO_PAGE,
    _NO_WORDS,
    _OTHER_KINDS,
    _SIGNS,
    _TO_PAGE,
    _UNKNOWN,
    MENU_SAYS,
    MENU_SHOWS,
)
from bot.channels.wechat.ledger import Part
from bot.channels.wechat.models import WechatContact, WechatReceipt, WechatSent
from bot.channels.wechat.outbound import (
    _FETCH,
    _GAVE_UP,
    _LEARN_AGAIN,
    _LOOK_AGAIN_S,
    _MORE,
    _NOT_ASKED_AGAIN,
    _NOT_FOLLOWING,
    _NOTICE,
    _PENDING,
    _ROOM,
    _SETTLED,
    PATIENCE_S,
    Taken,
    _merged,
    _once_more,
)
from bot.channels.wechat.text import chosen, could_choose, is_only_signs, pieces, shown
from bot.channels.wechat.xml import Incoming, number
from bot.conversations import delivery, messages, service
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.emergency.recognising import recognise
from knowledge import places
from knowledge.places import Level, Place, find_village

log = logging.getLogger("linli.wechat")

_SENDERS = 4  # people being sent to at a time


class Wechat:
    """One official account.

    `answer` is `Turns.answer`; `page_link` and `sources_link` give signed addresses of our web pages; `own_url` stands
    before the others.
    """

    kind = "wechat"

    def __init__(
        self,
        account: Account,
        *,
        sessions: Callable[[], Session],
        answer: Callable[[int], Awaitable[Any]],
        api: WechatApi,
        greeting: Callable[[str | None], str],
        page_link: Callable[[str], str],
        sources_link: Callable[[int], str],
        picture: Callable[[str], bytes],
        own_url: str = "",
        others: Mapping[str, str] = MappingProxyType({}),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`others`: the installation's other accounts, by appid, as residents know them."""
        self.account = account
        self._sessions, self._answer, self._api, self._greeting = sessions, answer, api, greeting
        self._page_link = page_link
        self._sources_link = sources_link
        self._picture = picture
        self._own_url = own_url
        self._now = now
        self._others, self._learn_at = others, datetime.min.replace(tzinfo=UTC)
        self._tasks: dict[int, asyncio.Task[None]] = {}  # by message: what is being answered here
        # One for the books: SQLite has one writer, and threads that wait for each other there sleep up to 0.1 s a time.
        self._books, self._senders = ThreadPoolExecutor(1, "wechat-books"), ThreadPoolExecutor(_SENDERS, "wechat-send")

    @property
    def name(self) -> str:
        return self.account.name

    # --- in
    # ------------------------------------------------------------------------------------------------------------

    async def receive(self, incoming: Incoming, *, is_gone: Callable[[], Awaitable[bool]]) -> str:
        """The text of the passive reply, "" for `success`. Each delivery of a message comes here; one of them carries
        the reply.

        `is_gone`: whether WeChat has hung up, so that nobody would hear it.
        """
        loop, arrived_at = asyncio.get_running_loop(), self._now()
        deadline = loop.time() + PATIENCE_S
        taken: Taken = await self._in_thread(self._take, incoming, arrived_at)
        is_answered = taken.message_id is None
        if taken.message_id is not None:
            await asyncio.wait({self._answering(taken.message_id)}, timeout=max(0.0, deadline - loop.time()))
            while not is_answered and loop.time() < deadline:
                is_answered = await self._in_thread(self._is_answered, taken.message_id)
                if not is_answered:
                    await asyncio.sleep(_LOOK_AGAIN_S)  # Rasa is away, or another process is at it
        # hundreds may be at it still in the same moment: they cost next to nothing
        text, is_sure = "", taken.message_id in self._tasks
        while not is_sure and not await is_gone():
            text, is_sure = await self._in_thread(self._reply, taken)
            if is_sure or loop.time() >= deadline:
                break
            await asyncio.sleep(_LOOK_AGAIN_S)
        if not text and not is_answered and not self.account.has_customer_service:
            text = await self._in_thread(self._later, taken)
        return text

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._books, work, *arguments)

    async def left_us(self, incoming: Incoming) -> None:
        """The reply to a delivery was handed to the network. Until then a killed process has said nothing."""
        await self._in_thread(self._note_left, incoming)

    def _note_left(self, incoming: Incoming) -> None:
        with self._sessions() as session:
            contact = (
                select(WechatContact.id)
                .where(WechatContact.appid == self.account.appid, WechatContact.openid == incoming.openid)
                .scalar_subquery()
            )
            mine = (WechatReceipt.contact_id == contact) & (WechatReceipt.key == incoming.key)
            session.execute(
                update(WechatReceipt)
                .where(mine, WechatReceipt.reply.is_not(None), WechatReceipt.answered_at.is_(None))
                .values(answered_at=self._now())
            )
            session.commit()

    def _answering(self, message_id: int) -> asyncio.Task[None]:
        """One task for all deliveries of a message. Kept here, so an answer goes on when WeChat has hung up."""
        task = self._tasks.get(message_id)
        if task is None:
            task = self._tasks[message_id] = asyncio.create_task(self._quietly(message_id))
            task.add_done_callback(lambda _: self._tasks.pop(message_id))
        return task

    async def _quietly(self, message_id: int) -> None:
        try:
            await self._answer(message_id)
        except Exception as error:  # the message stays unanswered and is taken up again by the app's watch
            log.error("wechat message=%s %s", message_id, type(error).__name__)

    def _take(self, incoming: Incoming, arrived_at: datetime) -> Taken:
        """Stored before anything is done with it."""
        with self._sessions() as session:
            contact = ledger.contact_of(session, self.account.appid, incoming.openid, place=self.account.place)
            known = session.get(WechatReceipt, (contact.id, incoming.key))
            if known is not None:
                message_id = known.message_id
            elif incoming.kind == "event":
                message_id = self._event(
                    session, contact, session.get_one(Conversation, contact.conversation_id), incoming, arrived_at
                )
            else:
                message_id = self._message(
                    session, contact, session.get_one(Conversation, contact.conversation_id), incoming
                )
            delivery_number = ledger.arrive(
                session,
                contact,
                incoming.key,
                message_id=message_id,
                is_known=known is not None,
                is_word=incoming.kind != "event",
                now=arrived_at,
            )
            return Taken(contact.id, contact.conversation_id, incoming.key, message_id, delivery_number, arrived_at)

    def _message(
        self, session: Session, contact: WechatContact, conversation: Conversation, incoming: Incoming
    ) -> int | None:
        fields, kind = incoming.fields, incoming.kind
        if kind in ("text", "voice"):
            text = fields.get("Content", "") if kind == "text" else fields.get("Recognition", "")
            if not text:
                return self._aside(
                    session,
                    conversation,
                    incoming,
                    _NO_WORDS if kind == "voice" else "还没写字呢。您想问什么，打几个字就行。",
                )
            if len(text) > messages.MAX_CHARACTERS:
                return self._aside(
                    session,
                    conversation,
                    incoming,
                    f"这条太长了，请分成几条发，每条不超过 {messages.MAX_CHARACTERS} 个字。",
                )
            meant = self._choice(session, conversation.id, text) or text
            if answer := self._own_data(session, contact, conversation, meant.strip("。！! “”")):
                return self._tell(session, conversation, incoming, answer)
            if is_only_signs(text) and conversation.status is ConversationStatus.bot and recognise(text) is None:
                return self._aside(session, conversation, incoming, _SIGNS)
            if (
                len(text) <= _FETCH
                and self._asked_for_a_word(session, contact, before=incoming.key)
                and not recognise(text)
            ):
                return ledger.unanswered(session, conversation.id)  # None when it has its answer, which goes out now
            return messages.receive(session, conversation, client_id=incoming.key, text=meant).id
        if kind == "location":
            return self._location(session, conversation, incoming)
        if kind == "image":
            return self._photo(session, contact, conversation, incoming)
        return self._aside(session, conversation, incoming, _OTHER_KINDS.get(kind, _UNKNOWN))

    def _asked_for_a_word(self, session: Session, contact: WechatContact, *, before: str) -> bool:
        """Whether our last reply said 回复任意文字. Where it didn't, a short word means what it says: 没有, 解决了."""
        if self.account.has_customer_service:
            return False
        last = session.scalar(
            select(WechatReceipt)
            .where(WechatReceipt.contact_id == contact.id, WechatReceipt.key != before)
            .order_by(WechatReceipt.first_at.desc())
            .limit(1)
        )
        if last is None:
            return False
        if last.reply is None:  # _PENDING isn't kept: it was said where the answer took longer
            message = session.get(Message, last.message_id) if last.message_id else None
            return message is not None and (
                message.answered_at is None or message.answered_at > last.first_at + timedelta(seconds=PATIENCE_S)
            )
        return last.reply.endswith(_MORE)

    def _choice(self, session: Session, conversation_id: str, text: str) -> str | None:
        """What a number stands for among the buttons shown last; what still lies here was never shown."""
        if not could_choose(text):
            return None
        rows = session.scalars(
            select(Message)
            .join(WechatSent, WechatSent.message_id == Message.id)
            .where(Message.conversation_id == conversation_id)
            .order_by(Message.id.desc())
            .limit(3)
        )
        return chosen(text, next((m.reply.buttons for m in rows if m.reply.buttons), ()))

    def _own_data(self, session: Session, contact: WechatContact, conversation: Conversation, said: str) -> str | None:
        """The answer to a word about what is kept of the person and who sees it; None for any other word."""
        if said in _FORGET:
            return f"要删除您和我说过的话，请点开下面的链接，按“删除这段对话”：\n{self._page_link(conversation.id)}"
        if said in _TO_PAGE:
            return (
                "点开下面的链接，就能在网页上接着聊。只能打开一次，谁打开谁就看得到您说过的话，请别转给别人：\n"
                f"{self._page_link(conversation.id)}"
            )
        if said in _CLOSE_PAGE:
            service.close_pages(session, conversation.id)
            return _NO_PAGE
        return identity.answer(session, contact, said)

    def _asked(self, session: Session, conversation_id: str) -> Message | None:
        """The question of a form that the resident has to answer now, if one is under way: only Rasa's replies move
        a form.
        """
        last = session.scalars(
            select(Message)
            .where(Message.conversation_id == conversation_id, Message.in_reply_to.is_not(None))
            .order_by(Message.id.desc())
            .limit(1)
        ).first()
        return last if last is not None and last.reply.form else None

    def _aside(self, session: Session, conversation: Conversation, incoming: Incoming, text: str) -> None:
        """Say it, and put the question of the form under way again."""
        asked = self._asked(session, conversation.id)
        if asked is None:
            return self._tell(session, conversation, incoming, text)
        question = asked.text.rsplit("\n\n", 1)[-1]  # of what is read back, only whether it is right
        return self._tell(
            session, conversation, incoming, f"{text}\n咱们接着来：{question}", buttons=asked.reply.buttons
        )

    def _photo(self, session: Session, contact: WechatContact, conversation: Conversation, incoming: Incoming) -> None:
        pictures.note(session, contact, incoming.key, incoming.fields.get("PicUrl", ""), now=self._now())
        asked = self._asked(session, conversation.id)
        if asked is not None and asked.reply.form == "dispute":
            return self._aside(session, conversation, incoming, "收到照片，和您正在报的事一起交上去。")
        return self._aside(
            session,
            conversation,
            incoming,
            (
                "收到照片，我先替您存着。要报事，说“我要报个事”，登记时一起交上去；"
                "只想问问的，请打字说一说，照片我自己看不懂。"
            ),
        )

    def _location(self, session: Session, conversation: Conversation, incoming: Incoming) -> int | None:
        """Into the report that is being told; otherwise the resident says what it is for."""
        latitude, longitude = number(incoming.fields, "Location_X"), number(incoming.fields, "Location_Y")
        point = (
            f"地图 {latitude:.5f}，{longitude:.5f}"
            if latitude is not None and longitude is not None and abs(latitude) <= 90 and abs(longitude) <= 180
            else ""
        )
        label = "".join(incoming.fields.get("Label", "").split())[:200]
        spot = f"{label}（{point}）" if label and point else label or point
        if not spot:
            return self._aside(session, conversation, incoming, "位置没收全，请再发一次，或者打字说在哪儿。")
        asked = self._asked(session, conversation.id)
        if asked is not None and asked.reply.form == "dispute":
            text = spot if asked.reply.step == "where" else f"地点改成{spot}"
        elif conversation.status is not ConversationStatus.bot:
            text = f"我的位置：{spot}"  # for the person who answers
        else:
            village = find_village(session, label)
            buttons = [Button("报这里的事", f"我要报个事，地点是{spot}")]
            if village is not None and village.id != conversation.place_id:
                buttons.append(Button(f"我是{village.name}的，按这个村的村规来答", f"我是{village.name}的"))
            return self._tell(
                session, conversation, incoming, f"收到您的位置：{label or spot}。您想做什么？", buttons=buttons
            )
        return messages.receive(session, conversation, client_id=incoming.key, text=text).id

    def _event(
        self, session: Session, contact: WechatContact, conversation: Conversation, incoming: Incoming, now: datetime
    ) -> int | None:
        """Of its first delivery only: an unsubscription delivered once more may come after they followed anew."""
        key = incoming.fields.get("EventKey", "")
        if incoming.event == "unsubscribe":
            contact.is_following = False
            session.commit()
            return None
        if incoming.event not in ("subscribe", "scan", "click"):
            return None
        if incoming.event == "subscribe":
            identity.forget_asking(session, contact)
        ledger.pressed(session, contact, now=now)
        if incoming.event == "click":
            if key in MENU_SAYS:
                return messages.receive(session, conversation, client_id=incoming.key, text=MENU_SAYS[key]).id
            return self._tell(session, conversation, incoming, MENU_SHOWS.get(key, _UNKNOWN))
        place = session.get(Place, key.removeprefix("qrscene_")[:40])
        if place is not None and place.level is Level.village:
            if self.account.place and place.id not in places.below(session, self.account.place):
                return self._tell(
                    session,
                    conversation,
                    incoming,
                    (
                        f"您扫的是{place.name}的码，{place.name}不归这个公众号管，村里的事请到那边的公众号问。"
                        "法律和办事的问题，在这里一样能问。"
                    ),
                )
            conversation.place_id = place.id
            if incoming.event == "scan":
                return self._tell(
                    session,
                    conversation,
                    incoming,
                    f"好，记下了，您是{place.name}的，村规和办事我按{place.name}的来答。想问什么，直接说。",
                )
        village = session.get(Place, conversation.place_id) if conversation.place_id else None
        return self._tell(
            session,
            conversation,
            incoming,
            self._greeting(village.name if village and village.level is Level.village else None),
        )

    def _tell(
        self,
        session: Session,
        conversation: Conversation,
        incoming: Incoming,
        text: str,
        *,
        buttons: Sequence[Button] | None = None,
    ) -> None:
        kind = ReplyKind.smalltalk if buttons is None else ReplyKind.asking
        reply = Reply(kind, text, buttons=tuple(buttons or ()))
        delivery.tell(session, conversation.id, reply, key=f"wx-{incoming.key}"[:64])
        session.commit()

    def _is_answered(self, message_id: int) -> bool:
        with self._sessions() as session:
            message = session.get(Message, message_id)
            return message is None or message.answered_at is not None

    # --- out
    # -----------------------------------------------------------------------------------------------------------

    def _later(self, taken: Taken) -> str:
        """That the answer takes longer, for people to whom nothing can be sent.

        Not kept: who asks again gets what there is then.
        """
        with self._sessions() as session:
            if (
                session.scalar(
                    select(WechatReceipt.arrivals).where(
                        WechatReceipt.contact_id == taken.contact_id, WechatReceipt.key == taken.key
                    )
                )
                != taken.delivery
            ):
                return ""
        return f"{_PENDING}\n也可以在网页上看：{self._page_link(taken.conversation_id)}"

    def _reply(self, taken: Taken) -> tuple[str, bool]:
        """The passive reply, "" when this delivery isn't the one to carry it, and whether that is sure: False while
        another delivery has the reply and it hasn't left us, since whoever had it may be dead.
        """
        with self._sessions() as session:
            receipt = session.get(WechatReceipt, (taken.contact_id, taken.key))
            if receipt is not None and receipt.reply is None and receipt.arrivals == taken.delivery:
                if not ledger.hold(session, taken.contact_id, now=self._now()):
                    return "", True  # the customer-service API is at it
                session.refresh(receipt)
            contact = session.get(WechatContact, taken.contact_id)
            if receipt is None or contact is None or receipt.arrivals != taken.delivery:
                return "", True  # deleted in between, or a later delivery is the one that WeChat still listens to
            if receipt.reply is not None:
                if receipt.first_at < taken.arrived_at - _GAVE_UP:
                    return receipt.reply, True  # WeChat waits five seconds for each delivery, and it asked once more
                return ("", True) if receipt.answered_at else (receipt.reply, False)
            text, parts = self._passive(session, contact)
            ledger.mark(session, parts, via="passive", now=self._now())
            receipt.reply = text or None  # nothing there yet: who asks again may get it
            session.commit()
            return text, True

    def _parts(self, session: Session, conversation_id: str) -> list[Part]:
        parts, pending = [], ledger.pending(session, conversation_id)
        # They may go out as one text, in which a number must stand for one thing.
        numbered = max((message.id for message, *_ in pending if message.reply.buttons), default=0)
        for message, gone, is_cut in pending:
            said = message.reply
            who = f"【{said.agent}】" if message.sender is Sender.agent and said.agent else ""
            sources = self._sources_link(message.id) if said.citations else None
            text = shown(said, sources=sources, own_url=self._own_url, is_numbered=message.id == numbered)
            cut = pieces(who + text) or ["……"]
            parts += [Part(message.id, i, text, i == len(cut) - 1, is_cut) for i, text in enumerate(cut) if i >= gone]
        return parts

    def _passive(self, session: Session, contact: WechatContact) -> tuple[str, list[Part]]:
        """As much as one text holds; the rest follows by the API, or on the next word."""
        parts, unheard = self._parts(session, contact.conversation_id), self._unheard(session, contact.id)
        if unheard:
            unheard.answered_at = self._now()  # from here on this reply carries it
        text, taken = _merged(parts, room=_ROOM, text=_once_more(unheard) if unheard else "")
        if len(taken) < len(parts) and not self.account.has_customer_service:
            text += _MORE
        return text, taken

    def _unheard(self, session: Session, contact_id: int) -> WechatReceipt | None:
        return ledger.unheard(session, contact_id, before=self._now() - _NOT_ASKED_AGAIN)

    def deliver_due(self) -> int:
        """Texts sent by the customer-service API just now, to all people of this account."""
        if not self.account.has_customer_service:
            return 0
        with self._sessions() as session:
            waiting = ledger.waiting_contacts(
                session,
                self.account.appid,
                now=self._now(),
                settled=_SETTLED,
                unheard_before=self._now() - _NOT_ASKED_AGAIN,
            )
        return sum(self._senders.map(self._deliver, waiting))

    def _deliver(self, contact_id: int) -> int:
        sent, not_before = 0, None
        with self._sessions() as session:
            if not ledger.take_turn(session, contact_id, now=self._now()):
                return 0
            try:
                while True:
                    contact = session.get_one(WechatContact, contact_id, populate_existing=True)
                    parts, unheard = self._parts(session, contact.conversation_id), self._unheard(session, contact_id)
                    if not parts and not unheard:
                        break
                    text, taken = _merged(parts, room=_ROOM, text=_once_more(unheard) if unheard else "")
                    if len(taken) < len(parts) and not unheard and ledger.left(contact, now=self._now()) == 1:
                        link = f"\n还有没发完的，点开接着看：{self._page_link(contact.conversation_id)}"
                        text, taken = _merged(parts, room=_ROOM - len(link.encode()))
                        text += link
                    if not ledger.reserve(session, contact_id, taken, now=self._now()):
                        self._notice(session, contact, max((p.message_id for p in parts), default=0))
                        not_before = self._now() + timedelta(minutes=1)
                        break
                    self._send(session, contact, text, taken)
                    if unheard:
                        unheard.answered_at = self._now()
                    session.commit()
                    sent += 1
            except WindowClosed:
                ledger.close_window(session, contact_id)
            except TryLater:
                not_before = self._now() + timedelta(seconds=30)
            except WechatError as error:
                not_before = self._now() + timedelta(hours=1)
                if error.code == _NOT_FOLLOWING:
                    ledger.has_left(session, contact_id)
            finally:
                session.rollback()
                ledger.end_turn(session, contact_id, not_before=not_before)
        return sent

    def _send(self, session: Session, contact: WechatContact, text: str, parts: Sequence[Part]) -> None:
        """The caller commits, at once. Raises WechatError and its kinds."""
        try:
            self._api.send_text(contact.openid, text)
        except NoAnswer:
            raise  # it may have arrived, so the next try says 补发
        except WechatError:
            ledger.mark_sending(session, parts, False)
            session.commit()
            raise
        ledger.mark(session, parts, via="customer_service", now=self._now())

    def _notice(self, session: Session, contact: WechatContact, last: int) -> None:
        """That there is something to read, once for each new message; never what."""
        if self.account.template_id and contact.noticed_to < last:
            self._api.send_notice(contact.openid, words=_NOTICE, url=self._page_link(contact.conversation_id))
            contact.noticed_to = last
            session.commit()

    def tend(self) -> None:
        """What no answer waits for: pictures to fetch, and who people are.

        With one account there is nobody to know again, so WeChat isn't asked.
        """
        pictures.fetch_due(self._sessions, self.account.appid, picture=self._picture, now=self._now())
        if not self._others or not self.account.has_customer_service:
            return
        now = self._now()
        with self._sessions() as session:
            if self._learn_at <= now:
                try:
                    self._learn(session, now)
                except TryLater:
                    self._learn_at = now + _LEARN_AGAIN
            identity.ask_due(session, self.account.appid, titles=self._others, now=now)

    def _learn(self, session: Session, now: datetime) -> None:
        people = [(contact.id, contact.openid) for contact in identity.unknown(session, self.account.appid)]
        session.rollback()  # nothing is held while WeChat is asked
        for contact_id, openid in people:
            try:
                found = self._api.person(openid)
            except TryLater:
                raise
            except WechatError:
                found = {}  # the account lacks the right, or they left
            identity.learn(session, contact_id, found, now=now)

    def remaining(self, conversation_id: str) -> Remaining | None:
        with self._sessions() as session:
            if (
                session.scalar(select(WechatContact.appid).where(WechatContact.conversation_id == conversation_id))
                != self.account.appid
            ):
                return None  # of another account, with rights of its own
            return ledger.remaining(
                session,
                conversation_id,
                can_send=self.account.has_customer_service,
                has_template=self.account.template_id is not None,
                now=self._now(),
            )
