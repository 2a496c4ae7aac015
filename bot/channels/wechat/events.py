"""What a resident sent, taken: words, menus, follows, scans, photos, places, own data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.replies import Button, Reply, ReplyKind
from bot.channels.wechat import identity, ledger, pictures
from bot.channels.wechat.line import Line
from bot.channels.wechat.models import WechatContact, WechatReceipt, WechatSent
from bot.channels.wechat.outbound import MORE
from bot.channels.wechat.wire.text import chosen, could_choose, is_only_signs
from bot.channels.wechat.wire.xml import Incoming, number
from bot.conversations import delivery, messages, service
from bot.conversations.models import Conversation, ConversationStatus, Message
from bot.emergency.recognising import recognise
from knowledge import places
from knowledge.places import Level, Place, find_village

# Keys of the menu, and what a press says or shows.
MENU_SAYS = {
    "report": "我要报个事",
    "book": "想约律师",
    "progress": "我那事咋样了",
    "village_rule": "我们村的村规民约有哪些规定",
    "person": "转人工",
    "affairs": "议事",
    "raise_topic": "我想提个议题",
    "decision": "村里开会定了啥",
    "disclosure": "村务公开",
}
MENU_SHOWS = {
    "ask": "想问什么法律或者办事的问题，直接打字发给我就行，比如“彩礼能退吗”“低保怎么申请”。我会告诉您依据在哪一条。"
}
_OTHER_KINDS = {
    "video": "视频我还看不了，请用文字说一说，或者发照片。",
    "shortvideo": "视频我还看不了，请用文字说一说，或者发照片。",
    "link": "链接我打不开，想问什么请直接打字。要是怀疑是诈骗链接，千万别点，可以打 96110。",
    "file": "文件我还看不了，请把要问的话打出来，或者拍照发来。",
}
_FORGET = ("删除记录", "删除对话", "删除我的记录", "删除聊天记录")
_TO_PAGE, _CLOSE_PAGE = ("网页", "打开网页", "网页版"), ("关掉网页", "关闭网页", "关网页")
_MOST_TITLE = 20  # characters; no button of ours is longer
_UNKNOWN = "这种消息我还看不懂，请打字告诉我。急事请拨打 12345；危险时拨打 110。"
_NO_WORDS = "这段语音我没听清，请打字再说一遍，几个字就行。"
_NOT_WRITTEN = "还没写字呢。您想问什么，打几个字就行。"
_TOO_LONG = f"这条太长了，请分成几条发，每条不超过 {messages.MAX_CHARACTERS} 个字。"
_SIGNS = "收到您的表情。想问法律、办事，或者要报个事，打几个字告诉我就行。"
_NO_PAGE = f"网页那边已经关掉，那个浏览器再也看不到这段对话，以前发的链接也都不能用了。想再打开，回复“{_TO_PAGE[0]}”。"
_PHOTO_FOR_REPORT = "收到照片，和您正在报的事一起交上去。"
_PHOTO = (
    "收到照片，我先替您存着。要报事，说“我要报个事”，登记时一起交上去；只想问问的，请打字说一说，照片我自己看不懂。"
)
_NO_PLACE = "位置没收全，请再发一次，或者打字说在哪儿。"
# so few characters, once we have asked for them ("回复任意文字"), are no message of their own
_FETCH = 4


@dataclass(frozen=True)
class Arrival:
    """A message or event that is here for the first time, and whose it is."""

    line: Line
    session: Session
    contact: WechatContact
    conversation: Conversation
    incoming: Incoming
    arrived_at: datetime

    def hear(self, text: str) -> int:
        """The resident said this. The message, which is to be answered."""
        return messages.receive(self.session, self.conversation, client_id=self.incoming.key, text=text).id

    def tell(self, text: str, *, buttons: Sequence[Button] | None = None) -> None:
        """We say this, and there is nothing to be answered. `buttons`: None where it is no question."""
        kind = ReplyKind.smalltalk if buttons is None else ReplyKind.asking
        reply = Reply(kind, text, buttons=tuple(buttons or ()))
        delivery.tell(self.session, self.conversation.id, reply, key=f"wx-{self.incoming.key}"[:64])
        self.session.commit()

    def aside(self, text: str) -> None:
        """Say it, and put the question of the form under way again."""
        asked = self.asked()
        if asked is None:
            self.tell(text)
        else:
            question = asked.text.rsplit("\n\n", 1)[-1]  # of what is read back, only whether it is right
            self.tell(f"{text}\n咱们接着来：{question}", buttons=asked.reply.buttons)

    def asked(self) -> Message | None:
        """The question of a form that the resident has to answer now, if one is under way: only Rasa's replies move
        a form.
        """
        last = self.session.scalars(
            select(Message)
            .where(Message.conversation_id == self.conversation.id, Message.in_reply_to.is_not(None))
            .order_by(Message.id.desc())
            .limit(1)
        ).first()
        return last if last is not None and last.reply.form else None

    def report(self) -> Message | None:
        """As `asked`, where it is a report that is being told."""
        asked = self.asked()
        return asked if asked is not None and asked.reply.form == "dispute" else None


def take(arrival: Arrival) -> int | None:
    """The message that is to be answered; None where what there is to say was said, or there is nothing."""
    takes = _KINDS.get(arrival.incoming.kind)
    if takes is not None:
        return takes(arrival)
    arrival.aside(_OTHER_KINDS.get(arrival.incoming.kind, _UNKNOWN))
    return None


# --- words


def _words(arrival: Arrival) -> int | None:
    incoming = arrival.incoming
    text = incoming.fields.get("Content" if incoming.kind == "text" else "Recognition", "")
    if not text:
        arrival.aside(_NO_WORDS if incoming.kind == "voice" else _NOT_WRITTEN)
        return None
    if len(text) > messages.MAX_CHARACTERS:
        arrival.aside(_TOO_LONG)
        return None
    meant = _choice(arrival.session, arrival.conversation.id, text) or text
    if answer := _own_data(arrival, meant.strip("。！! “”")):
        arrival.tell(answer)
        return None
    if _is_only_a_sign(arrival.conversation, text):
        arrival.aside(_SIGNS)
        return None
    if len(text) <= _FETCH and _asked_for_a_word(arrival) and not recognise(text):
        # None when it has its answer, which goes out now
        return ledger.unanswered(arrival.session, arrival.conversation.id)
    return arrival.hear(meant)


def _is_only_a_sign(conversation: Conversation, text: str) -> bool:
    return is_only_signs(text) and conversation.status is ConversationStatus.bot and recognise(text) is None


def _choice(session: Session, conversation_id: str, text: str) -> str | None:
    """What a number stands for among the buttons shown last; what still lies here was never shown."""
    if not could_choose(text) and len(text) > _MOST_TITLE:
        return None
    rows = session.scalars(
        select(Message)
        .join(WechatSent, WechatSent.message_id == Message.id)
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.id.desc())
        .limit(3)
    )
    shown = [m.reply.buttons for m in rows if m.reply.buttons]
    if could_choose(text):
        return chosen(text, shown[0]) if shown else None
    return next((said for buttons in shown if (said := chosen(text, buttons)) is not None), None)


def _asked_for_a_word(arrival: Arrival) -> bool:
    """Whether our last reply said 回复任意文字. Where it didn't, a short word means what it says: 没有, 解决了."""
    if arrival.line.account.has_customer_service:
        return False
    last = arrival.session.scalar(
        select(WechatReceipt)
        .where(WechatReceipt.contact_id == arrival.contact.id, WechatReceipt.key != arrival.incoming.key)
        .order_by(WechatReceipt.first_at.desc())
        .limit(1)
    )
    if last is None:
        return False
    if last.reply is not None:
        return last.reply.endswith(MORE)
    # That it takes longer isn't kept as a reply: it was said where the answer took longer.
    message = arrival.session.get(Message, last.message_id) if last.message_id else None
    in_time = last.first_at + timedelta(seconds=arrival.line.patience.reply_s)
    return message is not None and (message.answered_at is None or message.answered_at > in_time)


