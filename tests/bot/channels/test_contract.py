"""What every channel that is registered keeps to."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from actions.replies import Reply, ReplyKind
from bot.channels import registry
from bot.cli.wechat.simulate import made_up_accounts
from bot.conversations import delivery, service
from bot.conversations.models import Conversation, Message, Sender
from bot.settings import Settings
from knowledge.tables import Base
from tests.bot.channels.bench import ANSWER, Bench, Makes

SAID, NEWS = "隔壁老李家的牛踩了我家的菜", "您反映的事有人在办了。"
LINES: dict[str, Makes] = {
    f"{kind.kind}-{name}": makes
    for kind in registry.KINDS
    for name, makes in import_module(f"tests.bot.channels.{kind.kind}.lines").LINES.items()
}
YEARS = timedelta(days=1000)


@pytest.fixture(params=LINES)
def bench(request: pytest.FixtureRequest, sessions: sessionmaker[Session], tmp_path: Path) -> Bench:
    """A resident has said something and was answered."""
    found = LINES[request.param](sessions, tmp_path)
    found.say(SAID, 1)
    return found


def conversation(bench: Bench) -> str:
    with bench.sessions() as session:
        return session.scalars(select(Conversation.id)).one()


def tell(bench: Bench, *texts: str) -> None:
    own = conversation(bench)
    with bench.sessions() as session:
        for number, text in enumerate(texts):
            delivery.tell(session, own, Reply(ReplyKind.case, text), key=f"told-{number}")
        session.commit()


def words(bench: Bench) -> str:
    return "\n".join(bench.heard())


def test_a_word_delivered_again_is_received_once_and_answered_once(bench: Bench) -> None:
    bench.say(SAID, 1)
    bench.say(SAID, 1)
    with bench.sessions() as session:
        senders = session.scalars(select(Message.sender).order_by(Message.id)).all()
        assert list(senders) == [Sender.resident, Sender.bot]
        assert session.scalars(select(Conversation.channel)).all() == [bench.channel.kind]
    assert words(bench).count(ANSWER) == 1


def test_the_same_words_under_another_key_are_another_message(bench: Bench) -> None:
    bench.say(SAID, 2)
    with bench.sessions() as session:
        mine = select(func.count()).where(Message.sender == Sender.resident, Message.text == SAID)
        assert session.scalar(mine) == 2
    assert words(bench).count(ANSWER) == 2


def test_what_lies_there_is_delivered_once_also_by_two_at_once(bench: Bench) -> None:
    tell(bench, NEWS)
    bench.later(timedelta(minutes=5))
    with ThreadPoolExecutor(2) as two:
        list(two.map(lambda _: bench.channel.deliver_due(), range(2)))
    bench.channel.deliver_due()
    bench.say("我还有件事想问问", 2)  # where nothing can be sent, it comes with the next answer
    assert words(bench).count(NEWS) == 1
    assert bench.channel.deliver_due() == 0


def test_what_remains_is_true(bench: Bench) -> None:
    found = bench.channel.remaining(conversation(bench))
    before, long = len(bench.heard()), [f"第{n}段。" + "很长的话。" * 100 for n in range(9)]
    tell(bench, *long)
    bench.later(timedelta(minutes=5))
    bench.channel.deliver_due()
    came = len(bench.heard()) - before
    if found is None:
        assert came == len(long)
    else:
        assert came == found.messages < len(long)
        assert re.search(r"[\u4e00-\u9fff]", found.text_zh)


def test_of_a_conversation_elsewhere_nothing_remains_to_be_said(bench: Bench) -> None:
    with bench.sessions() as session:
        other = service.start(session, channel="elsewhere", place=None).id
        assert bench.channel.remaining(other) is None
        assert not bench.channel.about(session, other)


def test_tending_again_changes_nothing(bench: Bench) -> None:
    bench.channel.tend()
    with bench.sessions() as session:
        before = everything(session)
    bench.channel.tend()
    with bench.sessions() as session:
        assert everything(session) == before


def test_an_export_names_what_a_sweep_deletes(bench: Bench) -> None:
    own = conversation(bench)
    with bench.sessions() as session:
        before = bench.channel.about(session, own)
        assert before is not None
        assert json.loads(json.dumps(before, ensure_ascii=False)) == before
        assert all(re.search(r"[\u4e00-\u9fff]", key) for key in before), "for people"
        assert bench.channel.sweep(session, now=datetime.now(UTC)) == 0, "all of it is fresh"
        swept = bench.channel.sweep(session, now=datetime.now(UTC) + YEARS)
        assert (swept > 0) == (bench.channel.about(session, own) != before)
        assert bench.channel.sweep(session, now=datetime.now(UTC) + YEARS) == 0


def test_a_conversation_forgotten_and_a_sweep_leave_nothing(bench: Bench) -> None:
    own = conversation(bench)
    with bench.sessions() as session:
        assert SAID in everything(session)
        assert own in everything(session)
        service.forget(session, own)
        bench.channel.sweep(session, now=datetime.now(UTC) + YEARS)
        left = everything(session)
        assert not any(secret in left for secret in (SAID, own, ANSWER))
        assert not bench.channel.about(session, own)


def everything(session: Session) -> str:
    """Each row of each table."""
    return "\n".join(
        f"{name} {row}" for name, table in Base.metadata.tables.items() for row in session.execute(select(table))
    )


def test_each_official_account_is_a_line_and_without_a_file_there_is_none(
    sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    async def answer(_: int) -> None:
        pass

    def accounts(settings: Settings) -> list[str]:
        found = registry.build_channels(settings, sessions=sessions, answer=answer)
        assert "widget" in {line.kind for line in found}
        return [line.name for line in found if line.kind == "wechat"]

    settings = Settings(home=tmp_path, wechat_accounts=None)
    assert accounts(settings) == []
    assert accounts(made_up_accounts(settings)) == ["fuwuhao", "dingyuehao", "weirenzheng"]


def test_kinds_have_names_of_their_own_that_fit_the_table() -> None:
    names = [kind.kind for kind in registry.KINDS]
    length = Conversation.__table__.c.channel.type.length  # type: ignore[attr-defined]  # of a String
    assert len(set(names)) == len(names)
    assert all(len(name) <= length for name in names)


def test_staff_can_tell_the_kinds_apart() -> None:
    labels = registry.labels()
    assert len(set(labels.values())) == len(registry.KINDS)
    assert [kind for kind, label in labels.items() if not re.fullmatch(r"[\u4e00-\u9fff]{2,6}", label)] == ["widget"]
