"""The life of a version: draft, review, approval, publication, end."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from knowledge.documents import bank, shape
from knowledge.documents.building import DocumentText, build
from knowledge.documents.kinds.base import Question
from knowledge.documents.kinds.registry import EDITABLE, KINDS
from knowledge.documents.models import Document, DocumentVersion, Kind, VersionComment, VersionEvent, VersionStatus
from knowledge.documents.saving import chunk_rows
from knowledge.errors import (
    DraftExists,
    EditConflict,
    Incomplete,
    MoveNotAllowed,
    NotEditable,
    ReasonNeeded,
    SamePerson,
    VersionNotFound,
)
from knowledge.normalise import content_hash
from knowledge.tables import changed

S = VersionStatus
MOVES: dict[VersionStatus, frozenset[VersionStatus]] = {
    S.draft: frozenset({S.in_review, S.superseded, S.withdrawn}),
    S.in_review: frozenset({S.draft, S.approved, S.withdrawn}),
    S.approved: frozenset({S.draft, S.published, S.withdrawn}),
    S.published: frozenset({S.withdrawn, S.expired, S.superseded}),
    S.withdrawn: frozenset(),
    S.expired: frozenset(),
    S.superseded: frozenset(),
}
OPEN = (S.draft, S.in_review, S.approved)
_TOLD_EVERY = timedelta(minutes=15)
STATUS_LABELS = {
    S.draft: "草稿",
    S.in_review: "待审核",
    S.approved: "已通过",
    S.published: "已发布",
    S.withdrawn: "已撤回",
    S.expired: "已过期",
    S.superseded: "已被新版替代",
}


@dataclass(frozen=True)
class Person:
    """Who acts: a member of staff, or the system itself with `id` None."""

    id: int | None
    name: str


SYSTEM = Person(None, "系统")


def get(session: Session, version_id: int) -> DocumentVersion:
    """Raises VersionNotFound."""
    found = session.get(DocumentVersion, version_id)
    if found is None:
        raise VersionNotFound
    return found


def open_version(session: Session, document_id: str) -> DocumentVersion | None:
    return session.scalar(
        select(DocumentVersion).where(DocumentVersion.document_id == document_id, DocumentVersion.status.in_(OPEN))
    )


def current(session: Session, document_id: str) -> DocumentVersion | None:
    """The version that is published, the one in force latest when there are two."""
    return session.scalar(
        select(DocumentVersion)
        .where(DocumentVersion.document_id == document_id, DocumentVersion.status == S.published)
        .order_by(DocumentVersion.number.desc())
        .limit(1)
    )


def start_draft(
    session: Session,
    *,
    by: Person,
    now: datetime,
    content: dict[str, Any],
    in_force_from: date,
    in_force_to: date | None = None,
    reviewed_on: date | None = None,
    document_id: str | None = None,
    kind: Kind | None = None,
    place_id: str | None = None,
    based_on: int | None = None,
) -> DocumentVersion:
    """A new draft: of a new document (`kind` and `place_id`), or the next version of an existing one.

    Raises VersionNotFound, NotEditable, DraftExists.
    """
    if document_id is None:
        if kind not in EDITABLE or place_id is None:
            raise NotEditable
        document = Document(id=f"{KINDS[kind].prefix}-{secrets.token_hex(5)}", kind=kind, title="", place_id=place_id)
        session.add(document)
        session.flush()
    else:
        found = session.get(Document, document_id)
        if found is None:
            raise VersionNotFound
        document = found
    if document.kind not in EDITABLE:
        raise NotEditable
    version = _new_version(
        session,
        document,
        content=content,
        in_force_from=in_force_from,
        in_force_to=in_force_to,
        reviewed_on=reviewed_on,
        by=by,
        now=now,
        based_on=based_on,
    )
    _record(session, version, by, now, "started", f"从第 {based_on} 版改起" if based_on else "")
    return version


def edit(
    session: Session, document_id: str, *, by: Person, now: datetime, number: int | None = None
) -> DocumentVersion:
    """The version in work; without one a new draft with the text of version `number` (a roll-back), else of the
    published or last one.
    """
    held = open_version(session, document_id)
    if held is not None:
        if number is not None:
            raise DraftExists(held.id)
        return held
    numbered = select(DocumentVersion).where(DocumentVersion.document_id == document_id)
    if number is not None:
        base = session.scalar(numbered.where(DocumentVersion.number == number))
    else:
        base = current(session, document_id) or session.scalar(
            numbered.order_by(DocumentVersion.number.desc()).limit(1)
        )
    if base is None:
        raise VersionNotFound
    held_topic = base.document.topic  # may have been put under another one since
    return start_draft(
        session,
        by=by,
        now=now,
        content={**base.content, "topic": held_topic or base.content.get("topic")},
        in_force_from=base.in_force_from,
        in_force_to=base.in_force_to,
        reviewed_on=base.reviewed_on,
        document_id=document_id,
        based_on=base.number,
    )


def save_draft(
    session: Session,
    version_id: int,
    *,
    content: dict[str, Any],
    in_force_from: date,
    in_force_to: date | None,
    reviewed_on: date | None,
    revision: int,
    by: Person,
    now: datetime,
    is_quiet: bool = False,
) -> DocumentVersion:
    """The draft with this text: the same version, or the next one where a colleague has already seen this. `is_quiet`:
    saved by itself while somebody writes; what happened to the version tells it once in a while.

    Raises EditConflict when somebody saved since `revision` was read: the version then holds what they wrote.
    """
    version = get(session, version_id)
    taken = (
        update(DocumentVersion)
        .where(
            DocumentVersion.id == version_id, DocumentVersion.status == S.draft, DocumentVersion.revision == revision
        )
        .values(revision=revision + 1)
    )
    if not changed(session, taken, synchronize=False):
        session.refresh(version)
        if version.status is not S.draft:
            raise MoveNotAllowed
        raise EditConflict
    session.refresh(version)
    if version.submitted_at is not None:
        _move(session, version, S.superseded, ended_at=now, end_reason="改成了下一版")
        fresh = _new_version(
            session,
            version.document,
            content=content,
            in_force_from=in_force_from,
            in_force_to=in_force_to,
            reviewed_on=reviewed_on,
            by=by,
            now=now,
            based_on=version.number,
            editors=version.editors,
        )
        _record(session, fresh, by, now, "started", f"按意见改第 {version.number} 版")
        return fresh
    version.in_force_from, version.in_force_to, version.reviewed_on = in_force_from, in_force_to, reviewed_on
    _write(version, shape.shaped(version.document.kind, content))
    if by.id is not None and by.id not in version.editors:
        version.editors = [*version.editors, by.id]
    if (
        session.scalar(
            select(func.count()).select_from(DocumentVersion).where(DocumentVersion.document_id == version.document_id)
        )
        == 1
    ):
        version.document.title, version.document.topic = version.content["title"], version.content["topic"]
    if not is_quiet or not _saved_lately(session, version, by, now):
        _record(session, version, by, now, "saved")
    session.flush()
    return version


def _saved_lately(session: Session, version: DocumentVersion, by: Person, now: datetime) -> bool:
    of_version = select(VersionEvent).where(VersionEvent.version_id == version.id)
    last = session.scalar(of_version.order_by(VersionEvent.id.desc()).limit(1))
    return last is not None and last.what == "saved" and last.staff_id == by.id and now - last.at < _TOLD_EVERY


def put_under(session: Session, document: Document, topic: str) -> None:
    """This topic, for figures and routing; a draft and later versions keep it."""
    document.topic = topic
    version = open_version(session, document.id)
    if version is not None and version.status is S.draft and version.submitted_at is None:
        version.content = {**version.content, "topic": topic}
    session.flush()


def submit(
    session: Session, version_id: int, *, by: Person, now: datetime, marks: Sequence[str] = (), reason: str = ""
) -> DocumentVersion:
    """To a colleague. `marks`: what may still give a person away (`knowledge/anonymity.py`); leaving them needs a
    reason, and the colleague sees both. Raises Incomplete, ReasonNeeded, MoveNotAllowed.
    """
    version = get(session, version_id)
    problems = shape.problems(
        version.document.kind, version.content, in_force_from=version.in_force_from, in_force_to=version.in_force_to
    )
    if problems:
        raise Incomplete(problems)
    waivers = {k: v for k, v in version.waivers.items() if k != "anonymity"}
    if marks:
        if not reason.strip():
            raise ReasonNeeded("还有可能认出人的地方没有处理。要这样提交，请写明理由，审核的同事会看到。")
        waivers["anonymity"] = {"marks": list(marks), "reason": reason.strip(), "by": by.name}
    _move(session, version, S.in_review, submitted_at=now, waivers=waivers)
    _record(session, version, by, now, "submitted", reason.strip())
    return version


def send_back(session: Session, version_id: int, *, by: Person, now: datetime, reason: str) -> DocumentVersion:
    """From review, or after approval while it isn't published. Raises ReasonNeeded, MoveNotAllowed."""
    if not reason.strip():
        raise ReasonNeeded("请写明哪里要改，作者才知道怎么改。")
    version = _move(
        session,
        get(session, version_id),
        S.draft,
        approved_by=None,
        approved_by_id=None,
        approved_at=None,
        publish_on=None,
        held=None,
    )
    _record(session, version, by, now, "sent_back", reason.strip())
    return version


