"""Documents into the database: statutes and our corpus, each source only when its content changed."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import yaml
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from knowledge import review
from knowledge.documents import (
    DocumentText,
    Question,
    corpus_files,
    read_document,
    read_question_bank,
    statute_document,
    statute_id,
)
from knowledge.embedding import content_hash
from knowledge.errors import CorpusError
from knowledge.evaluation import golden
from knowledge.importing.statutes import StatuteVersion, data_fingerprint, read_statutes, short_name
from knowledge.law.confirmed import confirmed_fixes
from knowledge.models import (
    BankQuestion,
    BankTarget,
    Chunk,
    Document,
    DocumentVersion,
    ImportedSource,
    Kind,
    Level,
    Place,
    VersionStatus,
)

_FORMAT = "2"  # of what is stored; another one reads every file anew


def import_places(session: Session, corpus: Path) -> None:
    """The places of places.yml, each when its entry changed: what staff import or change in between stays
    (`actions/imports`).
    """
    for row in yaml.safe_load((corpus / "places.yml").read_text(encoding="utf-8")):
        source, digest = f"place/{row['id']}", content_hash(json.dumps(row, ensure_ascii=False, sort_keys=True))
        if _is_imported(session, source, digest) and session.get(Place, row["id"]) is not None:
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
        _remember(session, source, digest)
    session.flush()


def import_statutes(
    session: Session, corpus: Path, *, only: Iterable[str] = (), progress: Callable[[int, int], None] | None = None
) -> int:
    """Number of statute versions written; 0 when package, corrections and selection are unchanged.

    `only`: short names; the test suite imports a few statutes, a county all of them.
    """
    wanted = sorted(only)
    corrections = corpus / "statute-corrections.yml"
    confirmed = confirmed_fixes(session)
    fingerprint = content_hash(
        data_fingerprint(corrections)
        + json.dumps(wanted, ensure_ascii=False)
        + repr(sorted((k, sorted(v.items())) for k, v in confirmed.items()))
    )
    if _is_imported(session, "statutes", fingerprint):
        return 0
    versions = [v for v in read_statutes(corrections, confirmed=confirmed) if not wanted or short_name(v.law) in wanted]
    repealed = [
        v
        for v in read_statutes(corrections, confirmed=confirmed, repealed=True)
        if not wanted or short_name(v.law) in wanted
    ]
    save_statutes(session, versions, repealed=repealed, progress=progress)
    _remember(session, "statutes", fingerprint)
    return len(versions)


def save_statutes(
    session: Session,
    versions: Sequence[StatuteVersion],
    *,
    repealed: Sequence[StatuteVersion],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Statutes as the data and its corrections have them now; `repealed` ones may not be cited any more."""
    by_law: dict[str, list[StatuteVersion]] = defaultdict(list)
    for number, version in enumerate(versions, 1):
        save_document(session, statute_document(version), key=version.version_date)
        by_law[statute_id(short_name(version.law))].append(version)
        if progress:
            progress(number, len(versions))
    ended = {(statute_id(short_name(v.law)), v.version_date) for v in repealed}
    held = (
        select(DocumentVersion)
        .join(Document)
        .where(Document.kind == Kind.statute, DocumentVersion.status == VersionStatus.published)
    )
    for row in session.scalars(held.where(DocumentVersion.document_id.in_({i for i, _ in ended} | by_law.keys()))):
        if (row.document_id, row.promulgated_on) in ended:
            row.status, row.ended_at = VersionStatus.withdrawn, datetime.now(UTC)
        elif row.promulgated_on not in {v.version_date for v in by_law[row.document_id]}:
            # A newer package forgot this version; the law's next one still ends it.
            following = min(
                (v.in_force_from for v in by_law[row.document_id] if v.in_force_from > row.in_force_from), default=None
            )
            if following and (row.in_force_to is None or row.in_force_to >= following):
                row.in_force_to = following - timedelta(days=1)
    session.flush()


def import_corpus(session: Session, corpus: Path) -> int:
    """Number of our documents written or changed; the question bank and the golden questions follow them.

    Raises CorpusError for a malformed file or a question that points nowhere.
    """
    changed, questions, seen = 0, [], set()
    curated = review.curated(session)
    for path in corpus_files(corpus):
        document, asked = read_document(path)
        seen.add(document.id)
        questions += asked
        digest = content_hash(_FORMAT + path.read_text(encoding="utf-8"))
        if not _is_imported(session, f"corpus/{document.id}", digest):
            if document.id in curated:
                _propose(session, document)
            else:
                save_document(session, document, key=None)
            _remember(session, f"corpus/{document.id}", digest)
            changed += 1
    # A file that is gone from the corpus is withdrawn, not forgotten: messages that cited it keep their history.
    for name in session.scalars(select(ImportedSource.name).where(ImportedSource.name.startswith("corpus/"))).all():
        document_id = name.removeprefix("corpus/")
        if document_id not in seen and document_id not in curated:
            for version in session.scalars(select(DocumentVersion).where(DocumentVersion.document_id == document_id)):
                version.status, version.ended_at = VersionStatus.withdrawn, datetime.now(UTC)
            session.execute(delete(ImportedSource).where(ImportedSource.name == name))
            changed += 1
    _import_questions(session, [*read_question_bank(corpus), *questions])
    golden.import_golden(session, corpus)
    return changed


def _propose(session: Session, document: DocumentText) -> None:
    """People have the last word on a document they took over: a newer file becomes a draft for them, unless one is
    in work.
    """
    if review.open_version(session, document.id) is None:
        review.start_draft(
            session,
            by=review.Person(None, "资料更新"),
            now=datetime.now(UTC),
            content={**document.content},
            in_force_from=document.in_force_from,
            in_force_to=document.in_force_to,
            reviewed_on=document.reviewed_on,
            document_id=document.id,
        )


