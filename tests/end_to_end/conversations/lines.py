"""How a resident reaches us: the widget, or a telephone that follows an official account.

Both are spoken to and heard alike.
"""

import asyncio
import random
import re
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

import httpx
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.replies import Reply, ReplyKind
from bot.channels.simulator.account import Simulator
from bot.channels.wechat import ledger
from bot.channels.wechat.models import WechatContact
from bot.conversations import delivery
from bot.conversations.models import Conversation, Message, Sender
from bot.settings import Settings
from tests.end_to_end.conftest import Resident
from tests.telephones import PHOTO

_GIVE_UP_S = 90  # of a delivery that must come; how long it takes is nobody's claim here


def comes_true(claim: Callable[[], bool]) -> bool:
    """Sooner or later; False when it is given up."""
    given_up_at = time.monotonic() + _GIVE_UP_S
    while not (is_so := claim()) and time.monotonic() < given_up_at:
        time.sleep(0.2)
    return is_so


class Line(Protocol):
    """`at_once`: of what was heard last, the part that came as the very answer to the resident's word. `fetched`: what
    had lain here until that word, on a line that can't be rung. `complaints`: whatever no resident should meet.
    """

    conversation_id: str
    at_once: str
    fetched: list[str]
    complaints: list[str]

    def say(self, text: str, *, twice: bool = False) -> list[str]:
        """What is heard after it, message by message. `twice`: the same message is delivered again."""
        ...

    def press(self, title: str) -> list[str]:
        """The button last offered under a title with these words."""
        ...

    def arrived(self) -> list[str] | None:
        """What came without a word of the resident's; None where it lies until their next one."""
        ...

    def follow(self) -> list[str]: ...

    def unfollow(self) -> None: ...

    def send_photo(self) -> list[str]: ...

    def keep_silent(self) -> None:
        """For 49 hours."""
        ...

    def close(self) -> None: ...


class Widget:
    def __init__(self, settings: Settings, sessions: sessionmaker[Session], village: str | None) -> None:
        self._resident = Resident(f"http://127.0.0.1:{settings.port}", village, secret=settings.secret("internal"))
        short = self._resident.http.get("/api/widget/conversations/current").json()["conversation"]
        with sessions() as session:
            self.conversation_id = session.scalars(
                select(Conversation.id).where(Conversation.id.startswith(short))
            ).one()
        self.at_once, self.fetched, self.complaints = "", list[str](), list[str]()
        self._heard, self._buttons = set[int](), list[dict[str, str]]()

    def say(self, text: str, *, twice: bool = False) -> list[str]:
        key = uuid.uuid4().hex
        replies: list[dict[str, Any]] = self._resident.post(text, key).json().get("replies", [])
        if twice and self._resident.post(text, key).json().get("replies") != replies:
            self.complaints.append("the same message delivered again was answered otherwise")
        texts = self._hear(replies)
        self.at_once = "\n".join(texts)
        return texts

    def press(self, title: str) -> list[str]:
        """As the page does it: the payload is said in place of the title."""
        offered = [b for b in self._buttons if title in b["title"]]
        if not offered:
            self.complaints.append(f"no button {title}")
            return []
        return self.say(offered[0].get("payload") or offered[0]["title"])

    def arrived(self) -> list[str]:
        return self._hear(
            [m for m in self._resident.messages() if m["sender"] != "resident" and m["id"] not in self._heard]
        )

    def _hear(self, messages: list[dict[str, Any]]) -> list[str]:
        self._heard |= {m["id"] for m in messages}
        self._buttons = next((m["buttons"] for m in reversed(messages) if m.get("buttons")), self._buttons)
        return [_shown(m) for m in messages]

    def follow(self) -> list[str]:
        raise NotImplementedError("nobody follows a page")

    def unfollow(self) -> None:
        raise NotImplementedError("nobody follows a page")

    def send_photo(self) -> list[str]:
        self._resident.http.post("/api/widget/photos", files={"photo": ("photo.png", PHOTO)}).raise_for_status()
        return self.arrived()

    def keep_silent(self) -> None:
        """The page has no window."""

    def close(self) -> None:
        self._resident.http.close()


def _shown(reply: dict[str, Any]) -> str:
    pages = " ".join(link["href"] for link in reply.get("links") or [] if link["href"].startswith("/"))
    more = [
        reply.get("next") or "",
        pages,
        " ".join(f"[{b['title']}]" for b in reply.get("buttons") or []),
        " ".join(f"《{c.get('title', '')}" for c in reply.get("citations") or []),
    ]
    return "\n".join(part for part in (reply["text"], *more) if part)


