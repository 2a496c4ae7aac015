"""没公布，我要反映: a case that goes above the committee, because it is the committee's own duty (村民委员会组织法 36,
城市居民委员会组织法 35).
"""

from datetime import datetime

from sqlalchemy.orm import Session

from actions.cases import filing
from actions.cases.models import Case, Photo
from actions.cases.photos import CleanPhoto
from actions.disclosure import duties, periods
from actions.disclosure.words import says_day
from actions.errors import InvalidInput
from actions.offices.routing import DISCLOSURE
from actions.storable import storable
from knowledge.clock import SHANGHAI

MOST_WORDS = 1000


def file(
    session: Session,
    *,
    place: str,
    duty_code: str,
    period: str,
    conversation_id: str | None,
    words: str,
    is_anonymous: bool,
    phone: str | None,
    key: str,
    now: datetime,
    photo: CleanPhoto | None = None,
) -> Case:
    """The case, once a key; committed. `period`: as `periods.read` takes it, "" where they didn't say; `photo`: of the
    board, from who has no conversation. Anonymous keeps neither telephone nor name. Raises InvalidInput.
    """
    what = _what(duty_code, period, storable(words).strip(), now)
    case = filing.file(
        session,
        request_key=f"disclosure-{key}"[:100],
        conversation_id=conversation_id,
        place=place,
        category=DISCLOSURE,
        fields={
            "what": what,
            "wish": "请调查核实，责令依法公布，并告诉我结果。",
            "other_party": "村（居）民委员会",
            "is_anonymous": is_anonymous,
            "phone": None if is_anonymous else (phone or "").strip() or None,
        },
        now=now,
    )
    if photo is not None:
        _keep(session, case, photo)
    return case


def _what(code: str, period: str, words: str, now: datetime) -> str:
    """Raises InvalidInput."""
    title, which = duties.said(code).title, periods.read(period).name if period else "（没说是哪一期）"
    if len(words) > MOST_WORDS:
        raise InvalidInput(f"写得太长了，最多 {MOST_WORDS} 个字。")
    day = says_day(now.astimezone(SHANGHAI).date())
    return f"“{title}”{which}：到{day}，居民反映还没有公布，或者公布的不属实。{words}"


def _keep(session: Session, case: Case, photo: CleanPhoto) -> None:
    """Once, though the form was sent twice."""
    sender = f"page:{case.number}"
    if not session.query(Photo.id).filter_by(conversation_id=sender, sha256=photo.sha256).first():
        session.add(Photo(conversation_id=sender, case_id=case.id, sha256=photo.sha256, jpeg=photo.jpeg))
        session.commit()
