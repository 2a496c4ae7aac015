"""Statutes into the database, with confirmed corrections."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents.building import statute_document
from knowledge.documents.models import Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.saving import is_imported, remember, save_document
from knowledge.law.confirmed import confirmed_fixes
from knowledge.normalise import content_hash
from knowledge.statutes.citations import short_name, statute_id
from knowledge.statutes.reading import StatuteVersion, data_fingerprint, read_statutes


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
    if is_imported(session, "statutes", fingerprint):
        return 0
    versions = [v for v in read_statutes(corrections, confirmed=confirmed) if not wanted or short_name(v.law) in wanted]
    repealed = [
        v
        for v in read_statutes(corrections, confirmed=confirmed, repealed=True)
        if not wanted or short_name(v.law) in wanted
    ]
    save_statutes(session, versions, repealed=repealed, progress=progress)
    remember(session, "statutes", fingerprint)
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
