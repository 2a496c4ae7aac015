"""The access token: one for all processes, one retry when it died, patience, and nothing secret in the logs."""

import logging
import multiprocessing
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.simulator.account import Simulator
from bot.channels.simulator.rules import SimulatedAccount
from bot.channels.wechat.accounts import Account, AccountKind
from bot.channels.wechat.models import WechatToken
from bot.channels.wechat.wire.api import NoAnswer, TryLater, WechatApi, WechatError
from bot.db import make_engine, make_sessions
from bot.run.serving import listening
from tests.ports import free_port

APPID, SECRET, TOKEN = "wx49f0ab532d5d035a", "0123456789abcdef0123456789abcdef", "token123456"
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


def api_of(sessions: sessionmaker[Session], base: str) -> WechatApi:
    return WechatApi(
        Account("qinghe", APPID, TOKEN, SECRET, AccountKind.service),
        sessions=sessions,
        http=httpx.Client(base_url=base, trust_env=False, timeout=5),
    )


def simulated() -> Simulator:
    async def nowhere(*_: Any) -> httpx.Response:
        raise AssertionError

    found = Simulator(SimulatedAccount(APPID, SECRET, TOKEN), reach=nowhere)
    found.telephone("o1").is_following = True
    found.telephone("o1").said_at = found.clock()
    found.telephone("o1").said_left = 5
    return found


def _ask(url: str, base: str, start: Any, answers: Any) -> None:
    api = api_of(make_sessions(make_engine(url)), base)
    start.wait(30)
    answers.put(api.token())


def test_processes_that_need_a_token_together_get_one(sessions: sessionmaker[Session]) -> None:
    simulator, port, start, answers = simulated(), free_port(), _FORKS.Barrier(3), _FORKS.Queue()
    with listening(simulator.app, port):
        url = sessions.kw["bind"].url.render_as_string(hide_password=False)
        processes = [
            _FORKS.Process(target=_ask, args=(url, f"http://127.0.0.1:{port}", start, answers)) for _ in range(3)
        ]
        for process in processes:
            process.start()
        found = {answers.get(timeout=60) for _ in processes}
        for process in processes:
            process.join()
    assert (len(found), simulator.tokens_given) == (1, 1)


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_each_code_of_a_dead_token_is_retried_once_and_no_more(sessions: sessionmaker[Session], code: int) -> None:
    simulator, port = simulated(), free_port()
    with listening(simulator.app, port):
        api = api_of(sessions, f"http://127.0.0.1:{port}")
        api.token()
        simulator.fail_next = [code]
        api.send_text("o1", "有进展了。")
        assert ([s.text for s in simulator.telephone("o1").shown], simulator.tokens_given) == (["有进展了。"], 2)
        simulator.fail_next = [code, 0, code]
        with pytest.raises(WechatError) as refused:
            api.send_text("o1", "又有进展了。")
        assert (refused.value.code, len(simulator.telephone("o1").shown), simulator.tokens_given) == (code, 1, 3)
    simulator.check()


@pytest.mark.parametrize("code", [45009, -1, 45011])
def test_servers_that_are_busy_ask_for_patience(sessions: sessionmaker[Session], code: int) -> None:
    simulator, port = simulated(), free_port()
    with listening(simulator.app, port):
        api = api_of(sessions, f"http://127.0.0.1:{port}")
        simulator.fail_next = [0, code]
        with pytest.raises(TryLater) as refused:
            api.send_text("o1", "有进展了。")
    assert refused.value.code == code, "surely not sent"
    assert not isinstance(refused.value, NoAnswer), "surely not sent"


def test_a_request_without_an_answer_may_have_been_carried_out_and_one_that_never_left_was_not(
    sessions: sessionmaker[Session],
) -> None:
    simulator, port = simulated(), free_port()
    with listening(simulator.app, port):
        api = api_of(sessions, f"http://127.0.0.1:{port}")
        token = api.token()

    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("late", request=request)

    with pytest.raises(TryLater) as refused:
        api.send_text("o1", "有进展了。")
    assert not isinstance(refused.value, NoAnswer)
    api._http = httpx.Client(base_url="http://api", transport=httpx.MockTransport(cut))
    with pytest.raises(NoAnswer):
        api.send_text("o1", "有进展了。")
    assert api.token() == token


def test_no_log_line_holds_the_secret_a_token_or_what_was_said(
    sessions: sessionmaker[Session], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    simulator, port = simulated(), free_port()
    with listening(simulator.app, port):
        api = api_of(sessions, f"http://127.0.0.1:{port}")
        simulator.fail_next = [0, 40001, 0, 45009]
        with pytest.raises(TryLater):
            api.send_text("o1", "想离婚的事")
    with pytest.raises(TryLater):
        api.send_text("o1", "想离婚的事")  # nobody there
    ours = "\n".join(r.getMessage() + str(r.exc_info) for r in caplog.records if r.name.startswith("linli"))
    assert "errcode=40001" in ours
    assert "errcode=45009" in ours
    assert "unreachable" in ours
    with sessions() as session:
        held = session.get_one(WechatToken, APPID).token
    assert held
    assert not any(word in ours for word in (SECRET, held, "离婚", "o1"))
    assert SECRET not in repr(api._account)