def approve(
    session: Session,
    version_id: int,
    *,
    by: Person,
    now: datetime,
    accepts_marks: bool = False,
    accepts_remarks: bool = False,
) -> DocumentVersion:
    """By a second person.

    Raises SamePerson, MoveNotAllowed, and ReasonNeeded where marks were left, or remarks are open, and aren't accepted
    expressly.
    """
    version = get(session, version_id)
    if by.id is None or by.id in version.editors or by.id == version.author_id:
        raise SamePerson
    if version.waivers.get("anonymity") and not accepts_marks:
        raise ReasonNeeded("作者留下了可能认出人的地方，请看过理由，勾选“我看过，同意”再通过。")
    remarks = open_remarks(session, version)
    if remarks and not accepts_remarks:
        raise ReasonNeeded(f"还有 {remarks} 条意见没有处理。请先处理，或者勾选“这些意见可以以后再改”。")
    _move(session, version, S.approved, approved_by=by.name, approved_by_id=by.id, approved_at=now)
    _record(session, version, by, now, "approved", f"{remarks} 条意见以后再改" if remarks else "")
    return version


def open_remarks(session: Session, version: DocumentVersion) -> int:
    """How many remarks on this text, or on those before it, nobody has settled."""
    asked = (
        select(func.count(VersionComment.id))
        .join(DocumentVersion, VersionComment.version_id == DocumentVersion.id)
        .where(
            DocumentVersion.document_id == version.document_id,
            DocumentVersion.number <= version.number,
            VersionComment.settled_at.is_(None),
        )
    )
    return session.scalar(asked) or 0


