"""A table before it is shown to everybody: what may never stand there, what a person must look at, and its sums.

Names are shown only where the law publishes them (个人信息保护法 25); numbers of people and accounts never. Every
cell is read, in a row also across cells, since an identity number cut in two is one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from actions.disclosure.duties import DutyHere
from actions.errors import InvalidInput
from actions.storable import storable
from knowledge.anonymity.detector import apply_replacements, find_marks
from knowledge.anonymity.marks import Mark, MarkKind
from knowledge.anonymity.names.features import SURNAMES

MOST_ROWS = 2_000
MOST_COLUMNS = 15
MOST_CELL = 300
HIDDEN = "（公示期满，不再显示）"

Lines = Sequence[tuple[int, Sequence[str]]]
Rows = list[list[str]]

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_LONG_NUMBER = re.compile(r"[0-9](?:[ \-·.]?[0-9]){14,}[xX]?")
_ROUNDED = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?1[4-9]")  # 3.30102E+17: how a spreadsheet shows such a number
_SHORTEST = re.compile(r"[0-9A-Za-z０-９零〇幺一二三四五六七八九壹贰叁肆伍陆柒捌玖]")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_NEVER = re.compile(
    r"身份证|证件号|证号|银行卡|卡号|账号|帐号|电话|手机|联系方式|微信|住址|家庭地址|出生|病种|病情|疾病|诊断"
    r"|残疾(?:类别|等级|程度|证)|残疾类型"
)
_WHO = re.compile(r"^(?:姓名|名字|户主|户主姓名|村民|居民|领取人|受益人|承包人|租户|选民|委托人|受托人|.{0,4}姓名)$")
_MONEY = re.compile(r"金额|收入|支出|结余|费|款|补贴|补助|报酬|元|收到|用了|还剩|已收|已分|价值|筹到")
_NOT_SUMMED = re.compile(r"结余|标准|还剩|每")  # a balance or a rate adds up to nothing
_TOTAL = re.compile(r"^(?:本?[页期季月年]?(?:合计|总计|小计|共计)|总和)")
_NAMING = frozenset({MarkKind.name, MarkKind.nickname, MarkKind.plate})
_DOOR = re.compile(r"[0-9一二三四五六七八九十百]+(?:号|室|栋|幢|单元|户)")
_HOUSE = re.compile(r"老([一-鿿])家")
_SPOT = re.compile(r"[湾沟庄村桥塘寨屯坪坡]$")  # 柳树湾: where, though it begins as a name does
_REFUSED = {
    MarkKind.id_number: "身份证号",
    MarkKind.bank_account: "银行卡号",
    MarkKind.phone: "电话号码",
    MarkKind.wechat: "微信号",
    MarkKind.qq: "QQ号",
    MarkKind.email: "邮箱",
}


@dataclass(frozen=True)
class Sheet:
    """`held`: cells (row, column, from 0) that may name somebody; `hints`: what the clerk should look at again."""

    rows: Rows
    held: list[list[int]]
    title: str
    hints: list[str]


def scan(lines: Lines, duty: DutyHere) -> Sheet:
    """The table as it may be kept. Raises InvalidInput, which names each cell that may not stand there, and never says
    what stands in it.
    """
    title, numbers, rows = _shaped(lines)
    _refuse_columns(rows, numbers)
    refused, held = [], []
    for place, row in enumerate(rows):
        refused += [_cell_name(numbers[place], n, rows, what) for n, what in _forbidden(row, rows[0])]
        held += [[place, n] for n in range(len(row)) if place and _may_name(row[n], rows[0][n])]
    refused += [_cell_name(0, 0, [], what) for what in _kinds(title)]
    if refused:
        said = "；".join(refused[:20]) + (f"；一共 {len(refused)} 格" if len(refused) > 20 else "")
        raise InvalidInput(f"这份表不能公布，没有存。请先去掉这些：{said}。身份证号、银行卡号、电话不能贴出来。")
    return Sheet(rows, held, title, _hints(rows, duty))


def without_names(rows: Rows, held: Sequence[Sequence[int]]) -> Rows:
    """Each held cell with 李某 in place of a name; a cell of a column of names is that wholly."""
    kept = [list(row) for row in rows]
    for place, n in held:
        kept[place][n] = _masked(kept[place][n], rows[0][n])
    return kept


def hidden(rows: Rows, held: Sequence[Sequence[int]]) -> Rows:
    """The table after its days on the board: nothing of a held cell is left."""
    kept = [list(row) for row in rows]
    for place, n in held:
        if place < len(kept) and n < len(kept[place]):
            kept[place][n] = HIDDEN
    return kept


def sums(rows: Rows) -> list[str]:
    """A total for each column of money, "" for the others; rows that are totals themselves aren't counted."""
    body = [row for row in rows[1:] if not _TOTAL.match(row[0])]
    return (
        [_sum([row[n] for row in body]) if _is_summed(head) else "" for n, head in enumerate(rows[0])] if rows else []
    )


