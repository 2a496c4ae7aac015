"""The corpus that comes with the project."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from knowledge.documents import versions
from knowledge.documents.building import DocumentText, corpus_files, read_document, read_question_bank, read_set_aside
from knowledge.documents.kinds.base import Question
from knowledge.documents.models import (
    BankQuestion,
    BankTarget,
    Document,
    DocumentVersion,
    ImportedSource,
    Kind,
    VersionStatus,
)
from knowledge.documents.saving import is_imported, remember, save_document
from knowledge.errors import CorpusError
from knowledge.evaluation import golden
from knowledge.normalise import content_hash
from knowledge.places import Level, Place

_FORMAT = "2"  # of what is stored; another one reads every file anew


def import_places(session: Session, corpus: Path) -> None:
    """The places of places.yml, each when its entry changed: what staff import or change in between stays
    (`actions/imports`).
    """
    for row in yaml.safe_load((corpus / "places.yml").read_text(encoding="utf-8")):
        source, digest = f"place/{row['id']}", content_hash(json.dumps(row, ensure_ascii=False, sort_keys=True))
        if is_imported(session, source, digest) and session.get(Place, row["id"]) is not None:
            continue
        session.merge(
            Place(
                id=row["id"],
                name=row["name"],
                level=Level(row["level"]),
                parent_id=row.get("parent"),
                aliases=row.get("aliases") or [],
            )
        )
        session.flush()
        remember(session, source, digest)
    session.flush()


def import_corpus(session: Session, corpus: Path) -> int:
    """Number of our documents written or changed; the question bank and the golden questions follow them.

    Raises CorpusError for a malformed file or a question that points nowhere.
    """
    changed, questions, seen = 0, [], set()
    curated = versions.curated(session)
    for path in corpus_files(corpus):
        document, asked = read_document(path)
        seen.add(document.id)
        questions += asked
        digest = content_hash(_FORMAT + path.read_text(encoding="utf-8"))
        if not is_imported(session, f"corpus/{document.id}", digest):
            if document.id in curated:
                _propose(session, document)
            else:
                save_document(session, document, key=None)
            remember(session, f"corpus/{document.id}", digest)
            changed += 1
    # A file that is gone from the corpus is withdrawn, not forgotten: messages that cited it keep their history.
    for name in session.scalars(select(ImportedSource.name).where(ImportedSource.name.startswith("corpus/"))).all():
        document_id = name.removeprefix("corpus/")
        if document_id not in seen and document_id not in curated:
            for version in session.scalars(select(DocumentVersion).where(DocumentVersion.document_id == document_id)):
                version.status, version.ended_at = VersionStatus.withdrawn, datetime.now(UTC)
            session.execute(delete(ImportedSource).where(ImportedSource.name == name))
            changed += 1
    _import_questions(session, [*read_question_bank(corpus), *questions, *read_set_aside(corpus)])
    golden.import_golden(session, corpus)
    return changed


def _propose(session: Session, document: DocumentText) -> None:
    """People have the last word on a document they took over: a newer file becomes a draft for them, unless one is
    in work.
    """
    if versions.open_version(session, document.id) is None:
        versions.start_draft(
            session,
            by=versions.Person(None, "资料更新"),
            now=datetime.now(UTC),
            content={**document.content},
            in_force_from=document.in_force_from,
            in_force_to=document.in_force_to,
            reviewed_on=document.reviewed_on,
            document_id=document.id,
        )


def _each_once(questions: list[Question]) -> dict[str, Question]:
    """By id; one text that several documents ask keeps the targets of all."""
    found: dict[str, Question] = {}
    for q in questions:
        held = found.get(q.id)
        if held is None:
            found[q.id] = q
            continue
        is_held = (held.is_held or q.is_held) if None not in (held.is_held, q.is_held) else None
        targets = tuple(dict.fromkeys([*held.targets, *q.targets]))
        found[q.id] = replace(held, targets=targets, is_held=is_held)
    return found


def _rows(
    session: Session, questions: Iterable[Question], *, existing: set[str], managed: set[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Of questions that aren't kept, and of all that point to a document whose file is followed. Raises CorpusError."""
    kept = set(session.scalars(select(BankQuestion.id)))
    asked = select(BankTarget.question_id, func.max(BankTarget.rank)).group_by(BankTarget.question_id)
    last: dict[str, int] = dict(session.execute(asked).all())  # those that went leave gaps
    fresh: list[dict[str, Any]] = []
    pointing: list[dict[str, Any]] = []
    for q in questions:
        if not any(t.document_id in existing or t.document_id.startswith("law-") for t in q.targets):
            raise CorpusError(f"{q.source}: the question {q.text!r} points to a document that doesn't exist")
        targets = [t for t in q.targets if t.document_id in managed]
        if targets and q.id not in kept:
            fresh.append(
                {"id": q.id, "text": q.text, "topic": q.topic, "set_aside": q.is_set_aside, "source": q.source}
            )
        pointing += [
            {"question_id": q.id, "rank": rank, "document_id": t.document_id, "ref": t.ref}
            for rank, t in enumerate(targets, 1 + last.get(q.id, -1))
        ]
    return fresh, pointing


def _import_questions(session: Session, questions: list[Question]) -> None:
    """The bank's questions over statutes and over those documents that still follow their files; those of others
    stay as they are.
    """
    unique = _each_once(questions)
    from_files = {
        name.removeprefix("corpus/")
        for name in session.scalars(select(ImportedSource.name).where(ImportedSource.name.startswith("corpus/")))
    }
    managed = (
        set(session.scalars(select(Document.id).where(Document.kind == Kind.statute))) | from_files
    ) - versions.curated(session)
    digest = content_hash(repr(sorted((q.id, q.topic, q.targets) for q in unique.values())) + str(sorted(managed)))
    if is_imported(session, "questions", digest):
        return
    existing = set(
        session.scalars(
            select(Document.id).where(Document.id.in_({t.document_id for q in unique.values() for t in q.targets}))
        )
    )
    session.execute(delete(BankTarget).where(BankTarget.document_id.in_(managed)))
    session.execute(delete(BankQuestion).where(~BankQuestion.targets.any()))
    session.expire_all()
    fresh, pointing = _rows(session, unique.values(), existing=existing, managed=managed)
    # Rows, not objects: there are 68,000 of each.
    for table, lines in ((BankQuestion, fresh), (BankTarget, pointing)):
        if lines:
            session.execute(insert(table), lines)
    remember(session, "questions", digest)
    session.flush()
