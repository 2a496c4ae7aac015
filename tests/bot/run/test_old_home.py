"""A home that was made before replies were typed: its rows, as they were stored then, are read by everything that reads
them today.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session, sessionmaker

from actions.replies import Reply
from bot.channels.wechat.wire.text import chosen, shown
from bot.conversations import delivery, messages
from bot.conversations.models import Conversation, Message, Sender
from bot.db import make_engine, make_sessions, migrate
from bot.settings import ROOT, Settings
from bot.staff.models import Role, Staff
from bot.turns import Turns
from bot.web.resident.shown import message_json
from tests.bot.world import HASH, World, console
from tests.fakes import FakeRasa

LAST_OF_THE_OLD_CODE = "0011"
AT = "2026-11-01 02:00:00.000000"

# (sender, kind, text, body as it lies in the column), one of each kind and of each way to store one.
SAID: list[tuple[str, str, str, str]] = [
    ("resident", "text", "彩礼能退吗", "{}"),
    (
        "bot",
        "answer",
        "没领证的，一般可以要求退。",
        """{"next": "把转账记录留好。", "topic": "婚姻家庭", "confidence": 0.83, "citations": [{"kind": "statute",
        "kind_label": "法律", "document": "law 民法典", "title": "中华人民共和国民法典", "article": "第一千零四十二条",
        "in_force_from": "2021-01-01", "in_force_to": null, "summary": false, "text": "禁止借婚姻索取财物。",
        "note": null, "score": 0.91}], "buttons": [{"title": "约律师", "payload": "我想约律师"}, {"title": "没用"}]}""",
    ),
    # before citations had a note and a score
    (
        "bot",
        "answer",
        "满十八岁。",
        """{"citations": [{"kind": "statute", "kind_label": "法律", "document": "law 民法典", "title": "民法典",
        "article": "第十七条", "in_force_from": "2021-01-01", "in_force_to": null, "summary": false,
        "text": "十八周岁以上的自然人为成年人。"}]}""",
    ),
    ("bot", "abstention", "这个我没有把握。", '{"confidence": 0.21, "topic": "其他"}'),
    ("bot", "asking", "事情发生在哪儿？", '{"form": "dispute", "step": "where", "buttons": []}'),
    ("bot", "smalltalk", "您好。", "{}"),
    # what the reply did to the conversation lay beside what it said
    (
        "bot",
        "case",
        "登记好了，编号 李家沟 一二三四。",
        '{"next": "有进展我告诉您。", "case": "一二三四", "green": true, "place": "lijiagou", '
        '"buttons": [{"title": "要个链接", "payload": "我要进度链接"}]}',
    ),
    ("bot", "booking", "约好了：11月25日（周三）14:00 李律师。", '{"next": "地点：司法所。"}'),
    (
        "bot",
        "handoff",
        "已经转给工作人员，您排在最前面。",
        '{"next": "急事请直接打电话。", "links": [{"label": "拨打 12345", "href": "tel:12345"}], '
        '"buttons": [{"title": "不等了，接着问邻里", "payload": "不等了，接着问邻里"}]}',
    ),
    (
        "bot",
        "emergency",
        "先离开那里。",
        '{"next": "到安全的地方再说。", "links": [{"label": "报警 110", "href": "tel:110"}], "emergency": "violence", '
        '"soft": true}',
    ),
    ("bot", "deadline", "最晚 12月31日。", '{"form": "deadline", "step": "when"}'),
    ("bot", "legal_aid", "可以申请法律援助。", '{"next": "带身份证。"}'),
    ("bot", "text", "到明天了。", '{"colour": "red", "next": null}'),
    ("agent", "text", "我来了。", '{"agent": "王芳", "citations": []}'),
    ("system", "text", "助手正在重启。", '{"links": [{"label": "拨打 110", "href": "tel:110"}]}'),
]


def insert(db: Connection, into: str, **values: object) -> None:
    """By plain SQL, as the columns are, whatever the classes of today say."""
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f":{name}" for name in values)
    db.execute(text(f'INSERT INTO "{into}" ({names}) VALUES ({places})'), values)


@pytest.fixture
def old_home(tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    """Migrated as the old code was, filled by plain SQL, then started by the code of today."""
    settings = Settings(home=tmp_path / "home")
    engine = make_engine(settings.url)
    config = Config()
    config.set_main_option("script_location", str(ROOT / "bot" / "migrations"))
    config.set_main_option("sqlalchemy.url", settings.url)
    command.upgrade(config, LAST_OF_THE_OLD_CODE)
    with engine.begin() as db:
        insert(db, "place", id="nation", name="全国", level="nation", aliases="[]")
        stamps = {"created_at": AT, "updated_at": AT}
        insert(db, "conversation", id="old", channel="widget", status="bot", place_id="nation", **stamps)
        for number, (sender, kind, words, body) in enumerate(SAID, 1):
            said = {"sender": sender, "kind": kind, "text": words, "body": body}
            insert(db, "message", id=number, conversation_id="old", created_at=AT, answered_at=AT, **said)
        # Killed after the deed and before its reply: claimed, done, unanswered.
        said = {"sender": "resident", "kind": "text", "text": "对，报上去", "body": "{}"}
        insert(db, "message", id=99, conversation_id="old", client_id="killed-1", created_at=AT, claimed_at=AT, **said)
        outcome = [
            {"kind": "case", "text": "登记好了。", "case": "五", "green": True, "buttons": [{"title": "要链接"}]}
        ]
        insert(db, "action_outcome", message_id=99, replies=json.dumps(outcome), created_at=AT)
    migrate(settings.url)
    yield make_sessions(engine)
    engine.dispose()


def every_message(session: Session) -> list[Message]:
    return messages.all_messages(session, "old")


def test_every_old_message_is_shown_to_the_resident(old_home: sessionmaker[Session]) -> None:
    with old_home() as session:
        found = [message_json(m) for m in every_message(session)]
    for (sender, kind, words, body), json_of in zip(SAID, found, strict=False):
        stored: dict[str, Any] = json.loads(body)
        assert (json_of["sender"], json_of["kind"], json_of["text"]) == (sender, kind, words)
        assert json_of["next"] == stored.get("next")
        assert json_of["buttons"] == stored.get("buttons", [])
        assert json_of["links"] == stored.get("links", [])
        assert json_of["agent"] == stored.get("agent")
        shown_citations = [{k: v for k, v in c.items() if k not in ("number", "note")} for c in json_of["citations"]]
        assert shown_citations == [
            {k: v for k, v in c.items() if k not in ("note", "score")} for c in stored.get("citations", [])
        ]
    assert json.dumps(found, ensure_ascii=False)


def test_every_old_message_is_read_by_wechat(old_home: sessionmaker[Session]) -> None:
    with old_home() as session:
        replies = [m.reply for m in every_message(session)]
    texts = [shown(reply, sources="https://x/s") for reply in replies]
    assert texts[1] == (
        "没领证的，一般可以要求退。\n下一步：把转账记录留好。\n依据：《民法典》第一千零四十二条\n看原文：https://x/s\n"
        "回复 1：约律师\n回复 2：没用"
    )
    assert [chosen(n, replies[1].buttons) for n in "123"] == ["我想约律师", "没用", None]
    assert (replies[4].form, replies[4].step) == ("dispute", "where")


def test_every_old_message_stands_in_the_thread_of_staff(old_home: sessionmaker[Session], tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with old_home() as session:
        session.add(Staff(login="agent", name="王芳", password_hash=HASH, role=Role.agent, place_id="nation"))
        session.commit()
    page = World(console(settings, old_home), old_home, settings).enter("agent").get("/staff/conversations/old")
    assert page.status_code == 200
    bubbles = re.findall(r'<div class="bubble (\w+) (\w+)">\s*<p>([^<]*)</p>', page.text)
    assert bubbles == [(sender, kind, words) for sender, kind, words, _ in SAID] + [("resident", "text", "对，报上去")]
    assert "第一千零四十二条</summary>" in page.text


def test_what_was_done_before_the_old_code_was_killed_is_told_now(old_home: sessionmaker[Session]) -> None:
    rasa = FakeRasa([{"kind": "smalltalk", "text": "好的。"}])
    [reply] = asyncio.run(Turns(sessions=old_home, rasa=rasa).answer(99))  # type: ignore[arg-type] # a double
    assert (reply.kind, reply.text) == ("case", "登记好了。")
    assert reply.reply == Reply.of_message("case", "登记好了。", {"case": "五", "buttons": [{"title": "要链接"}]})
    with old_home() as session:
        assert session.get_one(Conversation, "old").is_green


def test_news_of_an_old_case_are_told_with_their_buttons(old_home: sessionmaker[Session]) -> None:
    said = {"what": "墙占了路", "spot": "", "when_said": "", "other_party": "", "wish": "", "green": "[]"}
    no = dict.fromkeys(
        ("is_anonymous", "due_is_confirmed", "looked_back", "times_reopened", "lookup_failures", "is_demo"), 0
    )
    case = {"number": "1", "request_key": "r", "category": "其他", "status": "answered", "conversation_id": "old"}
    buttons = [{"title": "解决了", "payload": "这件事解决了"}, {"title": "没解决"}]
    event = {"key": "k", "actor": "staff", "actor_name": "王芳", "what": "答复", "note": "", "say": "有答复了。"}
    with old_home() as session:
        db = session.connection()
        insert(db, "case", id=1, filed_at=AT, updated_at=AT, **case, **said, **no)
        insert(db, "case_event", id=1, case_id=1, at=AT, buttons=json.dumps(buttons), **event)
        session.commit()
        assert delivery.tell_case_events(session) == 1
        told = session.scalars(select(Message).where(Message.client_id == "case-event-1")).one()
        assert told.sender is Sender.bot
        assert message_json(told)["buttons"] == buttons
