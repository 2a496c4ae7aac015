"""A folder or archive of files into drafts."""

import enum
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents import bank, shape, versions
from knowledge.documents.building import DocumentText, build
from knowledge.documents.kinds.base import Question
from knowledge.documents.kinds.registry import EDITABLE, KINDS
from knowledge.documents.models import (
    BankQuestion,
    BankTarget,
    Document,
    DocumentVersion,
    ImportedSource,
    Kind,
    VersionStatus,
)
from knowledge.documents.versions import Person
from knowledge.errors import CitationNotFound, CorpusError, FileRefused, ReviewError
from knowledge.exchange import files
from knowledge.exchange.archive import Given
from knowledge.importing.files import format_of, read_file, title_of
from knowledge.importing.recognising.document import Recognised, recognise
from knowledge.places import Level, Place
from knowledge.statutes.citations import parse_citation

_OPEN_FILES = (".yml", ".yaml")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,79}")
_OTHERS = ("offices", "golden", "statute-corrections", "topic_messages", "places")  # of a corpus, and no documents
# The plainer a kind's words are, the later they are looked for: 积分管理条例 of a village is a village rule.
_BY_WORDS = tuple(dict.fromkeys((Kind.village_rule, Kind.case_story, *reversed(EDITABLE))))


class Outcome(enum.StrEnum):
    new = "new"
    changed = "changed"
    same = "same"
    skipped = "skipped"
    bad = "bad"


OUTCOME_LABELS = {
    Outcome.new: "新增",
    Outcome.changed: "改动",
    Outcome.same: "没变",
    Outcome.skipped: "不导入",
    Outcome.bad: "没导入",
}


@dataclass(frozen=True)
class Line:
    path: str
    outcome: Outcome
    text: str
    document_id: str | None = None
    version_id: int | None = None

    def __str__(self) -> str:
        return f"{OUTCOME_LABELS[self.outcome]} {self.path}：{self.text}"


@dataclass(frozen=True)
class _Bad(Exception):
    reason: str


@dataclass(frozen=True)
class Read:
    """A file that was read: an open file's data, or the paper's recognised text."""

    path: str
    digest: str = ""
    data: Any = None
    paper: Recognised | None = None
    kind: Kind | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()


def read_all(
    given: Iterable[Given], *, kind: Kind | None = None, progress: Callable[[str], None] = lambda _: None
) -> list[Read]:
    """Needs no database. `kind`: of the papers whose folder and name don't say it."""
    found = []
    for file in given:
        progress(file.path)
        found.append(_read(file, kind))
    return found


def _read(file: Given, kind: Kind | None) -> Read:
    path = PurePosixPath(file.path.replace("\\", "/"))
    if file.problem:
        return Read(file.path, problem=file.problem)
    try:
        if path.suffix.lower() in _OPEN_FILES:
            return Read(file.path, data=files.load(file.data))
        format_of(path.name, file.data)
        chosen = kind or _kind_of(path)
        if chosen is None:
            raise FileRefused("看不出是哪一种资料，请放进“村规”“政策”“指南”“案例”这样的文件夹，或者导入时选好种类。")
        extract = read_file(path.name, file.data)
        paper = recognise(extract, kind=chosen, title_hint=title_of(path.name))
        return Read(file.path, hashlib.sha256(file.data).hexdigest(), paper=paper, kind=chosen, notes=extract.warnings)
    except FileRefused as refused:
        return Read(file.path, problem=refused.message_zh)
    except CorpusError as error:
        return Read(file.path, problem=str(error))


def _kind_of(path: PurePosixPath) -> Kind | None:
    """By the nearest folder that says it, else by the name."""
    for part in [*reversed(path.parts[:-1]), path.stem]:
        for kind in _BY_WORDS:
            if any(word in part for word in KINDS[kind].words):
                return kind
    return None