def _own_data(arrival: Arrival, said: str) -> str | None:
    """The answer to a word about what is kept of the person and who sees it; None for any other word."""
    session, conversation_id = arrival.session, arrival.conversation.id
    if said in _FORGET:
        link = arrival.line.links.page(conversation_id)
        return f"要删除您和我说过的话，请点开下面的链接，按“删除这段对话”：\n{link}"
    if said in _TO_PAGE:
        link = arrival.line.links.page(conversation_id)
        return f"点开下面的链接，就能在网页上接着聊。只能打开一次，谁打开谁就看得到您说过的话，请别转给别人：\n{link}"
    if said in _CLOSE_PAGE:
        service.close_pages(session, conversation_id)
        return _NO_PAGE
    return identity.answer(session, arrival.contact, said)


# --- photos and places


def _photo(arrival: Arrival) -> None:
    incoming = arrival.incoming
    pictures.note(
        arrival.session,
        arrival.contact,
        incoming.key,
        incoming.fields.get("PicUrl", ""),
        now=arrival.line.now(),
    )
    arrival.aside(_PHOTO_FOR_REPORT if arrival.report() else _PHOTO)


def _location(arrival: Arrival) -> int | None:
    """Into the report that is being told; otherwise the resident says what it is for."""
    label, spot = _spot(arrival.incoming)
    if not spot:
        arrival.aside(_NO_PLACE)
        return None
    if report := arrival.report():
        return arrival.hear(spot if report.reply.step == "where" else f"地点改成{spot}")
    if arrival.conversation.status is not ConversationStatus.bot:
        return arrival.hear(f"我的位置：{spot}")  # for the person who answers
    village = find_village(arrival.session, label)
    buttons = [Button("报这里的事", f"我要报个事，地点是{spot}")]
    if village is not None and village.id != arrival.conversation.place_id:
        buttons.append(Button(f"我是{village.name}的，按这个村的村规来答", f"我是{village.name}的"))
    arrival.tell(f"收到您的位置：{label or spot}。您想做什么？", buttons=buttons)
    return None


