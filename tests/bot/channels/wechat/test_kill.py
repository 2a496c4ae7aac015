"""The app is killed before and after each commit between a message from WeChat and the answer on the telephone; a
supervisor starts it again, and WeChat delivers again. The deed is done once, and the answer is there: once, or,
where nobody can know whether it arrived, a second time marked 补发. The app is the whole one of bot/app.py in a
process of its own; Rasa is a double that files a case.
"""

import asyncio
import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import filing
from actions.cases.models import Case
from actions.offices.defaults import import_offices
from actions.replies import Reply
from bot import app as whole
from bot.channels.simulator.account import Simulator
from bot.channels.simulator.rules import SimulatedAccount
from bot.channels.wechat import outbound
from bot.channels.wechat.channel import Wechat
from bot.channels.wechat.line import Patience
from bot.channels.wechat.models import WechatContact
from bot.channels.wechat.wire.xml import shape
from bot.db import make_engine, make_sessions
from bot.settings import Settings
from bot.turns import Turns
from knowledge.exchange.corpus import import_places
from tests import killer
from tests.conftest import CORPUS
from tests.fakes import FakeRasa, doubled_parts
from tests.ports import free_port

pytestmark = pytest.mark.slow

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])
APPID, SECRET, TOKEN = "wx49f0ab532d5d035a", "0123456789abcdef0123456789abcdef", "token123456"
_FILED = "登记好了，我们会办。"
# Shorter than WeChat's, in the same order.
_PATIENCE = Patience(
    reply_s=1.0,
    gave_up=timedelta(seconds=1.3),
    settled=timedelta(seconds=0.3),
    not_asked_again=timedelta(seconds=4),
    sending_lapses=timedelta(seconds=2),
)


class FilingRasa(FakeRasa):
    """Files a case for each message, as the action does: under the message's own key."""

    def __init__(self, sessions: sessionmaker[Session], slow_s: float) -> None:
        super().__init__([{"kind": "case", "text": _FILED}])
        self._sessions, self._slow_s = sessions, slow_s

    async def talk(self, conversation_id: str, text: str, *, metadata: dict[str, Any]) -> list[Reply]:
        await asyncio.sleep(self._slow_s)
        with self._sessions() as session:
            filing.file(
                session,
                request_key=f"m{metadata['message']}",
                conversation_id=conversation_id,
                place="lijiagou",
                category="其他",
                fields={"what": text},
                now=datetime.now(UTC),
            )
            session.commit()
        return await super().talk(conversation_id, text, metadata=metadata)

    async def is_ready(self) -> bool:
        return True

    async def close(self) -> None:
        pass


def _serve(url: str, home: Path, port: int, api: str, slow_s: float) -> None:
    settings = Settings(home=home, database_url=url, port=port, wechat_accounts=home / "accounts.yml", wechat_api=api)
    sessions = make_sessions(make_engine(url))
    rasa = FilingRasa(sessions, slow_s)
    turns = Turns(sessions=sessions, rasa=rasa)  # type: ignore[arg-type]
    parts = doubled_parts(settings, sessions, rasa, turns)
    channels = Wechat.build(settings, sessions=sessions, answer=turns.answer, patience=_PATIENCE)
    killer.install(lambda: killer.read(home / "order"), fired=(home / "order").unlink)
    uvicorn.run(whole.create_app(parts, channels), host="127.0.0.1", port=port, log_level="error", access_log=False)


@dataclass
class World:
    sessions: sessionmaker[Session]
    home: Path
    api: str
    slow_s: float = 0.0
    ports: list[int] = field(default_factory=lambda: [free_port()])
    processes: dict[int, Any] = field(default_factory=dict)
    simulator: Simulator = None  # type: ignore[assignment]
    turn: Any = field(default_factory=count)

    @property
    def order(self) -> Path:
        return self.home / "order"

    async def up(self, port: int) -> None:
        """The process at this port serves; started where it isn't there or was killed."""
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(600):
                process = self.processes.get(port)
                if process is None or not process.is_alive():
                    url = self.sessions.kw["bind"].url.render_as_string(hide_password=False)
                    self.processes[port] = _FORKS.Process(
                        target=_serve, args=(url, self.home, port, self.api, self.slow_s)
                    )
                    self.processes[port].start()
                with suppress(httpx.HTTPError):
                    if (await client.get(f"http://127.0.0.1:{port}/healthz", timeout=1)).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise AssertionError("the app didn't come up")

    async def reach(self, method: str, query: dict[str, str], body: bytes, port: int | None = None) -> httpx.Response:
        port = port or self.ports[next(self.turn) % len(self.ports)]
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
                return await client.request(
                    method, f"http://127.0.0.1:{port}/wechat/qinghe", params=query, content=body
                )
        except httpx.TransportError:
            await self.up(port)
            raise

    def answers(self, openid: str) -> list[tuple[str, str]]:
        return [
            (s.via, s.text) for s in self.simulator.telephone(openid).shown if s.via in ("passive", "customer_service")
        ]

    def filed(self, openid: str) -> int:
        with self.sessions() as session:
            return len(
                session.scalars(
                    select(Case)
                    .join(WechatContact, WechatContact.conversation_id == Case.conversation_id)
                    .where(WechatContact.openid == openid)
                ).all()
            )

    async def heard(self, openid: str) -> None:
        ends = time.monotonic() + 60
        while not any(_FILED in text for _, text in self.answers(openid)):
            assert time.monotonic() < ends, "the resident was never answered"
            for port in self.ports:
                await self.up(port)
            await asyncio.sleep(0.1)


