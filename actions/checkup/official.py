"""涉行政行为: cases about an act of an authority, and how a 复议 ended, as the resident or the staff say."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases import filing, finding
from actions.cases.models import Case
from actions.cases.moves import RESIDENT, Actor, add_event
from actions.checkup.models import OfficialCase
from actions.checkup.selfcheck import Checked, summary
from actions.checkup.status import OUTCOMES, Outcome
from actions.errors import InvalidInput, NotFound
from knowledge.tables import changed

TAG = "涉行政行为"
_MOST_READ = 300


def file(
    session: Session,
    checked: Checked,
    *,
    place: str,
    conversation_id: str | None,
    words: str,
    last: date | None,
    is_anonymous: bool,
    phone: str | None,
    key: str,
    now: datetime,
) -> Case:
    """The case of a self-check, once a key, with its tag where an authority acts. Commits; killed in between, the next
    try finds the case and tags it.
    """
    what = f"{words[:500]}\n{summary(checked, last)}".strip()
    case = filing.file(
        session,
        request_key=f"checkup-{key}"[:100],
        conversation_id=conversation_id,
        place=place,
        category=checked.template.category,
        fields={
            "what": what,
            "wish": "请懂法的人看看程序，告诉我怎么办。",
            "other_party": checked.template.office,
            "is_anonymous": is_anonymous,
            "phone": None if is_anonymous else phone,
        },
        now=now,
    )
    if checked.template.is_official:
        tag(session, case, checked=checked, last=last, by_name="", actor=RESIDENT, now=now)
        session.commit()
    return case


def tag(
    session: Session,
    case: Case,
    *,
    checked: Checked | None,
    last: date | None,
    by_name: str,
    actor: Actor,
    now: datetime,
) -> OfficialCase:
    """Once a case; the caller commits."""
    if (found := session.get(OfficialCase, case.id)) is not None:
        return found
    row = OfficialCase(
        case_id=case.id,
        template=checked.code if checked else "",
        missing=[item.code for item in checked.missing] if checked else [],
        last_day=last,
        at=now,
        by_name=by_name[:40],
    )
    try:
        with session.begin_nested():
            session.add(row)
            note = f"最后一天 {last.year}年{last.month}月{last.day}日" if last else ""
            add_event(session, case, f"标上“{TAG}”", key=f"official-{case.id}", actor=actor, now=now, note=note)
            session.flush()
    except IntegrityError:  # another hand was faster
        found = session.get(OfficialCase, case.id)
        if found is None:
            raise
        return found
    return row


def numbered(session: Session, number: str) -> Case:
    """By the number that stands on the case. Raises NotFound."""
    digits = "".join(c for c in number if c.isascii() and c.isdigit())
    found = session.scalar(select(Case).where(Case.number == digits)) if digits else None
    if found is None:
        raise NotFound("没有找到这件事，请核对编号。")
    return found


def of_places(session: Session, places: Iterable[str] | None) -> list[tuple[OfficialCase, Case]]:
    """For staff, the newest first."""
    asked = select(OfficialCase, Case).join(Case, Case.id == OfficialCase.case_id).order_by(OfficialCase.case_id.desc())
    if places is not None:
        asked = asked.where(Case.place_id.in_(list(places)))
    return [(row.OfficialCase, row.Case) for row in session.execute(asked.limit(_MOST_READ))]


def get(session: Session, case_id: int) -> OfficialCase:
    """Raises NotFound."""
    found = session.get(OfficialCase, case_id)
    if found is None:
        raise NotFound(f"这件事没有标“{TAG}”。")
    return found


def of_person(session: Session, conversation_id: str) -> list[OfficialCase]:
    """The tagged cases of whoever speaks here, the newest first."""
    numbers = [case.id for case in finding.of_person(session, conversation_id)]
    own = select(OfficialCase).where(OfficialCase.case_id.in_(numbers))
    return list(session.scalars(own.order_by(OfficialCase.case_id.desc())))


def set_outcome(
    session: Session, case_id: int, outcome: Outcome, *, by_name: str, actor: Actor, now: datetime
) -> OfficialCase:
    """How the 复议 ended; said again it replaces what was said, and the case keeps both. The caller commits.

    Raises NotFound, InvalidInput where nothing would change.
    """
    row = get(session, case_id)
    if row.outcome is outcome:
        return row
    case = finding.get(session, case_id)
    if case.masked_at is not None:
        raise InvalidInput("这件事的内容已经删了，不能再改。")
    before = row.outcome
    session.flush()
    is_as_read = OfficialCase.outcome.is_(None) if before is None else OfficialCase.outcome == before
    statement = update(OfficialCase).where(OfficialCase.case_id == case_id, is_as_read)
    values = {"outcome": outcome, "outcome_at": now, "outcome_by": by_name[:40]}
    if changed(session, statement.values(**values), synchronize=False):
        what = f"复议结果：{OUTCOMES[outcome]}"
        stamp = int(now.timestamp())
        add_event(session, case, what, key=f"official-{case_id}-{outcome}-{stamp}", actor=actor, now=now)
    session.refresh(row)
    return row


def outcome_named(text: str) -> Outcome | None:
    return next((outcome for outcome, label in OUTCOMES.items() if label == text), None)
