"""What WeChat makes us keep: exported in plain words, deleted by the person or the operator, swept when old,
written in no log.
"""

import argparse
import base64
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from actions import persons
from actions.bookings import appointments as bookings
from actions.bookings import openings
from actions.bookings.models import Mode
from actions.cases import filing
from actions.cases.models import Case, Photo
from actions.persons import PersonThread
from bot.channels.wechat import privacy
from bot.channels.wechat.models import WechatContact, WechatPicture, WechatReceipt, WechatSent
from bot.cli import privacy as cli_privacy
from bot.conversations import service
from bot.conversations.models import Conversation, Message
from bot.run import worker
from bot.settings import Settings
from knowledge.law import changes
from knowledge.tables import Base
from tests.bot.channels.wechat.test_identity import county_of
from tests.bot.channels.wechat.test_inbound import Wired, wire
from tests.bot.channels.wechat.test_kinds import jpeg

OPENID, UNIONID, SAID = "oZhangSan_OpenId", "union-zhang-san", "我家的地被隔壁老李占了"
HOLD = (WechatContact, WechatReceipt, WechatPicture, WechatSent, Conversation, Message, PersonThread)


@pytest.fixture
def wired(sessions: sessionmaker[Session]) -> Iterator[Wired]:
    """Somebody of whom everything is kept that WeChat can make us keep."""
    found = wire(sessions)
    found.simulator.telephone(OPENID).is_following = True
    found.follow("qrscene_lijiagou", OPENID)
    found.say(SAID, OPENID)
    found.picture = lambda _: jpeg()
    found.send(OPENID, MsgType="image", PicUrl="http://mmbiz.qpic.cn/1")
    found.wechat.tend()
    found.send(OPENID, MsgType="image", PicUrl="http://mmbiz.qpic.cn/2")  # not fetched yet
    now = datetime.now(UTC)
    with sessions() as session:
        session.execute(update(WechatContact).values(unionid=UNIONID))
        opening = openings.publish(
            session,
            worker_id=None,
            worker_name="周律师",
            mode=Mode.office,
            place="liuhe",
            address="镇司法所",
            starts_at=now + timedelta(days=1),
            ends_at=now + timedelta(days=1, hours=1),
            capacity=1,
            now=now,
        )
        bookings.book(
            session,
            opening.id,
            conversation_id=found.conversation(OPENID),
            request_key="b",
            summary="离婚",
            phone=None,
            now=now,
        )
        persons.join(session, found.conversation(OPENID), "another-conversation")
    yield found
    found.simulator.check()


def settings_of(wired: Wired, home: Path) -> Settings:
    return Settings(home=home, database_url=wired.sessions.kw["bind"].url.render_as_string(hide_password=False))


def command(wired: Wired, home: Path, action: str) -> int:
    return cli_privacy.privacy(
        settings_of(wired, home),
        argparse.Namespace(action=action, conversation=wired.conversation(OPENID), case="", phone="", yes=False),
    )


