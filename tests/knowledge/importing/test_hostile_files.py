"""Files that are mistaken or mean harm: each is refused in a sentence that says what to do, and the app goes on."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from knowledge import confined
from knowledge.errors import FileRefused
from knowledge.importing import child
from knowledge.importing import files as reading
from knowledge.importing.files import MOST_BYTES, read_file, read_pasted
from knowledge.importing.formats import blocks
from tests.knowledge.importing import sample_files

pytestmark = pytest.mark.slow

GOOD = sample_files.rules_docx()
ENTITY = '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "哈哈哈哈哈哈哈哈哈哈">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)
DOCUMENT = (
    f'<w:document xmlns:w="{sample_files.W}"><w:body><w:p><w:r><w:t>&{{0}};</w:t></w:r></w:p></w:body></w:document>'
)
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override '
    'PartName="/word/document.xml" ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'
)
XLSX = TYPES.replace(
    "application/vnd.ms-word.document.macroEnabled.main+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
)


def lying_docx() -> bytes:
    """A bomb whose directory says that it unpacks to a thousand bytes."""
    data = bytearray(sample_files.bomb_docx(60))
    at = data.rfind(b"word/document.xml")  # in the directory at the end
    data[at - 46 + 24 : at - 46 + 28] = (1000).to_bytes(4, "little")
    return bytes(data)


def deep_docx(depth: int) -> bytes:
    return sample_files.body(
        "<w:sdt><w:sdtContent>" * depth + sample_files.p("到底了") + "</w:sdtContent></w:sdt>" * depth
    )


def tables_in_tables(depth: int) -> bytes:
    xml = sample_files.p("到底了")
    for _ in range(depth):
        xml = f"<w:tbl><w:tr><w:tc>{sample_files.p('甲')}</w:tc><w:tc>{xml}</w:tc></w:tr></w:tbl>"
    return sample_files.body(xml)


def wide_docx() -> bytes:
    cell = f"<w:tc>{sample_files.p('一')}</w:tc>"
    return sample_files.body("<w:tbl>" + f"<w:tr>{cell * 100}</w:tr>" * 250 + "</w:tbl>")


HOSTILE: dict[str, tuple[str, Any, str]] = {
    "empty": ("a.docx", b"", "空的"),
    "only blanks": ("a.txt", b" \n\t ", "空的"),
    "a docx without a word": ("a.docx", sample_files.word(lambda _: None), "没有字"),
    "too big": ("a.txt", b"a" * (MOST_BYTES + 1), "12 MB"),
    "bomb": ("a.docx", lambda: sample_files.bomb_docx(320), "解开以后太大"),
    "bomb that lies": ("a.docx", lying_docx, "坏了"),
    "thousands of parts": (
        "a.docx",
        lambda: sample_files.changed(GOOD, {f"word/media/{n}.xml": b"<a/>" for n in range(4000)}),
        "解开以后太大",
    ),
    "macros": ("a.docx", lambda: sample_files.changed(GOOD, {"word/vbaProject.bin": b"\xd0\xcf"}), "有宏"),
    "macros under another name": (
        "a.docx",
        lambda: sample_files.changed(GOOD, {"[Content_Types].xml": TYPES.encode()}),
        "有宏",
    ),
    "docm": ("村规.docm", GOOD, "有宏"),
    "docx under a password": ("a.docx", sample_files.ole("EncryptionInfo", "EncryptedPackage"), "加了密码"),
    "doc": ("a.doc", sample_files.ole("WordDocument"), "老格式"),
    "doc called docx": ("a.docx", sample_files.ole("WordDocument"), "老格式"),
    "wps": ("a.wps", sample_files.ole("WpsDocument"), "老格式"),
    "rtf": ("a.rtf", rb"{\rtf1 hello}", "老格式"),
    "rtf called txt": ("a.txt", rb"{\rtf1 hello}", "老格式"),
    "exe": ("a.exe", b"MZ\x90\x00", "不能读"),
    "no ending": ("村规", GOOD, "不能读"),
    "pdf called docx": ("a.docx", b"%PDF-1.7 x", "里面却不是"),
    "docx called pdf": ("a.pdf", GOOD, "里面却不是"),
    "docx called txt": ("a.txt", GOOD, "里面却不是"),
    "text called docx": ("a.docx", "第一条".encode(), "里面却不是"),
    "xlsx called docx": (
        "a.docx",
        lambda: sample_files.changed(GOOD, {"[Content_Types].xml": XLSX.encode()}),
        "不是 Word",
    ),
    "bytes called txt": ("a.txt", bytes(range(256)) * 40, "不是文字"),
    "half a docx": ("a.docx", GOOD[: len(GOOD) // 2], "坏了"),
    "broken xml": ("a.docx", lambda: sample_files.changed(GOOD, {"word/document.xml": b"<w:document"}), "坏了"),
    "external entity": (
        "a.docx",
        lambda: sample_files.changed(GOOD, {"word/document.xml": (ENTITY + DOCUMENT.format("a")).encode()}),
        "实体",
    ),
    "external entity in UTF-16": (
        "a.docx",
        lambda: sample_files.changed(
            GOOD,
            {
                "word/document.xml": (ENTITY + DOCUMENT.format("a"))
                .replace('"1.0"', '"1.0" encoding="UTF-16"')
                .encode("utf-16")
            },
        ),
        "实体",
    ),
    "a billion laughs": (
        "a.docx",
        lambda: sample_files.changed(GOOD, {"word/document.xml": (LAUGHS + DOCUMENT.format("i")).encode()}),
        "实体",
    ),
    "entities beside the page": (
        "a.docx",
        lambda: sample_files.changed(GOOD, {"word/styles.xml": (ENTITY + "<a>&a;</a>").encode()}),
        "实体",
    ),
    "xml ten thousand deep": ("a.docx", lambda: deep_docx(5000), "坏了"),
    "tables in tables": ("a.docx", lambda: tables_in_tables(5), "套了好几层"),
    "a huge table": ("a.docx", wide_docx, "表格太大"),
    "too long": ("a.txt", ("字" * 1000 + "\n").encode() * 401, "40 万字"),
    "too many paragraphs": ("a.txt", "字\n".encode() * 50_001, "段落太多"),
    "html in depth": ("a.html", b"<div>" * 5000 + b"x" + b"</div>" * 5000, "套得太深"),
    "html of tags": ("a.html", b"<b>" * 300_000, "太复杂"),
    "html with entities": ("a.html", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><p>&b;', "实体"),
    "html of scripts only": ("a.html", b"<script>alert(1)</script>", "没有字"),
    "pdf under a password": ("a.pdf", lambda: sample_files.pdf(sample_files.RULES, encrypt="secret"), "加了密码"),
    "half a pdf": ("a.pdf", b"%PDF-1.7\nnothing", "坏了"),
    "pdf of pictures": ("a.pdf", lambda: sample_files.raw_pdf(b"0 0 100 100 re f", pages=3), "扫描件"),
    "pdf of too many pages": (
        "a.pdf",
        lambda: sample_files.raw_pdf(b"BT /F1 12 Tf 50 50 Td (hello world, hello) Tj ET", pages=301),
        "301 页",
    ),
}


@pytest.fixture
def quiet() -> Iterator[None]:
    """Nothing of a reading stays behind: no process, no open file."""
    files_before, children_before = len(list(Path("/proc/self/fd").iterdir())), _children()
    yield
    assert len(list(Path("/proc/self/fd").iterdir())) <= files_before
    assert _children() <= children_before


def _children() -> set[str]:
    """Processes that this one started, zombies too; the suite's own stack may be among them."""
    return {child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_in_a_sentence(quiet: None, what: str) -> None:
    name, data, sentence = HOSTILE[what]
    with pytest.raises(FileRefused, match=sentence) as refused:
        read_file(name, data() if callable(data) else data)
    assert refused.value.message_zh.endswith("。")


def memory_bombs() -> dict[str, tuple[str, bytes]]:
    text = b"BT /F1 12 Tf 50 50 Td " + b"(hello world) Tj " * 8_000_000 + b"ET"
    paths = b"1 1 1 1 re f " * 15_000_000
    return {
        "a pdf of one endless text": ("a.pdf", sample_files.raw_pdf(text)),
        "a pdf of endless strokes": ("a.pdf", sample_files.raw_pdf(paths)),
    }


@pytest.mark.parametrize("what", ["a pdf of one endless text", "a pdf of endless strokes"])
def test_a_content_stream_that_swells_takes_only_its_own_process_along(quiet: None, what: str) -> None:
    name, data = memory_bombs()[what]
    assert len(data) < 1_000_000
    with pytest.raises(FileRefused):
        read_file(name, data)
    assert read_file("a.docx", GOOD).blocks[0].text == sample_files.RULES[0]


@pytest.mark.parametrize(
    "ending",
    [subprocess.TimeoutExpired("x", 1), subprocess.CalledProcessError(-9, "x"), subprocess.CalledProcessError(1, "x")],
    ids="slow killed failed".split(),
)
def test_a_reading_that_dies_is_a_refusal(monkeypatch: pytest.MonkeyPatch, ending: Exception) -> None:
    def run(*_: Any, **__: Any) -> None:
        raise ending

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(FileRefused, match="读不下来"):
        read_file("a.docx", GOOD)


def test_a_reading_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch, quiet: None, tmp_path: Path) -> None:
    sleeper = tmp_path / "sleeper"
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o700)
    monkeypatch.setattr(confined.sys, "executable", str(sleeper))
    monkeypatch.setattr(reading._CHILD, "_wall_s", 0.5)
    with pytest.raises(FileRefused, match="读不下来"):
        read_file("a.docx", GOOD)


