"""Who sits here, and the page around."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from actions.cases import numbers
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.offices.models import Team
from actions.storable import storable
from bot.settings import ROOT, Settings
from bot.staff import models, signing_in
from bot.staff.models import Staff, StaffSession
from bot.web.problems import PasswordChangeNeeded, SignInNeeded
from knowledge.clock import SHANGHAI
from knowledge.places import Place


def when_of(value: str) -> datetime:
    """A `datetime-local` field, in Shanghai, as UTC. Raises InvalidInput."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidInput("请填日期和时间。") from None
    if found.tzinfo is not None or not 2020 < found.year < 2100:
        raise InvalidInput("日期不对。")
    return found.replace(tzinfo=SHANGHAI).astimezone(UTC)


COOKIE = "linli_staff"


@dataclass(frozen=True)
class Who:
    staff: Staff
    held: StaffSession


def _local(moment: datetime | None, form: str = "%m-%d %H:%M") -> str:
    return moment.astimezone(SHANGHAI).strftime(form) if moment else ""


def _ago(moment: datetime | None) -> str:
    """刚刚, 5 分钟, 3 小时, 2 天."""
    if moment is None:
        return ""
    past = datetime.now(UTC) - moment
    if past < timedelta(minutes=1):
        return "刚刚"
    if past < timedelta(hours=1):
        return f"{past.seconds // 60} 分钟"
    return f"{past.seconds // 3600} 小时" if past < timedelta(days=1) else f"{past.days} 天"


class Desk:
    def __init__(self, *, settings: Settings, sessions: Callable[[], Session]) -> None:
        self.settings, self.sessions = settings, sessions
        self.templates = Jinja2Templates(directory=ROOT / "bot" / "templates")
        self.templates.env.filters.update(local=_local, ago=_ago, number=numbers.spoken)

    def who(self, request: Request, session: Session, permission: str | None = None) -> Who:
        """Raises SignInNeeded or NotAllowed."""
        held = signing_in.held_session(session, request.cookies.get(COOKIE, ""), now=datetime.now(UTC))
        if held is None:
            raise SignInNeeded
        if (
            held.staff.must_change
            and request.url.path != "/staff/sign-out"
            and not request.url.path.startswith("/staff/account")
        ):
            raise PasswordChangeNeeded
        if permission and not held.staff.can(permission):
            raise NotAllowed("您的岗位没有这个权限。")
        return Who(held.staff, held)

    async def form(
        self,
        request: Request,
        session: Session,
        permission: str | None = None,
        *,
        most: int = 1_000_000,
        most_fields: int = 200,
    ) -> tuple[Who, FormData]:
        """A form from one of our own pages: same origin, with the session's secret; `most` bytes in a field.

        Raises also NotAllowed.
        """
        check_origin(request)
        who = self.who(request, session, permission)
        sent = await request.form(max_files=8, max_fields=most_fields, max_part_size=most)
        if not compare_digest(
            (text_of(sent, "csrf", 100) or request.headers.get("x-csrf", "")).encode(), who.held.csrf.encode()
        ):
            raise NotAllowed("页面放得太久了，请刷新后再试。")
        return who, sent

    def page(
        self, request: Request, template: str, session: Session, who: Who | None, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        places = {p.id: p.name for p in session.scalars(select(Place))}
        shared = {
            "me": who.staff if who else None,
            "csrf": who.held.csrf if who else "",
            "places": places,
            "role_labels": models.ROLE_LABELS,
            "now": datetime.now(UTC),
        }
        response = self.templates.TemplateResponse(
            request, f"staff/{template}", {**shared, **values}, status_code=status
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    def teams(self, session: Session, staff: Staff) -> list[Team]:
        return list(session.scalars(select(Team).order_by(Team.name)))


def check_origin(request: Request) -> None:
    origin = request.headers.get("origin")
    try:
        is_own = not origin or origin == "null" or urlsplit(origin).netloc == request.headers.get("host")
    except ValueError:
        is_own = False
    if not is_own:
        raise NotAllowed("请从本系统的页面操作。")


def text_of(form: FormData, name: str, most: int = 4000) -> str:
    value = form.get(name)
    return words(value, most) if isinstance(value, str) else ""


def words(value: str, most: int) -> str:
    """What was sent, as it can be stored.

    A form may name an encoding of its own, so even half a surrogate pair arrives.
    """
    return storable(value).strip()[:most]


def int_of(form: FormData, name: str) -> int | None:
    value = text_of(form, name)  # nine digits fit every database's integer
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else None


def number_or_404(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise NotFound
    return int(value)


def back(request: Request, to: str) -> Response:
    """After a form: to a page of ours; htmx follows a header instead of a redirect."""
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": to})
    return RedirectResponse(to, 303)


def set_cookie(request: Request, response: Response, token: str) -> None:
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/staff"
    )