def test_an_export_holds_all_of_it_in_plain_words(
    wired: Wired, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(wired, tmp_path, "export") == 0
    held: dict[str, Any] = json.loads(capsys.readouterr().out)
    text = json.dumps(held, ensure_ascii=False)
    assert OPENID in text
    assert UNIONID in text
    assert SAID in text
    assert "镇司法所" in text
    assert held["joined"] == ["another-"]
    assert base64.b64decode(held["photos"][0]["jpeg"]).startswith(b"\xff\xd8")
    wechat = held["wechat"]
    assert wechat["关注着"] == "是"
    assert wechat["还没取来的照片"] == 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", wechat["上次说话"])
    assert any(
        "可以先找村委会调解。" in r["回的话"] for r in next(v for k, v in wechat.items() if k.startswith("最近收到的"))
    )
    assert wechat["发给您的消息"]["当时就回的"] >= 3
    assert all(re.search(r"[\u4e00-\u9fff]", key) for key in wechat)


def test_every_table_of_wechats_is_in_the_export_or_holds_no_person() -> None:
    """A table added later has to be thought of here."""
    assert {t for t in Base.metadata.tables if t.startswith("wechat_")} == {
        "wechat_contact",
        "wechat_receipt",
        "wechat_picture",
        "wechat_sent",
        "wechat_token",
    }


def test_an_export_of_a_widgets_conversation_says_nothing_of_wechat(wired: Wired) -> None:
    with wired.sessions() as session:
        assert privacy.about(session, service.start(session, channel="widget", place=None).id) is None


def assert_gone(wired: Wired) -> None:
    with wired.sessions() as session:
        left = {t.__tablename__: session.scalars(select(t)).all() for t in HOLD}
        assert [t.conversation_id for t in left.pop("person_thread")] == ["another-conversation"]
        assert not any(left.values()), left
        assert not session.scalars(select(Photo)).all()


def test_the_operators_command_deletes_all_of_it(wired: Wired, tmp_path: Path) -> None:
    assert command(wired, tmp_path, "delete") == 0
    assert_gone(wired)


def test_the_residents_words_link_and_page_delete_all_of_it(wired: Wired) -> None:
    link = wired.say("删除记录", OPENID).text.splitlines()[-1]
    client = TestClient(wired.app, base_url="https://linli.example")
    assert client.get(f"{link}/delete").status_code == 405  # a preview deletes nothing
    assert "删除这段对话" in client.get(link).text
    assert wired.rows(Message)
    assert "已经删除" in client.post(f"{link}/delete").text
    assert_gone(wired)


def test_a_case_stays_with_its_office_when_the_thread_is_deleted(wired: Wired, tmp_path: Path) -> None:
    with wired.sessions() as session:
        filing.file(
            session,
            request_key="k",
            conversation_id=wired.conversation(OPENID),
            place="lijiagou",
            category="土地",
            fields={"what": "墙"},
            now=datetime.now(UTC),
        )
    assert command(wired, tmp_path, "delete") == 0
    with wired.sessions() as session:
        assert [c.conversation_id for c in session.scalars(select(Case))] == [None]


def test_retention_takes_wechats_rows_with_the_conversation(
    wired: Wired, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "look_if_due", lambda *_, **__: 0)
    settings = settings_of(wired, tmp_path)
    with wired.sessions() as session:
        session.execute(
            update(Conversation).values(updated_at=datetime.now(UTC) - timedelta(days=settings.retention_days + 1))
        )
        session.commit()
    worker.work(settings, wired.sessions)
    assert_gone(wired)


def test_receipts_with_what_we_replied_are_swept_and_younger_ones_stay(
    wired: Wired, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "look_if_due", lambda *_, **__: 0)
    before, messages = wired.rows(WechatReceipt), wired.rows(Message)
    worker.work(settings_of(wired, tmp_path), wired.sessions)
    assert wired.rows(WechatReceipt) == before > 0
    with wired.sessions() as session:
        session.execute(
            update(WechatReceipt)
            .where(WechatReceipt.key.like("m-%"))
            .values(first_at=datetime.now(UTC) - privacy.RECEIPTS_LAST - timedelta(minutes=1))
        )
        session.commit()
    worker.work(settings_of(wired, tmp_path), wired.sessions)
    assert wired.rows(WechatReceipt) == 1
    assert wired.rows(Message) >= messages


def test_no_log_names_a_person_or_what_they_said(
    sessions: sessionmaker[Session], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="linli"):
        county = county_of(sessions)
        county.known_as("union-secret", "zhangsan")
        for name in ("liuhe", "qingshi"):
            county.say(name, SAID, "zhangsan")
            county.apis[name].token()
            county.simulators[name].fail_next = [-1, 40001, 45015, 45009, 48001, 40003, 43004]
        for _ in range(8):
            county.clock.ahead += timedelta(minutes=15)
            county.tend()
        for name in ("liuhe", "qingshi"):
            county.answer = None  # type: ignore[assignment]
            county.say(name, SAID, "zhangsan")
        county.app.router.routes.clear()
    written = [r for r in caplog.records if r.name.startswith("linli")]
    assert len(written) > 6
    text = "\n".join(logging.Formatter("%(message)s %(exc_info)s").format(r) for r in written)
    for secret in ("zhangsan", "union-secret", "老李", "token0", "0" * 32, *county.simulators["liuhe"].tokens):
        assert secret not in text
