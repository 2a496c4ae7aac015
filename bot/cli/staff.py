"""`linli staff`: accounts of the console."""

import argparse
import sys
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.cli.commands import Commands, with_session
from bot.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from bot.staff.models import Staff


def add_account(settings: Settings, args: argparse.Namespace) -> int:
    import getpass
    import secrets

    from bot.staff import accounts, audit, models

    def run(session: "Session") -> int:
        asked = getpass.getpass("密码（至少 10 位，留空则生成一个）：") if sys.stdin.isatty() else ""
        password = asked or secrets.token_urlsafe(9)
        audit.record(session, None, "建账号", args.login, args.role)
        accounts.add(
            session,
            login=args.login,
            name=args.name,
            role=models.Role(args.role),
            password=password,
            place=args.place,
            must_change=not asked,
        )
        session.commit()
        print(f"账号 {args.login} 建好了。" + ("" if asked else f"初始密码：{password}"))
        return 0

    return with_session(settings, run)


def _account(session: "Session", login: str) -> "Staff":
    from actions.errors import NotFound
    from bot.staff.models import Staff

    found = session.scalar(select(Staff).where(Staff.login == login.lower()))
    if found is None:
        raise NotFound(f"没有账号 {login}。")
    return found


def change_role(settings: Settings, args: argparse.Namespace) -> int:
    from bot.staff import audit, models

    def run(session: "Session") -> int:
        _account(session, args.login).role = models.Role(args.role)
        audit.record(session, None, "改岗位", args.login, args.role)
        session.commit()
        return 0

    return with_session(settings, run)


def reset_account(settings: Settings, args: argparse.Namespace) -> int:
    import secrets

    from bot.staff import accounts, audit

    def run(session: "Session") -> int:
        staff, password = _account(session, args.login), secrets.token_urlsafe(9)
        accounts.set_password(session, staff, password, must_change=True)
        staff.totp_secret = None
        audit.record(session, None, "重设密码", args.login)
        session.commit()
        print(f"新密码：{password}")
        return 0

    return with_session(settings, run)


_ROLES = ["agent", "mediator", "legal_worker", "supervisor", "administrator"]


def add(commands: Commands) -> None:
    staff = commands.group("staff", "accounts of the staff console")
    parser = staff.add("add", add_account, "make an account; the password is asked for, or printed once")
    parser.add_argument("login")
    parser.add_argument("--name", required=True)
    parser.add_argument("--role", required=True, choices=_ROLES)
    parser.add_argument("--place", default="nation", help="what it sees: this place and all below it")
    parser = staff.add("role", change_role, "change the role of an account")
    parser.add_argument("login")
    parser.add_argument("role", choices=_ROLES)
    parser = staff.add("reset", reset_account, "a new password, printed once; also ends a lock and the TOTP")
    parser.add_argument("login")
