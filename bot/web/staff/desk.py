"""Who sits here, and the page around."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hmac import compare_digest
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from actions.cases import numbers
from actions.errors import NotAllowed
from actions.offices.models import Team
from bot.channels.base import Remaining
from bot.conversations import queue
from bot.rehearsing.supposed import Rehearsed, Supposed
from bot.settings import ROOT, Settings
from bot.staff import audit, models, rights, second_factor, signing_in
from bot.staff.models import Staff, StaffSession
from bot.staff.vault import Vault
from bot.web import static_files
from bot.web.embedding.visitors import is_own
from bot.web.limits import ALONE, Limits, is_https
from bot.web.problems import PasswordChangeNeeded, SecondFactorNeeded, SignInNeeded
from bot.web.staff.pulse import Pulse
from bot.web.staff.typed import int_of, text_of, written
from knowledge import places
from knowledge.clock import SHANGHAI
from knowledge.documents import versions
from knowledge.documents.models import DocumentVersion
from knowledge.evaluation.models import GoldenQuestion
from knowledge.places import Place
from knowledge.search.searcher import Searcher

COOKIE = "linli_staff"
# What stays as it is in a header, as in Starlette's RedirectResponse; all else, Chinese and line ends too, is quoted.
_OF_AN_ADDRESS = ":/%#?=@[]!$&'()*+,;"
# All that somebody may do who must first set up a second factor.
_BEFORE_IT = frozenset(f"/staff/{path}" for path in ("account", "account/password", "account/totp", "sign-out"))


@dataclass(frozen=True)
class Who:
    staff: Staff
    held: StaffSession


def _local(moment: datetime | str | None, form: str = "%m-%d %H:%M") -> str:
    """`moment`: as a column gives it, or as JSON keeps it (ISO 8601)."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
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


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What the pages ask the rest of the house for. `golden` keeps the vectors of what it is asked, so it never gets a
    resident's words; `gate`: the golden questions that publishing this version would spoil; `remaining`: what a channel
    still lets through to this conversation, None where nothing limits it.
    """

    searcher: Searcher
    golden: Searcher
    today: Callable[[], date]
    topic: Callable[[str], str]
    rehearse: Callable[[str, str | None, Supposed], Awaitable[Rehearsed]]  # words, place; raises RasaUnavailable
    supposing: Callable[[Supposed], Searcher]
    slots: Callable[[str], Awaitable[dict[str, Any]]]  # raises RasaUnavailable
    gate: Callable[[Session, DocumentVersion], Sequence[GoldenQuestion]]
    is_indexed: Callable[[DocumentVersion], bool]
    remaining: Callable[[str], Remaining | None] = lambda _: None


def _to_review(session: Session, staff: Staff) -> int:
    return versions.to_review(session, staff.id, rights.places_of(session, staff))


class Desk:
    def __init__(
        self, *, settings: Settings, sessions: Callable[[], Session], tools: Tools, limits: Limits = ALONE
    ) -> None:
        self.settings, self.sessions, self.tools = settings, sessions, tools
        self.knocks, self.pulse = limits.of("knocks"), Pulse(sessions)
        self.vault = Vault.of(settings.secret("tokens"))
        self.templates = Jinja2Templates(directory=ROOT / "bot" / "templates")
        static_files.know(self.templates)
        self.templates.env.filters.update(local=_local, ago=_ago, number=numbers.spoken)
        self._is_open: dict[str | None, tuple[datetime, bool]] = {}

    def is_open(self, session: Session, place: str | None, now: datetime) -> bool:
        """Whether people of this place work at this hour, looked up once a minute: every list in every inbox asks."""
        asked, known = self._is_open.get(place, (now - timedelta(days=1), False))
        if now - asked >= timedelta(minutes=1) or now < asked:
            known = queue.is_open(session, now, place)
            self._is_open[place] = (now, known)
        return known

    def who(self, request: Request, session: Session, permission: str | None = None) -> Who:
        """Raises SignInNeeded, PasswordChangeNeeded, SecondFactorNeeded or NotAllowed."""
        held = signing_in.held_session(session, request.cookies.get(COOKIE, ""), now=datetime.now(UTC))
        if held is None:
            raise SignInNeeded
        if (
            held.staff.must_change
            and request.url.path != "/staff/sign-out"
            and not request.url.path.startswith("/staff/account")
        ):
            raise PasswordChangeNeeded
        if request.url.path not in _BEFORE_IT and second_factor.is_missing(session, held):
            raise SecondFactorNeeded
        if permission and not held.staff.can(permission):
            raise NotAllowed("您的岗位没有这个权限。")
        return Who(held.staff, held)

    def page(
        self, request: Request, template: str, session: Session, who: Who | None, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        places = {p.id: p.name for p in session.scalars(select(Place))}
        shared = {
            "me": who.staff if who else None,
            "csrf": who.held.csrf if who else "",
            "places": places,
            "role_labels": models.ROLE_LABELS,
            "given_back": getattr(request.state, "written", {}),
            "now": datetime.now(UTC),
            "to_review": lambda: _to_review(session, who.staff) if who and who.staff.can("knowledge") else 0,
        }
        response = self.templates.TemplateResponse(
            request, f"staff/{template}", {**shared, **values}, status_code=status
        )
        response.headers["Cache-Control"] = "no-store"
        return response


@dataclass(frozen=True)
class Seat:
    """Somebody signed in, for the length of one request, with a session of the database that ends with it."""

    desk: Desk
    request: Request
    session: Session
    who: Who

    @property
    def staff(self) -> Staff:
        return self.who.staff

    @property
    def tools(self) -> Tools:
        return self.desk.tools

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        return self.desk.page(self.request, template, self.session, self.who, status=status, **values)

    def back(self, to: str) -> Response:
        """After a form: to a page of ours; htmx follows a header instead of a redirect."""
        if self.request.headers.get("hx-request"):
            return Response(status_code=204, headers={"HX-Redirect": quote(to, safe=_OF_AN_ADDRESS)})
        return RedirectResponse(to, 303)

    def teams(self, near: str = "") -> list[Team]:
        """All by name; with `near`, a place: only those that serve it, or what lies in it, the nearest first."""
        rows = list(self.session.scalars(select(Team).order_by(Team.name)))
        if not near:
            return rows
        order = [*places.above(self.session, near), *places.below(self.session, near)[1:]]
        return sorted((row for row in rows if row.place_id in order), key=lambda row: order.index(row.place_id))

    def saw(self, what: str, on: str) -> None:
        """Somebody looked at what residents said; committed here."""
        audit.record_sight(self.session, self.staff, what, on)
        self.session.commit()

    def record(self, what: str, on: str = "", *, detail: str = "") -> None:
        """Into the audit; committed with the deed."""
        audit.record(self.session, self.staff, what, on, detail=detail)


@dataclass(frozen=True)
class Form(Seat):
    """A form sent from one of our own pages by somebody who may."""

    sent: FormData

    def text(self, name: str, most: int = 4000) -> str:
        return text_of(self.sent, name, most)

    def number(self, name: str) -> int | None:
        return int_of(self.sent, name)


def seat(permission: str | None = None) -> Any:
    """For `Annotated[Seat, seat("cases")]`. Raises what `Desk.who` raises."""

    def sit(request: Request) -> Iterator[Seat]:
        desk: Desk = request.app.state.desk
        with desk.sessions() as session:
            yield Seat(desk, request, session, desk.who(request, session, permission))

    # Over before the response leaves: no session is held while a slow browser reads.
    return Depends(sit, scope="function")


Read = Callable[[Request], Awaitable[FormData]]


def reading(permission: str | None = None, *, most: int = 1_000_000, most_fields: int = 200) -> Read:
    """A form's fields, `most` bytes in each that is no file. Raises NotAllowed and SignInNeeded before the body is
    read, and no session is held while it is.
    """

    async def read(request: Request) -> FormData:
        check_origin(request)
        await run_in_threadpool(_may, request, permission)
        return keep_written(request, await request.form(max_files=8, max_fields=most_fields, max_part_size=most))

    return read


def form(
    permission: str | None = None, *, most: int = 1_000_000, most_fields: int = 200, read: Read | None = None
) -> Any:
    """For `Annotated[Form, form("cases")]`: same origin, with the session's secret; see `reading`.

    `read`: where something else of the request needs the fields, too.
    """
    read = read or reading(permission, most=most, most_fields=most_fields)

    def sit(request: Request, sent: Annotated[FormData, Depends(read)]) -> Iterator[Form]:
        desk: Desk = request.app.state.desk
        with desk.sessions() as session:
            who = desk.who(request, session, permission)
            check_secret(request, sent, who)
            yield Form(desk, request, session, who, sent)

    return Depends(sit, scope="function")


def _may(request: Request, permission: str | None) -> None:
    desk: Desk = request.app.state.desk
    with desk.sessions() as session:
        desk.who(request, session, permission)


def keep_written(request: Request, sent: FormData) -> FormData:
    """A page that refuses the form gives the words back; it learns of them here."""
    request.state.written = written(sent)
    return sent


def check_secret(request: Request, sent: FormData, who: Who) -> None:
    given = text_of(sent, "csrf", 100) or request.headers.get("x-csrf", "")
    if not compare_digest(given.encode(), who.held.csrf.encode()):
        raise NotAllowed("页面放得太久了，请刷新后再试。")


def check_origin(request: Request) -> None:
    """A frame without an origin of its own ("null") is none of our pages. Browsers too old to say where a form comes
    from are left to the session's secret.
    """
    origin = request.headers.get("origin")
    desk: Desk = request.app.state.desk
    is_ours = not origin or is_own(request, origin, desk.settings)
    if not is_ours or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed("请从本系统的页面操作。")


def set_cookie(request: Request, response: Response, token: str) -> None:
    desk: Desk = request.app.state.desk
    is_secure = is_https(request, desk.settings.public_url)
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=is_secure, path="/staff")
