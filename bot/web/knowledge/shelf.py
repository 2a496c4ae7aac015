"""A document and version this person may see."""

from typing import Annotated

from sqlalchemy import select

from actions.errors import NotAllowed
from bot.staff import rights
from bot.web.staff.desk import Form, Seat, Tools, form, seat
from bot.web.staff.typed import number_or_404, words
from knowledge import places
from knowledge.documents import versions
from knowledge.documents.kinds.registry import EDITABLE, KINDS
from knowledge.documents.models import Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.versions import STATUS_LABELS, Person
from knowledge.errors import VersionNotFound
from knowledge.places import Place

KnowledgeSeat = Annotated[Seat, seat("knowledge")]
KnowledgeForm = Annotated[Form, form("knowledge")]

KIND_NAMES = {kind: spec.name for kind, spec in KINDS.items()}
WHAT_NAMES = {
    "started": "开始写",
    "saved": "保存",
    "submitted": "送审",
    "sent_back": "退回修改",
    "approved": "审核通过",
    "requested": "定下发布",
    "overruled": "检查没过也发布",
    "held": "发布被拦下",
    "published": "发布",
    "withdrawn": "撤回",
    "expired": "到期",
}


def find_document(at: Seat, document_id: str) -> Document:
    """Raises VersionNotFound, NotAllowed."""
    found = at.session.get(Document, words(document_id, 80))
    if found is None:
        raise VersionNotFound
    seen = readable(at)
    if seen is not None and found.place_id not in seen:
        raise NotAllowed("这不在您负责的地方。")
    return found


def find_version(at: Seat, version_id: str, *, to_change: bool = False) -> DocumentVersion:
    """`to_change`: one that this account may also write, approve, publish or withdraw.

    Raises VersionNotFound, NotAllowed.
    """
    found = versions.get(at.session, number_or_404(version_id))
    find_document(at, found.document_id)
    if to_change and not may_change(at, found.document):
        raise NotAllowed("这份资料不归您负责的地方管，只能看。")
    return found


def state(tools: Tools, version: DocumentVersion) -> str:
    """已发布, or what honestly stands between a version and residents."""
    today = tools.today()
    if version.status is VersionStatus.approved and version.held is not None:
        return "发布被拦下"
    if version.status is VersionStatus.approved and version.publish_on is not None:
        return "已通过，马上发布" if version.publish_on <= today else f"已通过，{version.publish_on} 发布"
    if version.status is not VersionStatus.published:
        return STATUS_LABELS[version.status]
    if version.document.kind is not Kind.statute and not tools.is_indexed(version):
        return "已发布，索引中"
    if version.in_force_from > today:
        return f"已发布，{version.in_force_from} 起用"
    return "已发布，过了有效期" if version.in_force_to and version.in_force_to < today else "已发布"


def address(version_id: int) -> str:
    """Where a version is written."""
    return f"/staff/knowledge/versions/{version_id}"


def person(at: Seat) -> Person:
    return Person(at.staff.id, at.staff.name)


def readable(at: Seat) -> set[str] | None:
    """Places whose documents an account reads: its own and those that contain it, whose texts hold there too.

    None: all.
    """
    seen = rights.places_of(at.session, at.staff)
    return None if seen is None else {*seen, *places.places_serving(at.session, at.staff.place_id)}


def may_change(at: Seat, document: Document) -> bool:
    seen = rights.places_of(at.session, at.staff)
    return document.kind in EDITABLE and (seen is None or document.place_id in seen)


def may_remark(at: Seat, version: DocumentVersion) -> bool:
    """On what residents read, whoever reads it: something may be wrong. On what is in work, who works on it."""
    return version.status is VersionStatus.published or may_change(at, version.document)


def own_places(at: Seat) -> dict[str, str]:
    """Places for which an account writes documents, by name."""
    seen = rights.places_of(at.session, at.staff)
    return {p.id: p.name for p in at.session.scalars(select(Place)) if seen is None or p.id in seen}


def wrote(at: Seat, version: DocumentVersion) -> bool:
    """Whoever wrote in a version doesn't approve it."""
    return at.staff.id in version.editors or at.staff.id == version.author_id