@pytest.fixture
def world(sessions: sessionmaker[Session], tmp_path: Path) -> Iterator[World]:
    from bot.run.serving import listening

    with sessions() as session:
        import_places(session, CORPUS)
        import_offices(session, CORPUS / "offices.yml")
        session.commit()
    (tmp_path / "accounts.yml").write_text(
        yaml.safe_dump([{"name": "qinghe", "appid": APPID, "token": TOKEN, "secret": SECRET, "kind": "service"}])
    )
    (tmp_path / "accounts.yml").chmod(0o600)
    port = free_port()
    found = World(sessions, tmp_path, f"http://127.0.0.1:{port}")
    found.simulator = Simulator(SimulatedAccount(APPID, SECRET, TOKEN), reach=found.reach)
    with listening(found.simulator.app, port):
        yield found
        for process in found.processes.values():
            process.kill()
            process.join()
    found.simulator.check()


async def _one(world: World, openid: str, order: str) -> bool:
    """Whether the app was killed on the way."""
    for port in world.ports:
        await world.up(port)
    world.simulator.telephone(openid).is_following = True
    if not world.slow_s:
        world.order.write_text(order)
    await world.simulator.say(openid, "隔壁占了我家的路")
    if world.slow_s:  # told `success`: what follows is between the answer, the API and us
        world.order.write_text(order)
    await world.heard(openid)
    await asyncio.sleep(1.0)  # the last commit comes after the answer
    was_killed = not world.order.exists()
    world.order.unlink(missing_ok=True)
    return was_killed


async def _quiet(world: World) -> None:
    """Until what goes out a second time has gone out."""
    await world.up(world.ports[0])
    await asyncio.sleep(8)


@pytest.mark.parametrize(("slow_s", "least"), [(0.0, 8), (1.6, 5)], ids=["passive", "customer_service"])
def test_an_answer_arrives_wherever_the_app_dies(world: World, slow_s: float, least: int) -> None:
    world.slow_s = slow_s
    people: dict[str, str] = {}
    for moment in ("before", "after"):
        for number in count(1):
            openid = f"o-{moment}-{number}"
            people[openid] = f"killed {moment} commit {number}"
            if not asyncio.run(_one(world, openid, f"{number} {moment}")):
                world.processes[world.ports[0]].kill()  # which has counted commits
                world.processes[world.ports[0]].join()
                break
        assert number > least, "each commit was a point"
    asyncio.run(_quiet(world))
    doubled = []
    for openid, where in people.items():
        assert world.filed(openid) == 1, where
        _, *more = [text for _, text in world.answers(openid) if _FILED in text]
        assert len(more) <= 1, (where, world.answers(openid))
        assert all(text.startswith(outbound.AGAIN) for text in more), (where, world.answers(openid))
        doubled += [where] * len(more)
    print(f"{len(people)} walks; answered twice: {doubled}")
    # Between the moment at which the answer left us and the commit that notes it: one commit, before it.
    assert len(doubled) == 1, doubled
    assert doubled[0].startswith("killed before"), doubled


def test_two_processes_and_a_restart_file_once_and_answer_once(world: World) -> None:
    world.slow_s, world.ports = 0.8, [free_port(), free_port()]
    body = shape(
        {
            "ToUserName": world.simulator.account.original_id,
            "FromUserName": "o1",
            "CreateTime": int(time.time()),
            "MsgType": "text",
            "Content": "隔壁占了我家的路",
            "MsgId": 77,
        }
    ).encode()

    async def story() -> list[str | None]:
        for port in world.ports:
            await world.up(port)
        world.simulator.telephone("o1").is_following = True
        world.simulator.telephone("o1").said_at, world.simulator.telephone("o1").said_left = time.time(), 5
        together = [asyncio.create_task(world.simulator.deliver_once("o1", body)) for _ in range(3)]
        await asyncio.sleep(0.4)
        world.processes[world.ports[0]].kill()
        heard = list(await asyncio.gather(*together))
        heard.append(await world.simulator.deliver_once("o1", body))
        for _ in range(100):
            if [t for t in heard if t] or world.answers("o1"):
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(3)
        return heard

    heard = [text for text in asyncio.run(story()) if text] + [text for _, text in world.answers("o1")]
    assert heard == [_FILED]
    assert world.filed("o1") == 1
    assert world.processes[world.ports[0]].exitcode in (None, -signal.SIGKILL)
