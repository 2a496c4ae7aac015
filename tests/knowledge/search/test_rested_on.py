"""An article lies nearer where a likely answer rests on it."""

from dataclasses import replace
from datetime import date

import numpy as np
from sqlalchemy.orm import Session, sessionmaker

from knowledge.documents import saving
from knowledge.documents.building import DocumentText
from knowledge.documents.kinds.base import ChunkText
from knowledge.documents.models import Kind
from knowledge.encoder.answer_classifier import UNKNOWN, Chances
from knowledge.places import Level, Place
from knowledge.search.searcher import _Hit, _with_rested_on
from knowledge.statutes.citations import parse_citation

CITED = parse_citation("民法典 1079")


def chances(log_p: float) -> Chances:
    return Chances({"answer-fenju": 0}, ("answer-fenju",), np.array([log_p]))


def test_an_article_gains_by_the_answers_that_rest_on_it(sessions: sessionmaker[Session]) -> None:
    article = _Hit(1, 0.3, 0.3, 0.2, 0.2, b"", 0.5, CITED.document_id, CITED.ref, "statute", None)
    other = replace(article, chunk_id=2, ref="第一千条")
    with sessions() as session:
        session.add(Place(id="nation", name="全国", level=Level.nation))
        session.flush()
        chunk = ChunkText(None, None, "能离", "能离", {"answer": "能离", "basis": ["民法典 1079"]})
        answer = DocumentText(
            "answer-fenju", Kind.answer, "分居两年", "nation", None, date(2021, 1, 1), None, None, {}, (chunk,)
        )
        saving.save_document(session, answer, key=None)
        session.flush()
        sure = _with_rested_on(session, [article, other], chances(-0.01))
        assert [round(h.raw, 3) for h in sure] == [0.35, 0.3]
        doubtful = _with_rested_on(session, [article, other], chances(-3.0))
        assert 0.3 < doubtful[0].raw < sure[0].raw
        assert _with_rested_on(session, [article, other], chances(-9.0)) == [article, other]
        assert _with_rested_on(session, [article, other], UNKNOWN) == [article, other]
