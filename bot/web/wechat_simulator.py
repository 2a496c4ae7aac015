"""`linli wechat simulate`: the simulated servers and a telephone on one page, beside a stack that is up or is started for it."""

import asyncio
import io
import os
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import uvicorn
import yaml
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from PIL import Image, ImageDraw
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.channels.wechat_accounts import Account, AccountKind, read_accounts
from bot.channels.wechat_models import WechatContact
from bot.channels.wechat_simulator import SimulatedAccount, Simulator
from bot.cli_wechat import MENU
from bot.db import make_engine, make_sessions, migrate
from bot.settings import ROOT, SHANGHAI, Settings
from bot.setup import say
from knowledge.models import Level, Place

OPENID = "o-simulated-telephone"


def router(simulator: Simulator, *, sessions: Callable[[], Session]) -> APIRouter:
    """One telephone. Forms come from this page only: it listens on loopback."""
    api = APIRouter()
    templates = Jinja2Templates(directory=ROOT / "bot" / "templates")
    templates.env.filters["clock"] = _clock

    @api.get("/", response_class=HTMLResponse)
    async def page(request: Request) -> HTMLResponse:
        with sessions() as session:
            villages = list(session.scalars(select(Place).where(Place.level == Level.village).order_by(Place.name)))
        return templates.TemplateResponse(request, "wechat_simulator.html", {"telephone": simulator.telephone(OPENID), "violations": simulator.violations, "villages": villages, "menu": (simulator.menu or MENU)["button"], "account": simulator.account})

    @api.get("/picture.jpg")
    async def picture() -> Response:
        """A made-up photo, so that nobody has to bring one."""
        drawn = Image.new("RGB", (800, 600), "#8aa87a")
        ImageDraw.Draw(drawn).rectangle((250, 200, 550, 520), fill="#b0623f")
        out = io.BytesIO()
        drawn.save(out, "JPEG")
        return Response(out.getvalue(), media_type="image/jpeg")

    @api.post("/do/{what}")
    async def do(request: Request, what: str) -> Response:
        sent = await request.form()
        value = str(sent.get("value", ""))[:3000]
        picture_url = str(request.url_for("picture"))
        deeds: dict[str, dict[str, Any]] = {
            "text": {"MsgType": "text", "Content": value},
            "voice": {"MsgType": "voice", "MediaId": "voice-1", "Format": "amr", **({"Recognition": value} if value else {})},
            "photo": {"MsgType": "image", "PicUrl": picture_url, "MediaId": "picture-1"},
            "location": {"MsgType": "location", "Location_X": 23.134521, "Location_Y": 113.358803, "Scale": 16, "Label": value},
            "follow": {"MsgType": "event", "Event": "subscribe", "EventKey": f"qrscene_{value}" if value else ""},
            "scan": {"MsgType": "event", "Event": "SCAN", "EventKey": value},
            "unfollow": {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""},
            "press": {"MsgType": "event", "Event": "CLICK", "EventKey": value},
        }
        if what == "later":
            await asyncio.to_thread(_grow_old, sessions, simulator, hours=49)
        elif what in deeds:
            await simulator.deliver(OPENID, deeds[what])
        return RedirectResponse("/", 303)

    return api


def _grow_old(sessions: Callable[[], Session], simulator: Simulator, *, hours: int) -> None:
    """As if the last words lay this long back, in WeChat's books and in ours."""
    telephone, past = simulator.telephone(OPENID), timedelta(hours=hours)
    telephone.said_at -= past.total_seconds()
    telephone.pressed_at -= past.total_seconds()
    with sessions() as session:
        for contact in session.scalars(select(WechatContact).where(WechatContact.openid == OPENID)):
            moved = {n: v - past for n in ("said_at", "pressed_at") if (v := getattr(contact, n)) is not None}
            session.execute(update(WechatContact).where(WechatContact.id == contact.id).values(**moved, not_before=None))
        session.commit()


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, SHANGHAI).strftime("%H:%M:%S")


def made_up_account(settings: Settings) -> Settings:
    """Settings with an account of the simulator's own, where none is set up yet."""
    path = settings.home / "secrets" / "wechat-simulated.yml"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        row = {"name": "moni", "appid": f"wx{secrets.token_hex(8)}", "token": secrets.token_hex(8), "secret": secrets.token_hex(16), "kind": "service", "template_id": "simulated-notice"}
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            yaml.safe_dump([row], file)
    return settings.model_copy(update={"wechat_accounts": path})


def build(settings: Settings, account: Account, *, sessions: Callable[[], Session]) -> tuple[FastAPI, Simulator]:
    async def reach(method: str, query: dict[str, str], body: bytes) -> httpx.Response:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            return await client.request(method, f"http://127.0.0.1:{settings.port}/wechat/{account.name}", params=query, content=body)

    mode = "safe" if account.must_be_sealed else "compatible" if account.aes_key else "plain"
    known = SimulatedAccount(account.appid, account.secret, account.token, aes_key=account.aes_key, mode=mode, has_customer_service=account.kind is not AccountKind.unverified, has_templates=account.template_id is not None)
    simulator = Simulator(known, reach=reach)
    app = FastAPI(openapi_url=None)
    app.include_router(router(simulator, sessions=sessions))
    app.mount("/static", StaticFiles(directory=ROOT / "bot" / "static"))
    app.mount("/", simulator.app)
    return app, simulator


async def serve(settings: Settings, *, port: int) -> None:
    """Until Ctrl-C. A stack that is up must have been started with LINLI_WECHAT_API pointing here."""
    from bot import stack

    if settings.wechat_accounts is None:
        settings = made_up_account(settings)
    assert settings.wechat_accounts is not None
    account = next(iter(read_accounts(settings.wechat_accounts).values()))
    os.environ.update({"LINLI_WECHAT_API": f"http://127.0.0.1:{port}", "LINLI_WECHAT_ACCOUNTS": str(settings.wechat_accounts)})
    await asyncio.to_thread(migrate, settings.url)
    sessions = make_sessions(make_engine(settings.url))
    app, simulator = build(settings, account, sessions=sessions)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False))
    serving = asyncio.create_task(server.serve())
    say("启动各部分，等第一个问题答出来……")

    def stay() -> None:
        with stack.running(settings):
            asyncio.run_coroutine_threadsafe(simulator.verify(), loop).result(30)
            print(f"模拟的手机：http://127.0.0.1:{port}/", flush=True)
            while not server.should_exit:
                time.sleep(0.5)

    loop = asyncio.get_running_loop()
    await asyncio.gather(serving, asyncio.to_thread(stay))
