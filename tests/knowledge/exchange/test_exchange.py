"""Everything out as open files and in again: the same files, the same chunks; a mixed folder with a report on every
file.
"""

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from bot.db import make_engine, make_sessions, migrate
from knowledge.documents import versions
from knowledge.documents.models import BankQuestion, BankTarget, Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.versions import Person
from knowledge.errors import CorpusError, FileRefused
from knowledge.exchange import archive, files
from knowledge.exchange.archive import Given
from knowledge.exchange.bulk import Line, Outcome, read_all, store_all
from knowledge.exchange.corpus import import_corpus, import_places
from knowledge.law.loading import import_statutes
from knowledge.places import Level, Place
from tests.conftest import CORPUS, STATUTES
from tests.knowledge.importing import sample_files

NOW, TODAY = datetime(2026, 11, 25, 2, tzinfo=UTC), date(2026, 11, 25)
WANG, SYSTEM = Person(1, "王芳"), Person(None, "批量导入")
GUIDE = {
    "id": "guide-x",
    "kind": "service_guide",
    "title": "怎么办证",
    "place": "nation",
    "in_force_from": date(2026, 1, 1),
    "answer": "带上身份证去办。",
    "sections": {"收费": "不收费。"},
}


def take(session: Session, given: Any, *, publish: bool = False, **more: Any) -> dict[str, Line]:
    kind = more.pop("kind", None)
    lines = store_all(
        session, read_all(given, kind=kind), by=more.pop("by", WANG), now=NOW, today=TODAY, publish=publish, **more
    )
    session.flush()
    return {line.path: line for line in lines}


def yml(**changes: Any) -> bytes:
    return files.dump({**GUIDE, **changes}).encode()


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions() as session:
        import_places(session, CORPUS)
        session.commit()
        yield session


def chunks(session: Session) -> list[tuple[Any, ...]]:
    rows = (
        select(
            DocumentVersion.document_id,
            Chunk.ordinal,
            Chunk.ref,
            Chunk.heading,
            Chunk.text,
            Chunk.embed_text,
            Chunk.details,
        )
        .join(DocumentVersion)
        .join(Document)
        .where(Document.kind != Kind.statute)
        .order_by(DocumentVersion.document_id, Chunk.ordinal)
    )
    return [tuple(row) for row in session.execute(rows)]


def questions(session: Session) -> list[tuple[Any, ...]]:
    """Those that a county has; the ways of asking that our own answers are measured with stay with the code."""
    ours = BankQuestion.set_aside & BankTarget.document_id.startswith("answer-")
    return [
        tuple(r)
        for r in session.execute(
            select(BankQuestion.text, BankQuestion.set_aside, BankTarget.document_id, BankTarget.ref)
            .join(BankTarget)
            .where(~ours)
            .order_by(BankQuestion.id, BankTarget.document_id, BankTarget.ref)
        )
    ]


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Session]:
    """An empty database beside the first one, with the statutes that every installation has."""
    url = f"sqlite:///{tmp_path / 'other.sqlite'}"
    migrate(url)
    engine = make_engine(url)
    with make_sessions(engine)() as session:
        session.add(
            Place(
                id="nation",
                name="全国",
                level=Level.nation,
                aliases=yaml.safe_load((CORPUS / "places.yml").read_text(encoding="utf-8"))[0]["aliases"],
            )
        )
        session.flush()
        import_statutes(session, CORPUS, only=STATUTES.split(","))
        yield session
    engine.dispose()


def test_everything_out_and_in_again_is_the_same(session: Session, other: Session, tmp_path: Path) -> None:
    import_statutes(session, CORPUS, only=STATUTES.split(","))
    import_corpus(session, CORPUS)
    first, second = tmp_path / "first", tmp_path / "second"
    count = files.export_all(session, first)
    assert count > 200
    assert len(list((first / "questions").glob("*.yml"))) >= 2
    assert len(list((first / "answers").glob("*.yml"))) >= 1800
    lines = take(other, archive.of_folder(first), publish=True, by=SYSTEM)
    assert {line.outcome for line in lines.values()} == {Outcome.new}
    assert len(lines) == count
    assert files.export_all(other, second) == count
    assert {p.relative_to(first): p.read_bytes() for p in first.rglob("*.yml")} == {
        p.relative_to(second): p.read_bytes() for p in second.rglob("*.yml")
    }
    assert chunks(other) == chunks(session)
    assert len(chunks(session)) > 300
    assert questions(other) == questions(session)
    again = take(other, archive.of_folder(first), publish=True, by=SYSTEM)
    assert {line.outcome for line in again.values()} == {Outcome.same}
    assert (
        other.scalar(select(func.max(DocumentVersion.number)).join(Document).where(Document.kind != Kind.statute)) == 1
    )


