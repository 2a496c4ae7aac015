"""找人: who agreed to help, a word to one of them, and the pages of those who act by a link. No sign-in, no script.

The words are read by the helper that the resident sends them to, and by nobody else; a link shows nothing before its
button is pressed, since messengers fetch every link.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.helpers import kinds, links, referrals, roster, words
from actions.helpers.models import Helper, HelperLink, Referral
from actions.helpers.status import SHARED, State
from bot.emergency.card import by_rules
from bot.web.problems import ApiError
from bot.web.staff.typed import text_of
from bot.web.village.page import At, Hall
from bot.web.village.tab import Tab, Teaser
from bot.web.village.visitor import check_sender
from knowledge.places import Place

router = APIRouter(prefix="/v/{place}", default_response_class=HTMLResponse)
_ASKS, _DOES = 4, 12  # of an address in a minute
_ASKS_A_DAY = 40  # looked at and sent are two


def newest(session: Session, place: str, now: datetime) -> list[Teaser]:
    found = roster.serving(session, place, roster.day_of(now))
    if not found:
        return []
    names = kinds.kind_names(dict.fromkeys(code for one in found for code in one.kinds))
    return [Teaser(f"能帮忙的有 {len(found)} 位：{names[:40]}", f"/v/{place}/people")]


@router.get("/people")
def show(at: At, wish: str = "", subject: str = "") -> HTMLResponse:
    """All, or who fits what is looked for."""
    today = roster.day_of(at.now)
    found = roster.serving(at.session, at.village.id, today)
    if wish in kinds.WISHES:
        found = [one for one in found if kinds.may(one.kinds, wish, left_office_on=one.left_office_on, today=today)]
    if subject in kinds.SUBJECTS:
        found = [one for one in found if subject in one.subjects]
    return at.page(
        "people/list.html",
        here="people",
        helpers=found,
        wish=wish if wish in kinds.WISHES else "",
        subject=subject if subject in kinds.SUBJECTS else "",
        **_shared(at),
    )


@router.get("/r{number:int}")
def one(at: At, number: int) -> HTMLResponse:
    return _page(at, _helper(at, number))


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=20, max_part_size=20_000)


Sent = Annotated[FormData, Depends(_form)]


@router.post("/r{number:int}")
def ask(sent: Sent, at: At, number: int) -> Response:
    """First the words as the helper will read them; sent with `sure` they are on their way."""
    helper = _helper(at, number)
    given = {name: text_of(sent, name, 1200) for name in ("words", "other_party", "contact", "wish", "nonce")}
    try:
        check_sender(at.request, "ask", _ASKS * 2, a_day=_ASKS_A_DAY)
        if danger := by_rules(given["words"]):
            return _page(at, helper, given=given, danger=danger[0].text)
        _check_ask(at, helper, given)
        if text_of(sent, "sure", 1) != "1":
            return _page(at, helper, given=given, is_shown_first=True)
        token = _send(at, helper, given)
    except (ActionError, ApiError) as error:
        at.session.rollback()
        problem = error.message_zh if isinstance(error, ActionError) else error.message
        return _page(at, _helper(at, number), given=given, problem=problem)
    return at.page("people/sent.html", here="people", helper=helper, token=token, **_shared(at))


def _check_ask(at: Hall, helper: Helper, given: dict[str, str]) -> None:
    """Before anything is stored. Raises InvalidInput, NotAllowed."""
    if len(given["words"].strip()) < 4:
        raise InvalidInput("想请人帮什么，请写 4 到 300 个字。")
    if instead := kinds.never(f"{given['words']} {given['other_party']}"):
        raise NotAllowed(instead)
    wish = given["wish"] if given["wish"] in kinds.WISHES else kinds.wish_in(given["words"])
    today = roster.day_of(at.now)
    if not kinds.may(helper.kinds, wish, left_office_on=helper.left_office_on, today=today):
        said = kinds.WISHES[wish].else_to if wish == kinds.LAWYER else ""
        name = kinds.WISHES[wish].name
        raise NotAllowed(f"“{name}”不能找{helper.called}，请在“找人”里另选一位。{said}")
    if wish == kinds.MEDIATE and not given["other_party"].strip():
        raise InvalidInput("想请人说和，请写对方怎么称呼：帮手要看看是不是亲戚，对方也要愿意。")
    given["wish"] = wish


def _send(at: Hall, helper: Helper, given: dict[str, str]) -> str:
    """The token of the resident's own link."""
    key = f"page-{helper.id}-{given['nonce'][:24] or secrets.token_urlsafe(12)}"
    referral = referrals.ask(
        at.session,
        place=at.village.id,
        words=given["words"],
        conversation_id=None,
        other_party=given["other_party"],
        contact=given["contact"],
        wish=given["wish"],
        key=key,
        now=at.now,
    )
    if referral.state is not State.asked:
        raise NotAllowed("已经转过去了，不用再交一次。请用刚才那个链接看进度。")
    token = links.make(at.session, links.RESIDENT, referral_id=referral.id, now=at.now)
    referrals.offer(at.session, referral, helper.id, now=at.now)
    return token


