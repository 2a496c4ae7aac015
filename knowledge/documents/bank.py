"""The questions in residents' words that point to a document: kept in step with its published text."""

import hashlib

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from knowledge.documents.kinds.base import Question
from knowledge.documents.models import BankQuestion, BankTarget


def question_id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def replace_questions(session: Session, document_id: str, questions: list[Question]) -> None:
    """Exactly these questions point to the document from now on. One that other documents answer too keeps those.

    A question that was set aside for measuring stays so; a legal worker's new one is indexed at once.
    """
    session.flush()
    wanted = {question_id(q.text): q for q in questions}
    pointing = set(session.scalars(select(BankTarget.question_id).where(BankTarget.document_id == document_id)))
    session.execute(delete(BankTarget).where(BankTarget.document_id == document_id))
    known = {
        q.id: q
        for q in session.scalars(
            select(BankQuestion).where(BankQuestion.id.in_(wanted)).execution_options(populate_existing=True)
        )
    }
    ranks = (
        select(BankTarget.question_id, func.max(BankTarget.rank))
        .where(BankTarget.question_id.in_(wanted))
        .group_by(BankTarget.question_id)
    )
    last = {key: int(rank) for key, rank in session.execute(ranks)}
    for key, question in wanted.items():
        if key not in known:
            session.add(
                BankQuestion(
                    id=key, text=question.text, topic=question.topic, set_aside=False, source=question.source[:120]
                )
            )
        for rank, target in enumerate(question.targets, last.get(key, -1) + 1):
            session.add(BankTarget(question_id=key, rank=rank, document_id=target.document_id, ref=target.ref))
    session.flush()
    gone = pointing - wanted.keys()
    still = set(session.scalars(select(BankTarget.question_id).where(BankTarget.question_id.in_(gone))))
    session.execute(delete(BankQuestion).where(BankQuestion.id.in_(gone - still)))
    session.expire_all()