def test_what_the_corpus_holds_is_what_is_exported(session: Session, tmp_path: Path) -> None:
    import_statutes(session, CORPUS, only=STATUTES.split(","))
    import_corpus(session, CORPUS)
    files.export_all(session, tmp_path)
    for folder in ("guides", "regulations", "village_rules", "stories"):
        for path in (CORPUS / folder).glob("*.yml"):
            assert yaml.safe_load((tmp_path / folder / path.name).read_text(encoding="utf-8")) == yaml.safe_load(
                path.read_text(encoding="utf-8")
            ), path.name


def test_a_zip_holds_the_same_files_as_a_folder(session: Session, tmp_path: Path) -> None:
    take(session, [Given("guides/guide-x.yml", yml())], publish=True)
    files.export_all(session, tmp_path)
    data = files.export_zip(session)
    assert data == files.export_zip(session)
    assert {g.path: g.data for g in archive.of_zip(data)} == {
        p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*.yml")
    }


def test_drafts_leave_on_request_and_come_back_as_drafts(session: Session, other: Session, tmp_path: Path) -> None:
    take(session, [Given("x.yml", yml())])
    assert "guide-x" not in str(dict(files.files(session)))
    assert "drafts/guides/guide-x.yml" in dict(files.files(session, drafts=True))
    files.export_all(session, tmp_path / "out", drafts=True)
    lines = take(other, archive.of_folder(tmp_path / "out"), publish=True)
    assert lines["drafts/guides/guide-x.yml"].outcome is Outcome.new
    assert [
        v.status for v in other.scalars(select(DocumentVersion).join(Document).where(Document.kind != Kind.statute))
    ] == [VersionStatus.draft]


def test_an_export_removes_what_is_gone(session: Session, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "guides").mkdir(parents=True)
    (out / "guides" / "guide-old.yml").write_text("id: guide-old")
    (out / "notes.txt").write_text("mine")
    files.export_all(session, out)
    assert sorted(p.name for p in out.rglob("*") if p.is_file()) == ["notes.txt", "places.yml"]


_YAML = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=40),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["title", "text", "是", "n", "a: b"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_YAML)
@example("\x85")
@example("a\u2028b\nc")
@example("\ufeffx")
@example(" a\n\tb \n")
def test_any_value_is_read_as_it_was_written(value: Any) -> None:
    assert files.load(files.dump({"x": value}).encode()) == {"x": value}


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x",
        "[" * 3000,
        "a: b: c",
        "!!python/object/apply:os.system [ls]",
        "d: 2026-99-99",
        "x" * 2_000_001,
        "? [a]\n: b",
    ],
    ids="anchors deep colons python no_day long odd_key".split(),
)
def test_a_hostile_open_file_is_refused_in_chinese(text: str) -> None:
    with pytest.raises(CorpusError, match=r"[一-龥]"):
        files.load(text.encode())


