"""What can be done to one event from the console: a line each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import UploadFile

from actions.bookings.models import Appointment, Opening
from actions.cases.photos import MAX_BYTES, clean_photo
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.events import checking_in, lending, photos, publishing, questions, signing_up
from actions.replies import Link, Reply, ReplyKind
from actions.storable import row_of
from actions.topics import raising
from bot.conversations import delivery
from bot.web.affairs.events.board import wanted_in
from bot.web.staff.desk import Form


@dataclass(frozen=True)
class Doing:
    """One deed on one event, by who sits here."""

    at: Form
    event: Opening
    now: datetime

    @property
    def key(self) -> str:
        """Of this one wish, so that a form sent twice does nothing twice."""
        return f"form-event-{self.event.id}-{self.at.text('nonce', 24) or self.now.timestamp()}"


@dataclass(frozen=True)
class Deed:
    """`carry_out` gives where to go on, "" for the event's own page; `done`: what is said there."""

    carry_out: Callable[[Doing], str]
    done: str
    needs: str = "write"
    at_door: bool = False


def _change(d: Doing) -> str:
    publishing.change(d.at.session, d.event.id, wanted_in(d.at), now=d.now)
    return ""


def _call_off(d: Doing) -> str:
    publishing.call_off(d.at.session, d.event.id, reason=d.at.text("reason", 200), now=d.now)
    return ""


def _strike(d: Doing) -> str:
    signing_up.strike(d.at.session, _row(d).id, why=d.at.text("why", 100), now=d.now)
    return ""


def _sign_up(d: Doing) -> str:
    """Somebody who rings up or stands at the counter."""
    coming = signing_up.Coming(
        asker=f"page:{d.key}"[:60],
        name=d.at.text("name", 20),
        party=d.at.number("party") or 0,
        item=d.at.text("item", 80),
        phone=d.at.text("phone", 20),
    )
    signing_up.sign_up(d.at.session, d.event.id, coming, key=d.key, now=d.now)
    return ""


def _lend(d: Doing) -> str:
    """The hall, for somebody who rings up or stands at the counter."""
    wish = lending.Wish(
        f"page:{d.key}"[:60],
        d.at.text("name", 20),
        d.at.number("party") or 0,
        d.at.text("item", 80),
        lending.at_clock(d.event, d.at.text("from", 5)),
        lending.at_clock(d.event, d.at.text("to", 5)),
        d.at.text("phone", 20),
    )
    lending.lend(d.at.session, d.event.id, wish, key=d.key, now=d.now)
    return ""


def _mark(d: Doing) -> str:
    checking_in.mark(d.at.session, _row(d).id, came=d.at.text("came", 1) == "1", hours=_hours(d), now=d.now)
    return ""


def _code(d: Doing) -> str:
    row = signing_up.by_code(d.at.session, d.event.id, d.at.text("shown", 20))
    checking_in.mark(d.at.session, row.id, came=True, now=d.now)
    return ""


def _walk_in(d: Doing) -> str:
    name, party = d.at.text("name", 20), d.at.number("party") or 0
    checking_in.walk_in(d.at.session, d.event.id, name=name, party=party, key=d.key, now=d.now)
    return ""


def _photo(d: Doing) -> str:
    file = d.at.sent.get("photo")
    if not isinstance(file, UploadFile) or not file.size:
        raise InvalidInput("没有收到照片，请重新选一张。")
    faces, said_by = d.at.text("faces", 10), d.at.text("said_by", 80)
    if faces not in photos.FACES:  # before the picture is read: that takes a while
        raise InvalidInput("照片里有没有孩子，请选一项；选不了就先不要传。")
    clean = clean_photo(file.file.read(MAX_BYTES + 1))
    photos.add(d.at.session, d.event, clean, faces=faces, said_by=said_by, by=d.at.staff.name, now=d.now)
    return ""


def _photo_away(d: Doing) -> str:
    photos.remove(d.at.session, d.event, d.at.number("picture") or 0)
    return ""


def _answer(d: Doing) -> str:
    """Not shown only where who oversees says so: what is asked of the committee isn't the committee's to hide."""
    question = questions.get(d.at.session, d.at.number("question") or 0)
    if question.opening_id != d.event.id:
        raise NotFound("没有找到这个问题。")
    is_public = d.at.text("hide", 1) != "1"
    if not d.at.staff.can("write" if is_public else "oversee"):
        raise NotAllowed("这一步由村文书来做。" if is_public else "答复不公布出来，要由村务监督委员会的人定。")
    asked = question.text
    questions.answer(
        d.at.session,
        question,
        text=d.at.text("text", questions.MOST_ANSWER),
        shown_text=d.at.text("shown", questions.MOST_WORDS),
        is_public=is_public,
        by=d.at.staff.name,
        now=d.now,
    )
    if question.conversation_id:
        said = f"您为“{d.event.title}”提的问题“{asked[:40]}”，村里答复了：{question.answer}"
        links = (Link("看这一天的问答", f"/v/{d.event.place_id}/h{d.event.id}"),) if is_public else ()
        reply = Reply(ReplyKind.answer, said, links=links)
        delivery.tell(d.at.session, question.conversation_id, reply, key=f"event-answer-{question.id}")
    return ""


def _ask_next(d: Doing) -> str:
    """下次想看什么: a topic of the clerk's, to be given its options and taken up as any other."""
    text = f"下次村里办活动，大家想看什么、想学什么？这次办的是“{d.event.title}”。"
    key = f"event-{d.event.id}-next"
    topic = raising.raise_topic(
        d.at.session, place=d.event.place_id, text=text, conversation_id=None, by="clerk", key=key, now=d.now
    )
    if topic.state.value == "raised" and not topic.options:
        topic.title, topic.matter, topic.method = "下次村里办活动，大家想看什么", "service", "approval"
        topic.options = ["看电影", "看戏、唱戏", "手工课", "听人讲法律", "学用手机"]
    return f"/staff/village/topics/{topic.id}"


def _row(d: Doing) -> Appointment:
    """Of this event, whose place was checked. Raises NotFound."""
    row = row_of(d.at.session, Appointment, d.at.number("row") or 0)
    if row is None or row.opening_id != d.event.id:
        raise NotFound("没有找到这个报名。")
    return row


def _hours(d: Doing) -> float | None:
    said = d.at.text("hours", 5)
    if not said:
        return None
    try:
        return round(float(said), 1)
    except ValueError:
        raise InvalidInput("几个小时，请填数字，比如 1.5。") from None


DEEDS: dict[str, Deed] = {
    "change": Deed(_change, "改好了。时间、地点变了的，报了名的人会收到消息。"),
    "call-off": Deed(_call_off, "取消了，报了名的人会收到消息。页面上写明不办了。"),
    "sign-up": Deed(_sign_up, "记上了。"),
    "lend": Deed(_lend, "借出去了，记上了。"),
    "strike": Deed(_strike, "划掉了。"),
    "photo": Deed(_photo, "照片放上去了。"),
    "photo-away": Deed(_photo_away, "照片删掉了。"),
    "answer": Deed(_answer, "答复好了，公布在活动页上。", needs="village"),
    "ask-next": Deed(_ask_next, ""),
    "mark": Deed(_mark, "记下了。", at_door=True),
    "code": Deed(_code, "码对上了，记下来了。", at_door=True),
    "walk-in": Deed(_walk_in, "记下了。", at_door=True),
}