def to_review(session: Session, person: int, places: Collection[str] | None) -> int:
    """How many versions wait for a colleague of who wrote them, at these places; None: at all."""
    asked = select(DocumentVersion.editors, DocumentVersion.author_id).join(Document)
    asked = asked.where(DocumentVersion.status == S.in_review)
    if places is not None:
        asked = asked.where(Document.place_id.in_(places))
    return sum(person not in row.editors and person != row.author_id for row in session.execute(asked))


def request_publication(
    session: Session,
    version_id: int,
    *,
    by: Person,
    now: datetime,
    on: date,
    failing: Sequence[int] = (),
    reason: str = "",
) -> DocumentVersion:
    """Have the worker publish an approved version on a day. `failing`: golden questions that the text would spoil;
    overruling them needs a reason, which stays on record. Raises ReasonNeeded, MoveNotAllowed.
    """
    version = get(session, version_id)
    waivers = dict(version.waivers)
    if failing:
        if not reason.strip():
            raise ReasonNeeded("有检查问题会答错，先不发布。确实要发布，请写明理由，会留在记录里。")
        waivers["golden"] = {
            "questions": sorted(failing),
            "reason": reason.strip(),
            "by": by.name,
            "at": now.isoformat(),
        }
    asked = (
        update(DocumentVersion)
        .where(DocumentVersion.id == version_id, DocumentVersion.status == S.approved)
        .values(publish_on=on, held=None, waivers=waivers)
    )
    if not changed(session, asked, synchronize=False):
        raise MoveNotAllowed
    session.refresh(version)
    _record(
        session,
        version,
        by,
        now,
        "overruled" if failing else "requested",
        f"{on.isoformat()}{' ' + reason.strip() if failing else ''}",
    )
    return version