def _spot(incoming: Incoming) -> tuple[str, str]:
    """The place's name, and name and point on the map together; each "" where it isn't there."""
    latitude, longitude = number(incoming.fields, "Location_X"), number(incoming.fields, "Location_Y")
    is_point = latitude is not None and longitude is not None and abs(latitude) <= 90 and abs(longitude) <= 180
    point = f"地图 {latitude:.5f}，{longitude:.5f}" if is_point else ""
    label = "".join(incoming.fields.get("Label", "").split())[:200]
    return label, f"{label}（{point}）" if label and point else label or point


# --- events


def _event(arrival: Arrival) -> int | None:
    """Of its first delivery only: an unsubscription delivered once more may come after they followed anew."""
    session, contact, event = arrival.session, arrival.contact, arrival.incoming.event
    if event == "unsubscribe":
        contact.is_following = False
        session.commit()
        return None
    if event not in ("subscribe", "scan", "click"):
        return None
    if event == "subscribe":
        identity.forget_asking(session, contact)
    ledger.pressed(session, contact, now=arrival.arrived_at)
    if event == "click":
        return _pressed(arrival)
    _welcome(arrival)
    return None


def _pressed(arrival: Arrival) -> int | None:
    key = arrival.incoming.fields.get("EventKey", "")
    if key in MENU_SAYS:
        return arrival.hear(MENU_SAYS[key])
    arrival.tell(MENU_SHOWS.get(key, _UNKNOWN))
    return None


def _welcome(arrival: Arrival) -> None:
    """Somebody follows, or scanned a code; a village's code binds them to the village."""
    session, conversation, account = arrival.session, arrival.conversation, arrival.line.account
    place = session.get(Place, arrival.incoming.fields.get("EventKey", "").removeprefix("qrscene_")[:40])
    if place is not None and place.level is Level.village:
        if account.place and place.id not in places.below(session, account.place):
            arrival.tell(
                f"您扫的是{place.name}的码，{place.name}不归这个公众号管，村里的事请到那边的公众号问。"
                "法律和办事的问题，在这里一样能问。"
            )
            return
        conversation.place_id = place.id
        if arrival.incoming.event == "scan":
            arrival.tell(f"好，记下了，您是{place.name}的，村规和办事我按{place.name}的来答。想问什么，直接说。")
            return
    village = session.get(Place, conversation.place_id) if conversation.place_id else None
    arrival.tell(arrival.line.greeting(village.name if village and village.level is Level.village else None))


_KINDS: dict[str, Callable[[Arrival], int | None]] = {
    "text": _words,
    "voice": _words,
    "image": _photo,
    "location": _location,
    "event": _event,
}
