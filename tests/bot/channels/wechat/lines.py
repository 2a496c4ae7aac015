"""Official accounts of each kind against the strict simulator, for the contract of channels."""

import time
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from bot.channels.wechat.accounts import AccountKind
from bot.channels.wechat.wire.xml import shape
from tests.bot.channels.bench import ANSWER, Bench, Makes
from tests.bot.channels.wechat.test_inbound import wire
from tests.fakes import FakeRasa

_OPENID = "o-contract"


def _account(kind: AccountKind, sessions: sessionmaker[Session], _: Path) -> Bench:
    wired = wire(sessions, kind=kind, rasa=FakeRasa([{"kind": "answer", "text": ANSWER}]))
    telephone = wired.simulator.telephone(_OPENID)
    telephone.is_following = True
    extra: list[str] = []  # passive replies; a single delivery isn't on the simulator's telephone

    def say(text: str, key: int) -> None:
        telephone.said_at, telephone.said_left = wired.clock.unix(), 5
        body = shape(
            {
                "ToUserName": wired.simulator.account.original_id,
                "FromUserName": _OPENID,
                "CreateTime": int(time.time()),
                "MsgType": "text",
                "Content": text,
                "MsgId": key,
            }
        )
        if reply := wired.run(wired.simulator.deliver_once(_OPENID, body.encode())):
            extra.append(reply)

    def heard() -> list[str]:
        wired.simulator.check()
        return [*extra, *(s.text for s in telephone.shown if s.via == "customer_service")]

    def later(time_s: timedelta) -> None:
        wired.clock.ahead += time_s

    return Bench(wired.wechat, sessions, say, heard, later)


LINES: dict[str, Makes] = {kind.value: partial(_account, kind) for kind in AccountKind}
