"""A resident's own words to a helper: nothing is sent before the resident has seen and sent it, nobody's telephone is
given before everybody said yes.

人民调解法 17: who refuses mediation isn't mediated; 19, 23: parties choose or take their mediator; 20: others are
invited with the parties' consent.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.calendar.workdays import Unit, calendar
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.helpers import kinds, links, roster
from actions.helpers.models import Helper, Referral, ReferralEvent
from actions.helpers.status import OPEN, SHARED, WAITS, By, State, check_move
from actions.helpers.words import HOTLINE, note_of, reach, says_day
from actions.replies import Button
from actions.storable import row_of, storable
from knowledge.tables import changed

WORKDAYS = 2  # our own promise: an answer of whoever is asked
MOST_WORDS, MOST_NOTE = 300, 500
CHOSEN_WITHIN = timedelta(days=14)  # words that lie there without a helper are given up
MOST_A_DAY = 3  # of a conversation
MOST_OPEN = 60  # of a village, so that a flood from many browsers ends
_LEAST_WORDS = 4


def ask(
    session: Session,
    *,
    place: str,
    words: str,
    conversation_id: str | None,
    other_party: str = "",
    contact: str = "",
    wish: str = "",
    key: str,
    now: datetime,
) -> Referral:
    """Kept, and shown to nobody yet; the same key is one. Raises InvalidInput, NotAllowed: also, with what to do
    instead, where violence or a child harmed is told of. The caller commits.
    """
    words, other_party = storable(words).strip(), storable(other_party).strip()
    if not _LEAST_WORDS <= len(words) <= MOST_WORDS:
        raise InvalidInput(f"想请人帮什么，请写 {_LEAST_WORDS} 到 {MOST_WORDS} 个字。")
    if (instead := kinds.never(f"{words} {other_party}")) is not None:
        raise NotAllowed(instead)
    if found := session.scalar(select(Referral).where(Referral.key == key[:120])):
        return found
    _check_limits(session, place, conversation_id, now)
    referral = Referral(place_id=place, key=key[:120], conversation_id=conversation_id, words=words, asked_at=now)
    referral.wish = wish if wish in kinds.WISHES else kinds.wish_in(words)
    referral.subjects, referral.due_at = kinds.subjects_in(words), now + CHOSEN_WITHIN
    referral.other_party, referral.contact = other_party[:60], storable(contact).strip()[:60]
    try:
        with session.begin_nested():
            session.add(referral)
            session.flush()
            _note(session, referral, "想找人帮忙", by="resident", key=f"referral-{referral.id}-asked", now=now)
            session.flush()
    except IntegrityError:
        return session.scalars(select(Referral).where(Referral.key == key[:120])).one()
    return referral


def choices(session: Session, referral: Referral, *, now: datetime) -> list[Helper]:
    """Who may be asked now, best fit first."""
    return roster.fitting(
        session,
        referral.place_id,
        wish=referral.wish,
        subjects=referral.subjects,
        but=referral.tried,
        today=roster.day_of(now),
    )


def offer(session: Session, referral: Referral, helper_id: int, *, now: datetime) -> None:
    """The resident has read their words as the helper will, and sends them. Raises ActionError; commits."""
    if referral.state is State.offered and referral.helper_id == helper_id:
        return  # sent twice
    if referral.wish == kinds.MEDIATE and not referral.other_party:
        raise InvalidInput("请先写对方是谁：帮手要看看是不是亲戚，对方也要愿意才能调解。")
    helper = next((one for one in choices(session, referral, now=now) if one.id == helper_id), None)
    if helper is None:
        raise NotAllowed("这位帮手现在不能接这件事，请另选一位。")
    due, _ = calendar(session).due(now, amount=WORKDAYS, unit=Unit.workdays)
    values = {"helper_id": helper.id, "due_at": due, "interest": "", "helper_yes_at": None, "other_yes_at": None}
    _move(session, referral, State.offered, By.resident, values)
    key = f"referral-{referral.id}-offered-{len(referral.tried)}"
    _note(session, referral, f"转给{helper.called}", by="resident", key=key, now=now)
    _commit(session)


def agree(session: Session, referral: Referral, *, interest: str, is_free: bool, by: str = "", now: datetime) -> None:
    """The helper would. `is_free`: neither kin of the other party nor with an interest in it; otherwise `interest` says
    what, and it goes to the next. `by`: of the staff, who heard it. Raises ActionError; commits.
    """
    interest = storable(interest).strip()[:200]
    if not is_free and not interest:
        raise InvalidInput("请先说清楚：和对方是不是亲戚、有没有利害关系。没有就勾“没有”。")
    if not is_free:
        decline(session, referral, why="和对方有亲戚或者利害关系，应当回避", by=by, now=now)
        return
    helper = _helper(referral)
    today = roster.day_of(now)
    if not roster.is_shown(helper, today) or not kinds.may(
        helper.kinds, referral.wish, left_office_on=helper.left_office_on, today=today
    ):
        raise NotAllowed("您的名册到期了，或者这件事不能由您来办。请告诉村委会。")
    tries = len(referral.tried)
    key = f"referral-{referral.id}-{{}}-{tries}"
    if referral.wish != kinds.MEDIATE:
        _accept(session, referral, By.helper, {"helper_yes_at": now}, key=key.format("yes"), by=by, now=now)
        return
    due, _ = calendar(session).due(now, amount=WORKDAYS, unit=Unit.workdays)
    _move(session, referral, State.other_asked, By.helper, {"helper_yes_at": now, "due_at": due})
    say = f"{helper.called}愿意来调解。还要对方也同意，我们去问，最晚{says_day(due)}告诉您。"
    _note(session, referral, "愿意调解", by="helper", name=by, key=key.format("yes"), say=say, now=now)
    _commit(session)


def other_says(session: Session, referral: Referral, answer: str, *, by: str = "", now: datetime) -> None:
    """The other party of a mediation: yes, another (mediator), no. Raises ActionError; commits."""
    tries, helper = len(referral.tried), _helper(referral)
    if answer == "yes":
        key = f"referral-{referral.id}-other-{tries}"
        _accept(session, referral, By.other, {"other_yes_at": now}, key=key, by=by, now=now)
    elif answer == "another":
        say = f"对方愿意调解，想换一位调解的人，没选{helper.called}。"
        to_next(session, referral, By.other, "对方想换人", say=say, by=by, now=now)
    elif answer == "no":
        _move(session, referral, State.refused, By.other, {"due_at": None, "ended_at": now})
        say = f"对方不愿意调解，这件事就不能调解（人民调解法第十七条）。您可以申请仲裁、起诉，{HOTLINE}。"
        key = f"referral-{referral.id}-refused"
        _note(session, referral, "对方不愿意调解", by="other", name=by, key=key, say=say, now=now)
        links.take_back(session, referral_id=referral.id, role=links.HELPER)
        _commit(session)
    else:
        raise InvalidInput("请选一个：同意、换个人、不愿意调解。")


def decline(session: Session, referral: Referral, *, why: str, by: str = "", now: datetime) -> None:
    """The helper doesn't; the words are theirs to read no more. Raises ActionError; commits."""
    helper = _helper(referral)
    why = storable(why).strip()[:100]
    say = f"{helper.called}这次帮不了{f'（{why}）' if why else ''}。"
    to_next(session, referral, By.helper, "帮不了", say=say, by=by, now=now)


