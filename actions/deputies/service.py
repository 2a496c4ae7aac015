"""代表联系: a list by group with the day on which each receives, and questions answered by a day."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.calendar.workdays import calendar
from actions.deputies.models import Deputy, DeputyQuestion
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.motions import gate
from actions.storable import row_of, storable
from knowledge.anonymity.detector import mask
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

KINDS = {"rep": "村民代表", "congress": "人大代表", "cppcc": "政协委员"}
ANSWER_WORKDAYS = 15  # village_affairs.md 2.4; our setting
MOST_WORDS, MOST_A_DAY, MOST_WAITING = 300, 3, 60


def add(
    session: Session,
    place: str,
    *,
    name: str,
    kind: str,
    group: str,
    reception: str,
    phone: str,
    ends_on: date | None,
    by: int,
    key: str,
    now: datetime,
) -> Deputy:
    """With the person's own consent, which the clerk states by writing it. The caller commits. Raises InvalidInput."""
    if found := session.scalar(select(Deputy).where(Deputy.key == key)):
        return found
    today = now.astimezone(SHANGHAI).date()
    name, reception, phone = storable(name.strip()), storable(reception.strip()), storable(phone.strip())
    if not 2 <= len(name) <= 20 or kind not in KINDS or not 2 <= len(reception) <= 80 or len(group) > 20:
        raise InvalidInput("请写名字、选一种代表、写明哪天在哪里接待。")
    if phone and not (7 <= len(phone) <= 20 and set(phone) <= set("0123456789-+ ")):
        raise InvalidInput("电话请写数字，本人不愿意公开就空着。")
    if ends_on is None or not today < ends_on <= today.replace(year=today.year + 6, day=1):
        raise InvalidInput("任期到哪天，请填一个以后的日子。")
    row = Deputy(place_id=place, key=storable(key, 120), name=name, kind=kind, group_name=storable(group.strip()))
    row.reception, row.phone, row.consent_on, row.ends_on, row.by_id = reception, phone, today, ends_on, by
    session.add(row)
    session.flush()
    return row


def get(session: Session, deputy_id: int) -> Deputy:
    row = row_of(session, Deputy, deputy_id)
    if row is None:
        raise NotFound("没有这位代表。")
    return row


def serving(session: Session, place: str, now: datetime) -> list[Deputy]:
    """By kind and group; nobody whose term is over."""
    own = (Deputy.place_id == place, Deputy.ends_on >= now.astimezone(SHANGHAI).date())
    rows = session.scalars(select(Deputy).where(*own))
    return sorted(rows, key=lambda row: (list(KINDS).index(row.kind), row.group_name, row.id))


def take_off(session: Session, deputy: Deputy) -> None:
    """They withdrew their consent: at once, with what they were asked. The caller commits."""
    session.execute(delete(DeputyQuestion).where(DeputyQuestion.deputy_id == deputy.id))
    session.delete(deputy)


def ask(session: Session, deputy_id: int, text: str, *, asker: str | None, key: str, now: datetime) -> DeputyQuestion:
    """Once a `key`; shown after somebody looked. Commits. Raises InvalidInput, NotFound."""
    if found := session.scalar(select(DeputyQuestion).where(DeputyQuestion.key == key)):
        return found
    deputy = get(session, deputy_id)
    today = now.astimezone(SHANGHAI).date()
    if deputy.ends_on < today:
        raise NotFound("这位代表的任期到了，请问现在的代表。")
    text = storable(text).strip()
    if not 4 <= len(text) <= MOST_WORDS:
        raise InvalidInput(f"想问什么，请写 4 到 {MOST_WORDS} 个字。")
    if (verdict := gate.check(text)).is_stopped:
        said = "".join(dict.fromkeys(f"{f.say}{f.instead}" for f in verdict.findings))
        raise InvalidInput(f"这个不能公开来问。{said}")
    _check_limits(session, deputy, asker, now)
    row = DeputyQuestion(deputy_id=deputy.id, key=storable(key, 140), text=mask(text), asked_at=now)
    row.asker = storable(asker, 64) if asker else None
    row.due_on = calendar(session).add_workdays(today, ANSWER_WORKDAYS)
    try:
        session.add(row)
        session.commit()
    except IntegrityError:
        session.rollback()
        return session.scalars(select(DeputyQuestion).where(DeputyQuestion.key == key)).one()
    return row


def _check_limits(session: Session, deputy: Deputy, asker: str | None, now: datetime) -> None:
    open_ones = (DeputyQuestion.deputy_id == deputy.id, DeputyQuestion.state.in_(("waiting", "shown")))
    count = select(func.count()).select_from(DeputyQuestion)
    if (session.scalar(count.where(*open_ones)) or 0) >= MOST_WAITING:
        raise InvalidInput("问这位代表的太多了，等答复一些再来问；也可以在接待日当面说。")
    today = datetime.combine(now.astimezone(SHANGHAI).date(), datetime.min.time(), SHANGHAI)
    mine = (DeputyQuestion.asker == asker, DeputyQuestion.asked_at >= today)
    if asker and (session.scalar(count.where(*mine)) or 0) >= MOST_A_DAY:
        raise InvalidInput(f"一天最多问{MOST_A_DAY}个，明天还可以接着问。")


def question(session: Session, question_id: int) -> DeputyQuestion:
    row = row_of(session, DeputyQuestion, question_id)
    if row is None:
        raise NotFound("没有这个提问，可能问的人收回了。")
    return row


def look(session: Session, row: DeputyQuestion, *, is_shown: bool, by: int) -> None:
    """The caller commits."""
    waiting = (DeputyQuestion.id == row.id, DeputyQuestion.state == "waiting")
    state = "shown" if is_shown else "hidden"
    changed(session, update(DeputyQuestion).where(*waiting).values(state=state, by_id=by))
    session.refresh(row)


def answer(session: Session, row: DeputyQuestion, said: str, *, by: int, now: datetime) -> None:
    """Once; what the deputy says, written down by the clerk. The caller commits. Raises InvalidInput, NotAllowed."""
    said = storable(said).strip()
    if not 2 <= len(said) <= 2000:
        raise InvalidInput("请写上代表的答复。")
    if row.state == "hidden":
        raise NotAllowed("这个提问没有公开。")
    open_ones = (DeputyQuestion.id == row.id, DeputyQuestion.answered_at.is_(None))
    values = {"state": "answered", "answer": said, "answered_at": now, "by_id": by}
    if not changed(session, update(DeputyQuestion).where(*open_ones).values(**values)):
        raise NotAllowed("这个提问已经答复过了。")
    session.refresh(row)


def questions(session: Session, deputies: Sequence[Deputy], *, is_public: bool) -> list[DeputyQuestion]:
    own = select(DeputyQuestion).where(DeputyQuestion.deputy_id.in_([deputy.id for deputy in deputies]))
    if is_public:
        own = own.where(DeputyQuestion.state.in_(("shown", "answered")))
    return list(session.scalars(own.order_by(DeputyQuestion.id.desc()).limit(100)))


def is_late(row: DeputyQuestion, now: datetime) -> bool:
    return row.state in ("waiting", "shown") and now.astimezone(SHANGHAI).date() > row.due_on


def forget(session: Session, asker: str) -> None:
    """What was answered stays without who asked; the rest goes. The caller commits."""
    own = DeputyQuestion.asker == asker
    session.execute(delete(DeputyQuestion).where(own, DeputyQuestion.answered_at.is_(None)))
    session.execute(update(DeputyQuestion).where(own).values(asker=None))
