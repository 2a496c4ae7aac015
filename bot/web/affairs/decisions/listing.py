"""决定与会议: the list, the calculator, a new decision, a sheet for those who ask for a meeting, papers."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse

from actions.decisions import bodies, calling, files, listing, matters, steps, words
from actions.decisions.bodies import Count, Reckoning
from actions.decisions.models import Decision, MeetingState
from actions.decisions.status import ENDED, LABELS
from actions.decisions.steps import Proposal
from actions.errors import InvalidInput
from actions.papers import meeting as papers
from actions.papers.printing import as_pdf
from actions.roster.models import VillageProfile
from actions.roster.profile import profile_of
from actions.rulings.rulings import Rulings, rulings
from bot.staff import rights
from bot.web.affairs.decisions.desk import HOME, VillageForm, VillageSeat, check_may, day_of, number_typed, who
from bot.web.affairs.where import village_asked, villages_of
from bot.web.downloads import file_response
from bot.web.staff.desk import Form, Seat
from bot.web.staff.typed import number_or_404
from bot.web.staff.typed import words as typed_words
from knowledge.clock import today
from knowledge.places import Place

router = APIRouter(prefix=HOME)
KINDS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
Typed = Annotated[str, Query(max_length=40)]
_COUNTED = ("present", "online", "proxies", "yes", "no", "abstain")


@router.get("", response_class=HTMLResponse)
def show(at: VillageSeat, place: Typed = "") -> Response:
    village = village_asked(at, place)
    found = listing.of_places(at.session, [village.id])
    states = (MeetingState.called, MeetingState.entered)
    return at.page(
        "village/decisions/list.html",
        village=village,
        villages=villages_of(at),
        going_on=[(d, words.next_of(d)) for d in found if d.state not in ENDED],
        ended=[d for d in found if d.state in ENDED][:50],
        meetings=listing.meetings(at.session, [village.id], *states),
        labels=LABELS,
        bodies=bodies.bodies(),
        moment=words.says_moment,
    )


@router.get("/quorum", response_class=HTMLResponse)
def quorum(at: VillageSeat, place: Typed = "", body: Typed = "", base: Typed = "", whole: Typed = "") -> Response:
    """Any body, any numbers; those of the village stand there already. Nothing is kept."""
    village = village_asked(at, place)
    profile = profile_of(at.session, village.id)
    typed = {name: typed_words(at.request.query_params.get(name, ""), 12) for name in (*_COUNTED, "stricter")}
    found, problem = None, None
    if body:
        try:
            found = _reckoned(profile, rulings(at.session), body, base, typed_words(whole, 12), typed)
        except InvalidInput as error:
            problem = error.message_zh
    return at.page(
        "village/decisions/quorum.html",
        status=422 if problem else 200,
        problem=problem,
        village=village,
        villages=villages_of(at),
        bodies=bodies.bodies(),
        body=body,
        base=base,
        whole=whole,
        typed=typed,
        found=found,
        numbers=bodies.numbers_of(profile),
        said=bodies.number_said,
    )


def _reckoned(
    profile: VillageProfile, held: Rulings, body: str, base: str, whole: str, typed: dict[str, str]
) -> Reckoning:
    """Raises InvalidInput."""
    counted = {name: _number(typed[name], name) for name in _COUNTED}
    numbers = bodies.numbers_of(profile)
    known = bodies.body_of(body).bases
    base = base if base in known else next((b for b in known if numbers.get(b)), known[0])
    if whole:
        numbers[base] = _number(whole, "whole")
    count = Count(**{name: value or 0 for name, value in counted.items() if name != "yes"}, yes=counted["yes"])
    basis = bodies.basis_of(body, profile.online_basis, held)
    return bodies.reckon(body, numbers, count, base=base, stricter=typed["stricter"], online_basis=basis)


def _number(text: str, name: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise InvalidInput(f"“{text}”不是整数，请填数字。")
    return int(text) if text else None


@router.get("/new", response_class=HTMLResponse)
def new(
    at: VillageSeat, place: Typed = "", matter: Typed = "", q: Annotated[str, Query(max_length=300)] = ""
) -> Response:
    """First what it is about, then only the bodies that may decide it. `q`: in people's own words."""
    return _new(at, village_asked(at, place), matter, q=typed_words(q, 300))


@router.post("")
def propose(at: VillageForm) -> Response:
    village, now = village_asked(at, at.text("place", 40)), datetime.now(UTC)
    check_may(at, "write")
    matter = at.text("matter", 40)
    try:
        at.record("决定：propose", village.id)
        decision = _proposed(at, village.id, matter, now)
        at.session.commit()
    except InvalidInput as error:
        at.session.rollback()
        return _new(at, village, matter, problem=error.message_zh)
    return at.back(f"{HOME}/{decision.id}")


def _proposed(at: Form, place: str, matter: str, now: datetime) -> Decision:
    proposal = Proposal(
        title=at.text("title", 80),
        matter=matter,
        body=at.text("body", 40),
        on_day=day_of(at, "on_day"),
        source=at.text("source", 200),
        authorised=at.text("authorised", 200),
        sum_yuan=number_typed(at, "sum"),
    )
    key = f"form-propose-{place}-{at.text('nonce', 40) or now.timestamp()}"
    return steps.propose(at.session, place=place, proposal=proposal, who=who(at), key=key, now=now)


def _new(at: Seat, village: Place, matter: str, *, q: str = "", problem: str | None = None) -> HTMLResponse:
    profile = profile_of(at.session, village.id)
    known = matters.matters_for(profile)
    heard = matters.hear(q, profile) if q else None
    if isinstance(heard, tuple) and not matter:
        matter = heard[0]
    chosen = known.get(matter)
    return at.page(
        "village/decisions/new.html",
        status=422 if problem else 200,
        problem=problem,
        village=village,
        villages=villages_of(at),
        matters=known,
        matter=matter if chosen else "",
        chosen=chosen,
        offers=matters.offers(matter, profile, rulings(at.session)) if chosen else [],
        not_here=heard if isinstance(heard, matters.NotHere) else None,
        is_unheard=bool(q) and heard is None,
        q=q,
        today=today(),
        profile=profile,
    )


@router.get("/call.{kind}")
def call_sheet(at: VillageSeat, kind: Literal["docx", "pdf"], place: Typed = "", body: Typed = "") -> Response:
    """A sheet for those who ask for a meeting, with this village's numbers."""
    village = village_asked(at, place)
    askings = calling.askings(profile_of(at.session, village.id), rulings(at.session))
    asking = next((each for each in askings if each.body == body), askings[0])
    data = papers.request_sheet(asking, village=village.name, day=today())
    return _file(data, f"要求召开{asking.name}签名表-{village.name}", kind)


@router.get("/files/{file_id}")
def paper(at: VillageSeat, file_id: str) -> Response:
    found = files.get(at.session, number_or_404(file_id))
    rights.check_place(at.session, at.staff, found.place_id)
    at.saw("查看决定的材料", str(found.id))
    headers = {"Cache-Control": "private, no-store"}
    if found.kind == "pdf":
        return file_response(found.data, f"材料-{found.id}.pdf", files.KINDS["pdf"])
    return Response(found.data, media_type=files.KINDS["photo"], headers=headers)


def _file(data: bytes, name: str, kind: str) -> Response:
    return file_response(as_pdf(data, title=name) if kind == "pdf" else data, f"{name}.{kind}", KINDS[kind])
