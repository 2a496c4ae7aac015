"""WeChat's API, made up."""

import secrets
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from bot.channels.simulator.rules import address_in


def said_by(fields: dict[str, Any]) -> str:
    kind = {"image": "图片", "voice": "语音", "location": "位置", "video": "视频", "link": "链接"}.get(
        fields["MsgType"], fields["MsgType"]
    )
    return str(fields.get("Content") or f"[{kind}] {fields.get('Recognition') or fields.get('Label') or ''}".strip())


def error_answer(code: int, words: str = "") -> Response:
    return JSONResponse({"errcode": code, "errmsg": words or ("ok" if code == 0 else f"error {code}")})


def not_on_the_list(request: Request) -> Response:
    ip = address_in(request)
    return error_answer(40164, f"invalid ip {ip} ipv6 ::ffff:{ip}, not in whitelist rid: {secrets.token_hex(4)}")


def menu_fault(menu: dict[str, Any]) -> int:
    """0, or the code for what telephones couldn't show: 微信 自定义菜单, 3 buttons of 4 Chinese characters, 5 of 8
    below each.
    """
    buttons = menu.get("button") or []
    if not 1 <= len(buttons) <= 3:
        return 40016
    for button in buttons:
        below = button.get("sub_button") or []
        if not 1 <= len(button.get("name", "")) <= 4:
            return 40018
        if len(below) > 5:
            return 40023
        if any(not 1 <= len(leaf.get("name", "")) <= 8 for leaf in below):
            return 40025
        for leaf in below or [button]:
            if leaf.get("type") != "click":
                return 40017
            if not 1 <= len(leaf.get("key", "").encode()) <= 128:
                return 40019
    return 0
