"""What one process holds."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.frame.base import Services
from actions.replies import ReplyKind
from actions.roster import codes
from actions.topics.counting.keys import TopicKeys
from bot.affairs.voices import Voices
from bot.db import make_engine, make_sessions
from bot.emergency.guidance import Emergency
from bot.emergency.second_opinion import SecondOpinion
from bot.rasa_client import RasaClient
from bot.rehearsing.supposed import Rehearsed, Supposed
from bot.rehearsing.unkept import Rehearsals
from bot.settings import Settings
from bot.shared.server import RedisUnfit, Shared
from bot.turns import Turns
from knowledge import kept_models, origin
from knowledge.anonymity.names import features, training
from knowledge.clock import today
from knowledge.documents.models import DocumentVersion
from knowledge.encoder.answer_classifier import LiveClassifier
from knowledge.encoder.cache import VectorCache
from knowledge.encoder.embedding import LocalEmbedder
from knowledge.encoder.exported import load_embedder
from knowledge.encoder.queries import KeptQueries
from knowledge.encoder.topic_classifier import TopicClassifier
from knowledge.evaluation import golden
from knowledge.evaluation.models import GoldenQuestion
from knowledge.search import building as index_building
from knowledge.search.live import LiveIndex
from knowledge.search.searcher import Searcher
from knowledge.search.vectors.base import Engine
from knowledge.search.vectors.engines import FAISS, engine_of

log = logging.getLogger("linli.parts")
# Requests and turns; whoever imports or publishes in another process may take its time.
_PATIENCE_S = 12.0


@dataclass
class Parts:
    settings: Settings
    sessions: sessionmaker[Session]
    embedder: LocalEmbedder
    searcher: Searcher
    rasa: RasaClient
    topic: Callable[[str], str]
    turns: Turns
    golden: Searcher  # keeps the vectors of what it is asked, so never a resident's words
    services: Services
    rehearsals: Rehearsals
    engine: Engine = FAISS
    shared: Shared | None = None  # with other apps; None where this one is alone

    async def rehearse(self, text: str, place: str | None, supposed: Supposed) -> Rehearsed:
        """What a resident of this place would be told for these words. Raises RasaUnavailable."""
        said = self.turns.rehearse(text, place=place, supposed=supposed.metadata(), unkept=self.rehearsals.unkept)
        replies = tuple(await said)
        if replies[0].kind is ReplyKind.emergency:  # Rasa wasn't asked, and may be away
            return Rehearsed(replies, "", 1.0)
        intent = (await self.rasa.parse(text))["intent"]
        return Rehearsed(replies, str(intent["name"]), float(intent["confidence"]))

    def gate(self, session: Session, version: DocumentVersion) -> list[GoldenQuestion]:
        """The golden questions that publishing this version would spoil."""
        draft = index_building.draft_overlay(session, version, embedder=self.embedder)
        return golden.gate(session, self.golden, version, day=today(), draft=draft)


def build_parts(settings: Settings) -> Parts:
    features.use(lambda: training.marked(settings.names, settings.cache))
    codes.use_pepper(lambda: settings.secret("slips"))
    kept_models.use(settings.kept_models)
    sessions = make_sessions(make_engine(settings.url, patience_s=_PATIENCE_S))
    embedder = load_embedder(
        settings.cache, model=settings.model, learned=settings.learned, threads=settings.encoder_threads
    )
    engine = engine_of(settings.search, settings.snapshots)
    live = LiveIndex(settings.snapshots, engine=engine, fits=origin.checking(sessions, settings.snapshots))
    classifier = LiveClassifier(settings.answer_classifier)
    searcher = Searcher(embedder=embedder, live=live, classifier=classifier)
    rasa = RasaClient(
        settings.rasas, settings.secret("rasa"), timeout_s=settings.rasa_timeout_s, trackers=settings.trackers
    )
    topic = _topic(settings, embedder)
    remembering = KeptQueries(embedder, VectorCache(settings.cache / "vectors.sqlite"))
    kept = Searcher(embedder=remembering, live=live, classifier=classifier)
    voices = Voices(sessions, TopicKeys(settings.topic_keys))
    second = _second_opinion(settings, embedder)
    turns = Turns(
        sessions=sessions, rasa=rasa, topic=topic, second_opinion=second, voices=voices.take, afterwards=voices.mention
    )
    services = Services(sessions=sessions, searcher=searcher, today=today, topic=topic)
    rehearsals = Rehearsals(services, sessions)
    shared = _shared(settings)
    return Parts(settings, sessions, embedder, searcher, rasa, topic, turns, kept, services, rehearsals, engine, shared)


def _shared(settings: Settings) -> Shared | None:
    try:
        return shared_of(settings)
    except RedisUnfit as error:  # pages and answers go on without; `linli doctor` says it, too
        log.error("redis: %s", error)
        return None


def shared_of(settings: Settings) -> Shared | None:
    """Raises RedisUnfit."""
    url = settings.redis.get_secret_value()
    return Shared(url, secret=settings.secret("tokens")) if url else None


def _second_opinion(
    settings: Settings, embedder: LocalEmbedder
) -> Callable[[str, Emergency | None, bool], Emergency | None]:
    try:
        learned = SecondOpinion.load(settings.dangers)
    except (OSError, ValueError) as error:  # the rules do without it
        log.warning("second opinion on danger unavailable: %s", type(error).__name__)
        return lambda _, ruled, __: ruled
    return lambda text, ruled, is_asked: learned.of(text, embedder, ruled, is_asked=is_asked)


def _topic(settings: Settings, embedder: LocalEmbedder) -> Callable[[str], str]:
    classifier: list[TopicClassifier] = []

    def topic(text: str) -> str:
        """Loaded when first asked for; without the file a person sorts the matter."""
        try:
            if not classifier:
                classifier.append(TopicClassifier.load(settings.topics))
            return classifier[0].predict([text], embedder)[0]
        except (OSError, ValueError) as error:
            log.warning("topics unavailable: %s", type(error).__name__)
            return "其他"

    return topic