def due(session: Session, today: date) -> list[DocumentVersion]:
    """Approved versions whose day has come and that nothing holds."""
    asked = (
        select(DocumentVersion)
        .where(DocumentVersion.status == S.approved, DocumentVersion.publish_on <= today)
        .order_by(DocumentVersion.publish_on, DocumentVersion.id)
    )
    return [v for v in session.scalars(asked) if v.held is None]


def hold(session: Session, version_id: int, failing: Sequence[int], *, now: datetime) -> None:
    """Not published: these golden questions would fail.

    A person overrules by asking again with a reason. Raises MoveNotAllowed.
    """
    version = get(session, version_id)
    waits = (
        update(DocumentVersion)
        .where(DocumentVersion.id == version_id, DocumentVersion.status == S.approved)
        .values(held=sorted(failing))
    )
    if not changed(session, waits, synchronize=False):
        raise MoveNotAllowed
    session.refresh(version)
    _record(session, version, SYSTEM, now, "held", f"{len(failing)} 个检查问题会答错")


def publish(session: Session, version_id: int, *, by: Person, now: datetime, today: date) -> DocumentVersion:
    """Live from this second on, as soon as the index knows it.

    The former text ends: at once, or the day before this one takes effect.
    """
    version = _move(session, get(session, version_id), S.published, published_at=now)
    for former in session.scalars(
        select(DocumentVersion).where(
            DocumentVersion.document_id == version.document_id,
            DocumentVersion.status == S.published,
            DocumentVersion.id != version.id,
        )
    ):
        last = version.in_force_from - timedelta(days=1)
        if version.in_force_from > today and former.in_force_from <= last:
            former.in_force_to = min(former.in_force_to or last, last)
        else:
            former.status, former.ended_at, former.end_reason = S.superseded, now, f"第 {version.number} 版发布"
    version.document.title, version.document.topic = version.content["title"], version.content.get("topic")
    _, questions = built(version)
    bank.replace_questions(session, version.document_id, questions)
    _record(session, version, by, now, "published")
    return version


def withdraw(session: Session, version_id: int, *, by: Person, now: datetime, reason: str) -> DocumentVersion:
    """From this second on nobody is shown it: every search asks the database. Raises ReasonNeeded, MoveNotAllowed."""
    if not reason.strip():
        raise ReasonNeeded("请写明为什么撤回。")
    version = _move(
        session, get(session, version_id), S.withdrawn, ended_at=now, end_reason=reason.strip(), publish_on=None
    )
    _record(session, version, by, now, "withdrawn", reason.strip())
    return version


