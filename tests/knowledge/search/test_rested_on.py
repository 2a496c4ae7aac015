"""An article lies nearer where a likely answer rests on it."""

from datetime import date

import numpy as np
from sqlalchemy.orm import Session, sessionmaker

from knowledge.documents import saving
from knowledge.documents.building import DocumentText
from knowledge.documents.kinds.base import ChunkText
from knowledge.documents.models import Kind
from knowledge.encoder.answer_classifier import UNKNOWN, Chances
from knowledge.places import Level, Place
from knowledge.search.searcher import _leaning, _leans
from knowledge.statutes.citations import parse_citation

CITED = parse_citation("民法典 1079")


def chances(log_p: float) -> Chances:
    return Chances({"answer-fenju": 0}, ("answer-fenju",), np.array([log_p]))


def test_an_article_gains_by_the_answers_that_rest_on_it(sessions: sessionmaker[Session]) -> None:
    key, other = (CITED.document_id, CITED.ref), (CITED.document_id, "第一千条")
    with sessions() as session:
        session.add(Place(id="nation", name="全国", level=Level.nation))
        session.flush()
        chunk = ChunkText(None, None, "能离", "能离", {"answer": "能离", "basis": ["民法典 1079"]})
        answer = DocumentText(
            "answer-fenju", Kind.answer, "分居两年", "nation", None, date(2021, 1, 1), None, None, {}, (chunk,)
        )
        saving.save_document(session, answer, key=None)
        session.flush()
        sure = _leans(session, chances(-0.01))
        assert round(_leaning(0.3, sure[key]), 3) == 0.35
        assert _leaning(0.3, sure.get(other)) == 0.3
        assert 0.3 < _leaning(0.3, _leans(session, chances(-3.0))[key]) < _leaning(0.3, sure[key])
        assert _leans(session, chances(-9.0)) == _leans(session, UNKNOWN) == {}