def store_all(
    session: Session,
    read: Iterable[Read],
    *,
    by: Person,
    now: datetime,
    today: date,
    publish: bool,
    place: str | None = None,
    may: Callable[[str], bool] = lambda _: True,
) -> list[Line]:
    """What became of each file. `publish`: open files are in force at once, as with `linli kb import`, but for
    documents that people took over in the console; without it they become drafts. Papers always become drafts.
    `may`: whether a place is theirs who imports.
    """
    lines: list[Line] = []
    curated = versions.curated(session)
    later: list[Read] = []
    for file in sorted(read, key=_rank):
        name = PurePosixPath(file.path.replace("\\", "/"))
        try:
            if file.problem:
                raise _Bad(file.problem)
            if file.paper is not None:
                lines.append(
                    _paper(session, file, by=by, now=now, today=today, place=place or _place_of(session, name), may=may)
                )
            elif name.stem in _OTHERS:
                lines.append(
                    _places(session, file)
                    if publish and name.stem == "places"
                    else Line(file.path, Outcome.skipped, "这不是一份资料，没有导入。")
                )
            elif isinstance(file.data, list):
                later.append(file)
            else:
                lines.append(
                    _open_file(
                        session,
                        file,
                        by=by,
                        now=now,
                        as_draft=not publish or "drafts" in name.parts,
                        curated=curated,
                        may=may,
                    )
                )
        except _Bad as bad:
            lines.append(Line(file.path, Outcome.bad, bad.reason))
        except ReviewError as error:
            lines.append(Line(file.path, Outcome.bad, error.message_zh))
    for file in later:  # they point to the documents
        lines.append(
            _questions(session, file, meant_on=today)
            if publish
            else Line(file.path, Outcome.skipped, "问法库由管理员用命令导入。")
        )
    return sorted(lines, key=lambda line: line.path)


def _rank(file: Read) -> tuple[int, str]:
    name = PurePosixPath(file.path.replace("\\", "/"))
    return 0 if name.stem == "places" else 2 if "drafts" in name.parts else 1, file.path


def _places(session: Session, file: Read) -> Line:
    """Places that are missing; those we have are kept as staff made them."""
    added = []
    for row in file.data if isinstance(file.data, list) else []:
        try:
            if session.get(Place, str(row["id"])) is None:
                session.add(
                    Place(
                        id=str(row["id"])[:40],
                        name=str(row["name"])[:60],
                        level=Level(row["level"]),
                        parent_id=row.get("parent"),
                        aliases=[str(a) for a in row.get("aliases") or []],
                    )
                )
                session.flush()
                added.append(str(row["name"]))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _Bad("地方的表格式不对。") from None
    return Line(
        file.path, Outcome.new if added else Outcome.same, f"新加 {len(added)} 个地方。" if added else "地方都有了。"
    )


def _checked(session: Session, data: Any, *, may: Callable[[str], bool]) -> tuple[DocumentText, list[Question]]:
    """Raises _Bad with the reason in Chinese."""
    if not isinstance(data, dict):
        raise _Bad("不是一份资料：应当是“名字: 内容”一行一行的。")
    missing = [name for name in ("id", "kind", "title", "place", "in_force_from") if not data.get(name)]
    if missing:
        raise _Bad(f"少了“{'”“'.join(missing)}”。")
    if not isinstance(data["id"], str) or not _ID.fullmatch(data["id"]) or data["id"].startswith("law-"):
        raise _Bad("id 只能是小写字母、数字和横线。")
    if data["kind"] not in [k.value for k in EDITABLE]:
        raise _Bad(f"没有“{str(data['kind'])[:20]}”这一种资料。")
    if session.get(Place, str(data["place"])) is None:
        raise _Bad(f"没有“{str(data['place'])[:20]}”这个地方，请先在设置里加上。")
    if not may(data["place"]):
        raise _Bad("这个地方不归您管。")
    known = session.get(Document, data["id"])
    if known is not None and known.kind != data["kind"]:
        raise _Bad("已有同名的资料，种类不一样，请换一个 id。")
    if known is not None and not may(known.place_id):
        raise _Bad("这份资料现在归别的地方管。")
    return _built(data)


