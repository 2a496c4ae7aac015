"""Names of people in a text, and the designations offered for them: 张建国 -> 张某, two of one surname -> 张某甲,
张某乙.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from knowledge.anonymity.folding import Folded
from knowledge.anonymity.marks import MarkKind, Spot
from knowledge.anonymity.names import features, minority, parts
from knowledge.anonymity.names.words import THINGS, WORDS

# log-odds; a missed name costs more than a mark that a person clicks away. Chosen on anonymity_a.yml to
# _c.yml
THRESHOLD = -3.0
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_DOTTED = re.compile(r"(?:[一-鿿]{1,8}·){1,3}[一-鿿]{1,8}")
_ON = frozenset(
    "先生 家里 明天 明年 平时 东西 先后 夏天 雪天 军人 修路 让他 让我 让她 让人 让村 若不 若是 如果 如何 什么 通知 "
    "通过 因为 因病 古井 立即 立案 都是 都说 都在 都不 都没 多次 多年 本人 本来 白天 合伙 合作 毛病 那天 那边 那块 "
    "那个 那年 那晚 特别 提出 提着 提供 托人 托我 完了 完全 土地 门口 门前 守着 守在 散了 山上 草场 草地 "
    "牛羊 牛跑 羊".split()
)
_BEGINS = re.compile("|".join(minority.MINORITY_PARTS))
_REGION = re.compile("[县市镇乡村旗盟州族省区路街]|嘎查|苏木|地区|大道|草原|人民|牧场|机场|大学")
_ANY_PART = re.compile(
    "|".join(p for p in minority.MINORITY_PARTS if p not in minority.AMBIGUOUS and p not in minority.PLACES)
)
_PARTS = re.compile("(?:" + "|".join(minority.MINORITY_PARTS) + "){1,3}")
_ONE_PART = re.compile("|".join(minority.MINORITY_PARTS))
_SPACED = re.compile(r"(?:(?<=[:,。;、 (“])|^)([一-鿿]) {1,2}([一-鿿])(?=[,。;、)”(:和与及]| {1,3}|$)")
_TOLD_NAME = re.compile(r"(?<![一-鿿])([一-鿿]{2,4})\((?:名|姓名|人名|真名|名字)\)")
_FIELD = (
    "姓名|户名|户主姓名|联系人|收件人|寄件人|收款人|付款人|借款人|出借人|经办人|申请人|被申请人|投诉人|被投诉人|报案人|"
    "举报人|权利人|承包人|承租人|出租人|见证人|证人|户主|法定代表人|死者姓名|学生姓名|患者姓名|患者|就诊人|投保人|"
    "被保险人|乘客|旅客|持卡人|车主|驾驶人|当事人|签名|签字|家长|监护人|新生儿姓名|父亲姓名|母亲姓名|曾用名|本名|真名|"
    "原名|缺席|出席|记录|记录人|主持|主持人|列席|参加人|参加人员|代书人|在场人|寻人|走失人"
)
_FILLED = re.compile(rf"(?:{_FIELD}) ?[:|\t] ?([一-鿿]{{2,4}})(?= ?(?:[,。;、|)\n\t(]| {{2}}| [0-9男女一-鿿]|[0-9]|$))")
# 2. 边疆 18238610075: a row of a list of contacts, whatever else its words may mean
_NUMBERED = re.compile(r"(?<![0-9])[0-9]{1,3}[.、)] ?([一-鿿]{2,4}) ?(?=1[3-9][0-9]{9}(?![0-9]))")
_NO_NAME = re.compile(
    r"[某略无人名号]|不详|未填|待|^(?:本人|同上|签字|盖章|电话|性别|男|女|姓|地址|住址|身份|父|母|妻|配偶|关系|日期"
    r"|年|备注|全体|双方|村民)|[村镇县市局所组部]$|公司|银行|信用|合作|章$|字$"
)
_ROW = re.compile(r"(?<![一-鿿])[一-鿿]{2,4}(?:[、 ,\n][一-鿿]{2,4}){2,40}(?![一-鿿])")
_PLACE = re.compile("|".join(sorted((p for p in minority.PLACES if len(p) > 2), key=len, reverse=True)))
_MARRIED = re.compile(r"[一-鿿]{2}氏(?![一-鿿]?族)")
_LATIN = re.compile(r"(?<![A-Za-z])[A-Z][A-Za-z]{1,12}(?: [A-Z][A-Za-z]{1,12}){1,3}(?![A-Za-z])")
_CALLED = re.compile(
    r"(?:外号|绰号|小名|乳名|诨名|人称|化名)(?:叫做|叫|是|为|:)?[“\"「]?([一-鿿]{2,4})(?=[”\"」,。;的 ]|$)"
)
_AFTER = frozenset("的说是在与和跟把被将向对从因于系及或")


class _Text:
    """A text in which each character belongs to one finding at most: who comes first keeps it."""

    def __init__(self, text: str, taken: Iterable[tuple[int, int]]) -> None:
        self.text = text
        self.found: list[Spot] = []
        self._used = bytearray(len(text))
        for start, end in taken:
            self.pass_over(start, end)

    def pass_over(self, start: int, end: int) -> None:
        self._used[start:end] = b"\x01" * (end - start)

    def keep(self, start: int, end: int, reason: str, kind: MarkKind = MarkKind.name) -> bool:
        if end <= start or any(self._used[start:end]):
            return False
        self.pass_over(start, end)
        self.found.append(Spot(start, end, kind, reason))
        return True


def find(folded: Folded, *, taken: Iterable[tuple[int, int]] = ()) -> list[Spot]:
    """Names outside `taken` (spans already known to be something else)."""
    text = _Text(folded.text, taken)
    _told(text)
    for place in _PLACE.finditer(text.text):
        text.pass_over(*place.span())
    _by_sound(text)
    _by_form(text)
    scored = [(features.score(text.text, s, e, n), s, e) for s, e, n in features.candidates(text.text)]
    for start, end in _rows(text.text):
        text.keep(start, end, "一排姓名里的一个")
    _likely(text, scored)
    for called in _CALLED.finditer(text.text):
        text.keep(called.start(1), called.end(1), "外号在村里人人知道", MarkKind.nickname)
    return text.found


def _told(text: _Text) -> None:
    """What the text itself says is a name."""
    for told in _TOLD_NAME.finditer(text.text):
        if told.group(1)[0] in features.SURNAMES:
            text.keep(told.start(1), told.end(1), "文里说这是名字")
    for filled in _FILLED.finditer(text.text):
        if not _NO_NAME.search(filled.group(1)):
            text.keep(filled.start(1), filled.end(1), "姓名一栏里写的")
    for numbered in _NUMBERED.finditer(text.text):
        if numbered.group(1)[0] in features.SURNAMES and not _NO_NAME.search(numbered.group(1)):
            text.keep(numbered.start(1), numbered.end(1), "名单里手机号前面的")


def _by_sound(text: _Text) -> None:
    """Names of minorities, written by their sound."""
    said = text.text
    for dotted in _DOTTED.finditer(said):
        start = _skip_lead(said, dotted.start(), said.index("·", dotted.start()))
        end = _cut_tail(said, said.rindex("·", start, dotted.end()) + 1, dotted.end())
        text.keep(start, end, "间隔号连着的姓名")
    for start, end in _minority(said):
        if (
            end - start == 2
            and said[start - 1 : start] in tuple(parts.COMMON | parts.UNCOMMON)
            and features.score(said, start - 1, end, 1) > THRESHOLD
        ):
            continue  # 费玉珍, not 玉珍
        text.keep(start, end, "像少数民族姓名")
    for part in _ONE_PART.finditer(said):
        if features.role_before(said, part.start()):
            text.keep(part.start(), part.end(), "像少数民族姓名")


def _by_form(text: _Text) -> None:
    """Names written in a form of their own."""
    for spaced in _SPACED.finditer(text.text):
        surname, given = spaced.groups()
        if surname in features.SURNAMES and surname not in "年月时" and given not in parts.NEVER_GIVEN:
            text.keep(spaced.start(1), spaced.end(2), "两个字中间空开写的姓名")
    for married in _MARRIED.finditer(text.text):
        if married.group()[0] in parts.COMMON and married.group()[1] in features.SURNAMES:
            text.keep(married.start(), married.end(), "旧式的妇女姓名")
    for latin in _LATIN.finditer(text.text):
        text.keep(latin.start(), latin.end(), "拼音或外文写的姓名")


def _likely(text: _Text, scored: list[tuple[float, int, int]]) -> None:
    """The likeliest first; then the same names again where they are less likely."""
    known: set[str] = set()
    for score, start, end in sorted(scored, key=lambda c: (-c[0], c[1])):
        if score <= THRESHOLD:
            break
        role = features.role_before(text.text, start)
        if text.keep(start, end, f"“{role}”后面像姓名" if role else "像姓名"):
            known.add(text.text[start:end])
    for start in range(len(text.text) if known else 0):
        for length in (4, 3):
            said = text.text[start : start + length]
            if said in known:
                text.keep(start, start + len(said), "上下文里出现过的姓名")


def _rows(text: str) -> Iterator[tuple[int, int]]:
    """What stands in a row of names and begins with a surname: 党建民 安全福 高兴旺."""
    for row in _ROW.finditer(text):
        cells = [(row.start() + c.start(), row.start() + c.end()) for c in re.finditer("[一-鿿]+", row.group())]
        surnames = {
            cell: 2 if text[cell[0] : cell[0] + 2] in parts.COMPOUND else 1
            for cell in cells
            if text[cell[0]] in features.SURNAMES or text[cell[0] : cell[0] + 2] in parts.COMPOUND
        }
        likely = [
            cell
            for cell, surname in surnames.items()
            if cell[1] - cell[0] > surname and features.score(text, *cell, surname) > 0
        ]
        if 2 * len(likely) >= len(cells):
            yield from (
                cell
                for cell in surnames
                if text[cell[0] : cell[1]] not in THINGS
                and not any(c in parts.NEVER_GIVEN for c in text[cell[0] + 1 : cell[1]])
            )


def _minority(text: str) -> Iterator[tuple[int, int]]:
    """Names written by their sound: parts in a row (格桑卓玛), or a part and what sounds on (库尔班江); not a
    county or a people.
    """
    ends = 0
    for match in _BEGINS.finditer(text):
        start = match.start()
        if start < ends:
            continue
        end = _sounds_on(text, match.end(), start)
        ends = max(end, ends)
        clear = (
            _ANY_PART.match(text, start)
            or (_BEGINS.match(text, match.end()) and end - start >= 4)
            or (end - start >= 4 and text[start] in "阿艾额" and end - match.end() >= 2)
        )
        if (
            clear
            and not _REGION.match(text, end)
            and not any(text[start : start + n] in minority.PLACES for n in (4, 3, 2))
        ):
            yield start, end


def _sounds_on(text: str, end: int, start: int) -> int:
    """Where a name that has begun with a part ends."""
    while end - start < 9 and (more := _BEGINS.match(text, end)):
        end = more.end()
    while (
        end - start < 7
        and end < len(text)
        and text[end] in minority.SOUNDS
        and text[end : end + 2] not in WORDS
        and text[end : end + 2] not in _ON
        and not _REGION.match(text, end)
    ):
        end += 1
    return end


def offers(found: Iterable[str]) -> dict[str, str]:
    """A designation for each name, the same wherever it stands."""
    by_surname: dict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys(found):
        by_surname[_surname(name)].append(name)
    chosen = {}
    for surname, bearers in by_surname.items():
        for place, name in enumerate(bearers):
            more = "" if len(bearers) == 1 else _STEMS[place] if place < len(_STEMS) else str(place + 1)
            chosen[name] = f"{surname}某{more}"
    return chosen


def _surname(name: str) -> str:
    if not features.is_han(name[0]):
        return "某"
    return name[:2] if name[:2] in parts.COMPOUND and len(name) > 2 else name[0]


def _skip_lead(text: str, start: int, dot: int) -> int:
    """Past a role and words of grammar before the first part of a dotted name."""
    for place in range(dot - 1, start, -1):
        if text[place - 1] in _AFTER or features.role_before(text, place):
            return place
    return start


def _cut_tail(text: str, start: int, end: int) -> int:
    known = _PARTS.match(text, start)
    if known:
        return _sounds_on(text, known.end(), start)
    for place in range(start + 1, end):
        if text[place] in _AFTER or (
            text[place] in parts.NEVER_GIVEN and text[place : place + 2] not in ("地的", "地说")
        ):
            return place
    return end if end - start <= 5 else start + 4
