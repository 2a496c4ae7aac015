"""The console over a small real index: what its pages about answers are tried on."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents import versions
from knowledge.documents.models import Document, DocumentVersion, Kind
from knowledge.documents.versions import Person
from knowledge.search.searcher import Searcher
from tests.bot.world import DAY, World

ANN = Person(900, "安")
TEXTS = [
    ("低保怎么申请", "低保向乡镇政府申请，村里可以代交材料。"),
    ("低保多久能批下来", "低保批下来一般要三十天。"),
    ("临时救助", "家里突然困难可以申请临时救助。"),
    ("特困供养", "无儿无女的老人可以申请特困供养。"),
    ("工伤怎么认定", "上班受伤一年内申请工伤认定。"),
]


def now() -> datetime:
    """Not that of the collection, which may lie half an hour back: the index looks for what was published since it
    was built, with ten minutes' margin.
    """
    return datetime.now(UTC)


def live(
    session: Session,
    title: str,
    answer: str,
    *,
    place: str = "nation",
    document_id: str | None = None,
    reviewed_on: date | None = None,
) -> DocumentVersion:
    content = {"title": title, "answer": answer, "topic": "社会保障与救助", "questions": [title]}
    version = versions.start_draft(
        session,
        by=ANN,
        now=now(),
        content=content,
        in_force_from=date(2026, 1, 1),
        reviewed_on=reviewed_on,
        document_id=document_id,
        kind=Kind.service_guide,
        place_id=place,
    )
    versions.submit(session, version.id, by=ANN, now=now())
    versions.approve(session, version.id, by=Person(901, "波"), now=now())
    return versions.publish(session, version.id, by=versions.SYSTEM, now=now(), today=DAY)


class Real:
    """The console's pages over an index of its own; `index` takes in what was published since."""

    def __init__(self, world: World, searcher: Searcher, index: Any) -> None:
        self.world, self.searcher, self.index = world, searcher, index
        self.client = world.enter("administrator")

    def document(self, title: str) -> Document:
        with self.world.sessions() as session:
            return session.scalars(select(Document).where(Document.title == title)).one()

    def try_it(self, q: str, **more: str) -> str:
        return str(self.client.post("/staff/knowledge/try", data={"q": q, "day": DAY.isoformat(), **more}).text)