def _built(data: dict[str, Any]) -> tuple[DocumentText, list[Question]]:
    """Raises _Bad where a field is missing, empty, or too long."""
    try:
        found = build(data, source=data["id"])
        texts = [found[0].title, *(c.text for c in found[0].chunks)]
        if (
            any(not isinstance(text, str) or not text.strip() or "\x00" in text for text in texts)
            or len(found[0].title) > 200
            or any(len(c.ref or "") > 40 or len(c.heading or "") > 200 for c in found[0].chunks)
        ):
            raise _Bad("标题或者正文是空的，或者太长。")
    except CorpusError as error:
        field = re.search(r"KeyError: '([^']+)'", str(error))
        raise _Bad(f"少了“{field[1]}”。" if field else "有一项的写法不对，请对照 docs/corpus.md。") from None
    for clause in data.get("clauses") or []:
        if clause["status"] == "conflicts" and not (clause.get("conflict") or {}).get("articles"):
            raise _Bad(f"{clause['number']}标为与法律冲突，没有写是哪一条法律。")
    return found


def _open_file(
    session: Session,
    file: Read,
    *,
    by: Person,
    now: datetime,
    as_draft: bool,
    curated: set[str],
    may: Callable[[str], bool],
) -> Line:
    from knowledge.documents.saving import save_document

    text, questions = _checked(session, file.data, may=may)
    held = versions.current(session, text.id)
    if as_draft or text.id in curated:
        return _draft(session, file, text, held, by=by, now=now)
    is_same = held is not None and (held.content, held.in_force_from, held.in_force_to) == (
        text.content,
        text.in_force_from,
        text.in_force_to,
    )
    if (
        held is not None
        and is_same
        and held.reviewed_on == text.reviewed_on
        and held.document.place_id == text.place_id
    ):
        return Line(file.path, Outcome.same, text.title, text.id, held.id)
    if held is not None and is_same:  # looked at again, or moved: the same text stays the same version
        held.reviewed_on, held.document.place_id = text.reviewed_on, text.place_id
        session.flush()
        return Line(file.path, Outcome.changed, text.title, text.id, held.id)
    version = save_document(session, text, key=None)
    bank.replace_questions(session, text.id, questions)
    for row in session.scalars(
        select(BankQuestion).where(BankQuestion.id.in_([q.id for q in questions if q.is_set_aside]))
    ):
        row.set_aside = True
    session.flush()
    return Line(file.path, Outcome.new if version.number == 1 else Outcome.changed, text.title, text.id, version.id)


def _draft(
    session: Session, file: Read, text: DocumentText, held: DocumentVersion | None, *, by: Person, now: datetime
) -> Line:
    """A draft with this text, unless it is what is published or in work already."""
    opened = versions.open_version(session, text.id)
    shaped = shape.shaped(text.kind, text.content)
    wanted = (shaped, text.in_force_from, text.in_force_to)
    for version in (opened, held if opened is None else None):
        if (
            version is not None
            and (shape.shaped(text.kind, version.content), version.in_force_from, version.in_force_to) == wanted
        ):
            return Line(file.path, Outcome.same, text.title, text.id, version.id)
    if opened is not None:
        raise _Bad("这份资料已经有一版在改了，请先把那一版办完。")
    is_new = session.get(Document, text.id) is None
    if is_new:
        session.add(Document(id=text.id, kind=text.kind, title=text.title, place_id=text.place_id, topic=text.topic))
        session.flush()
    version = versions.start_draft(
        session,
        by=by,
        now=now,
        content=text.content,
        in_force_from=text.in_force_from,
        in_force_to=text.in_force_to,
        reviewed_on=text.reviewed_on,
        document_id=text.id,
        based_on=held.number if held else None,
    )
    return Line(
        file.path,
        Outcome.new if is_new else Outcome.changed,
        f"{text.title}（草稿，要请同事审核）",
        text.id,
        version.id,
    )


