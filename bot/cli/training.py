"""The topic classifier, trained again when what it learns from has changed."""

from bot.run.setup import say
from bot.settings import ROOT, Settings


def train_topics(settings: Settings) -> None:
    from bot.db import make_engine, make_sessions
    from bot.run.setup import digest, step
    from knowledge.documents import topics
    from knowledge.encoder import topic_classifier
    from knowledge.encoder.cache import VectorCache
    from knowledge.encoder.embedding import SentenceEmbedder, prepare_model

    def run() -> None:
        say("训练主题分类……")
        embedder = SentenceEmbedder(prepare_model(settings.cache, model=settings.model))
        cache = VectorCache(settings.cache / "vectors.sqlite")
        with make_sessions(make_engine(settings.url))() as session:
            topic_classifier.train(session, embedder=embedder, cache=cache).save(settings.topics)
        cache.close()

    code = ROOT / "knowledge" / "encoder" / "topic_classifier.py"
    step("topics", digest(settings.corpus, code, topics.PATH, settings.statutes), run)