def unsummed(rows: Rows) -> list[str]:
    """Where a column of money holds words, so that it gets no total: people would take the others for the whole."""
    found = []
    for n, head in enumerate(rows[0] if rows else []):
        own = [(place, row[n]) for place, row in enumerate(rows[1:], 1) if row[n].strip()]
        words = [(place, cell) for place, cell in own if _amount(cell) is None]
        if _is_summed(head) and words and len(words) < len(own):
            place, cell = words[0]
            found.append(f"“{head}”第{place}行写的是“{cell[:20]}”，不是数字，所以这一栏没有合计。")
    return found


def numeric(rows: Rows) -> list[bool]:
    """Which columns hold numbers only, to be set to the right."""
    if not rows:
        return []
    return [
        any(row[n] for row in rows[1:]) and all(_amount(row[n]) is not None for row in rows[1:] if row[n])
        for n in range(len(rows[0]))
    ]


def changes(old: Rows, new: Rows) -> list[str]:
    """What a correction changed, cell by cell where the columns stayed; at most forty lines."""
    if not old or not new or old[0] != new[0]:
        return ["整张表换过了，栏目不一样。"]
    found = []
    for place in range(1, max(len(old), len(new))):
        before = old[place] if place < len(old) else None
        after = new[place] if place < len(new) else None
        if before is None and after is not None:
            found.append(f"第{place}行是新加的：{'，'.join(filter(None, after))}")
        elif after is None and before is not None:
            found.append(f"第{place}行去掉了：{'，'.join(filter(None, before))}")
        elif before is not None and after is not None:
            found += [
                f"第{place}行“{head}”：原来“{was or '空'}”，现在“{now or '空'}”"
                for head, was, now in zip(new[0], before, after, strict=True)
                if was != now
            ]
    return found[:40] + ([f"一共改了 {len(found)} 处。"] if len(found) > 40 else [])


def check_words(text: str) -> None:
    """What is written beside a table. Raises InvalidInput."""
    if found := list(_kinds(text)):
        raise InvalidInput(f"您写的话里有{'、'.join(dict.fromkeys(found))}，不能贴出来，请去掉再交。")


def check_no_names(text: str, duty: DutyHere) -> None:
    """Of a list that names people only the table's cells are forgotten with its last day, so nobody is named beside
    it. Raises InvalidInput, which says what looks like a name: whoever reads it has just written it.
    """
    found = [mark.text for mark in _namings(text, "") if not _SPOT.search(mark.text)] if duty.may_name else []
    if found:
        said = "、".join(dict.fromkeys(found))
        raise InvalidInput(
            f"“{said[:40]}”像是姓名。这一项的姓名只写在表里，公布期满才会一起收起来；"
            "这里请换个说法，比如“第三批，共3户”。"
        )


def is_hidden(rows: Rows) -> bool:
    """Whether cells were taken out with the last day."""
    return any(cell == HIDDEN for row in rows for cell in row)


def _shaped(lines: Lines) -> tuple[str, list[int], Rows]:
    """Title above the table, the line's number of each row, rows of one length. Raises InvalidInput."""
    clean = [(number, [storable(cell).strip() for cell in cells]) for number, cells in lines]
    title = ""
    while len(clean) > 1 and sum(map(bool, clean[0][1])) == 1 and sum(map(bool, clean[1][1])) > 1:
        title = title or next(cell for cell in clean[0][1] if cell)
        clean = clean[1:]
    width = max((len(cells) for _, cells in clean), default=0)
    if len(clean) < 2:
        raise InvalidInput("表里至少要有一行栏目和一行内容。")
    if len(clean) > MOST_ROWS + 1 or width > MOST_COLUMNS:
        raise InvalidInput(f"表太大了，最多 {MOST_ROWS} 行、{MOST_COLUMNS} 栏。贴出来大家要看得清，请分成几份。")
    for number, cells in clean:
        if any(len(cell) > MOST_CELL for cell in cells):
            raise InvalidInput(f"第 {number} 行有一格超过 {MOST_CELL} 个字，请写短一点。")
    return title[:80], [number for number, _ in clean], [cells + [""] * (width - len(cells)) for _, cells in clean]


def _refuse_columns(rows: Rows, numbers: list[int]) -> None:
    bad = [
        f"第 {n + 1} 栏“{head[:20]}”"
        for n, head in enumerate(rows[0])
        if _NEVER.search(head) and any(row[n] for row in rows[1:])
    ]
    if bad:
        raise InvalidInput(f"这份表不能公布，没有存。{'、'.join(bad)}不能贴出来，请把这一栏整个删掉再传。")


