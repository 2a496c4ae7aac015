"""The numbers Word shows before a paragraph and doesn't store in its text, and which paragraphs are headings."""

import re
from dataclasses import dataclass
from typing import Any

from docx.oxml.ns import qn

from knowledge.statutes.numerals import chinese_number

_HEADING = re.compile(r"^(?:heading|标题)\s*([1-9])$", re.I)
_LEGAL = str.maketrans("零一二三四五六七八九十百千", "零壹贰叁肆伍陆柒捌玖拾佰仟")
_DEEPEST = 20  # of styles that build on each other; a file may chain them in a ring
_MOST = 9_999


@dataclass(frozen=True)
class Style:
    heading: int = 0  # 0 for none
    numbering: tuple[str, int] | None = None  # (list, level)


class Styles:
    def __init__(self, root: Any) -> None:
        self._known = {style.get(qn("w:styleId")): style for style in root.iter(qn("w:style"))}

    def of(self, paragraph: Any) -> Style:
        own = paragraph.find(qn("w:pPr"))
        chain = [own] if own is not None else []
        name = _value(own, "w:pStyle")
        heading = 0
        for _ in range(_DEEPEST):
            style = self._known.get(name)
            if style is None:
                break
            label = _value(style, "w:name") or ""
            if found := _HEADING.match(label):
                heading = heading or int(found[1])
            elif label.lower() in ("title", "标题"):
                heading = heading or 1
            if (settings := style.find(qn("w:pPr"))) is not None:
                chain.append(settings)
            name = _value(style, "w:basedOn")
        outline = next((value for settings in chain if (value := _value(settings, "w:outlineLvl"))), "")
        if not heading and outline.isdecimal() and int(outline) < 9:
            heading = int(outline) + 1
        return Style(heading, _numbering(chain))

    def of_run(self, run: Any) -> list[Any]:
        """How the styles of a run and of its paragraph set its letters, the nearest first."""
        own = run.find(qn("w:rPr"))
        paragraph = next(run.iterancestors(qn("w:p")), None)
        around = paragraph.find(qn("w:pPr")) if paragraph is not None else None
        found: list[Any] = []
        for name in (_value(own, "w:rStyle"), _value(around, "w:pStyle")):
            for _ in range(_DEEPEST):
                style = self._known.get(name)
                if style is None:
                    break
                if (settings := style.find(qn("w:rPr"))) is not None:
                    found.append(settings)
                name = _value(style, "w:basedOn")
        return found


def _numbering(chain: list[Any]) -> tuple[str, int] | None:
    """The nearest list; list 0 takes the number away that a style gives."""
    held = [found for settings in chain if (found := settings.find(qn("w:numPr"))) is not None]
    name = next((value for found in held if (value := _value(found, "w:numId")) is not None), None)
    level = next((value for found in held if (value := _value(found, "w:ilvl")) is not None), "0")
    return None if name in (None, "0") else (name, min(int(level), 8) if level.isdecimal() else 0)


@dataclass(frozen=True)
class _Level:
    form: str = "decimal"
    text: str = ""
    start: int = 1
    is_legal: bool = False


class Numbers:
    """Counts along as Word does: each level on its own, those below begin again when one above goes on."""

    def __init__(self, root: Any) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._abstract: dict[str, str] = {}
        self._own_start: dict[str, dict[int, int]] = {}
        self._counts: dict[str, list[int | None]] = {}
        if root is None:
            return
        for abstract in root.iter(qn("w:abstractNum")):
            self._levels[abstract.get(qn("w:abstractNumId"))] = {
                index: found
                for level in abstract.iter(qn("w:lvl"))
                if (index := _index(level)) is not None
                for found in [_level(level)]
            }
        for num in root.iter(qn("w:num")):
            name = num.get(qn("w:numId"))
            self._abstract[name] = _value(num, "w:abstractNumId") or ""
            for override in num.iter(qn("w:lvlOverride")):
                if (index := _index(override)) is not None:
                    self._own_start.setdefault(name, {})[index] = _int(_value(override, "w:startOverride"), 1)

    def next(self, name: str, level: int) -> str:
        """The number of the list's next paragraph at this level; "" for bullets and for lists the file doesn't
        define.
        """
        abstract = self._abstract.get(name, "")
        levels = self._levels.get(abstract, {})
        if level not in levels:
            return ""
        # Lists that begin at a number of their own count alone; the others of one definition count on together.
        counts = self._counts.setdefault(name if name in self._own_start else f"abstract {abstract}", [None] * 9)
        start = self._own_start.get(name, {})
        for above in range(level):
            if counts[above] is None and above in levels:
                counts[above] = start.get(above, levels[above].start)
        held = counts[level]
        counts[level] = start.get(level, levels[level].start) if held is None else min(held + 1, _MOST)
        counts[level + 1 :] = [None] * (8 - level)
        shown = levels[level]
        if shown.form in ("bullet", "none"):
            return ""

        def number(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            return _written("decimal" if shown.is_legal else levels[at].form, counts[at] or 0) if at in levels else ""

        text = re.sub(r"%([1-9])", number, shown.text)
        return (
            text
            if not text
            or (
                text.endswith(("、", "）", ")", ".", "．", "条", "章", "节", "编", " ", "　"))
                and not text.endswith(("条", "章", "节", "编"))
            )
            else f"{text} "
        )


def _level(level: Any) -> _Level:
    return _Level(
        _value(level, "w:numFmt") or "decimal",
        (_value(level, "w:lvlText") or "")[:40],
        _int(_value(level, "w:start"), 1),
        level.find(qn("w:isLgl")) is not None,
    )


def _index(level: Any) -> int | None:
    value = level.get(qn("w:ilvl")) or ""
    return int(value) if value.isdecimal() and int(value) < 9 else None


def _int(value: str | None, default: int) -> int:
    return min(int(value), _MOST) if value and value.isdecimal() else default


def _value(parent: Any, tag: str) -> str | None:
    found = parent.find(qn(tag)) if parent is not None else None
    return found.get(qn("w:val")) if found is not None else None


def _written(form: str, number: int) -> str:
    if not 0 < number <= _MOST:
        return str(number)
    if form in (
        "chineseCounting",
        "chineseCountingThousand",
        "japaneseCounting",
        "ideographDigital",
        "taiwaneseCounting",
        "taiwaneseCountingThousand",
        "koreanDigital2",
    ):
        return chinese_number(number)
    if form == "chineseLegalSimplified":
        return chinese_number(number).translate(_LEGAL)
    if form in ("decimalEnclosedCircle", "decimalEnclosedCircleChinese") and number <= 20:
        return chr(0x245F + number)
    if form in ("upperLetter", "lowerLetter"):
        letter = chr(ord("A") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter[:10] if form == "upperLetter" else letter[:10].lower()
    if form in ("upperRoman", "lowerRoman"):
        return _roman(number) if form == "upperRoman" else _roman(number).lower()
    if form == "ideographTraditional" and number <= 10:
        return "甲乙丙丁戊己庚辛壬癸"[number - 1]
    return f"{number:02d}" if form == "decimalZero" else str(number)


def _roman(number: int) -> str:
    out = ""
    for value, sign in (
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ):
        out += sign * (number // value)
        number %= value
    return out