class Telephone:
    """A resident who reads what is shown: counts a number off the choices, opens the link to the sources, sends
    another word where one is asked for.
    """

    def __init__(
        self, simulator: Simulator, settings: Settings, sessions: sessionmaker[Session], village: str | None
    ) -> None:
        self._simulator, self._settings, self._sessions = simulator, settings, sessions
        self._photo = f"{settings.wechat_api}/photo.png"
        self._telephone = simulator.telephone(f"o-{uuid.uuid4().hex}")
        self._can_be_rung = simulator.account.has_customer_service
        # A person's own address: the pages behind our links count the requests of each.
        self._browser = httpx.Client(
            timeout=60,
            trust_env=False,
            headers={"x-forwarded-for": f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(256)}"},
        )
        self.at_once, self.fetched, self.complaints = "", list[str](), list[str]()
        self._read, self._lying, self._has_window = 0, 0, True
        asyncio.run(
            simulator.deliver(
                self._telephone.openid,
                {"MsgType": "event", "Event": "subscribe", "EventKey": f"qrscene_{village}" if village else ""},
            )
        )
        with sessions() as session:
            self.conversation_id = session.scalars(
                select(WechatContact.conversation_id).where(WechatContact.openid == self._telephone.openid)
            ).one()
        self._new()

    def follow(self) -> list[str]:
        return self._send({"MsgType": "event", "Event": "subscribe", "EventKey": ""})

    def unfollow(self) -> None:
        self._send({"MsgType": "event", "Event": "unsubscribe", "EventKey": ""})

    def send_photo(self) -> list[str]:
        return self._send({"MsgType": "image", "PicUrl": self._photo, "MediaId": "photo-1"})

    def keep_silent(self) -> None:
        self._has_window = False
        long = timedelta(hours=49)
        self._telephone.said_at -= long.total_seconds()
        self._telephone.pressed_at -= long.total_seconds()
        with self._sessions() as session:
            contact = session.scalars(select(WechatContact).where(WechatContact.openid == self._telephone.openid)).one()
            contact.said_at, contact.pressed_at = (at and at - long for at in (contact.said_at, contact.pressed_at))
            session.commit()

    def say(self, text: str, *, twice: bool = False) -> list[str]:
        return self._send({"MsgType": "text", "Content": text}, at_once=twice)

    def press(self, title: str) -> list[str]:
        offer = next(
            (
                found
                for shown in reversed(self._telephone.shown)
                if (found := re.findall(r"回复 (\d+)：(.+)", shown.text))
            ),
            [],
        )
        if len({number for number, _ in offer}) < len(offer):
            self.complaints.append(f"one number for two choices: {offer}")
        chosen = [number for number, label in offer if title in label]
        if not chosen:
            self.complaints.append(f"no choice {title}")
            return []
        return self.say(chosen[0])

    def arrived(self) -> list[str] | None:
        with self._sessions() as session:
            lying = ledger.pending(session, self.conversation_id)
        if self._can_be_rung and self._telephone.is_following and self._has_window:
            self._wait(self._has_everything, "what was said to the resident never arrived")
            return self._new()
        self._lying = len(lying)
        if self._can_be_rung and lying:
            self._is_passed_over([message.text for message, *_ in lying])
        return None

    def _is_passed_over(self, lying: list[str]) -> None:
        """Somebody who came later has been sent what was said to them later, so it was this one's turn, and nothing
        came, or a notice.
        """
        other = Telephone(self._simulator, self._settings, self._sessions, None)
        with self._sessions() as session:
            delivery.tell(session, other.conversation_id, Reply(ReplyKind.case, "有人在吗？"), key="later")
            session.commit()
        other.arrived()
        other.close()
        wanted = ["template"] if self._telephone.is_following and self._simulator.account.has_templates else []
        self._wait(lambda _: len(self._telephone.shown) - self._read >= len(wanted), "no notice came")
        came, self._read = self._telephone.shown[self._read :], len(self._telephone.shown)
        if [shown.via for shown in came] != wanted:
            self.complaints.append(f"sent where nothing may be: {came}")
        if any(text in shown.text for shown in came for text in lying):
            self.complaints.append("a notice tells the matter")
        if any(self._browser.get(shown.url).status_code != 200 for shown in came):
            self.complaints.append("a notice leads nowhere")

    def _send(self, fields: dict[str, Any], *, at_once: bool = False) -> list[str]:
        delivered = asyncio.run(self._simulator.deliver(self._telephone.openid, fields, at_once=at_once))
        self.at_once, self._has_window = delivered.text or "", True
        if self._telephone.is_following:
            self._wait(self._is_answered, "the message was never answered")
        if self._can_be_rung and self._telephone.is_following:
            self._wait(self._has_everything, "the answer never arrived")
        texts = self._new()
        for _ in range(20):
            if self._can_be_rung or "回复任意" not in self._telephone.shown[-1].text:
                break
            asyncio.run(self._simulator.say(self._telephone.openid, "好"))
            texts += self._new()
        paragraphs = [p for text in texts for p in text.split("\n\n")]
        lying, self._lying = self._lying, 0
        self.fetched = paragraphs[:lying]
        return paragraphs[lying:]

    def _has_everything(self, session: Session) -> bool:
        return not ledger.pending(session, self.conversation_id)

    def _is_answered(self, session: Session) -> bool:
        return (
            session.scalar(
                select(Message.id)
                .where(
                    Message.conversation_id == self.conversation_id,
                    Message.sender == Sender.resident,
                    Message.answered_at.is_(None),
                )
                .limit(1)
            )
            is None
        )

    def _wait(self, until: Callable[[Session], bool], complaint: str) -> None:
        def now() -> bool:
            with self._sessions() as session:
                return until(session)

        if not comes_true(now):
            self.complaints.append(complaint)

    def _new(self) -> list[str]:
        """What has been shown since it was last looked at, with the titles behind each link to the sources."""
        shown, self._read = self._telephone.shown[self._read :], len(self._telephone.shown)
        texts = [s.text for s in shown if s.via != "resident" and "回复任意一个字" not in s.text]
        return [text + "".join(self._sources(link) for link in re.findall(r"看原文：(\S+)", text)) for text in texts]

    def _sources(self, link: str) -> str:
        page = self._browser.get(link)
        if page.status_code != 200:
            self.complaints.append(f"a link to the sources shows {page.status_code}")
        return "\n" + " ".join(h.get_text() for h in BeautifulSoup(page.text, "lxml").select("section h2"))

    def close(self) -> None:
        self._browser.close()
