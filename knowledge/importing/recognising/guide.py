"""Service guides and policies: the answer, the sections of our guides, and what the text says of its issuer and
basis.
"""

import re
from typing import Any

from knowledge.importing.formats.blocks import Block, BlockKind
from knowledge.importing.recognising import mentions
from knowledge.importing.recognising.labels import SECTIONS, label_of, section_of
from knowledge.importing.recognising.reading import Reading

_MOST_ANSWER, _MOST_SECTION, _FIRST = 2_000, 20_000, 300
_INLINE = re.compile(r"^【?([^：:】\n]{2,14})(?:】|[：:])\s*(?=\S)")
_SPACED = re.compile(r"^(\S{2,8})[ \n](?=\S[\s\S]{5,})")
_ABOUT_ITSELF = re.compile(r"^(?:本(?:办法|通知|方案|细则|规定|政策|意见|公告)|附件?[：:\d])")
_HEADS = {"项目", "内容", "事项", "要素", "名称", "说明", "栏目", "序号"}


class _Sorting:
    """Where each line goes: under the heading it stands beneath, or that it begins with."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.fields: dict[str, list[str]] = {}
        self.unknown: list[str] = []
        self.moved: list[tuple[str, str]] = []
        self.current = "answer"
        self.above = ""  # the section that the last heading opened, for the articles below it

    def put(self, name: str, text: str) -> None:
        if text.strip():
            self.fields.setdefault(name, []).append(text.strip())

    def headed(self, heading: str, *, text: str = "") -> None:
        """A heading opens its field; one of no field of ours goes to 注意 and stays in front of its text."""
        name = label_of(heading)
        if name in (None, "facts", "handling", "lesson"):
            self.current = "注意"
            self.unknown.append(heading)
            self.put("注意", f"{heading}：{text}" if text else f"{heading}：")
            return
        assert name is not None
        self.current = name
        self.moved.append((heading, name))
        self.put(name, text)

    def block(self, block: Block) -> None:
        if block.kind is BlockKind.table:
            self._table(block)
        elif block.kind is BlockKind.heading:
            self.above = name if (name := label_of(block.text)) in SECTIONS else ""
            if re.match(r"^第\S{1,8}?(?:编|章|节|部分)$", block.number) and label_of(block.text) is None:
                self.moved.append((block.line, ""))
                self.current = "answer" if not self.fields else "注意"
            else:
                self.headed(block.text or block.number)
        elif block.kind is BlockKind.article:
            self._article(block)
        elif (found := _INLINE.match(block.text)) and label_of(found[1]) not in (None, "facts", "handling", "lesson"):
            self.headed(found[1], text=block.text[found.end() :])
        elif (
            (name := label_of(block.text)) is not None
            and len(block.text) <= 12
            and name not in ("facts", "handling", "lesson")
        ):
            self.headed(block.text)
        else:
            if _ABOUT_ITSELF.match(block.text) and self.current in SECTIONS:
                self.current = "注意"
            self.put(self.current, block.line)

    def _article(self, block: Block) -> None:
        """An article keeps its number; its own heading or its words say where it belongs."""
        found = _own_heading(block.text)
        name = label_of(found) if found else None
        if name not in SECTIONS:
            name = self.above or section_of(block.text)
        self.current = name or (
            "answer"
            if not any(k in self.fields for k in SECTIONS) and len("".join(self.fields.get("answer", []))) < _FIRST
            else "注意"
        )
        self.put(self.current, block.line)
        if name is None and self.current == "注意":
            self.unknown.append(block.number)

    def _table(self, block: Block) -> None:
        labelled = [label_of(row[0]) for row in block.rows]
        if max(map(len, block.rows)) >= 2 and sum(name is not None for name in labelled) * 2 >= len(block.rows):
            before = self.current
            for row in block.rows:
                rest = "；".join(cell for cell in row[1:] if cell)
                if all(re.sub(r"\s", "", cell) in _HEADS for cell in row if cell):
                    self.moved.append((" | ".join(row), ""))
                elif not row[0] and rest:
                    self.put(self.current, rest)
                else:
                    self.headed(row[0], text=rest)
            self.current = before
            self.reading.understood.append(f"表格里的 {len(block.rows)} 行按左边一格归到各栏。")
        else:
            where = f"第 {block.page} 页的表格" if block.page else "表格"
            name = self.current if self.current in SECTIONS else "注意"
            self.put(name, block.line)
            (self.reading.understood if self.current in SECTIONS else self.reading.left).append(
                f"{where}（{len(block.rows)} 行）放在“{name}”里。"
            )


def _own_heading(text: str) -> str | None:
    found = _INLINE.match(text) or _SPACED.match(text) or re.match(r"^[（(\[]([^）)\]]{2,12})[）)\]]", text)
    return found[1] if found else None


def guide(reading: Reading) -> dict[str, Any]:
    sorting = _Sorting(reading)
    for block in reading.blocks:
        sorting.block(block)
    fields = sorting.fields
    titles = fields.pop("title", [])
    if titles:
        reading.title, was = titles[0], reading.title
        reading.understood.append(f"事项名称：{'；'.join(titles)}")
        if was and was != reading.title:
            reading.left.append(f"标题改用事项名称，原来的标题是“{was}”。")
    answer, over = _answer(fields, sorting)
    sections = {name: "\n".join(fields[name]) for name in SECTIONS if fields.get(name)}
    if over:
        sections["注意"] = "\n".join(filter(None, [*over, sections.get("注意", "")]))
    for name, text in list(sections.items()):
        if len(text) > _MOST_SECTION:
            sections[name] = text[:_MOST_SECTION]
            reading.left.append(f"“{name}”太长，放不下的：{text[_MOST_SECTION:]}")
    number = mentions.document_number("\n".join(fields.get("number", []))) or mentions.document_number(reading.text)
    basis = mentions.citations(reading.text)
    issuer = "；".join(fields.get("issuer", [])) or reading.signed_by
    _say(reading, sorting, sections=sections, answer=answer, number=number, basis=basis, issuer=issuer)
    content = {
        "title": reading.title,
        "issuer": issuer[:300],
        "number": number,
        "varies_by_province": False,
        "proof": None,
        "answer": answer,
        "next": "\n".join(fields.get("next", []))[:_MOST_ANSWER],
        "sections": sections,
        "legal_basis": basis,
    }
    return {**content, "questions": [line for text in fields.get("questions", []) for line in text.split("\n")]}


def _answer(fields: dict[str, list[str]], sorting: _Sorting) -> tuple[str, list[str]]:
    """What stands before the first section, and what of it doesn't fit there."""
    lines = fields.get("answer", [])
    if not any(fields.get(name) for name in SECTIONS) and len("".join(lines)) > _FIRST:
        sorting.reading.left.append("没有认出“谁可以办”“带什么”这些小标题，正文先放在“注意”里，请分到各栏。")
        return lines[0][:_FIRST], [text for text in (lines[0][_FIRST:], *lines[1:]) if text]
    text = "\n".join(lines)
    return text[:_MOST_ANSWER], [text[_MOST_ANSWER:]] if len(text) > _MOST_ANSWER else []


