"""What is learned at set-up, and again when what it is learned from has changed."""

from bot.run.preparing import train_answers
from bot.run.setup import say
from bot.settings import ROOT, Settings


def train(settings: Settings) -> None:
    """The topic classifier, the second opinion on danger, and the classifier of answers."""
    _train_topics(settings)
    _train_dangers(settings)
    train_answers(settings)


def _train_topics(settings: Settings) -> None:
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


def _train_dangers(settings: Settings) -> None:
    from bot.emergency import second_opinion
    from bot.run.setup import digest, step
    from knowledge.encoder.cache import VectorCache
    from knowledge.encoder.embedding import SentenceEmbedder, prepare_model
    from knowledge.encoder.queries import KeptQueries
    from knowledge.evaluation.answer_texts import read_answers

    def run() -> None:
        say("训练危险识别……")
        embedder = SentenceEmbedder(
            prepare_model(settings.cache, model=settings.model), learned=settings.learned, passages=False
        )
        cache = VectorCache(settings.cache / "vectors.sqlite")
        kept = KeptQueries(embedder, cache)
        answers = read_answers(settings.corpus)
        phrasings = [text for answer in answers for text in answer.content.get("questions") or []]
        told = [*second_opinion.read_sentences(), *second_opinion.read_everyday()]
        told += second_opinion.troubles(phrasings, told)
        second_opinion.train(told, embedder=kept).save(settings.dangers)
        cache.close()

    code = ROOT / "bot" / "emergency" / "second_opinion.py"
    learned = [settings.learned] if settings.learned else []
    step(
        "dangers",
        digest(code, second_opinion.SENTENCES, second_opinion.EVERYDAY, settings.corpus / "answers", *learned),
        run,
    )
