"""What is left of a posting once its days are over: who stood in it goes from the database too (个人信息保护法 19, 47),
not only from the page.

No detector of names is asked here, the worker has none: names are those of the cells that were held when the table
came in, and the words beside a table that may name people are refused before (`sheets.check_no_names`).
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import String, cast, select, update
from sqlalchemy.orm import Session

from actions.disclosure import duties, sheets
from actions.disclosure.models import Disclosure, DisclosureEvent, DisclosureQuestion
from actions.disclosure.sheets import Rows
from actions.disclosure.status import State
from actions.errors import InvalidInput
from knowledge.anonymity.names.features import SURNAMES
from knowledge.tables import changed

SOMEBODY = "某某"
GONE = "公布期满，姓名从系统里删掉了"

_OVER = (State.archived, State.corrected)
_HOLDS = cast(Disclosure.held, String) != "[]"
_WORDS = ("title", "note", "names_why", "why_corrected", "sent_back")
_BETWEEN = re.compile(r"[^一-鿿·]+")


def names_in(rows: Rows, held: Sequence[Sequence[int]]) -> list[str]:
    """What in the held cells may be somebody's name, the longest first."""
    found = {
        token
        for place, n in held
        if place < len(rows) and n < len(rows[place])
        for token in _BETWEEN.split(rows[place][n])
        if 2 <= len(token) <= 4 and (token[0] in SURNAMES or token[:2] in SURNAMES)
    }
    return sorted(found, key=lambda name: (-len(name), name))


def to_forget(session: Session) -> list[int]:
    """Postings that are over and still name somebody."""
    over = select(Disclosure.id).where(Disclosure.state.in_(_OVER), _HOLDS)
    return list(session.scalars(over.order_by(Disclosure.id)))


def forget_names(session: Session, number: int, now: datetime) -> None:
    """Once, and nothing where the days aren't over: held cells, their names in what was written beside them, and the
    board's photograph, which stays as the village's own record only where the law itself publishes who it is. The
    caller commits.
    """
    item = session.get_one(Disclosure, number, populate_existing=True)
    names = names_in(item.rows, item.held)
    values: dict[str, object] = {word: without(getattr(item, word), names) for word in _WORDS}
    if not _law_names(item.duty_code):
        values |= {"board_photo": None, "has_board_photo": False}
    still = (Disclosure.id == number, Disclosure.state.in_(_OVER), _HOLDS)
    gone = update(Disclosure).where(*still).values(rows=sheets.hidden(item.rows, item.held), held=[], **values)
    if not changed(session, gone, synchronize=False):
        return
    session.refresh(item)
    _forget_beside(session, item, names)
    key = f"disclosure-{number}-names-gone"
    if session.scalar(select(DisclosureEvent.id).where(DisclosureEvent.key == key)) is None:
        session.add(DisclosureEvent(disclosure_id=number, key=key, at=now, what=GONE))


def without(text: str, names: Iterable[str]) -> str:
    for name in names:
        text = text.replace(name, SOMEBODY)
    return text


def _forget_beside(session: Session, item: Disclosure, names: Sequence[str]) -> None:
    """In its history and in what was asked about any version of it."""
    same = (Disclosure.place_id == item.place_id, Disclosure.duty_code == item.duty_code)
    versions = select(Disclosure.id).where(*same, Disclosure.period == item.period)
    for event in session.scalars(select(DisclosureEvent).where(DisclosureEvent.disclosure_id == item.id)):
        event.what = without(event.what, names)[:200]
    about = select(DisclosureQuestion).where(DisclosureQuestion.disclosure_id.in_(versions))
    for question in session.scalars(about):
        question.text = without(question.text, names)
        question.shown_text = without(question.shown_text, names)
        question.answer = question.answer and without(question.answer, names)


def _law_names(code: str) -> bool:
    try:
        return duties.said(code).names == "decision"
    except InvalidInput:
        return False