@router.get("/people/r/{token}")
def door(at: At, token: str) -> HTMLResponse:
    link = links.check(at.session, token, now=at.now)
    return at.page("people/door.html", here="people", token=token, role=link.role)


@router.post("/people/r/{token}")
def opened(sent: Sent, at: At, token: str) -> Response:
    """What lies behind the link; with `do`, a deed first."""
    link, do = links.check(at.session, token, now=at.now), text_of(sent, "do", 12)
    problem = done = ""
    try:
        check_sender(at.request, "link", _DOES * 2)
        if do:
            done = _deed(at, link, do, sent)
            link = links.check(at.session, token, now=at.now)
    except NotFound:
        return at.page("people/over.html", here="people", done=done or "办好了。这个链接到此为止。")
    except (ActionError, ApiError) as error:
        at.session.rollback()
        problem = error.message_zh if isinstance(error, ActionError) else error.message
        link = links.check(at.session, token, now=at.now)
    return _behind(at, link, token, problem=problem, done=done, note=text_of(sent, "note", 600) if problem else "")


def _deed(at: Hall, link: HelperLink, do: str, sent: FormData) -> str:
    """What to say. Raises ActionError."""
    if link.role == links.SELF:
        return _of_self(at, roster.get(at.session, link.helper_id or 0), do)
    referral = referrals.get(at.session, link.referral_id or 0)
    deed = _DEEDS.get((link.role, do))
    if deed is None:
        raise InvalidInput("请在页面上选一个。")
    return deed(at, referral, sent)


def _of_self(at: Hall, helper: Helper, do: str) -> str:
    if do == "agree":
        roster.consent(at.session, helper, how="link", on=roster.day_of(at.now), now=at.now)
        at.session.commit()
        return "谢谢您。从今天起一年，乡亲们找得到您。"
    if do == "leave":
        roster.withdraw(at.session, helper, now=at.now)
        at.session.commit()
        referrals.release(at.session, helper, now=at.now)
        return "退出了。页面上已经看不到您，电话也删了。谢谢您这些日子的帮忙。"
    raise InvalidInput("请在页面上选一个。")


def _yes(at: Hall, referral: Referral, sent: FormData) -> str:
    is_free = text_of(sent, "free", 1) == "1"
    referrals.agree(at.session, referral, interest=text_of(sent, "interest", 300), is_free=is_free, now=at.now)
    if not is_free:
        return "知道了，这件事您回避，转给别人。谢谢您说出来。"
    return (
        "谢谢您。还要等对方同意；同意了，联系方式就写在这一页上。"
        if referral.state is State.other_asked
        else "谢谢您。联系方式在下面。"
    )


def _no(at: Hall, referral: Referral, sent: FormData) -> str:
    referrals.decline(at.session, referral, why=text_of(sent, "why", 100), now=at.now)
    return "知道了，居民会另选一位。"


def _met(at: Hall, referral: Referral, sent: FormData) -> str:
    referrals.met(at.session, referral, now=at.now)
    return "记下了。"


