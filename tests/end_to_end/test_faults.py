"""Parts are killed in the middle of 200 turns; every message is answered exactly once."""

import threading
import time

import httpx

from bot.run.stack import Stack
from tests.end_to_end.conftest import Resident, kill

_RESIDENTS, _TURNS = 10, 20
_SAID = [
    "法律援助怎么申请",
    "调解要交钱吗",
    "老公打我怎么申请保护令",
    "你好",
    "外嫁女能分集体的钱吗",
    "谢谢",
    "要带什么材料",
    "调解不成怎么办",
    "今天天气怎么样",
    "集体经济组织成员怎么确认",
]


def _talk(resident: Resident, number: int, sent: list[str]) -> None:
    for turn in range(_TURNS):
        client_id = f"faults-{number:02d}-{turn:02d}"
        for _ in range(200):
            try:
                # As the widget does: the same client id until the server says that it has the message.
                if resident.post(_SAID[(number + turn) % len(_SAID)], client_id=client_id).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.5)
        sent.append(client_id)


def test_two_hundred_turns_survive_the_death_of_every_part(base: str, stack: Stack) -> None:
    secret = stack.settings.secret("internal")  # ten at once, beside whoever else began a conversation this minute
    residents = [Resident(base, secret=secret) for _ in range(_RESIDENTS)]
    sent: list[list[str]] = [[] for _ in residents]
    threads = [
        threading.Thread(target=_talk, args=(resident, number, sent[number]))
        for number, resident in enumerate(residents)
    ]
    for thread in threads:
        thread.start()
    killed = 0
    for name, share in (("app", 0.15), ("rasa", 0.35), ("worker", 0.5), ("app", 0.6), ("rasa", 0.75)):
        while sum(map(len, sent)) < share * _RESIDENTS * _TURNS:
            time.sleep(0.05)
        kill(stack, name)
        killed += 1
    for thread in threads:
        thread.join(240)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        rows = [resident.messages() for resident in residents]
        if all(
            sum(m["sender"] == "resident" for m in some)
            <= len({m["in_reply_to"] for m in some if m["sender"] == "bot"})
            for some in rows
        ):
            break
        time.sleep(1)
    assert killed == 5
    for number, some in enumerate(rows):
        asked = [m for m in some if m["sender"] == "resident"]
        assert [m["client_id"] for m in asked] == sent[number], "stored once, in order"
        assert len(asked) == _TURNS
        answered = [m["in_reply_to"] for m in some if m["sender"] == "bot"]
        assert set(answered) == {m["id"] for m in asked}, "none is left without an answer"
        shown = [(m["in_reply_to"], m["text"]) for m in some if m["sender"] == "bot"]
        assert len(shown) == len(set(shown)), "none is answered twice"
