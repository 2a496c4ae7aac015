"""A sheet of paper slips to cut, and before it the list by which a grid worker hands them over."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from actions.papers.font import drawable, embedded_font
from actions.roster.codes import spaced
from actions.roster.listing import name_of
from actions.roster.printing import Printed

_WIDE, _HIGH = A4
_COLUMNS, _ROWS = 2, 4
_EDGE = 8 * mm
_SLIP_W, _SLIP_H = (_WIDE - 2 * _EDGE) / _COLUMNS, (_HIGH - 2 * _EDGE) / _ROWS
_PAD = 5 * mm
_QR = 26 * mm
_LIST_ROWS = 30  # a page


@dataclass(frozen=True)
class Heading:
    """What all slips of a sheet share. `url`: the village's own page; no code is in it, or it would be in logs."""

    village: str
    group: str
    url: str
    printed_by: str
    day: date


def sheet(printed: Sequence[Printed], heading: Heading) -> bytes:
    """A PDF of A4 pages: first the list, with room to sign, then eight slips a page with lines to cut along."""
    out = io.BytesIO()
    paper = Canvas(out, pagesize=A4)
    paper.setTitle(drawable(f"{heading.village} {heading.group} 参与码"))
    for first in range(0, len(printed), _LIST_ROWS):
        _list_page(paper, printed[first : first + _LIST_ROWS], heading, number=first + 1, of=len(printed))
    dots = _dots(heading.url)
    for first in range(0, len(printed), _COLUMNS * _ROWS):
        for place, one in enumerate(printed[first : first + _COLUMNS * _ROWS]):
            row, column = divmod(place, _COLUMNS)
            left, top = _EDGE + column * _SLIP_W, _HIGH - _EDGE - row * _SLIP_H
            _slip(paper, one, heading, dots, left, top)
        paper.showPage()
    paper.save()
    return out.getvalue()


def _list_page(paper: Canvas, rows: Sequence[Printed], heading: Heading, *, number: int, of: int) -> None:
    _text(paper, 20 * mm, _HIGH - 22 * mm, f"{heading.village} {heading.group} 发码登记", 16)
    day = f"{heading.day.year}年{heading.day.month}月{heading.day.day}日"
    _text(
        paper, 20 * mm, _HIGH - 30 * mm, f"{day} {heading.printed_by}打印，共 {of} 张。登记上没有码，码只在纸条上。", 10
    )
    xs = [20 * mm, 32 * mm, 62 * mm, 87 * mm, 145 * mm]
    y = _HIGH - 40 * mm
    for x, title in zip(xs, ("序", "户号", "第几人", "领的人签字或按手印", "哪天、谁给的"), strict=True):
        _text(paper, x, y, title, 10)
    for place, one in enumerate(rows):
        y -= 7.2 * mm
        paper.setLineWidth(0.3)
        paper.line(20 * mm, y + 5.2 * mm, _WIDE - 18 * mm, y + 5.2 * mm)
        for x, said in zip(xs, (str(number + place), one.household, name_of(one.person_no)), strict=False):
            _text(paper, x, y, said, 11)
    paper.line(20 * mm, y - 2 * mm, _WIDE - 18 * mm, y - 2 * mm)
    _text(
        paper,
        20 * mm,
        14 * mm,
        "发完交回村委会，给监督委员看；发了谁也可以在“上门”页面上点。没发出去的纸条一起交回。",
        9,
    )
    paper.showPage()


def _slip(paper: Canvas, one: Printed, heading: Heading, dots: list[list[bool]], left: float, top: float) -> None:
    paper.setLineWidth(0.4)
    paper.setDash(3, 3)
    paper.rect(left, top - _SLIP_H, _SLIP_W, _SLIP_H)
    paper.setDash()
    x, right = left + _PAD, left + _SLIP_W - _PAD
    _text(paper, x, top - 10 * mm, f"{heading.village} 参与码", 13)
    _text(paper, right, top - 10 * mm, f"{one.group} {one.household} 户 {name_of(one.person_no)}", 10, is_right=True)
    _text(paper, x, top - 24 * mm, spaced(one.code), 27)
    ends = f"{one.ends_on.year}年{one.ends_on.month}月{one.ends_on.day}日"
    lines = (
        "在对话里发这 10 位，",
        "或者扫码，在村里的页面上填。",
        "只登记一部手机。别给人看，别发群。",
        "丢了、被人用了，找网格员换新的。",
        f"用到 {ends}。",
        "只征求意见用，不是选举的票。",
    )
    for place, said in enumerate(lines):
        _text(paper, x, top - 33 * mm - place * 5 * mm, said, 9)
    _qr(paper, dots, right - _QR, top - 32 * mm - _QR)
    _text(paper, x, top - _SLIP_H + 4.5 * mm, heading.url.removeprefix("https://").removeprefix("http://"), 8)


def _qr(paper: Canvas, dots: list[list[bool]], left: float, bottom: float) -> None:
    size = _QR / len(dots)
    for row, line in enumerate(dots):
        for column, is_dark in enumerate(line):
            if is_dark:
                paper.rect(left + column * size, bottom + _QR - (row + 1) * size, size, size, stroke=0, fill=1)


def _dots(url: str) -> list[list[bool]]:
    return [[bool(dot) for dot in row] for row in segno.make(url, error="m").matrix_iter(border=2)]


def _text(paper: Canvas, x: float, y: float, said: str, size: float, *, is_right: bool = False) -> None:
    paper.setFont(embedded_font(), size)
    draw = paper.drawRightString if is_right else paper.drawString
    draw(x, y, drawable(said))
