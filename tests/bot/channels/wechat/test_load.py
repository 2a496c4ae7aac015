"""What two hundred people writing at once rest upon, and that the benchmark sees what it looks for; the figures are
in docs/performance.md.
"""

import asyncio
import threading
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.wechat import compare
from bot.channels.simulator.rules import Shown
from bot.channels.wechat import outbound
from bot.channels.wechat.accounts import AccountKind
from bot.channels.wechat.line import Patience
from bot.channels.wechat.models import WechatReceipt
from bot.conversations import claims, messages, models, service
from bot.conversations.models import Message
from bot.turns import Turns
from tests.bot.channels.wechat.test_inbound import APPID, wire


def test_the_benchmark_tells_once_from_lost_from_doubled(sessions: sessionmaker[Session]) -> None:
    wired = wire(sessions)
    for person in ("once", "lost", "doubled"):
        wired.say("邻居占了我家地", person)
    wired.simulator.telephone("lost").shown.pop()
    again = wired.simulator.telephone("doubled").shown[-1]
    wired.simulator.telephone("doubled").shown.append(Shown("customer_service", again.text, again.at))
    wrong: list[str] = []
    with sessions() as session:
        found = compare(session, wired.simulator, APPID, wrong)
    assert found == {"sent": 3, "answered_once": 1, "lost": 1, "doubled": 1, "passive": 2}
    assert [line.split(":")[0] for line in wrong] == ["lost", "doubled"]


def test_a_word_while_the_answer_is_being_made_fetches_it_and_is_no_question(
    sessions: sessionmaker[Session],
) -> None:
    wired = wire(sessions, kind=AccountKind.unverified, patience=Patience(reply_s=0.3))
    go = threading.Event()
    ready = wired.answer

    async def slow(message_id: int) -> None:
        await asyncio.to_thread(go.wait, 20)
        await ready(message_id)

    wired.answer = slow

    async def story() -> list[str]:
        first, second = [(await wired.simulator.say("o1", text)).text for text in ("邻居占了我家地", "1")]
        go.set()
        return [first, second, (await wired.simulator.say("o1", "1")).text]

    first, second, third = wired.run(story())
    assert "回复任意一个字" in first
    assert "回复任意一个字" in second
    assert third.startswith("可以先找村委会调解。")
    assert len(wired.rasa.asked) == 1
    wired.simulator.check()


@pytest.mark.parametrize("kind", [AccountKind.service, AccountKind.unverified])
def test_a_reply_that_never_left_us_goes_again_once_marked(sessions: sessionmaker[Session], kind: AccountKind) -> None:
    wired = wire(sessions, kind=kind)
    wired.follow()
    first = wired.say("邻居占了我家地").text
    wired.simulator.telephone("o1").shown.clear()
    with sessions() as session:  # as after a kill between the commit and the network
        session.query(WechatReceipt).filter(WechatReceipt.reply == first).update({"answered_at": None})
        session.commit()
    assert wired.wechat.deliver_due() == 0, "WeChat may still ask for it again"
    wired.clock.ahead = timedelta(seconds=30)
    if kind is AccountKind.service:
        assert (wired.wechat.deliver_due(), wired.wechat.deliver_due()) == (1, 0)
    else:
        wired.say("我还有件事想问问")
    texts = [text for via, text in wired.texts() if via != "resident"]
    assert texts[0].startswith(outbound.AGAIN + first[:20])
    assert len([t for t in texts if outbound.AGAIN in t]) == 1
    wired.simulator.check()


def test_what_waits_is_taken_up_one_message_a_conversation(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        ids = []
        for _ in range(2):
            conversation = service.start(session, channel="widget", place=None)
            ids += [messages.receive(session, conversation, client_id=str(n), text="在吗").id for n in range(2)]
        assert claims.unanswered(session, older_than=timedelta(seconds=-1)) == [ids[0], ids[2]]
        assert claims.claim(session, ids[0])
        assert claims.unanswered(session, older_than=timedelta(seconds=-1)) == [ids[1], ids[2]], (
            "somebody is at the first"
        )


def test_writers_of_a_process_queue_and_a_failed_one_leaves_the_queue(sessions: sessionmaker[Session]) -> None:
    def write(name: str) -> None:
        with sessions() as session:
            session.add(Message(conversation_id="nobody", text=name))  # no such conversation: refused at the flush
            with pytest.raises(Exception, match=r"(?i)constraint|null"):
                session.commit()

    def start() -> None:
        with sessions() as session:
            service.start(session, channel="widget", place=None)

    threads = [threading.Thread(target=work) for work in [lambda: write("x"), start] * 8]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    with sessions() as session:
        assert session.query(models.Conversation).count() == 8


async def _answered(turns: Turns, ids: list[int]) -> None:
    await asyncio.gather(*(turns.answer(i) for i in ids))


def test_more_turns_than_rasa_has_room_for_are_all_answered(sessions: sessionmaker[Session]) -> None:
    wired = wire(sessions)
    at_once, most, talk = 0, 0, wired.rasa.talk

    async def slow(*arguments: object, **more: object) -> object:
        nonlocal at_once, most
        at_once, most = at_once + 1, max(most, at_once + 1)
        await asyncio.sleep(0.05)
        at_once -= 1
        return await talk(*arguments, **more)  # type: ignore[arg-type]

    wired.rasa.talk = slow  # type: ignore[assignment]
    with sessions() as session:
        ids = [
            messages.receive(
                session, service.start(session, channel="widget", place=None), client_id="1", text="邻居占了我家地"
            ).id
            for _ in range(50)
        ]
    asyncio.run(_answered(Turns(sessions=sessions, rasa=wired.rasa), ids))  # type: ignore[arg-type]
    with sessions() as session:
        assert [len(messages.replies_to(session, i)) for i in ids] == [1] * 50
    assert 1 < most <= 32
    assert len(wired.rasa.asked) == 50