def _close(at: Hall, referral: Referral, sent: FormData) -> str:
    referrals.close(at.session, referral, note=text_of(sent, "note", 600), now=at.now)
    return "办完了，谢谢您。"


def _other(answer: str, said: str) -> Callable[[Hall, Referral, FormData], str]:
    def deed(at: Hall, referral: Referral, sent: FormData) -> str:
        referrals.other_says(at.session, referral, answer, now=at.now)
        return said

    return deed


def _to(at: Hall, referral: Referral, sent: FormData) -> str:
    chosen = text_of(sent, "helper", 9)
    referrals.offer(at.session, referral, int(chosen) if chosen.isascii() and chosen.isdigit() else 0, now=at.now)
    return "转过去了。"


def _another(at: Hall, referral: Referral, sent: FormData) -> str:
    referrals.another(at.session, referral, now=at.now)
    return "好，请在下面另选一位。"


def _withdraw(at: Hall, referral: Referral, sent: FormData) -> str:
    referrals.withdraw(at.session, referral, now=at.now)
    return "撤回了，您写的话已经删掉。"


def _rate(at: Hall, referral: Referral, sent: FormData) -> str:
    stars = text_of(sent, "stars", 1)
    if stars not in "12345" or not stars:
        raise InvalidInput("请选 1 到 5 分。")
    referrals.rate(at.session, referral, int(stars))
    return "记下了，谢谢您。"


_DEEDS: dict[tuple[str, str], Callable[[Hall, Referral, FormData], str]] = {
    (links.HELPER, "yes"): _yes,
    (links.HELPER, "no"): _no,
    (links.HELPER, "met"): _met,
    (links.HELPER, "close"): _close,
    (links.OTHER, "yes"): _other("yes", "记下了：您同意。调解的人会来联系您。"),
    (links.OTHER, "another"): _other("another", "记下了：您愿意调解，想换一个人。"),
    (links.OTHER, "no"): _other("no", "记下了：您不愿意调解，这件事就不调解。"),
    (links.RESIDENT, "to"): _to,
    (links.RESIDENT, "another"): _another,
    (links.RESIDENT, "withdraw"): _withdraw,
    (links.RESIDENT, "rate"): _rate,
}


def _behind(at: Hall, link: HelperLink, token: str, *, problem: str, done: str, note: str) -> HTMLResponse:
    status = 422 if problem else 200
    values = {"here": "people", "token": token, "problem": problem, "done": done, "note": note, **_shared(at)}
    if link.role == links.SELF:
        helper = roster.get(at.session, link.helper_id or 0)
        is_on = roster.is_shown(helper, roster.day_of(at.now))
        return at.page("people/self.html", status=status, one=helper, is_on=is_on, shown=roster.SHOWABLE, **values)
    referral = referrals.get(at.session, link.referral_id or 0)
    is_asked = link.role == links.RESIDENT and referral.state is State.asked
    return at.page(
        f"people/{link.role}.html",
        status=status,
        one=referral,
        state=referral.state.value,
        is_shared=referral.state in SHARED,
        choices=referrals.choices(at.session, referral, now=at.now) if is_asked else [],
        said=words.state_of(referral),
        until=link.ends_at,
        **values,
    )


def _page(at: Hall, helper: Helper, *, given: dict[str, str] | None = None, **more: Any) -> HTMLResponse:
    given = given or {"nonce": secrets.token_urlsafe(12)}
    status = 422 if more.get("problem") or more.get("danger") else 200
    return at.page("people/one.html", status=status, here="people", one=helper, given=given, **_shared(at), **more)


def _shared(at: Hall) -> dict[str, Any]:
    served = {row.id: row for row in at.session.query(Place)}
    return {"kinds": kinds, "words": words, "served": served}


def _helper(at: Hall, number: int) -> Helper:
    """Raises NotFound."""
    return roster.public(at.session, at.village.id, number if 0 < number < 2**31 else 0, roster.day_of(at.now))


TAB = Tab(name="找人", path="people", newest=newest, router=router)
