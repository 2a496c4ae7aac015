"""What the port says while a home is prepared, which takes minutes after new texts and longer on a new machine: that it
takes a while, whom to call, and to who tells of danger what to do. Without database, index or dialogue.
"""

import json

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from bot.emergency import card
from bot.web.body_limit import BodyLimit
from bot.web.resident.shown import reply_json

AGAIN_S = 15  # until a page asks again by itself
_SAYS = "邻里正在准备，要几分钟，好了会自己接上。"
_CALL = "急事请拨打 12345；危险时拨打 110、120。"
_MOST = 2000  # characters of a message that are looked at
_PAGE = f"""<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{AGAIN_S}">
<title>请等几分钟 · 邻里</title>
<link rel="icon" href="data:,">
<style>
body {{ margin: 0; padding: 24px; font: 20px/1.7 system-ui, sans-serif; background: #f6f4ef; color: #1f2a24 }}
main {{ max-width: 560px; margin: auto }}
a {{ display: block; margin: 12px 0; padding: 12px 18px; border-radius: 12px; background: #a81e1e; color: #fff;
  text-decoration: none }}
@media (prefers-color-scheme: dark) {{ body {{ background: #14191a; color: #ece9e2 }} }}
</style>
</head>
<body>
<main>
<h1>邻里正在准备</h1>
<p>要几分钟。这一页会自己再打开，您也可以过一会儿再来。</p>
<p>等不得的事，请直接打电话：</p>
<a href="tel:110">有人要伤人、偷抢、出事：110</a>
<a href="tel:120">有人受伤、生病、喝了药：120</a>
<a href="tel:119">着火、有人被困：119</a>
<a href="tel:12345">别的急事：12345</a>
</main>
</body>
</html>
"""
_HEADERS = {"retry-after": str(AGAIN_S), "cache-control": "no-store"}


async def _say(request: Request) -> Response:
    """The page goes on sending; what to do in danger can't wait until it gets through."""
    try:
        body = json.loads(await request.body())
    except (ValueError, ClientDisconnect):
        return _wait(request)
    said = str(body.get("payload") or body.get("text") or "")[:_MOST] if isinstance(body, dict) else ""
    urgent = card.by_rules(said)
    if urgent is None:
        return _refused(_SAYS + _CALL)
    guidance = reply_json(urgent[0])
    return _refused("邻里正在准备，您的话还没有存上，正在重发。先照下面说的做，人先安全。", guidance=guidance)


def _wait(request: Request) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(_PAGE, 503, _HEADERS)
    return _refused(_SAYS + _CALL)


def _refused(message: str, **more: object) -> Response:
    return JSONResponse({"error": {"code": "preparing", "message": message}, **more}, 503, _HEADERS)


def waiting_room() -> Starlette:
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    routes = [
        Route("/api/widget/messages", _say, methods=["POST"]),
        Route("/{path:path}", _wait, methods=methods),
    ]
    return Starlette(routes=routes, middleware=[Middleware(BodyLimit)])
