"""Group robots of 企业微信, 钉钉 and 飞书, or any address that takes JSON (for SMS): a sentence is posted.

Formats: https://developer.work.weixin.qq.com/document/path/91770 (企业微信),
https://open.dingtalk.com/document/robots/custom-robot-access (钉钉),
https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot (飞书)
"""

import enum
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from actions.errors import ActionError


class Kind(enum.StrEnum):
    wecom = "wecom"  # 企业微信
    dingtalk = "dingtalk"  # 钉钉
    feishu = "feishu"  # 飞书
    json = "json"  # {"text": …}


class RobotSetting(ActionError):
    message_zh = "LINLI_ALARM_ROBOTS 要写成“种类=地址”，种类是 wecom、dingtalk、feishu 或 json，几个用逗号隔开。"


class RobotRefused(Exception):
    """It answered, and not with yes; the message says what, never the address, which is a secret."""


@dataclass(frozen=True)
class Robot:
    kind: Kind
    url: str = field(repr=False)  # who has it can write to the group

    @property
    def key(self) -> str:
        """Names it in a row without giving the address away."""
        return f"{self.kind}-{hashlib.sha256(self.url.encode()).hexdigest()[:12]}"


def robots_of(setting: str) -> list[Robot]:
    """`wecom=https://…,feishu=https://…`. Raises RobotSetting."""
    found = []
    for part in (part.strip() for part in setting.replace("，", ",").split(",")):
        if not part:
            continue
        kind, _, url = part.partition("=")
        if kind.strip() not in set(Kind) or urlsplit(url.strip()).scheme not in ("http", "https"):
            raise RobotSetting
        found.append(Robot(Kind(kind.strip()), url.strip()))
    return found


def post(http: httpx.Client, robot: Robot, text: str) -> None:
    """Raises RobotRefused, httpx.HTTPError."""
    answer = http.post(robot.url, json=_body(robot.kind, text))
    if not answer.is_success:
        raise RobotRefused(f"HTTP {answer.status_code}")
    if robot.kind is not Kind.json and (code := _code(answer)) != 0:
        raise RobotRefused(f"code {code}")


def _body(kind: Kind, text: str) -> dict[str, Any]:
    if kind is Kind.json:
        return {"text": text}
    if kind is Kind.feishu:
        return {"msg_type": "text", "content": {"text": text}}
    return {"msgtype": "text", "text": {"content": text}}


def _code(answer: httpx.Response) -> object:
    """All three answer 200 also to what they refuse; the body tells."""
    try:
        told = answer.json()
    except ValueError:
        return "unreadable"
    if not isinstance(told, dict):
        return "unreadable"
    return next((told[name] for name in ("errcode", "code", "StatusCode") if name in told), "missing")
