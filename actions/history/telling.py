"""村史: told by somebody, edited by the clerk, looked at by a second person on the documents' own way, or declined with
a reason that who told it can read.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.history.models import Story, StoryState, check_move
from actions.storable import row_of, storable
from knowledge.anonymity.detector import find_marks
from knowledge.clock import SHANGHAI
from knowledge.documents import versions
from knowledge.documents.models import Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.versions import Person
from knowledge.errors import ReviewError
from knowledge.tables import changed

LEAST, MOST = 20, 3000  # characters
MOST_WAITING = 100  # of a village, so that a flood ends
KEPT = timedelta(days=90)  # what was declined or handed on, as it was told
UNNAMED = "村里的老人"


@dataclass(frozen=True)
class Edited:
    """As the clerk has it. `why_names`: why somebody may be known from it."""

    title: str
    told: str
    answer: str
    questions: str = ""
    why_names: str = ""


def tell(session: Session, *, place: str, text: str, teller: str, may_name: bool, key: str, now: datetime) -> Story:
    """As it came; the same key is the same story. The caller commits. Raises InvalidInput, NotAllowed."""
    text, teller, key = storable(text).strip(), storable(teller).strip()[:20], storable(key)[:120]
    if found := session.scalar(select(Story).where(Story.key == key)):
        return found
    if not LEAST <= len(text) <= MOST:
        raise InvalidInput(f"讲的事请写 {LEAST} 到 {MOST} 个字，太长的分几回讲。")
    if may_name and not teller:
        raise InvalidInput("同意写名字的，请写上怎么称呼；不想写的，把“可以写”去掉。")
    waiting = select(func.count()).where(Story.place_id == place, Story.state == StoryState.told)
    if (session.scalar(waiting) or 0) >= MOST_WAITING:
        raise NotAllowed("等着整理的已经很多了，请过些日子再来，也可以到村委会当面讲。")
    story = Story(
        place_id=place,
        key=key,
        code=secrets.token_urlsafe(12),
        text=text,
        teller=teller,
        may_name=may_name,
        told_at=now,
    )
    try:
        with session.begin_nested():
            session.add(story)
            session.flush()
    except IntegrityError:
        return session.scalars(select(Story).where(Story.key == key)).one()
    return story


def get(session: Session, number: int) -> Story:
    """Raises NotFound."""
    found = row_of(session, Story, number)
    if found is None:
        raise NotFound("没有找到这一篇。")
    return found


def by_code(session: Session, place: str, code: str) -> Story:
    """Raises NotFound."""
    found = session.scalar(select(Story).where(Story.place_id == place, Story.code == code))
    if found is None:
        raise NotFound("没有找到这一篇，可能已经过了保存的日子。")
    return found


def hand_on(session: Session, story: Story, edited: Edited, *, by: Person, now: datetime) -> DocumentVersion:
    """A document of the kind history, in review: a second person approves and publishes it. The caller commits.

    Raises InvalidInput, NotAllowed, Conflict.
    """
    check_move(story.state, StoryState.handed_on)
    teller = story.teller if story.may_name and story.teller else UNNAMED
    content = {
        "title": storable(edited.title).strip(),
        "told": storable(edited.told).strip(),
        "teller": teller,
        "answer": storable(edited.answer).strip(),
        "questions": storable(edited.questions).splitlines(),
    }
    marks = [mark.text for words in (content["told"], content["answer"]) for mark in find_marks(str(words))]
    today = now.astimezone(SHANGHAI).date()
    try:
        draft = versions.start_draft(
            session, by=by, now=now, content=content, in_force_from=today, kind=Kind.history, place_id=story.place_id
        )
        versions.submit(session, draft.id, by=by, now=now, marks=marks, reason=edited.why_names)
    except ReviewError as error:
        raise InvalidInput(str(error)) from None
    _decide(session, story, StoryState.handed_on, by=by.name, now=now, document_id=draft.document_id)
    return draft


def decline(session: Session, story: Story, *, why: str, by: str, now: datetime) -> None:
    """The caller commits. Raises InvalidInput, NotAllowed, Conflict."""
    check_move(story.state, StoryState.declined)
    why = storable(why).strip()[:300]
    if len(why) < 4:
        raise InvalidInput("为什么不收，请写一句，讲的人会看到。")
    _decide(session, story, StoryState.declined, by=by, now=now, why_declined=why)


def waiting(session: Session, places: list[str]) -> list[Story]:
    """The oldest first."""
    own = select(Story).where(Story.place_id.in_(places), Story.state == StoryState.told)
    return list(session.scalars(own.order_by(Story.id).limit(200)))


def decided(session: Session, place: str) -> list[Story]:
    """The latest first."""
    own = select(Story).where(Story.place_id == place, Story.state != StoryState.told)
    return list(session.scalars(own.order_by(Story.decided_at.desc()).limit(50)))


def published(session: Session, place: str) -> list[DocumentVersion]:
    """What the village's page shows, the latest first."""
    own = (
        select(DocumentVersion)
        .join(Document)
        .where(Document.kind == Kind.history, Document.place_id == place)
        .where(DocumentVersion.status == VersionStatus.published)
    )
    return list(session.scalars(own.order_by(DocumentVersion.published_at.desc()).limit(200)))


def tick(session: Session, now: datetime) -> None:
    """What was decided goes as it was told; the document stays. Commits."""
    old = (Story.state != StoryState.told, Story.decided_at < now - KEPT)
    session.execute(delete(Story).where(*old))
    session.commit()


def _decide(session: Session, story: Story, to: StoryState, *, by: str, now: datetime, **more: str) -> None:
    """Of two who decide at one moment, one does. Raises Conflict."""
    still = (Story.id == story.id, Story.state == story.state)
    values = {"state": to, "decided_by": by[:40], "decided_at": now, **more}
    if not changed(session, update(Story).where(*still).values(**values), synchronize=False):
        raise Conflict
    session.refresh(story)