def _forbidden(row: Sequence[str], heads: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The cells of a row that may never be shown, and as what."""
    for n, cell in enumerate(row):
        yield from ((n, what) for what in list(_kinds(cell, heads[n]))[:1])
    # 330102 | 19900101 | 1234: cut over cells that stand side by side
    digits = [re.sub(r"\s", "", cell.translate(_WIDE)) for cell in row]
    for first in range(len(digits)):
        joined = ""
        for n in range(first, len(digits)):
            if not re.fullmatch(r"[0-9]+[xX]?", digits[n]):
                break
            joined += digits[n]
            if n > first and _is_id(joined):
                yield first, "分开写的身份证号"


def _kinds(cell: str, head: str = "") -> Iterator[str]:
    """What may never be shown that stands in a cell, by the name of what it is."""
    plain = cell.translate(_WIDE)
    if _LONG_NUMBER.search(plain) or _ROUNDED.fullmatch(plain):
        yield "像身份证号或银行卡号的长号码"
    if len(_SHORTEST.findall(cell)) < 5:
        return  # nothing that long stands in it
    for lead in dict.fromkeys(("", f"{head}：" if head else "")):
        for mark in find_marks(lead + cell):
            if mark.end > len(lead) and mark.kind in _REFUSED:
                yield _REFUSED[mark.kind]


def _may_name(cell: str, head: str) -> bool:
    if not cell or _amount(cell) is not None:
        return False
    if _WHO.match(head):
        return True
    return bool(_namings(cell, head))


def _namings(cell: str, head: str) -> list[Mark]:
    """Marks that say who somebody is, in `head：cell`: a group of houses or a contract's number isn't somebody."""
    lead = f"{head}："
    found = [mark for mark in find_marks(lead + cell) if mark.start >= len(lead) and _says_who(mark)]
    said = [mark.text for mark in found]
    for told in _HOUSE.finditer(cell):
        if told.group(1) in SURNAMES and not any(told.group() in text or text in told.group() for text in said):
            start = len(lead) + told.start()
            offer = f"{told.group(1)}某家"
            found.append(Mark(start, start + 3, told.group(), MarkKind.nickname, offer, "村里人都知道是谁家"))
    return sorted(found)


def _says_who(mark: Mark) -> bool:
    return mark.kind in _NAMING or (mark.kind is MarkKind.address and bool(_DOOR.search(mark.text)))


def _masked(cell: str, head: str) -> str:
    lead = f"{head}："
    changed = apply_replacements(lead + cell, _namings(cell, head))[len(lead) :]
    if changed == cell:  # the column says that it is a name, whatever it looks like
        changed = f"{cell[0]}某" if _WHO.match(head) else HIDDEN
    return changed


def _is_id(text: str) -> bool:
    if not re.fullmatch(r"[1-8][0-9]{16}[0-9xX]", text) or not re.fullmatch(
        r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])", text[6:14]
    ):
        return False
    rest = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, text[:17], strict=True)) % 11
    return "10X98765432"[rest] == text[17].upper()


def _cell_name(number: int, column: int, rows: Rows, what: str) -> str:
    if not rows:
        return f"表的标题（{what}）"
    head = rows[0][column]
    return f"第 {number} 行第 {column + 1} 栏{f'“{head[:12]}”' if head else ''}（{what}）"


def _amount(cell: str) -> Decimal | None:
    plain = cell.translate(_WIDE).replace(",", "").removesuffix("元").removeprefix("¥").strip()
    if not re.fullmatch(r"-?[0-9]{1,12}(?:\.[0-9]{1,4})?", plain):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def _is_summed(head: str) -> bool:
    return bool(_MONEY.search(head)) and not _NOT_SUMMED.search(head)


def _sum(cells: Sequence[str]) -> str:
    """As 12,300.50; "" where a cell is no number, because a sum that leaves something out is wrong."""
    amounts = [_amount(cell) for cell in cells if cell and cell not in ("-", "—", "/")]
    if not amounts or any(amount is None for amount in amounts):
        return ""
    return f"{sum(filter(None, amounts), Decimal()):,}"


def _hints(rows: Rows, duty: DutyHere) -> list[str]:
    hints = []
    lacking = [column for column in duty.said.columns if not any(column in head for head in rows[0])]
    if lacking:
        hints.append(f"一般还要有这几栏：{'、'.join(lacking)}。没有的话，大家看不明白。")
    added = sums(rows)
    for row in rows[1:]:
        if _TOTAL.match(row[0]):
            hints += [
                f"“{rows[0][n]}”表里写的{row[0]}是 {cell}，各行加起来是 {added[n]}，请核对。"
                for n, cell in enumerate(row)
                if added[n] and _amount(cell) is not None and _amount(cell) != _amount(added[n]) and "小" not in row[0]
            ]
    if not any(added):
        hints.append("没有认出可以加总的金额栏。")
    if any(cell.startswith("=") for row in rows for cell in row):
        hints.append("有的格里是公式，公布出来就是那几个字。请改成算好的数。")
    return hints