def expire(session: Session, *, today: date, now: datetime) -> int:
    """Number of versions of ours marked as expired.

    Search looks at the day by itself; this is what people see in lists.
    """
    own = (
        select(DocumentVersion)
        .join(Document)
        .where(
            DocumentVersion.status == S.published, DocumentVersion.in_force_to < today, Document.kind != Kind.statute
        )
    )
    found = list(session.scalars(own))
    for version in found:
        _move(session, version, S.expired, ended_at=now, end_reason=f"有效期到 {version.in_force_to}")
        _record(session, version, SYSTEM, now, "expired")
    return len(found)


def curated(session: Session) -> set[str]:
    """Documents that a person published or withdrew in the console: files of the corpus no longer overwrite them."""
    by_people = (
        select(DocumentVersion.document_id)
        .join(VersionEvent, VersionEvent.version_id == DocumentVersion.id)
        .where(VersionEvent.staff_id.is_not(None), VersionEvent.what.in_(("requested", "overruled", "withdrawn")))
    )
    return set(session.scalars(by_people.distinct()))


def mapping(version: DocumentVersion) -> dict[str, Any]:
    """The whole mapping of a version, as its file in the corpus would hold it."""
    content = dict(version.content)
    document = version.document
    head = {
        "id": document.id,
        "kind": document.kind.value,
        "title": content.pop("title"),
        "place": document.place_id,
        "topic": content.pop("topic", None),
    }
    return {
        **head,
        **content,
        "in_force_from": version.in_force_from,
        "in_force_to": version.in_force_to,
        "reviewed_on": version.reviewed_on,
    }


def built(version: DocumentVersion) -> tuple[DocumentText, list[Question]]:
    return build(mapping(version), source=version.document_id)


def _new_version(
    session: Session,
    document: Document,
    *,
    content: dict[str, Any],
    in_force_from: date,
    in_force_to: date | None,
    reviewed_on: date | None,
    by: Person,
    now: datetime,
    based_on: int | None,
    editors: Sequence[int] = (),
) -> DocumentVersion:
    number = (
        session.scalar(select(func.max(DocumentVersion.number)).where(DocumentVersion.document_id == document.id)) or 0
    ) + 1
    version = DocumentVersion(
        document=document,
        number=number,
        status=S.draft,
        in_force_from=in_force_from,
        in_force_to=in_force_to,
        reviewed_on=reviewed_on,
        content={},
        content_hash="",
        created_at=now,
        revision=1,
        based_on=based_on,
        author_id=by.id,
        author=by.name,
        editors=list(dict.fromkeys([*editors, *([by.id] if by.id is not None else [])])),
        waivers={},
    )
    session.add(version)
    _write(version, shape.shaped(document.kind, content))
    if number == 1:
        document.title, document.topic = version.content["title"], version.content["topic"]
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        held = open_version(session, document.id)
        raise DraftExists(held.id if held else None) from None
    return version


def _write(version: DocumentVersion, content: dict[str, Any]) -> None:
    version.content = content
    text, _ = built(version)
    version.content_hash = content_hash(repr((text.in_force_from, text.in_force_to, text.chunks, text.content)))
    version.chunks = chunk_rows(text)


def _move(session: Session, version: DocumentVersion, to: VersionStatus, **values: Any) -> DocumentVersion:
    """Raises MoveNotAllowed when the table has no such move or somebody else moved it first."""
    session.flush()
    before = version.status
    moved = (
        update(DocumentVersion)
        .where(DocumentVersion.id == version.id, DocumentVersion.status == before)
        .values(status=to, **values)
    )
    if to not in MOVES[before] or not changed(session, moved, synchronize=False):
        session.refresh(version)
        raise MoveNotAllowed
    session.refresh(version)
    return version


def _record(session: Session, version: DocumentVersion, by: Person, now: datetime, what: str, detail: str = "") -> None:
    session.add(
        VersionEvent(
            version_id=version.id, at=now.astimezone(UTC), staff_id=by.id, name=by.name, what=what, detail=detail[:2000]
        )
    )
    session.flush()