def _say(
    reading: Reading,
    sorting: _Sorting,
    *,
    sections: dict[str, str],
    answer: str,
    number: str | None,
    basis: list[str],
    issuer: str,
) -> None:
    said, left = reading.understood, reading.left
    if sections:
        said.append(f"认出 {len(sections)} 栏：{'、'.join(sections)}。")
    said += [
        f"“{heading}”放在“{_FIELDS.get(name, name)}”里。" if name else f"“{heading}”只是标题，没有放进正文。"
        for heading, name in sorting.moved
        if heading != name
    ]
    left += [
        f"“{heading}”下面没有字。"
        for heading, name in sorting.moved
        if name and name != "title" and not sorting.fields.get(name)
    ]
    if number:
        said.append(f"文号：{number}。")
    if issuer:
        said.append(f"单位：{issuer}。")
    if basis:
        said.append(f"依据 {len(basis)} 条：{'、'.join(basis)}。")
    for name in ("legal_basis", "number", "next"):
        for text in sorting.fields.get(name, []):
            if (
                name == "legal_basis"
                or (name == "number" and number is None)
                or (name == "next" and len(text) > _MOST_ANSWER)
            ):
                left.append(f"“{_FIELDS[name]}”写的是：{text}")
    if sorting.unknown:
        left.append(f"不知道归哪一栏，先放在“注意”里：{'、'.join(dict.fromkeys(sorting.unknown))}")
    if not answer:
        left.append("没有找到可以当简短回答的话，请写一两句。")


_FIELDS = {
    "answer": "简短回答",
    "next": "下一步",
    "legal_basis": "依据",
    "issuer": "单位",
    "number": "文号",
    "title": "标题",
    "questions": "大家这样问",
}
