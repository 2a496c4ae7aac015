"""The console over a small real index: what its pages about answers are tried on."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.dialogue.control import Question
from actions.dialogue.frame.base import Turn
from actions.replies import Reply
from bot.rehearsing import Rehearsals, Rehearsed, Supposed
from bot.turns import Turns
from knowledge.documents import versions
from knowledge.documents.models import Document, DocumentVersion, Kind
from knowledge.documents.versions import Person
from knowledge.search.searcher import Searcher
from tests.bot.world import DAY, World
from tests.fakes import FakeRasa

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


class ActingRasa(FakeRasa):
    """Hears the same intent in everything, and lets our own action for questions act: Rasa's part without Rasa."""

    def __init__(self, rehearsals: Rehearsals, intent: str) -> None:
        super().__init__([])
        self._rehearsals, self._intent = rehearsals, intent
        self.turns = Turns(sessions=rehearsals.unkept, rasa=self)  # type: ignore[arg-type]  # a double

    async def talk(self, conversation_id: str, text: str, *, metadata: dict[str, Any]) -> list[Reply]:
        self.asked.append((conversation_id, text))
        supposed = Supposed.of({"tracker": {"latest_message": {"metadata": metadata}}})
        assert supposed is not None, "what is only tried says so"
        turn = Turn(conversation_id, text, intent=self._intent, message=metadata["message"], place=metadata["place"])
        return list(Question(self._rehearsals.services(supposed)).do(turn).replies)

    async def rehearse(self, text: str, place: str | None, supposed: Supposed) -> Rehearsed:
        said = await self.turns.rehearse(
            text, place=place, supposed=supposed.metadata(), unkept=self._rehearsals.unkept
        )
        return Rehearsed(tuple(said), self._intent, 0.9)


class Real:
    """The console's pages over an index of its own; `index` takes in what was published since."""

    def __init__(self, world: World, searcher: Searcher, index: Any, rasa: ActingRasa) -> None:
        self.world, self.searcher, self.index, self.rasa = world, searcher, index, rasa
        self.client = world.enter("administrator")

    def document(self, title: str) -> Document:
        with self.world.sessions() as session:
            return session.scalars(select(Document).where(Document.title == title)).one()

    def try_it(self, q: str, **more: str) -> str:
        return str(self.client.post("/staff/knowledge/try", data={"q": q, "day": DAY.isoformat(), **more}).text)