def another(session: Session, referral: Referral, *, now: datetime) -> None:
    """The resident wants somebody else. Raises ActionError; commits."""
    to_next(session, referral, By.resident, "居民想换一位", say="", by="", now=now)


def met(session: Session, referral: Referral, *, by: str = "", now: datetime) -> None:
    """Raises ActionError; commits."""
    if referral.state is State.met:
        return
    _move(session, referral, State.met, By.helper, {"met_at": now})
    _note(session, referral, "见过面了", by="helper", name=by, key=f"referral-{referral.id}-met", now=now)
    _commit(session)


def close(session: Session, referral: Referral, *, note: str, by: str = "", now: datetime) -> None:
    """With a word for the resident. Raises ActionError; commits."""
    note = storable(note).strip()
    if not 2 <= len(note) <= MOST_NOTE:
        raise InvalidInput(f"办得怎么样，给居民留一句话，2 到 {MOST_NOTE} 个字。")
    _move(session, referral, State.closed, By.helper, {"note": note, "ended_at": now, "due_at": None})
    say = f"您找人帮忙的事办完了。{note_of(referral)}\n您觉得帮得怎么样？"
    buttons = mark_buttons(referral)
    key = f"referral-{referral.id}-closed"
    _note(session, referral, "办完了", by="helper", name=by, key=key, say=say, buttons=buttons, now=now)
    _commit(session)


