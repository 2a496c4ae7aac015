"""Telephones in a browser."""

import io
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from markupsafe import Markup, escape
from PIL import Image, ImageDraw, ImageOps
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from bot.channels.simulator.account import Simulator
from bot.channels.simulator.rules import QUICK_REPLIES, QUICK_WINDOW_S, REPLIES, REPLY_WINDOW_S, Shown, Telephone
from bot.channels.wechat.accounts import KIND_LABELS, Account
from bot.channels.wechat.models import WechatContact
from bot.settings import ROOT
from bot.web.headers import CSP
from knowledge.clock import SHANGHAI
from knowledge.places import Level, Place

OPENID = "o-simulated-telephone"
JUMP = timedelta(hours=49)
_PAUSE_S = 300  # so much silence, and the next line has its time above it, as on a telephone
_MOST_BYTES = 12_000_000
_VIA = {"passive": "当场回复", "customer_service": "客服消息"}
_MODES = {"plain": "明文模式", "compatible": "兼容模式", "safe": "安全模式"}
_BROKEN = "该公众号提供的服务出现故障，请稍后再试"  # as telephones say it after the third delivery


router = APIRouter()


@dataclass
class Phone:
    """One account's simulator and what its page adds: the lines of the telephone itself, the photos taken, how far
    its clock is ahead.
    """

    account: Account
    simulator: Simulator
    notes: list[Shown] = field(default_factory=list)
    photos: list[bytes] = field(default_factory=list)
    jumps: list[float] = field(default_factory=list)
    busy: int = 0

    @property
    def telephone(self) -> Telephone:
        return self.simulator.telephone(OPENID)

    def note(self, text: str) -> None:
        self.notes.append(Shown("note", text, self.simulator.clock()))

    def lines(self) -> list[dict[str, Any]]:
        """What the telephone shows, from old to new, with a time wherever it was silent for a while."""
        found: list[dict[str, Any]] = []
        before = 0.0
        for shown in sorted([*self.telephone.shown, *self.notes], key=lambda s: s.at):
            at = shown.at + JUMP.total_seconds() * sum(j <= shown.at for j in self.jumps)
            if at - before > _PAUSE_S:
                found.append({"via": "time", "text": _clock(at)})
            before = at
            found.append({"via": shown.via, "text": shown.text, "url": shown.url, "label": _VIA.get(shown.via)})
        return found

    def state(self) -> dict[str, Any]:
        """All that changes on the page by itself."""
        telephone, now = self.telephone, self.simulator.clock()
        windows = (
            (
                f"说话以后 48 小时内，最多 {REPLIES} 条",
                telephone.said_left if telephone.said_at + REPLY_WINDOW_S > now else 0,
            ),
            (
                f"关注、扫码、点菜单以后 1 分钟内，最多 {QUICK_REPLIES} 条",
                telephone.pressed_left if telephone.pressed_at + QUICK_WINDOW_S > now else 0,
            ),
        )
        return {
            "lines": self.lines(),
            "busy": self.busy > 0,
            "is_following": telephone.is_following,
            "windows": windows,
            "violations": list(self.simulator.violations),
        }

    @property
    def about(self) -> str:
        return (
            f"{KIND_LABELS[self.account.kind]} · {_MODES[self.simulator.account.mode]} · "
            f"{'有' if self.account.template_id else '没有'}通知模板"
        )


@dataclass(frozen=True)
class Telephones:
    """What the page needs. `address`: ours, from which the stack fetches photos."""

    phones: dict[str, Phone]
    sessions: Callable[[], Session]
    address: str


def include_pages(app: FastAPI, telephones: Telephones) -> None:
    app.state.telephones = telephones
    app.include_router(router)


def _telephones(request: Request) -> Telephones:
    found: Telephones = request.app.state.telephones
    return found


Box = Annotated[Telephones, Depends(_telephones)]


def _held(request: Request, box: Box, name: str) -> Phone:
    # Other pages in the same browser can post to loopback, too.
    if name not in box.phones or request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise HTTPException(404)
    return box.phones[name]


Held = Annotated[Phone, Depends(_held)]


@router.get("/")
def first(box: Box) -> Response:
    return RedirectResponse(f"/phone/{next(iter(box.phones))}")


@router.get("/phone/{name}", response_class=HTMLResponse)
def page(request: Request, box: Box, phone: Held) -> HTMLResponse:
    with box.sessions() as session:
        villages = list(session.scalars(select(Place).where(Place.level == Level.village).order_by(Place.name)))
    menu = (phone.simulator.menu or {"button": []})["button"]
    return _shown(request, phone, "wechat_simulator.html", phones=box.phones, villages=villages, menu=menu)


@router.get("/phone/{name}/live", response_class=HTMLResponse)
def live(request: Request, phone: Held) -> HTMLResponse:
    return _shown(request, phone, "wechat_simulator_live.html", is_alone=True)


@router.get("/phone/{name}/photos/{number}.jpg")
def photo(box: Box, name: str, number: int) -> Response:
    """For the stack, too."""
    if name not in box.phones or not 0 <= number < len(box.phones[name].photos):
        raise HTTPException(404)
    return Response(box.phones[name].photos[number], media_type="image/jpeg")


@router.post("/phone/{name}/{deed}")
async def do(request: Request, box: Box, phone: Held, deed: str) -> Response:
    if int(request.headers.get("content-length") or 0) > _MOST_BYTES:
        phone.note("照片太大，没有发出去")
    else:
        form = await request.form(max_files=1, max_fields=2)
        sent = form.get("photo")
        file = await sent.read() if isinstance(sent, UploadFile) and deed == "photo" else b""
        await _do(box, Deed(phone, deed, str(form.get("value", ""))[:3000], file))
    if "hx-request" in request.headers:
        return Response(status_code=204)
    return RedirectResponse(f"/phone/{phone.account.name}", 303)