def save_document(session: Session, document: DocumentText, *, key: date | None) -> DocumentVersion:
    """Store a text as a version. Statutes have several at once, told apart by `key`, the day of adoption; a document of
    ours has one published version, the former becomes superseded.
    """
    row = session.get(Document, document.id)
    if row is None:
        row = Document(
            id=document.id, kind=document.kind, title=document.title, place_id=document.place_id, topic=document.topic
        )
        session.add(row)
        session.flush()
    row.title, row.place_id, row.topic = document.title, document.place_id, document.topic
    digest = content_hash(repr((document.in_force_from, document.in_force_to, document.chunks, document.content)))
    if key is not None and (known := _same_statute(session, document, key)):
        if known.status is VersionStatus.withdrawn or (
            known.in_force_to and (document.in_force_to is None or document.in_force_to > known.in_force_to)
        ):
            known.published_at = datetime.now(UTC)  # the index may have left it out
        known.status = VersionStatus.published
        known.ended_at = None
        known.in_force_from = document.in_force_from
        known.in_force_to = document.in_force_to
        known.flag = document.flag
        known.content = document.content
        known.content_hash = digest
        session.flush()
        return known
    for version in session.scalars(
        select(DocumentVersion).where(
            DocumentVersion.document_id == row.id, DocumentVersion.status == VersionStatus.published
        )
    ):
        if key is not None and version.promulgated_on != key:
            continue
        if version.content_hash == digest:
            return version
        version.status, version.ended_at = VersionStatus.superseded, datetime.now(UTC)
    number = (
        session.scalar(select(func.max(DocumentVersion.number)).where(DocumentVersion.document_id == row.id)) or 0
    ) + 1
    fresh = DocumentVersion(
        document_id=row.id,
        number=number,
        status=VersionStatus.published,
        in_force_from=document.in_force_from,
        in_force_to=document.in_force_to,
        promulgated_on=document.promulgated_on,
        reviewed_on=document.reviewed_on,
        flag=document.flag,
        content=document.content,
        content_hash=digest,
        published_at=datetime.now(UTC),
    )
    fresh.chunks = [
        Chunk(
            ordinal=i,
            ref=c.ref,
            heading=c.heading,
            text=c.text,
            embed_text=c.embed_text,
            content_hash=content_hash(c.embed_text),
            details=c.details,
        )
        for i, c in enumerate(document.chunks)
    ]
    session.add(fresh)
    session.flush()
    return fresh


def _same_statute(session: Session, document: DocumentText, key: date) -> DocumentVersion | None:
    """The version of a statute that has these very words.

    Only its period may differ, so what is indexed stays as it is.
    """
    held = select(DocumentVersion).where(
        DocumentVersion.document_id == document.id,
        DocumentVersion.promulgated_on == key,
        DocumentVersion.status.in_([VersionStatus.published, VersionStatus.withdrawn]),
    )
    words = [(c.ref, c.heading, c.text) for c in document.chunks]
    # published first
    for version in session.scalars(held.order_by(DocumentVersion.status, DocumentVersion.number.desc())):
        if words == [
            (ref, heading, text)
            for ref, heading, text in session.execute(
                select(Chunk.ref, Chunk.heading, Chunk.text)
                .where(Chunk.version_id == version.id)
                .order_by(Chunk.ordinal)
            )
        ]:
            return version
    return None


def _import_questions(session: Session, questions: list[Question]) -> None:
    """The bank's questions over statutes and over those documents that still follow their files; those of others
    stay as they are.
    """
    unique = {q.id: q for q in questions}
    from_files = {
        name.removeprefix("corpus/")
        for name in session.scalars(select(ImportedSource.name).where(ImportedSource.name.startswith("corpus/")))
    }
    managed = (
        set(session.scalars(select(Document.id).where(Document.kind == Kind.statute))) | from_files
    ) - review.curated(session)
    digest = content_hash(repr(sorted((q.id, q.topic, q.targets) for q in unique.values())) + str(sorted(managed)))
    if _is_imported(session, "questions", digest):
        return
    existing = set(
        session.scalars(
            select(Document.id).where(Document.id.in_({t.document_id for q in unique.values() for t in q.targets}))
        )
    )
    session.execute(delete(BankTarget).where(BankTarget.document_id.in_(managed)))
    session.execute(delete(BankQuestion).where(~BankQuestion.targets.any()))
    session.expire_all()
    kept = {q.id: q for q in session.scalars(select(BankQuestion))}
    for q in unique.values():
        if not any(t.document_id in existing or t.document_id.startswith("law-") for t in q.targets):
            raise CorpusError(f"{q.source}: the question {q.text!r} points to a document that doesn't exist")
        targets = [t for t in q.targets if t.document_id in managed]
        if targets:
            row = kept.get(q.id) or BankQuestion(
                id=q.id, text=q.text, topic=q.topic, set_aside=q.is_set_aside, source=q.source
            )
            first = len(row.targets)
            row.targets += [
                BankTarget(rank=first + i, document_id=t.document_id, ref=t.ref) for i, t in enumerate(targets)
            ]
            session.add(row)
    _remember(session, "questions", digest)
    session.flush()


def _is_imported(session: Session, name: str, digest: str) -> bool:
    row = session.get(ImportedSource, name)
    return row is not None and row.content_hash == digest


def _remember(session: Session, name: str, digest: str) -> None:
    session.merge(ImportedSource(name=name, content_hash=digest))
