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

    from bot.staff import accounts, audit, models, passwords

    def run(session: "Session") -> int:
        asked = getpass.getpass("密码（至少 10 位，留空则生成一个）：") if sys.stdin.isatty() else ""
        password = asked or passwords.to_be_told()
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
    from bot.staff import accounts, audit

    def run(session: "Session") -> int:
        password = accounts.reset(session, _account(session, args.login))
        audit.record(session, None, "重设密码", args.login)
        session.commit()
        print(f"新密码：{password}")
        return 0

    return with_session(settings, run)


_TRIAL = "【邻里】试一试：有人有危险的时候，会在这里叫你们。"


def ring(settings: Settings, args: argparse.Namespace) -> int:
    import httpx

    from bot.alarms.robots import RobotSetting, robots_of
    from bot.alarms.sending import reach

    try:
        robots = robots_of(settings.alarm_robots.get_secret_value())
    except RobotSetting as error:
        print(error.message_zh)
        return 1
    if not robots:
        print("还没有设 LINLI_ALARM_ROBOTS，有人有危险时只有开着工作台的人听得见。")
        return 1
    with httpx.Client(timeout=10, trust_env=False) as http:
        tried = [(robot, reach(http, robot, _TRIAL)) for robot in robots]
    for robot, is_reached in tried:
        print(f"{'收到了' if is_reached else '没送到'}  {robot.kind}")
    return 0 if all(is_reached for _, is_reached in tried) else 1


_ROLES = ["agent", "mediator", "legal_worker", "supervisor", "administrator", "clerk", "overseer", "grid_worker"]


def add(commands: Commands) -> None:
    staff = commands.group("staff", "accounts of the staff console")
    parser = staff.add("add", add_account, "make an account; the password is asked for, or printed once")
    parser.add_argument("login")
    parser.add_argument("--name", required=True)
    parser.add_argument("--role", required=True, choices=_ROLES)
    parser.add_argument("--place", default="nation", help="what it sees: this place and all below it")
    staff.add("ring", ring, "a trial sentence to every robot of LINLI_ALARM_ROBOTS")
    parser = staff.add("role", change_role, "change the role of an account")
    parser.add_argument("login")
    parser.add_argument("role", choices=_ROLES)
    parser = staff.add(
        "reset", reset_account, "a new password, printed once; also ends a lock, the TOTP and recovery codes"
    )
    parser.add_argument("login")