def _paper(
    session: Session,
    file: Read,
    *,
    by: Person,
    now: datetime,
    today: date,
    place: str | None,
    may: Callable[[str], bool],
) -> Line:
    assert file.paper is not None
    assert file.kind is not None
    if place is None or session.get(Place, place) is None:
        raise _Bad("看不出是哪个地方的，请在文件名或文件夹里写上村名，或者导入时选好地方。")
    if not may(place):
        raise _Bad("这个地方不归您管。")
    source = f"file/{file.digest}"
    known = session.get(ImportedSource, source)
    if known is not None and session.scalar(
        select(DocumentVersion.id)
        .where(
            DocumentVersion.document_id == known.content_hash,
            DocumentVersion.status.in_((*versions.OPEN, VersionStatus.published)),
        )
        .limit(1)
    ):
        return Line(file.path, Outcome.same, "同一个文件导入过了。", known.content_hash)
    if not file.paper.content["title"]:
        raise _Bad("没有标题。")
    version = versions.start_draft(
        session,
        by=by,
        now=now,
        content=file.paper.content,
        in_force_from=file.paper.in_force_from or today,
        in_force_to=file.paper.in_force_to,
        kind=file.kind,
        place_id=place,
    )
    session.merge(ImportedSource(name=source, content_hash=version.document_id))
    session.flush()
    said = [*file.notes, *file.paper.not_understood]
    return Line(
        file.path,
        Outcome.new,
        (
            f"{version.content['title']}（草稿）。"
            f"{' '.join(file.paper.understood[1:4])}{f' 要看的有 {len(said)} 处。' if said else ''}"
        ),
        version.document_id,
        version.id,
    )


def _place_of(session: Session, path: PurePosixPath) -> str | None:
    """The place whose id or name stands in the path, the longest name first: 李家沟村 before 李家沟.

    None where none or two do.
    """
    for part in [path.stem, *reversed(path.parts[:-1])]:
        names = [
            (name, place.id)
            for place in session.scalars(select(Place))
            for name in (place.id, place.name, *(alias for alias in place.aliases if len(alias) > 2))
            if name and name in part
        ]
        if names:
            longest = max(len(name) for name, _ in names)
            found = {place_id for name, place_id in names if len(name) == longest}
            return found.pop() if len(found) == 1 else None
    return None


def _questions(session: Session, file: Read, *, meant_on: date) -> Line:
    """Questions over statutes: added to those there are. Who sends them in means today's law."""
    added = unknown = 0
    for group in file.data:
        try:
            targets = [parse_citation(str(citation)) for citation in group["for"]]
            texts, topic = [str(text)[:500] for text in group["ask"]], group.get("topic")
        except (KeyError, TypeError, AttributeError, CitationNotFound):
            return Line(file.path, Outcome.bad, "问法库的格式不对：要有 for 和 ask。")
        existing = set(session.scalars(select(Document.id).where(Document.id.in_([t.document_id for t in targets]))))
        wanted = [t for t in targets if t.document_id in existing]
        for text in texts:
            question = Question(text, topic, tuple(wanted), PurePosixPath(file.path).name)
            row = session.get(BankQuestion, question.id)
            if not wanted:
                unknown += 1
            elif row is None:
                session.add(
                    BankQuestion(
                        id=question.id,
                        text=text,
                        topic=topic,
                        set_aside=question.is_set_aside,
                        source=question.source[:120],
                        targets=[
                            BankTarget(rank=i, document_id=t.document_id, ref=t.ref, meant_on=meant_on)
                            for i, t in enumerate(wanted)
                        ],
                    )
                )
                added += 1
            else:
                pointed = {(t.document_id, t.ref) for t in row.targets}
                fresh = [t for t in wanted if (t.document_id, t.ref) not in pointed]
                first = 1 + max((t.rank for t in row.targets), default=-1)
                row.targets += [
                    BankTarget(rank=first + i, document_id=t.document_id, ref=t.ref, meant_on=meant_on)
                    for i, t in enumerate(fresh)
                ]
                added += bool(fresh)
            session.flush()
    text = f"新加 {added} 个问法。" if added else "问法都有了。"
    return Line(
        file.path,
        Outcome.new if added else Outcome.same,
        f"{text}{f'{unknown} 个问的法律库里没有，没加。' if unknown else ''}",
    )