def test_a_mixed_folder_is_reported_file_by_file(session: Session) -> None:
    given = [
        Given("guides/guide-x.yml", yml()),
        Given("guides/guide-y.yml", yml(id="guide-y", place="nowhere")),
        Given("guides/guide-z.yml", b"a: b: c"),
        Given("村规/李家沟村村规民约.docx", sample_files.rules_docx()),
        Given(
            "政策/青石乡/高龄补助办法.txt",
            "青石乡高龄补助办法\n第一条 给老人发补助。\n第二条 本办法自2026年5月1日起施行。".encode("gbk"),
        ),
        Given("村规/无名.txt", "村规\n第一条 好。".encode()),
        Given("杂.txt", "一段话".encode()),
        Given("老.doc", sample_files.ole("WordDocument")),
        Given("x.yml", problem="坏了。"),
        Given("offices.yml", b"- a"),
    ]
    lines = take(session, given)
    assert {path: line.outcome for path, line in lines.items()} == {
        "guides/guide-x.yml": Outcome.new,
        "guides/guide-y.yml": Outcome.bad,
        "guides/guide-z.yml": Outcome.bad,
        "村规/李家沟村村规民约.docx": Outcome.new,
        "政策/青石乡/高龄补助办法.txt": Outcome.new,
        "村规/无名.txt": Outcome.bad,
        "杂.txt": Outcome.bad,
        "老.doc": Outcome.bad,
        "x.yml": Outcome.bad,
        "offices.yml": Outcome.skipped,
    }
    reasons = {
        "guides/guide-y.yml": "没有“nowhere”这个地方",
        "guides/guide-z.yml": "第 1 行附近",
        "村规/无名.txt": "看不出是哪个地方",
        "杂.txt": "看不出是哪一种",
        "老.doc": "老格式",
        "x.yml": "坏了",
    }
    assert all(reason in lines[path].text for path, reason in reasons.items())
    rule = session.get_one(DocumentVersion, lines["村规/李家沟村村规民约.docx"].version_id)
    assert (
        rule.status,
        rule.document.place_id,
        rule.author_id,
        rule.editors,
        [c["number"] for c in rule.content["clauses"]],
    ) == (VersionStatus.draft, "lijiagou", 1, [1], ["第一条", "第二条", "第三条"])
    policy = session.get_one(DocumentVersion, lines["政策/青石乡/高龄补助办法.txt"].version_id)
    assert (policy.document.place_id, policy.in_force_from, policy.document.kind) == (
        "qingshi",
        date(2026, 5, 1),
        Kind.policy,
    )


def test_the_same_folder_twice_changes_nothing(session: Session) -> None:
    given = [Given("guides/guide-x.yml", yml()), Given("村规/李家沟村村规民约.docx", sample_files.rules_docx())]
    take(session, given)
    before = session.scalar(select(func.count()).select_from(DocumentVersion))
    assert {line.outcome for line in take(session, given).values()} == {Outcome.same}
    assert session.scalar(select(func.count()).select_from(DocumentVersion)) == before


def test_kind_and_place_may_be_said(session: Session) -> None:
    [line] = take(
        session, [Given("a.txt", "规矩\n第一条 不乱倒垃圾。".encode())], kind=Kind.village_rule, place="shiqiao"
    ).values()
    assert line.outcome is Outcome.new
    assert session.get_one(Document, line.document_id).place_id == "shiqiao"


def test_a_changed_open_file_is_a_new_version_or_a_draft(session: Session) -> None:
    take(session, [Given("x.yml", yml())], publish=True)
    [line] = take(session, [Given("x.yml", yml(answer="先登记，再带上身份证去办。"))], publish=True).values()
    assert line.outcome is Outcome.changed
    assert versions.current(session, "guide-x").number == 2
    [line] = take(session, [Given("x.yml", yml(answer="第三种说法。"))]).values()
    assert line.outcome is Outcome.changed
    assert session.get_one(DocumentVersion, line.version_id).status is VersionStatus.draft
    assert versions.current(session, "guide-x").number == 2
    [line] = take(session, [Given("x.yml", yml(answer="第四种说法。"))]).values()
    assert line.outcome is Outcome.bad
    assert "已经有一版在改" in line.text


def test_what_a_person_took_over_is_never_published_by_a_file(session: Session) -> None:
    take(session, [Given("x.yml", yml())], publish=True)
    held = versions.current(session, "guide-x")
    versions.withdraw(session, held.id, by=WANG, now=NOW, reason="写错了")
    [line] = take(session, [Given("x.yml", yml())], publish=True).values()
    assert session.get_one(DocumentVersion, line.version_id).status is VersionStatus.draft
    assert versions.current(session, "guide-x") is None


def test_a_file_of_a_place_that_is_not_theirs_is_refused(session: Session) -> None:
    lines = take(
        session,
        [Given("x.yml", yml(place="liuhe")), Given("村规/李家沟村.txt", "村规\n第一条 好。".encode())],
        may=lambda place: place == "qingshi",
    )
    assert {line.text for line in lines.values()} == {"这个地方不归您管。"}
    assert session.scalar(select(func.count()).select_from(Document)) == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": "../x"}, "id 只能"),
        ({"id": "law-123456789012"}, "id 只能"),
        ({"kind": "statute"}, "没有“statute”"),
        ({"answer": None}, "写法不对"),
        ({"title": ["a"]}, "标题"),
        ({"title": "长" * 201}, "太长"),
        ({"in_force_from": "明天"}, "写法不对"),
        ({"in_force_from": None}, "in_force_from"),
        ({"kind": "village_rule"}, "clauses"),
        (
            {
                "kind": "village_rule",
                "clauses": [{"number": "第一条", "text": "罚款。", "answer": "要罚。", "status": "conflicts"}],
            },
            "没有写是哪一条法律",
        ),
        ({"sections": "散的"}, "写法不对"),
    ],
)
@pytest.mark.parametrize("publish", [True, False])
def test_a_malformed_open_file_is_named_with_its_fault(
    session: Session, changes: dict[str, Any], reason: str, publish: bool
) -> None:
    [line] = take(session, [Given("x.yml", yml(**changes))], publish=publish).values()
    assert line.outcome is Outcome.bad
    assert reason in line.text
    assert session.scalar(select(func.count()).select_from(Document)) == 0


