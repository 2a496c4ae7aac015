"""A question that stands word for word among those of a text finds it, whatever the vectors say."""

from sqlalchemy.orm import Session, sessionmaker

from knowledge.documents.models import BankQuestion, BankTarget, Document, Kind
from knowledge.places import Level, Place
from knowledge.search.searcher import _asked_word_for_word, _bare, _Hit, _wordings


def hit(document: str, chunk: int) -> _Hit:
    return _Hit(chunk, 0.4, 0.3, 0.2, 0.2, b"", 0.5, document, None, "answer", None)


def test_every_question_of_a_hit_is_looked_at_not_its_nearest(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        session.add(Place(id="nation", name="全国", level=Level.nation))
        session.flush()
        for name, asked in {
            "answer-a": ["加班费怎么算", "加班费怎么算，平时、周末各是几倍"],
            "answer-b": ["加班没钱"],
        }.items():
            session.add(Document(id=name, kind=Kind.answer, title=name, place_id="nation", topic=None))
            for number, text in enumerate(asked):
                question = BankQuestion(id=f"{name}{number}", text=text, source="test", set_aside=False)
                question.targets = [BankTarget(rank=0, document_id=name)]
                session.add(question)
        aside = BankQuestion(id="aside", text="加班钱咋算", source="test", set_aside=True)
        aside.targets = [BankTarget(rank=0, document_id="answer-b")]
        session.add(aside)
        session.flush()
        hits = [hit("answer-a", 1), hit("answer-b", 2)]
        for said in ("加班费怎么算", "请问加班费咋算？", "加班费如何算呢"):
            assert _asked_word_for_word(session, hits, said) == {1}
        assert _asked_word_for_word(session, hits, "加班钱咋算") == set()
        assert _asked_word_for_word(session, hits, "加班费") == set()


def test_a_question_behind_a_few_words_of_trouble_is_heard_a_short_one_is_not_torn_from_its_case() -> None:
    assert "怎么申请人身安全保护令" in _wordings("老公打我 怎么申请人身安全保护令")
    assert _wordings("没领证，彩礼能退吗") == {_bare("没领证，彩礼能退吗")}
    told = "邻居挖地基把我家山墙挖裂了还不认账，怎么申请人身安全保护令"
    assert _wordings(told) == {_bare(told)}
    assert _wordings("？？") == _wordings("") == frozenset()
