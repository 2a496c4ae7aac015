"""Corrections of statute data by two people: one proposes with a reason, another confirms. The caller commits.

A confirmed one counts at once, and again at every import, after those of `statute-corrections.yml`.
"""

from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from knowledge.documents.models import Document, DocumentVersion, VersionStatus
from knowledge.documents.versions import Person
from knowledge.errors import CorrectionDecided, CorrectionInvalid, ReasonNeeded, SamePerson
from knowledge.law import loading
from knowledge.law.confirmed import confirmed_fixes, typed
from knowledge.law.models import CorrectionState, StatuteCorrection
from knowledge.statutes.citations import short_name, statute_id
from knowledge.statutes.reading import StatuteVersion, read_statutes, versions_known
from knowledge.tables import changed

FIELDS = ("in_force_from", "in_force_to", "repealed")
_EARLIEST, _LATEST = date(1949, 10, 1), date(2199, 12, 31)
_LEAST_REASON = 4


def standing_now(session: Session, law: str, version_date: date) -> dict[str, Any]:
    """What is recorded of a version today, as a correction's `was`."""
    row = session.execute(
        select(DocumentVersion.in_force_from, DocumentVersion.in_force_to).where(
            DocumentVersion.document_id == statute_id(short_name(law)),
            DocumentVersion.promulgated_on == version_date,
            DocumentVersion.status == VersionStatus.published,
        )
    ).first()
    if row is None:
        return {"in_force_from": None, "in_force_to": None, "repealed": True}
    return {
        "in_force_from": row[0].isoformat(),
        "in_force_to": row[1].isoformat() if row[1] else None,
        "repealed": False,
    }


def propose(
    session: Session,
    *,
    corrections: Path,
    law: str,
    version_date: date,
    fix: dict[str, Any],
    reason: str,
    by: Person,
    now: datetime,
) -> StatuteCorrection:
    """`fix`: some of FIELDS, dates as dates or None for an open end. Raises CorrectionInvalid, ReasonNeeded."""
    if len(reason.strip()) < _LEAST_REASON:
        raise ReasonNeeded("请写明依据，比如哪部法的哪一条、哪天公布的公告。")
    if not fix or set(fix) - set(FIELDS):
        raise CorrectionInvalid("请至少改一处：起、止日期，或者是否废止。")
    days = [d for name in FIELDS[:2] if isinstance(d := fix.get(name), date)]
    if any(not _EARLIEST <= d <= _LATEST for d in days) or (len(days) == 2 and days[0] > days[1]):
        raise CorrectionInvalid("日期不对：要在 1949-10-01 以后，结束不能早于开始。")
    by_amendment = {v.version_date for v in read_statutes(corrections, law=law)}
    if version_date not in by_amendment | {adopted for adopted, _ in versions_known(law)}:
        raise CorrectionInvalid("库里没有这部法的这一版。")
    kept = {name: value.isoformat() if isinstance(value, date) else value for name, value in fix.items()}
    was = standing_now(session, law, version_date)
    if all(was[name] == value for name, value in kept.items()):
        raise CorrectionInvalid("库里现在就是这样，没有要改的。")
    _corrected(session, corrections, law, version_date, kept)
    row = StatuteCorrection(
        law=law,
        version_date=version_date,
        fix=kept,
        was=was,
        reason=reason.strip()[:2000],
        state=CorrectionState.proposed,
        proposed_by_id=by.id,
        proposed_by=by.name,
        proposed_at=now,
    )
    session.add(row)
    session.flush()
    return row


def confirm(session: Session, correction_id: int, *, corrections: Path, by: Person, now: datetime) -> StatuteCorrection:
    """By a second person.

    Raises SamePerson, CorrectionDecided, CorrectionInvalid when the data changed since it was proposed.
    """
    row = _get(session, correction_id)
    if by.id is None or by.id == row.proposed_by_id:
        raise SamePerson("自己提出的更正要请另一位同事确认。")
    document = statute_id(short_name(row.law))
    # One correction of a law at a time: the second waits here, then sees what the first did.
    session.execute(
        update(Document).where(Document.id == document).values(title=Document.title),
        execution_options={"synchronize_session": False},
    )
    _decide(session, row, CorrectionState.confirmed, by=by, now=now)
    if standing_now(session, row.law, row.version_date) != row.was:
        raise CorrectionInvalid("提出之后，这一版的数据又变了，请重新提出更正。")
    versions, repealed = _corrected(session, corrections, row.law, row.version_date, row.fix)
    session.expire_all()
    loading.save_statutes(session, versions, repealed=repealed)
    return row


def refuse(session: Session, correction_id: int, *, by: Person, now: datetime, note: str) -> StatuteCorrection:
    """Also by whoever proposed it, who thought better of it. Raises ReasonNeeded, CorrectionDecided."""
    if not note.strip():
        raise ReasonNeeded("请写明为什么不改。")
    row = _get(session, correction_id)
    _decide(session, row, CorrectionState.refused, by=by, now=now, note=note.strip()[:2000])
    return row


def _corrected(
    session: Session, corrections: Path, law: str, version_date: date, fix: dict[str, Any]
) -> tuple[list[StatuteVersion], list[StatuteVersion]]:
    """The law's versions with all confirmed corrections and this one, and those repealed. Raises CorrectionInvalid."""
    fixes = confirmed_fixes(session, law=law)
    key = (law, version_date.isoformat())
    fixes[key] = {**fixes.get(key, {}), **typed(fix)}
    versions = read_statutes(corrections, confirmed=fixes, law=law)
    for version in versions:
        if version.in_force_to is not None and version.in_force_to < version.in_force_from:
            raise CorrectionInvalid(
                f"照这样改，{version.version_date} 那一版的结束日期（{version.in_force_to}）会早于开始日期（"
                f"{version.in_force_from}）。"
            )
    for earlier, later in pairwise(versions):
        if earlier.in_force_to is None or earlier.in_force_to >= later.in_force_from:
            raise CorrectionInvalid(
                f"照这样改，{later.in_force_from} 那天会有两版同时有效（{earlier.version_date} 和 "
                f"{later.version_date}）。"
            )
    return versions, read_statutes(corrections, confirmed=fixes, law=law, repealed=True)


def _decide(
    session: Session, row: StatuteCorrection, to: CorrectionState, *, by: Person, now: datetime, note: str = ""
) -> None:
    decided = update(StatuteCorrection).where(
        StatuteCorrection.id == row.id, StatuteCorrection.state == CorrectionState.proposed
    )
    if not changed(
        session,
        decided.values(state=to, decided_by_id=by.id, decided_by=by.name, decided_at=now, note=note),
        synchronize=False,
    ):
        raise CorrectionDecided
    session.refresh(row)


def _get(session: Session, correction_id: int) -> StatuteCorrection:
    row = session.get(StatuteCorrection, correction_id)
    if row is None:
        raise CorrectionInvalid("没有这条更正。")
    return row
