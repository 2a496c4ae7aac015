"""The official accounts of one installation, from a file that only its owner can read."""

import enum
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.channels.wechat.wire.crypto import MessageCipher


class AccountKind(enum.StrEnum):
    service = "service"  # 认证服务号
    subscription = "subscription"  # 认证订阅号
    unverified = "unverified"  # 未认证订阅号: no customer-service API, no templates


KIND_LABELS = {
    AccountKind.service: "认证服务号",
    AccountKind.subscription: "认证订阅号",
    AccountKind.unverified: "未认证订阅号",
}


class AccountsUnreadable(Exception):
    """The message names the field, never a secret."""


@dataclass(frozen=True)
class Account:
    name: str  # in the address of the server: /wechat/<name>
    appid: str
    token: str
    secret: str
    kind: AccountKind
    aes_key: str | None = None  # compatible and safe mode
    must_be_sealed: bool = False  # safe mode: plain messages are refused
    place: str | None = None  # a township's account: where its residents are when they haven't said
    template_id: str | None = None
    title: str | None = None  # as residents know it

    @property
    def has_customer_service(self) -> bool:
        return self.kind is not AccountKind.unverified

    @property
    def can_begin(self) -> bool:
        """Whether something reaches people days after they spoke: the window is 48 hours, after it a notice."""
        return self.has_customer_service and self.template_id is not None

    @property
    def cipher(self) -> MessageCipher | None:
        return MessageCipher(key=self.aes_key, appid=self.appid) if self.aes_key else None

    def __repr__(self) -> str:
        return f"Account({self.name}, {self.kind})"


def read_accounts(path: Path) -> dict[str, Account]:
    """By name. Raises AccountsUnreadable, also where others could read the file."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise AccountsUnreadable(f"{path} 里有密钥，只能让自己读：请运行 chmod 600 {path}")
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AccountsUnreadable(f"{path} 打不开：{error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise AccountsUnreadable(f"{path} 不是正确的 YAML 文件") from None
    if not isinstance(rows, list) or not rows:
        raise AccountsUnreadable(f"{path} 里一个公众号也没有")
    found: dict[str, Account] = {}
    for number, row in enumerate(rows, 1):
        account = _account(row, f"{path.name} 第 {number} 个公众号")
        if account.name in found or account.appid in {a.appid for a in found.values()}:
            raise AccountsUnreadable(f"{path.name}：{account.name} 写了两次")
        found[account.name] = account
    return found


def _account(row: Any, where: str) -> Account:
    if not isinstance(row, dict):
        raise AccountsUnreadable(f"{where}：写法不对")
    unknown = set(row) - set(Account.__dataclass_fields__)
    if unknown:
        raise AccountsUnreadable(f"{where}：不认识 {'、'.join(sorted(map(str, unknown)))}")
    for field, pattern in (
        ("name", r"[a-z0-9-]{1,40}"),
        ("appid", r"wx[0-9a-zA-Z]{8,30}"),
        ("token", r"[0-9A-Za-z]{3,32}"),
        ("secret", r"[0-9a-zA-Z]{16,64}"),
    ):
        if not re.fullmatch(pattern, str(row.get(field, ""))):
            raise AccountsUnreadable(f"{where}：{field} 没写或写得不对")
    for field in ("aes_key", "place", "template_id", "title"):
        if not isinstance(row.get(field) or "", str) or len(row.get(field) or "") > 64:
            raise AccountsUnreadable(f"{where}：{field} 写得不对，是数字的话请加上引号")
    if not isinstance(row.get("must_be_sealed", False), bool):
        raise AccountsUnreadable(f"{where}：must_be_sealed 写 true 或 false")
    try:
        account = Account(**{**row, "kind": AccountKind(str(row.get("kind")))})
    except ValueError:
        raise AccountsUnreadable(f"{where}：kind 写 {'、'.join(AccountKind)} 之一") from None
    try:
        sealed = account.cipher is not None
    except ValueError:
        raise AccountsUnreadable(f"{where}：aes_key 要 43 位，和公众平台上的 EncodingAESKey 一样") from None
    if account.must_be_sealed and not sealed:
        raise AccountsUnreadable(f"{where}：安全模式（must_be_sealed）要写 aes_key")
    return account
