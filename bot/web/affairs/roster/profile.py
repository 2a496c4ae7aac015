"""The numbers by which a village's meetings are reckoned, confirmed once a year; each with what it is for."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.errors import ActionError, InvalidInput
from actions.roster.models import Committee, VillageProfile
from actions.roster.profile import profile_of
from bot.web.affairs.roster.page import AT, page_of
from bot.web.affairs.where import village_asked
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.clock import today
from knowledge.places import Place

_MOST = 200_000
COMMITTEES = {Committee.village: "村民委员会（村）", Committee.residents: "居民委员会（社区）"}


@dataclass(frozen=True)
class Figure:
    name: str
    label: str
    used: str  # what it is for, with the article that reckons by it


FIGURES = (
    Figure(
        "adults",
        "满 18 岁的人数",
        "开村民会议、居民会议够不够人，多少人提议就应当召集，都按它算"
        "（村民委员会组织法第二十五条、第二十六条；社区是城市居民委员会组织法第二十六条、第二十七条）。",
    ),
    Figure("households", "户数", "按户派代表开会时，够不够数按它算（条文同上）。"),
    Figure(
        "representatives",
        "村民代表、居民代表人数",
        "三分之一以上代表能提议开村民会议，五分之一以上能提议开代表会议"
        "（村民委员会组织法第二十五条、第三十条；社区是第二十六条、第二十八条）。",
    ),
    Figure(
        "meeting_members",
        "代表会议组成人员（代表加上不是代表的委员）",
        "代表会议要三分之二以上组成人员参加（村民委员会组织法第二十九条、第三十条；社区是第二十八条、第二十九条）。",
    ),
    Figure(
        "collective_members",
        "集体经济组织成员（有完全民事行为能力的）",
        "成员大会要三分之二以上参加，决定要全体成员三分之二以上同意（农村集体经济组织法第二十七条）。",
    ),
    Figure(
        "collective_representatives",
        "集体经济组织成员代表",
        "成员代表大会的决定要全体代表三分之二以上同意，代表应当多于 20 人（农村集体经济组织法第二十八条）。",
    ),
)
_WORDS = {"meets_at": 120, "online_basis": 200, "charter_hands_on": 2000}

router = APIRouter(prefix=AT)


@router.get("/profile", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "", done: str = "") -> Response:
    return _page(at, village_asked(at, place), done="存好了，会议人数从现在起按这些算。" if done == "saved" else "")


@router.post("/profile")
def save(at: Annotated[Form, form("write")]) -> Response:
    village = village_asked(at, at.text("place", 40))
    try:
        row = at.session.merge(_read(at, village.id))
        _check(row)
        figures = "，".join(f"{one.label} {getattr(row, one.name)}" for one in FIGURES)
        at.record("改村里的基本数", village.id, detail=figures)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return _page(at, village, problem=error.message_zh)
    return at.back(f"{AT}/profile?place={village.id}&done=saved")


def _read(at: Form, place: str) -> VillageProfile:
    """Raises InvalidInput."""
    words = {name: at.text(name, most) for name, most in _WORDS.items()}
    return VillageProfile(
        place_id=place,
        committee=Committee.residents if at.text("committee", 20) == Committee.residents else Committee.village,
        has_collective=bool(at.text("has_collective", 1)),
        has_party_step=bool(at.text("has_party_step", 1)),
        confirmed_on=today(),
        **{figure.name: _number(at, figure) for figure in FIGURES},
        **words,
    )


def _number(at: Form, figure: Figure) -> int | None:
    """Raises InvalidInput."""
    written = at.text(figure.name, 12)
    if not written:
        return None
    number = at.number(figure.name)
    if number is None or number > _MOST:
        raise InvalidInput(f"“{figure.label}”写一个数，不知道就空着。")
    return number


def _check(row: VillageProfile) -> None:
    """Raises InvalidInput for numbers that can't stand beside each other."""
    if row.adults is not None and row.households is not None and row.adults < row.households // 2:
        raise InvalidInput("满 18 岁的人数比户数少了一半还多，请核对一下是不是填反了。")
    if (row.representatives or 0) > (row.meeting_members if row.meeting_members is not None else _MOST):
        raise InvalidInput("代表会议组成人员里包含全体代表，不会比代表人数少，请核对。")
    if (row.collective_representatives or 0) > (row.collective_members or _MOST):
        raise InvalidInput("成员代表不会比成员多，请核对。")


def _page(at: Seat, village: Place, *, problem: str | None = None, done: str = "") -> HTMLResponse:
    return page_of(
        at,
        village,
        "profile.html",
        problem=problem,
        done=done,
        profile=profile_of(at.session, village.id),
        figures=FIGURES,
        committees=COMMITTEES,
    )