def test_the_reading_process_knows_no_secrets_and_has_its_limits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spy = tmp_path / "spy"
    spy.write_text(f'#!/bin/sh\nenv > {tmp_path}/env\necho \'{{"blocks": [], "warnings": []}}\'\n')
    spy.chmod(0o700)
    monkeypatch.setenv("LINLI_DATABASE_URL", "postgresql://secret")
    monkeypatch.setattr(confined.sys, "executable", str(spy))
    read_file("a.docx", GOOD)
    seen = (tmp_path / "env").read_text()
    assert "secret" not in seen
    assert "LINLI" not in seen
    assert "PYTHONPATH" in seen


def test_limits_are_set_before_anything_is_read() -> None:
    code = (
        "from knowledge.importing import child; import resource as r, sys; child.limited(); print(*[r.getrlimit(x)[0] "
        "for x in (r.RLIMIT_AS, r.RLIMIT_CPU, r.RLIMIT_FSIZE, r.RLIMIT_CORE)]); print({'docx', 'lxml', 'bs4', "
        "'pypdfium2'} & set(sys.modules))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code],
        env=confined._environment(),
        cwd=confined._ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    assert out[0].split() == [str(child.MOST_MEMORY), str(child.MOST_CPU_S), str(child.MOST_OUTPUT), "0"]
    assert out[1] == "set()"


def test_pasted_text_is_bounded_too() -> None:
    for text, sentence in (("", "请选一个文件"), ("字" * (blocks.MOST_CHARACTERS + 1), "40 万字")):
        with pytest.raises(FileRefused, match=sentence):
            read_pasted(text)


def test_what_cannot_be_seen_or_stored_does_not_get_in() -> None:
    [block] = read_pasted("第一条 爱护\u200b环\x00境\u202e。").blocks
    assert block.text == "爱护环境。"


@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_and_keeps_its_characters(text: str) -> None:
    try:
        found = read_pasted(text)
    except FileRefused:
        assert not blocks.clean(text)
        return
    kept = [c for c in "".join(block.line for block in found.blocks) if not c.isspace()]
    wanted = [c for c in blocks.clean(text) if not c.isspace()]
    assert sorted(kept) == sorted(wanted) or any(block.kind is blocks.BlockKind.article for block in found.blocks)


@hypothesis_settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=30))
def test_a_damaged_docx_is_read_or_refused(at: int, damage: bytes) -> None:
    try:
        read_file("a.docx", GOOD[:at] + damage + GOOD[at + len(damage) :])
    except FileRefused as refused:
        assert refused.message_zh
