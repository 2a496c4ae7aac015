from collections import Counter
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from knowledge.documents import topics
from knowledge.documents.building import read_question_bank
from knowledge.encoder import topic_classifier
from knowledge.encoder.cache import VectorCache
from tests.conftest import CORPUS
from tests.fakes import PairEmbedder

TOPICS = (
    "婚姻家庭 土地承包与宅基地 邻里相邻 劳动用工 社会保障与救助 借贷债务 合同纠纷 消费与市场 房屋与物业 征收拆迁 "
    "城乡建设与公共设施 环境卫生 交通出行与事故 医疗卫生 教育文体 人身损害 治安刑事 村务与行政 其他"
).split()


def test_the_topics_of_data_that_exists_are_kept() -> None:
    """Documents, questions and cases hold these names; a new one may join them, anywhere in the order."""
    assert [name for name in topics.TOPICS if name in TOPICS] == TOPICS


def test_every_topic_has_messages_and_the_bank_knows_no_other() -> None:
    messages = Counter(topic for _, topic in topics.messages())
    assert set(messages) == set(topics.TOPICS)
    assert min(messages.values()) >= 10
    assert {q.topic for q in read_question_bank(CORPUS)} <= {*topics.TOPICS, None}


def test_no_message_stands_under_two_topics() -> None:
    texts = [text for text, _ in topics.messages()]
    assert len(texts) == len(set(texts))


def test_the_messages_are_what_the_classifier_learns_from(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    cache, embedder = VectorCache(tmp_path / "vectors.sqlite"), PairEmbedder()
    with sessions() as session:
        classifier = topic_classifier.train(session, embedder=embedder, cache=cache)
    cache.close()
    asked = topics.messages()[::20]
    told = classifier.predict([text for text, _ in asked], embedder)
    right = sum(topic == found for (_, topic), found in zip(asked, told, strict=True))
    assert right >= 0.9 * len(asked)