def rate(session: Session, referral: Referral, stars: int) -> None:
    """1...5; the last one counts. Raises NotAllowed; commits."""
    if referral.state is not State.closed:
        raise NotAllowed("这件事还没办完，办完了再打分。")
    referral.rating = max(1, min(5, stars))
    session.commit()


def withdraw(session: Session, referral: Referral, *, now: datetime) -> None:
    """At the resident's wish, at once; the words go. Raises ActionError; commits."""
    _move(session, referral, State.withdrawn, By.resident, {"due_at": None, "ended_at": now})
    mask(session, referral, now=now)
    key = f"referral-{referral.id}-withdrawn"
    _note(session, referral, "居民撤回", by="resident", key=key, now=now)
    _commit(session)


def release(session: Session, helper: Helper, *, now: datetime) -> int:
    """A helper left: what they were at goes back to the residents. How many. Commits each."""
    own = select(Referral).where(Referral.helper_id == helper.id, Referral.state.in_(WAITS | SHARED))
    found = session.scalars(own.order_by(Referral.id)).all()
    for referral in found:
        to_next(session, referral, By.helper, "退出了名册", say=f"{helper.called}不再当帮手了。", by="", now=now)
    return len(found)


def get(session: Session, number: int) -> Referral:
    """Raises NotFound."""
    found = row_of(session, Referral, number)
    if found is None:
        raise NotFound("没有找到这件事。")
    return found


def of_conversation(session: Session, conversation_id: str) -> list[Referral]:
    """Newest first."""
    own = select(Referral).where(Referral.conversation_id == conversation_id).order_by(Referral.id.desc())
    return list(session.scalars(own.limit(20)))


def mask(session: Session, referral: Referral, *, now: datetime) -> None:
    """What the resident said goes; that there was something, and how it went, stays for the count."""
    referral.words, referral.other_party, referral.contact, referral.interest, referral.note = (
        "（已删除）",
        "",
        "",
        "",
        "",
    )
    referral.conversation_id, referral.masked_at = None, now
    for role in (links.HELPER, links.OTHER, links.RESIDENT):
        links.take_back(session, referral_id=referral.id, role=role)
    silent = update(ReferralEvent).where(ReferralEvent.referral_id == referral.id)
    session.execute(silent.values(say=None, buttons=[]))


def forget(session: Session, conversation_id: str, *, now: datetime) -> None:
    """With the conversation; what is open ends. The caller commits."""
    for referral in session.scalars(select(Referral).where(Referral.conversation_id == conversation_id)).all():
        if referral.state in OPEN:
            referral.state, referral.due_at, referral.ended_at = State.withdrawn, None, now
        mask(session, referral, now=now)


def _check_limits(session: Session, place: str, conversation_id: str | None, now: datetime) -> None:
    count = select(func.count()).select_from(Referral)
    open_here = (Referral.place_id == place, Referral.state.in_(OPEN))
    if (session.scalar(count.where(*open_here)) or 0) >= MOST_OPEN:
        raise NotAllowed(f"现在找人的太多，帮手忙不过来。请过两天再来；着急的，{HOTLINE}。")
    if conversation_id is None:
        return
    today = (Referral.conversation_id == conversation_id, Referral.asked_at > now - timedelta(days=1))
    if (session.scalar(count.where(*today)) or 0) >= MOST_A_DAY:
        raise NotAllowed(f"一天最多找 {MOST_A_DAY} 回，请明天再来；着急的，{HOTLINE}。")


