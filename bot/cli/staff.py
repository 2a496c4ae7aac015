import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.run.setup import say
from bot.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def with_session(settings: Settings, run: Callable[["Session"], int]) -> int:
    from actions.errors import ActionError
    from bot.db import make_engine, make_sessions, migrate

    migrate(settings.url)
    with make_sessions(make_engine(settings.url))() as session:
        try:
            return run(session)
        except ActionError as error:
            say(error.message_zh)
            return 1


def staff_add(settings: Settings, args: argparse.Namespace) -> int:
    import getpass
    import secrets

    from bot.staff import audit, models, signing_in

    def run(session: "Session") -> int:
        asked = getpass.getpass("密码（至少 10 位，留空则生成一个）：") if sys.stdin.isatty() else ""
        password = asked or secrets.token_urlsafe(9)
        audit.record(session, None, "建账号", args.login, args.role)
        signing_in.add(
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


def _account(session: "Session", login: str) -> Any:
    from actions.errors import NotFound
    from bot.staff.models import Staff

    found = session.scalar(select(Staff).where(Staff.login == login.lower()))
    if found is None:
        raise NotFound(f"没有账号 {login}。")
    return found


def staff_role(settings: Settings, args: argparse.Namespace) -> int:
    from bot.staff import audit, models

    def run(session: "Session") -> int:
        _account(session, args.login).role = models.Role(args.role)
        audit.record(session, None, "改岗位", args.login, args.role)
        session.commit()
        return 0

    return with_session(settings, run)


def staff_reset(settings: Settings, args: argparse.Namespace) -> int:
    import secrets

    from bot.staff import audit, signing_in

    def run(session: "Session") -> int:
        staff, password = _account(session, args.login), secrets.token_urlsafe(9)
        signing_in.set_password(session, staff, password, must_change=True)
        staff.totp_secret = None
        audit.record(session, None, "重设密码", args.login)
        session.commit()
        print(f"新密码：{password}")
        return 0

    return with_session(settings, run)