def test_questions_of_a_published_file_are_in_the_bank_and_a_quarter_set_aside(session: Session) -> None:
    asked = [f"这个证怎么办，第{n}种问法" for n in range(40)]
    take(session, [Given("x.yml", yml(questions=asked))], publish=True)
    rows = questions(session)
    assert len(rows) == 40
    assert 0 < sum(set_aside for _, set_aside, _, _ in rows) < 20


def packed(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in entries:
            made.writestr(name, data)
    return out.getvalue()


def named(raw: bytes) -> bytes:
    """A ZIP whose one file has this name in bytes, unmarked, as Windows writes it."""
    return packed(("N" * len(raw), b"x")).replace(b"N" * len(raw), raw)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"Rar!\x1a\x07", "请传 .zip"),
        (b"PK\x03\x04 and then nothing", "打不开"),
        (packed(*((f"{n}.yml", b"") for n in range(2001))), "2001 个文件"),
        (b"PK\x03\x04" + b"PK\x01\x02" * 30_000, "文件太多"),
        (packed(("a.txt", b" " * 51_000_000)), "解开以后太大"),
        (packed(*((f"{n}.txt", b" " * 9_000_000) for n in range(6))), "解开以后太大"),
    ],
    ids="rar broken thousands hundreds_of_thousands bomb many_bombs".split(),
)
def test_a_hostile_archive_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(FileRefused, match=sentence):
        archive.of_zip(data)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a/../../b.yml", "..\\..\\b.yml", "C:\\b.yml", "a\nb.yml"]
)
def test_a_name_that_points_outside_is_not_read(name: str) -> None:
    [given] = archive.of_zip(packed((zipfile.ZipInfo(name), b"id: x")))
    assert (given.data, given.problem) == (b"", "文件名指到了压缩包外面，没有读。")


def test_links_and_damaged_files_of_an_archive_are_named() -> None:
    link = zipfile.ZipInfo("link.yml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    damaged = bytearray(packed((link, b"/etc/passwd"), ("a.txt", os.urandom(500))))
    damaged[damaged.index(b"a.txt") + 100] ^= 0xFF
    assert [(g.path, g.problem) for g in archive.of_zip(bytes(damaged))] == [
        ("link.yml", "这是一个链接，不是文件，没有读。"),
        ("a.txt", "压缩包里的这个文件坏了。"),
    ]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_names_from_windows_are_read(encoding: str) -> None:
    assert [g.path for g in archive.of_zip(named("村规.txt".encode(encoding)))] == ["村规.txt"]


def test_a_lying_size_is_no_way_around_the_limit() -> None:
    data = bytearray(packed(("a.txt", b" " * 60_000_000)))
    at = data.rfind(b"a.txt")
    data[at - 46 + 24 : at - 46 + 28] = (10).to_bytes(4, "little")
    assert [(g.data, g.problem) for g in archive.of_zip(bytes(data))] == [(b"", "压缩包里的这个文件坏了。")]


def test_a_folder_is_read_without_links_and_noise(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.txt").write_text("好")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "c.txt").write_text("x")
    (tmp_path / "~$a.docx").write_text("x")
    (tmp_path / "out").symlink_to("/etc")
    (tmp_path / "hosts.txt").symlink_to("/etc/hosts")
    assert [(g.path, g.data) for g in archive.of_folder(tmp_path)] == [("a/b.txt", "好".encode())]


def test_places_keep_what_staff_made_of_them(session: Session) -> None:
    session.get_one(Place, "lijiagou").name = "李家沟新村"
    lines = take(session, [Given("places.yml", (CORPUS / "places.yml").read_bytes())], publish=True)
    assert lines["places.yml"].outcome is Outcome.same
    assert session.get_one(Place, "lijiagou").name == "李家沟新村"