def _helper(referral: Referral) -> Helper:
    if referral.helper is None:
        raise NotAllowed("这件事现在没有转给谁。请刷新后再看。")
    return referral.helper


def _accept(
    session: Session, referral: Referral, who: By, values: dict[str, object], *, key: str, by: str, now: datetime
) -> None:
    _move(session, referral, State.accepted, who, {**values, "accepted_at": now, "due_at": None})
    helper = _helper(referral)
    both = "对方也同意了，" if who is By.other else ""
    say = f"{both}{helper.called}答应帮您，{reach(referral)}您的电话（留了的话）这会儿才给他。"
    _note(
        session,
        referral,
        "答应了" if who is By.helper else "对方同意",
        by=who.value,
        name=by,
        key=key,
        say=say,
        now=now,
    )
    _commit(session)


def to_next(session: Session, referral: Referral, who: By, what: str, *, say: str, by: str, now: datetime) -> None:
    """Back to the resident with whom else there is; nobody gets the words without their yes."""
    gone = referral.helper_id
    tried = [*referral.tried, *([gone] if gone else [])]
    values = {"tried": tried, "helper_id": None, "due_at": now + CHOSEN_WITHIN, "interest": ""}
    _move(session, referral, State.asked, who, values)
    for role in (links.HELPER, links.OTHER):
        links.take_back(session, referral_id=referral.id, role=role)
    rest = choices(session, referral, now=now)
    if rest:
        more, buttons = "要不要转给别人？您点了我才转。", tell_buttons(rest, referral)
    else:
        more, buttons = kinds.WISHES[referral.wish].else_to, ()
    key = f"referral-{referral.id}-next-{len(tried)}"
    _note(session, referral, what, by=who.value, name=by, key=key, say=f"{say}{more}", buttons=buttons, now=now)
    _commit(session)


def give_up(session: Session, referral: Referral, *, say: str, now: datetime) -> None:
    """Nobody was chosen for long. Raises ActionError; commits."""
    _move(session, referral, State.unhelped, By.clock, {"ended_at": now, "due_at": None})
    _note(session, referral, "没有选人", by="system", key=f"referral-{referral.id}-unhelped", say=say, now=now)
    _commit(session)


def mark_buttons(referral: Referral) -> tuple[Button, ...]:
    """1 first: WeChat numbers the buttons, and who answers 5 there means five."""
    return tuple(Button(f"{n} 分", f"帮手 {referral.id} 打{n}分") for n in range(1, 6))


def tell_buttons(helpers: Sequence[Helper], referral: Referral) -> tuple[Button, ...]:
    return tuple(Button(f"转给{one.called}", f"帮手 {referral.id} 转给{one.id}") for one in helpers[:3])


def _move(session: Session, referral: Referral, to: State, by: By, values: Mapping[str, object]) -> None:
    """The state is the lock: of two who press at once, one is told to look again."""
    start, helper_id = referral.state, referral.helper_id
    check_move(start, to, by)
    same = (Referral.id == referral.id, Referral.state == start, Referral.helper_id.is_not_distinct_from(helper_id))
    if not changed(session, update(Referral).where(*same).values(state=to, **values), synchronize=False):
        session.rollback()
        raise Conflict
    session.refresh(referral)


def _note(
    session: Session,
    referral: Referral,
    what: str,
    *,
    by: str,
    key: str,
    now: datetime,
    name: str = "",
    say: str | None = None,
    buttons: Sequence[Button] = (),
) -> None:
    actor = "staff" if name else by
    event = ReferralEvent(referral_id=referral.id, key=key, at=now, actor=actor, actor_name=storable(name, 40))
    event.what, event.say = what, say
    event.buttons = [button.as_json() for button in buttons]
    session.add(event)


def _commit(session: Session) -> None:
    """Raises Conflict where the same step was taken in another process."""
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        raise Conflict from None