def _shown(request: Request, phone: Phone, template: str, **values: object) -> HTMLResponse:
    """Nothing where the browser has seen just this."""
    state = phone.state()
    mark = f"{zlib.crc32(repr(state).encode()):08x}"
    if request.query_params.get("seen") == mark:
        return HTMLResponse(status_code=204)
    found = {**state, "mark": mark, "phone": phone, **values}
    headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-store"}
    return _templates.TemplateResponse(request, template, found, headers=headers)


@dataclass(frozen=True)
class Deed:
    """What somebody does with a telephone. `file`: of a photo, b"" for the one that is drawn."""

    phone: Phone
    name: str
    value: str
    file: bytes


async def _do(box: Telephones, deed: Deed) -> None:
    phone = deed.phone
    if deed.name == "later":
        await run_in_threadpool(_grow_old, box.sessions, phone)
        phone.note("过了 49 小时")
    elif deed.name == "follow":
        await _follow(phone, deed.value)
    elif not phone.telephone.is_following:
        phone.note("还没有关注，先扫码关注再说话")
    elif deed.name == "photo":
        await _send_photo(box, deed)
    else:
        if deed.name == "unfollow":
            phone.note("您已取消关注，收不到消息了")
        fields = _message(deed)
        if fields is not None:
            await _deliver(phone, fields)


async def _follow(phone: Phone, village: str) -> None:
    is_following = phone.telephone.is_following
    phone.note("您扫了村里的二维码" if village else "您打开了公众号" if is_following else "您已关注公众号")
    if not is_following:
        key = f"qrscene_{village}" if village else ""
        await _deliver(phone, {"MsgType": "event", "Event": "subscribe", "EventKey": key})
    elif village:
        await _deliver(phone, {"MsgType": "event", "Event": "SCAN", "EventKey": village})


async def _send_photo(box: Telephones, deed: Deed) -> None:
    phone = deed.phone
    try:
        phone.photos.append(await run_in_threadpool(_jpeg, deed.file))
    except (OSError, ValueError, Image.DecompressionBombError):
        phone.note("这个文件不是照片，没有发出去")
        return
    number = len(phone.photos) - 1
    url = f"{box.address}/phone/{phone.account.name}/photos/{number}.jpg"
    await _deliver(phone, {"MsgType": "image", "PicUrl": url, "MediaId": f"picture-{number}"})


def _message(deed: Deed) -> dict[str, Any] | None:
    """As WeChat writes it; None for a deed that there isn't, or an empty text."""
    value = deed.value
    match deed.name:
        case "unfollow":
            return {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""}
        case "press":
            return {"MsgType": "event", "Event": "CLICK", "EventKey": value}
        case "text" if value:
            return {"MsgType": "text", "Content": value}
        case "voice":
            heard = {"Recognition": value} if value else {}
            return {"MsgType": "voice", "MediaId": "voice-1", "Format": "amr", **heard}
        case "location":
            return {
                "MsgType": "location",
                "Location_X": 23.134521,
                "Location_Y": 113.358803,
                "Scale": 16,
                "Label": value,
            }
    return None


async def _deliver(phone: Phone, fields: dict[str, Any]) -> None:
    phone.busy += 1
    try:
        if (await phone.simulator.deliver(OPENID, fields)).text is None:
            phone.note(_BROKEN)
    finally:
        phone.busy -= 1


def _jpeg(data: bytes) -> bytes:
    """As WeChat hands photos on; without one, a drawn wall on a path, so that nobody has to bring any.

    Raises OSError, ValueError.
    """
    if data:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
        picture.thumbnail((1600, 1600))
    else:
        picture = Image.new("RGB", (800, 600), "#9db98c")
        draw = ImageDraw.Draw(picture)
        draw.rectangle((0, 0, 800, 210), fill="#cfe3f0")
        draw.polygon(((330, 600), (470, 600), (430, 210), (390, 210)), fill="#c9b48f")
        for y in range(300, 520, 44):
            for x in range(230 - (y // 44 % 2) * 40, 570, 80):
                draw.rectangle((max(x, 230), y, min(x + 74, 570), y + 38), fill="#a9553a")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def _grow_old(sessions: Callable[[], Session], phone: Phone) -> None:
    """As if the last words lay this long back, in WeChat's books and in ours; the telephone's own clock goes on."""
    telephone = phone.telephone
    telephone.said_at -= JUMP.total_seconds()
    telephone.pressed_at -= JUMP.total_seconds()
    phone.jumps.append(phone.simulator.clock())
    with sessions() as session:
        for contact in session.scalars(
            select(WechatContact).where(WechatContact.openid == OPENID, WechatContact.appid == phone.account.appid)
        ):
            moved = {n: v - JUMP for n in ("said_at", "pressed_at") if (v := getattr(contact, n)) is not None}
            session.execute(
                update(WechatContact).where(WechatContact.id == contact.id).values(**moved, not_before=None)
            )
        session.commit()


def _clock(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, SHANGHAI)
    return f"{at.month}月{at.day}日 周{'一二三四五六日'[at.weekday()]} {at:%H:%M}"


def _linked(text: str) -> Markup:
    """Addresses become links, as on a telephone."""
    return Markup("").join(
        Markup('<a href="{0}" target="_blank" rel="noopener">{0}</a>').format(part)
        if part.startswith("http")
        else escape(part)
        for part in re.split(r"(https?://[\x21-\x7e]+)", text)
    )


_templates = Jinja2Templates(directory=ROOT / "bot" / "templates")
_templates.env.filters |= {"linked": _linked, "path": lambda url: urlsplit(url).path}
