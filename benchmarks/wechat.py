"""200 residents write to an official account at once, every message is delivered three times, Rasa takes seven seconds
for a tenth of them, and in the middle a part of ours is killed.

    python -m benchmarks.wechat [--residents 200] [--kind service] [--kill app] [--after 2.5]

The stack is the real one, started for the run (`linli serve` must be down); WeChat's servers are the strict simulator,
between the app and Rasa stands a proxy that takes its time. Half of the messages arrive three times at the same moment;
of the other half the first two answers get lost on their way, so WeChat asks again after five and ten seconds (not
where the app is killed: of an answer that got lost while nobody is there to be asked again, no sender can know). A
refused connection costs WeChat its five seconds too. Who is told to write again for the result does so, and so does who
sees WeChat's own "服务出现故障" and hears nothing more.

Looked up at the end: what our database says was answered, against what the telephones show. Ends with one line of JSON;
exit status 1 if something was lost, or if WeChat would have refused something that we sent.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import httpx
import uvicorn
import yaml
from fastapi import FastAPI, Request, Response
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.simulator.account import Simulator
from bot.channels.simulator.rules import DELIVERIES, PATIENCE_S, SimulatedAccount, Telephone
from bot.channels.wechat import ledger
from bot.channels.wechat.accounts import Account, AccountKind
from bot.channels.wechat.models import WechatContact, WechatToken
from bot.conversations import service
from bot.conversations.models import Message, Sender
from bot.db import make_engine, make_sessions
from bot.rasa_client import erase_trackers
from bot.run.serving import listening
from bot.run.stack import running
from bot.settings import Settings

_QUESTIONS = [
    "彩礼能退吗",
    "离婚了孩子归谁",
    "老板拖欠工资怎么办",
    "低保怎么申请",
    "邻居占了我家的路怎么办",
    "承包地被占了找谁",
    "借条没写日期有效吗",
    "宅基地能卖给外村人吗",
    "法律援助要花钱吗",
    "调解协议有用吗",
    "嫁出去的女儿能分征地款吗",
    "老人没人养怎么办",
    "树枝伸到邻居院里能砍吗",
    "集体经济组织成员怎么算",
    "签了合同能反悔吗",
    "打架赔多少钱",
    "遗嘱自己写的算数吗",
    "工伤谁来赔",
    "孩子落户要什么",
    "买的种子是假的怎么办",
]
_WRITE_AGAIN = "回复任意"
_NO_ANSWER_S = 240


@dataclass
class Tally:
    http_s: list[float] = field(default_factory=list)  # of answers that came, or of the five seconds in vain
    late: int = 0  # no answer in five seconds from an app that was up
    broken: int = 0  # cut or refused while something was down
    faults: int = 0  # a resident saw WeChat's own sentence that the service is out of order
    fetched: int = 0  # written again for the result
    heard: Counter[str] = field(default_factory=Counter)  # by resident: answers of ours that WeChat got
    deliveries: Counter[bytes] = field(default_factory=Counter)  # by message


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


_PASSED_ON = ("content-type", "x-linli-secret")


def slow_rasa(url: str, slow_s: float, port: int) -> None:
    """Rasa behind a proxy that lets every tenth message of a resident wait, each time it is tried; a process of its
    own.
    """
    app = FastAPI(openapi_url=None)
    http = httpx.AsyncClient(base_url=url, timeout=60, trust_env=False, limits=httpx.Limits(max_connections=400))

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def pass_on(request: Request, path: str) -> Response:
        body = await request.body()
        if path.endswith("webhook") and (json.loads(body).get("metadata") or {}).get("message", 1) % 10 == 0:
            await asyncio.sleep(slow_s)
        try:
            answer = await http.request(
                request.method,
                f"/{path}",
                params=request.query_params,
                content=body,
                headers={name: request.headers[name] for name in _PASSED_ON if name in request.headers},
            )
        except httpx.HTTPError:
            return Response(status_code=502)
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


async def resident(
    simulator: Simulator, telephone: Telephone, question: str, *, at_once: bool, tally: Tally, chance: random.Random
) -> None:
    """Until there is an answer on the telephone, with the patience of people."""
    ends, heard = time.monotonic() + _NO_ANSWER_S, tally.heard[telephone.openid]
    said = await simulator.say(telephone.openid, question, at_once=at_once)
    while time.monotonic() < ends:
        if said.text and _WRITE_AGAIN in said.text:
            await asyncio.sleep(chance.uniform(4, 9))
            tally.fetched += 1
            said = await simulator.say(telephone.openid, "1")
            continue
        if any(not waits(s.text) for s in telephone.shown if s.via in ("passive", "customer_service")):
            return
        if tally.heard[telephone.openid] == heard:
            tally.faults += 1
            await asyncio.sleep(chance.uniform(15, 25))
            if telephone.shown[-1].via == "resident":
                said = await simulator.say(telephone.openid, question)
        await asyncio.sleep(0.5)


def is_lost(openid: str, body: bytes) -> bool:
    """Whether the first answers to this message get lost: for residents of an odd number, their question."""
    return openid[-1:] in tuple("13579") and b"CDATA[text]" in body and b"CDATA[1]" not in body


def waits(text: str) -> bool:
    """Whether it only says that the answer comes later."""
    return text.startswith(("这个问题我还在查", "助手正在重启"))


def compare(session: Session, simulator: Simulator, appid: str, wrong: list[str]) -> dict[str, int]:
    """Each message that reached us against its telephone: every reply of ours to it must be there once.

    `wrong`: told of each that isn't.
    """
    counts: Counter[str] = Counter()
    for contact in session.scalars(
        select(WechatContact).where(WechatContact.appid == appid).order_by(WechatContact.id)
    ):
        messages = session.scalars(
            select(Message).where(Message.conversation_id == contact.conversation_id).order_by(Message.id)
        ).all()
        shown = simulator.telephone(contact.openid).shown
        heard = {via: "\n".join(s.text for s in shown if s.via == via) for via in ("passive", "customer_service")}
        openings = Counter(m.text.strip()[:15] for m in messages if m.in_reply_to)
        for message in (m for m in messages if m.sender is Sender.resident):
            replies = [m.text.strip()[:15] for m in messages if m.in_reply_to == message.id]
            times = [sum(text.count(opening) for text in heard.values()) - openings[opening] for opening in replies]
            counts["sent"] += 1
            if not replies or min(times) < 0:
                counts["lost"] += 1
                wrong.append(f"lost: {message.text} {[(s.via, s.text[:40]) for s in shown]}")
            elif max(times) > 0:
                counts["doubled"] += 1
                wrong.append(f"doubled: {message.text} {[(s.via, s.text[:40]) for s in shown]}")
            else:
                counts["answered_once"] += 1
            counts["passive"] += bool(replies) and all(opening in heard["passive"] for opening in replies)
    return {name: counts[name] for name in ("sent", "answered_once", "lost", "doubled", "passive")}


def settled(sessions: sessionmaker[Session], simulator: Simulator, appid: str) -> tuple[dict[str, int], list[str]]:
    """What was compared when nothing was missing any more, or patience ended; then half a minute for what would
    come twice.
    """
    ends, more_s = time.monotonic() + _NO_ANSWER_S, 30
    while True:
        wrong: list[str] = []
        with sessions() as session:
            found = compare(session, simulator, appid, wrong)
        if not found["lost"] or time.monotonic() > ends:
            if not more_s:
                return found, wrong
            more_s -= 5
        time.sleep(5)


async def wave(
    simulator: Simulator,
    sessions: sessionmaker[Session],
    args: argparse.Namespace,
    tally: Tally,
    people: list[str],
    pid: Path,
) -> None:
    chance = random.Random(args.residents)
    for start in range(0, len(people), 10):
        await asyncio.gather(
            *(
                simulator.deliver(p, {"MsgType": "event", "Event": "subscribe", "EventKey": ""})
                for p in people[start : start + 10]
            )
        )
    for person in people:
        simulator.telephone(person).shown.clear()
    tally.http_s.clear()

    async def kill() -> None:
        await asyncio.sleep(args.after)
        os.killpg(int(pid.read_text()), signal.SIGKILL)
        print(f"killed {args.kill} after {args.after} s", file=sys.stderr)

    asking = [
        resident(
            simulator,
            simulator.telephone(p),
            _QUESTIONS[i % len(_QUESTIONS)],
            at_once=i % 2 == 0,
            tally=tally,
            chance=chance,
        )
        for i, p in enumerate(people)
    ]
    await asyncio.gather(*asking, *([kill()] if args.kill != "nothing" else []))
    # asked twice, one answer read: the other comes with their next word
    for _ in range(5 if args.kind == AccountKind.unverified else 0):
        await asyncio.sleep(10)
        with sessions() as session:
            rows = session.execute(
                select(WechatContact.openid, WechatContact.conversation_id).where(
                    WechatContact.appid == simulator.account.appid
                )
            ).all()
            waiting = [openid for openid, conversation_id in rows if ledger.pending(session, conversation_id)]
        await asyncio.gather(*(simulator.say(p, "谢谢你们") for p in waiting))


async def run(
    base: str, simulator: Simulator, sessions: sessionmaker[Session], args: argparse.Namespace, tally: Tally, home: Path
) -> None:
    people = [f"resident-{i}" for i in range(args.residents)]

    async def reach(method: str, query: dict[str, str], body: bytes) -> httpx.Response:
        begun = time.monotonic()
        # also of those that find nobody: what WeChat asks for the last time isn't lost on its way as well
        tally.deliveries[body] += 1
        try:
            answer = await exchange(base, method, f"/wechat/benchmark?{urlencode(query)}", body)
        except (OSError, EOFError) as error:
            tally.broken += 1
            await asyncio.sleep(PATIENCE_S)
            raise httpx.ReadError(str(error)) from error
        except asyncio.CancelledError:  # WeChat has waited long enough
            tally.late += 1
            tally.http_s.append(PATIENCE_S)
            raise
        tally.http_s.append(time.monotonic() - begun)
        if args.kill != "app" and is_lost(query.get("openid", ""), body) and tally.deliveries[body] < DELIVERIES:
            await asyncio.sleep(PATIENCE_S)
        tally.heard[query.get("openid", "")] += 1
        return answer

    simulator.reach = reach
    await simulator.verify()
    await wave(simulator, sessions, args, tally, people, home / f"{args.kill}.pid")


async def exchange(base: str, method: str, target: str, body: bytes) -> httpx.Response:
    """One request on a connection of its own, in few steps: four hundred at once through httpx cost the client seconds.

    Raises OSError, EOFError.
    """
    host, _, port = base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(
            (
                f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: text/xml\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            ).encode()
            + body
        )
        head = await reader.readuntil(b"\r\n\r\n")
        return httpx.Response(int(head.split(maxsplit=2)[1]), content=await reader.read())
    finally:
        writer.close()


def forget(sessions: sessionmaker[Session], settings: Settings, appid: str) -> None:
    with sessions() as session:
        gone = list(session.scalars(select(WechatContact.conversation_id).where(WechatContact.appid == appid)))
        erase_trackers(settings.trackers, gone)
        for conversation_id in gone:
            service.forget(session, conversation_id)
        session.execute(delete(WechatToken).where(WechatToken.appid == appid))
        session.commit()


def made_up_account(kind: AccountKind) -> tuple[Account, Simulator]:
    account = Account("benchmark", f"wx{secrets.token_hex(8)}", secrets.token_hex(8), secrets.token_hex(16), kind)
    simulated = SimulatedAccount(
        account.appid, account.secret, account.token, has_customer_service=account.has_customer_service
    )
    return account, Simulator(simulated, reach=lambda *_: asyncio.sleep(0))  # type: ignore[arg-type]


def write_accounts(path: Path, account: Account) -> None:
    """The file that LINLI_WECHAT_ACCOUNTS names."""
    entry = {"name": account.name, "appid": account.appid, "token": account.token, "secret": account.secret}
    path.write_text(yaml.safe_dump([entry | {"kind": str(account.kind)}]))
    path.chmod(0o600)


def measured(
    settings: Settings, args: argparse.Namespace, account: Account, simulator: Simulator, tally: Tally
) -> tuple[dict[str, int], list[str]]:
    """What came of the wave, and what was wrong; the app runs behind a Rasa that is slow at times."""
    proxy, api = free_port(), free_port()
    sessions = make_sessions(make_engine(settings.url))
    between = multiprocessing.get_context("spawn").Process(
        target=slow_rasa, args=(settings.rasa_url, args.slow, proxy), daemon=True
    )
    between.start()
    with tempfile.TemporaryDirectory() as folder, listening(simulator.app, api, log_level="critical"):
        path = Path(folder) / "accounts.yml"
        write_accounts(path, account)
        # For the app alone: Rasa itself is started with the settings read above.
        os.environ |= {
            "LINLI_WECHAT_ACCOUNTS": str(path),
            "LINLI_WECHAT_API": f"http://127.0.0.1:{api}",
            "LINLI_RASA_PORT": str(proxy),
        }
        with running(settings) as base:
            try:
                asyncio.run(run(base, simulator, sessions, args, tally, settings.home))
                found, wrong = settled(sessions, simulator, account.appid)
            finally:
                forget(sessions, settings, account.appid)
    between.terminate()
    return found, wrong


def tell(found: dict[str, int], tally: Tally, simulator: Simulator, args: argparse.Namespace) -> None:
    """The figures as JSON: stdout."""
    times = sorted(tally.http_s)
    figures = {
        **{name: n for name, n in found.items() if name != "passive"},
        "p95_s": round(times[int(0.95 * (len(times) - 1))], 2),
        "passive_share": round(found["passive"] / max(1, found["sent"]), 2),
        "kind": args.kind,
        "killed": args.kill,
        "answers": len(times),
        "late": tally.late,
        "longest_s": round(times[-1], 2),
        "broken": tally.broken,
        "faults_seen": tally.faults,
        "fetched": tally.fetched,
        "violations": len(simulator.violations),
    }
    print(json.dumps(figures))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--residents", type=int, default=200)
    parser.add_argument("--kind", choices=list(AccountKind), default=AccountKind.service)
    parser.add_argument("--kill", choices=["app", "rasa", "nothing"], default="app")
    parser.add_argument("--after", type=float, default=2.5, help="seconds from the first word to the kill")
    parser.add_argument("--slow", type=float, default=7.0, help="seconds that Rasa takes for a tenth of the messages")
    args = parser.parse_args()
    tally = Tally()
    account, simulator = made_up_account(AccountKind(args.kind))
    found, wrong = measured(Settings(), args, account, simulator, tally)
    print(*wrong, *(f"violation: {v}" for v in simulator.violations), sep="\n", file=sys.stderr)
    tell(found, tally, simulator, args)
    return 1 if found["lost"] or found["sent"] < args.residents or simulator.violations else 0


if __name__ == "__main__":
    sys.exit(main())
