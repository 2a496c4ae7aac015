"""Many documents at once: sent to review, put under a topic, withdrawn. Each by the rules that hold for one alone; what
was refused is told with its reason, and the others are done.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from bot.web.knowledge.checks import checks
from bot.web.knowledge.forms import stored
from bot.web.knowledge.listing import Filters, page_of
from bot.web.knowledge.shelf import KnowledgeForm, find_document, may_change, person
from bot.web.staff.desk import Form
from knowledge.documents import versions
from knowledge.documents.models import Document, VersionStatus
from knowledge.documents.topics import TOPICS
from knowledge.errors import Incomplete, ReviewError

_MOST = 100  # two pages of the list
_NAMES = ("show", "kind", "place", "status", "topic", "q")

router = APIRouter(prefix="/staff/knowledge")


@dataclass(frozen=True)
class Told:
    """What came of it: a sentence, and a line for each document that was left as it is."""

    done: str
    refused: Sequence[str] = ()


@router.post("/bulk", response_class=HTMLResponse)
def act(at: KnowledgeForm) -> Response:
    given = dict(parse_qsl(at.text("filters", 500).removeprefix("?")))
    filters = Filters(**{name: given.get(name, "") for name in _NAMES})
    page = given.get("page", "1")
    told = _done(at)
    return page_of(at, filters, page=int(page) if page.isascii() and page.isdigit() else 1, told=told)


def _done(at: Form) -> Told:
    ids = [value for value in at.sent.getlist("ids") if isinstance(value, str)][:_MOST]
    what, deed = _DEEDS.get(at.text("do", 10), ("", None))
    if deed is None:
        raise NotFound
    if not ids:
        return Told("没有勾选资料。先在前面的方框里打勾。", [])
    done, refused = 0, list[str]()
    for document_id in ids:
        title = "（看不到的一份）"
        try:
            document = find_document(at, document_id)
            title = document.title or "（还没有标题）"
            if not may_change(at, document):
                raise NotAllowed("不归您负责的地方管")
            deed(at, document)
            at.record(f"{what}（多份一起）", document.id)
            at.session.commit()
            done += 1
        except Incomplete as error:
            at.session.rollback()
            refused.append(f"《{title}》还差：{error.message_zh}")
        except (ActionError, ReviewError) as error:
            at.session.rollback()
            refused.append(f"《{title}》：{error.message_zh}")
    return Told(f"{what} {done} 份{f'，{len(refused)} 份没有办' if refused else ''}。", refused)


def _submit(at: Form, document: Document) -> None:
    version = versions.open_version(at.session, document.id)
    if version is None or version.status is not VersionStatus.draft:
        raise InvalidInput("没有在写的草稿")
    found = checks(at.session, document.kind, stored(version), today=at.tools.today())
    if found.undecided:
        raise InvalidInput(f"{'、'.join(found.undecided[:5])}可能与法律冲突，要先定下合不合法")
    versions.submit(at.session, version.id, by=person(at), now=datetime.now(UTC), marks=found.marked)


def _topic(at: Form, document: Document) -> None:
    """For figures and routing; no word that a resident reads is changed, so nobody has to look at it twice."""
    topic = at.text("to_topic", 40)
    if topic not in TOPICS:
        raise InvalidInput("请选一类")
    versions.put_under(at.session, document, topic)


def _withdraw(at: Form, document: Document) -> None:
    version = versions.current(at.session, document.id)
    if version is None:
        raise InvalidInput("没有发布，不用撤回")
    versions.withdraw(at.session, version.id, by=person(at), now=datetime.now(UTC), reason=at.text("reason", 200))


_DEEDS: dict[str, tuple[str, Callable[[Form, Document], None]]] = {
    "submit": ("送审", _submit),
    "topic": ("归类", _topic),
    "withdraw": ("撤回", _withdraw),
}
