"""What staff do with a case, one function a verb."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.cases import mediation, moves, numbers, units
from actions.cases.green import GREEN
from actions.cases.handling import holder, undo
from actions.cases.models import CalledUnit, Case
from actions.cases.status import CaseStatus
from actions.errors import InvalidInput, NotAllowed, NotFound
from bot.conversations import queue
from bot.staff import notices, rights
from bot.staff.notices import About
from bot.web.staff.desk import Form
from bot.web.staff.typed import when_of


@dataclass(frozen=True, kw_only=True)
class Deed:
    """A form about a case. `key` is the same when it is sent twice, so what it asks for is done once."""

    form: Form
    case: Case
    actor: moves.Actor
    key: str
    now: datetime
    note: str

    @property
    def session(self) -> Session:
        return self.form.session

    @property
    def case_id(self) -> int:
        return self.case.id

    @property
    def tell_after(self) -> datetime:
        """What the resident hears of it can be taken back until then."""
        return self.now + undo.HELD_FOR


Verb = Callable[[Deed], None]


def _move(deed: Deed) -> None:
    to = deed.form.text("to", 20)
    # whether the table allows it, the service says; a second press of the same button is no error there
    if to not in set(CaseStatus):
        raise NotAllowed("现在不能这样办，请刷新再看。")
    if to == CaseStatus.merged:
        into = deed.form.text("into", 40)
        if not _is_in_reach(deed, into):
            raise InvalidInput(moves.NO_MASTER)  # the same words: whether it exists is nobody else's
        moves.merge(
            deed.session,
            deed.case_id,
            into,
            actor=deed.actor,
            key=deed.key,
            now=deed.now,
            tell_after=deed.tell_after,
        )
        return
    moves.move(
        deed.session,
        deed.case_id,
        CaseStatus(to),
        actor=deed.actor,
        key=deed.key,
        now=deed.now,
        note=deed.note,
        team_id=deed.form.number("team"),
        tell_after=deed.tell_after,
    )


def _is_in_reach(deed: Deed, number: str) -> bool:
    seen = rights.places_of(deed.session, deed.form.staff)
    digits, _ = numbers.find(number)
    place = deed.session.scalar(select(Case.place_id).where(Case.number == digits))
    return seen is None or place is None or place in seen


def _note(deed: Deed) -> None:
    """Whoever is named in it with @ hears of it, in the same transaction."""
    if deed.note:
        colleagues = rights.colleagues(deed.session, deed.case.place_id, but=deed.form.staff.id)
        about = About(source=deed.key, case_id=deed.case_id)
        called = notices.named(deed.note, colleagues)
        notices.tell(deed.session, called, about, kind=notices.MENTION, by=deed.actor.name, now=deed.now)
    moves.note(deed.session, deed.case_id, deed.note, actor=deed.actor, key=deed.key, now=deed.now)


def _tell(deed: Deed) -> None:
    moves.note(
        deed.session,
        deed.case_id,
        deed.note,
        actor=deed.actor,
        key=deed.key,
        now=deed.now,
        for_resident=True,
        tell_after=deed.tell_after,
    )


def _pause(deed: Deed) -> None:
    moves.pause(
        deed.session,
        deed.case_id,
        deed.note,
        actor=deed.actor,
        key=deed.key,
        now=deed.now,
        tell_after=deed.tell_after,
    )


def _undo(deed: Deed) -> None:
    event = deed.form.number("event") or 0
    undo.take_back(deed.session, deed.case_id, event, actor=deed.actor, now=deed.now)


def _send_now(deed: Deed) -> None:
    event = deed.form.number("event") or 0
    undo.send_now(deed.session, deed.case_id, event, actor=deed.actor, now=deed.now)


def _hold(deed: Deed) -> None:
    """经手: taken, given to a colleague of the place, who hears of it, or laid down."""
    me, wanted = deed.form.staff, deed.form.text("who", 9)
    to = me if wanted == "me" else None
    if wanted not in ("me", ""):
        colleagues = rights.colleagues(deed.session, deed.case.place_id, but=me.id)
        to = next((c for c in colleagues if str(c.id) == wanted), None)
        if to is None:
            raise InvalidInput("请从名单里选一位看得到这件事的同事。")
    if to is not None and to.id != me.id and to.id != deed.case.assignee_id:
        about = About(source=deed.key, case_id=deed.case_id)
        notices.tell(deed.session, [to], about, kind=notices.GIVEN, by=me.name, now=deed.now)
    holder.give(
        deed.session,
        deed.case_id,
        (to.id, to.name) if to else None,
        seen=deed.form.number("seen"),
        actor=deed.actor,
        key=deed.key,
        now=deed.now,
    )


def _category(deed: Deed) -> None:
    deed.case.category = deed.form.text("category", 20) or deed.case.category
    deed.session.commit()


def _green(deed: Deed) -> None:
    reasons = [g for g in GREEN if deed.form.text(f"green-{g}")]
    moves.mark_green(deed.session, deed.case_id, reasons, actor=deed.actor, key=deed.key, now=deed.now)
    queue.mark_green(deed.session, deed.case.conversation_id, bool(deed.case.green))


def _call(deed: Deed) -> None:
    _call_unit(deed, is_referral=False)


def _refer(deed: Deed) -> None:
    _call_unit(deed, is_referral=True)


def _call_unit(deed: Deed, *, is_referral: bool) -> None:
    units.call_unit(
        deed.session,
        deed.case_id,
        deed.form.number("team") or 0,
        reason=deed.note,
        actor=deed.actor,
        key=deed.key,
        now=deed.now,
        is_referral=is_referral,
    )


def _arrived(deed: Deed) -> None:
    units.unit_arrived(deed.session, _unit(deed).id, actor=deed.actor, now=deed.now)


def _result(deed: Deed) -> None:
    units.unit_result(deed.session, _unit(deed).id, deed.note, actor=deed.actor, now=deed.now)


def _unit(deed: Deed) -> CalledUnit:
    found = deed.session.get(CalledUnit, deed.form.number("unit") or 0)
    if found is None or found.case_id != deed.case_id:
        raise NotFound("没有叫过这个单位。")
    return found


def _start_mediation(deed: Deed) -> None:
    text = deed.form.text
    parties = [
        {"name": text(f"name{i}", 40), "role": text(f"role{i}", 20), "phone": text(f"phone{i}", 30)} for i in range(4)
    ]
    mediation.start_mediation(
        deed.session,
        deed.case_id,
        mediator=text("mediator", 40) or deed.actor.name,
        parties=parties,
        actor=deed.actor,
        now=deed.now,
    )


def _consent(deed: Deed) -> None:
    party, answer = deed.form.number("party") or 0, deed.form.text("answer", 3)
    mediation.consent(deed.session, deed.case_id, party, answer, actor=deed.actor, now=deed.now)


def _add_session(deed: Deed) -> None:
    mediation.add_session(
        deed.session,
        deed.case_id,
        at=when_of(deed.form.text("at", 20)),
        place=deed.form.text("place", 100),
        text=deed.note,
        actor=deed.actor,
        now=deed.now,
    )


def _draft_agreement(deed: Deed) -> None:
    text, held = deed.form.text, deed.case.mediation
    mediation.draft_agreement(
        deed.session,
        deed.case_id,
        facts=text("facts"),
        terms=text("terms"),
        method=text("method"),
        details=[
            {name: text(f"{name}{i}", most) for name, most in mediation.DETAILS.items()}
            for i in range(len(held.parties) if held else 0)
        ],
        actor=deed.actor,
        now=deed.now,
    )


def _sign_agreement(deed: Deed) -> None:
    """Signed as drafted, unless the form brings the words that were signed."""
    held, text = deed.case.mediation, deed.form.text
    try:
        day = date.fromisoformat(text("signed_on", 10))
    except ValueError:
        raise InvalidInput("请填签字的日期。") from None
    mediation.sign_agreement(
        deed.session,
        deed.case_id,
        facts=text("facts") or (held.facts if held else ""),
        terms=text("terms") or (held.terms if held else ""),
        method=text("method") or (held.method if held else ""),
        signed_on=day,
        actor=deed.actor,
        now=deed.now,
    )


def _fail_mediation(deed: Deed) -> None:
    mediation.fail_mediation(deed.session, deed.case_id, deed.note, actor=deed.actor, now=deed.now)


MOVES: dict[str, Verb] = {
    "move": _move,
    "note": _note,
    "tell": _tell,
    "pause": _pause,
    "undo": _undo,
    "send-now": _send_now,
    "hold": _hold,
    "category": _category,
    "green": _green,
    "call": _call,
    "refer": _refer,
    "arrived": _arrived,
    "result": _result,
    "mediation-start": _start_mediation,
    "mediation-consent": _consent,
    "mediation-session": _add_session,
    "mediation-draft": _draft_agreement,
    "mediation-sign": _sign_agreement,
    "mediation-fail": _fail_mediation,
}
