"""What is learned at set-up, and again when what it is learned from has changed."""

from bot.run.setup import say
from bot.settings import ROOT, Settings


def train(settings: Settings) -> None:
    """The topic classifier and the second opinion on danger; the classifier of answers comes before the snapshot."""
    _train_topics(settings)
    _train_dangers(settings)


def _train_topics(settings: Settings) -> None:
    from bot.db import make_engine, make_sessions
    from bot.run.setup import digest, step
    from knowledge.documents import topics
    from knowledge.encoder import topic_classifier
    from knowledge.encoder.cache import VectorCache
    from knowledge.encoder.exported import load_embedder
    from knowledge.encoder.topic_classifier import TopicClassifier

    def run() -> None:
        say("训练主题分类……")
        embedder = load_embedder(settings.cache, model=settings.model, learned=settings.learned)
        cache = VectorCache(settings.cache / "vectors.sqlite")
        with make_sessions(make_engine(settings.url))() as session:
            topic_classifier.train(session, embedder=embedder, cache=cache).save(settings.topics)
        cache.close()

    code = ROOT / "knowledge" / "encoder" / "topic_classifier.py"
    step(
        "topics",
        digest(settings.corpus, code, topics.PATH, settings.statutes),
        run,
        makes=settings.topics,
        reads=TopicClassifier.load,
    )


def _train_dangers(settings: Settings) -> None:
    from bot.emergency import second_opinion
    from bot.run.preparing import query_encoder
    from bot.run.setup import digest, step
    from knowledge.evaluation.answer_texts import read_answers

    def run() -> None:
        say("训练危险识别……")
        answers = read_answers(settings.corpus)
        phrasings = [text for answer in answers for text in answer.content.get("questions") or []]
        told = [*second_opinion.read_sentences(), *second_opinion.read_everyday()]
        told += second_opinion.troubles(phrasings, told)
        with query_encoder(settings) as (embedder, _):
            second_opinion.train(told, embedder=embedder).save(settings.dangers)

    code = ROOT / "bot" / "emergency" / "second_opinion.py"
    learned = [settings.learned] if settings.learned else []
    step(
        "dangers",
        digest(code, second_opinion.SENTENCES, second_opinion.EVERYDAY, settings.corpus / "answers", *learned),
        run,
        makes=settings.dangers,
        reads=second_opinion.SecondOpinion.load,
    )
