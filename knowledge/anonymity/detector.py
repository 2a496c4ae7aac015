"""Marks of a text: where it may say who somebody is, and what is offered instead.

`find_marks` reads a text as it stands; nothing is changed before a person chose. `mask` is for lists where nobody
chooses: it takes out every direct identifier and every name.
"""

from bisect import bisect_right
from collections.abc import Iterable

from knowledge.anonymity import addresses, combinations, identifiers, people
from knowledge.anonymity.folding import Folded, fold
from knowledge.anonymity.marks import Mark, MarkKind, Spot

_OFFERS = {
    MarkKind.id_number: "（身份证号略）",
    MarkKind.phone: "（电话略）",
    MarkKind.bank_account: "（账号略）",
    MarkKind.plate: "（车牌略）",
    MarkKind.email: "（邮箱略）",
    MarkKind.wechat: "（微信号略）",
    MarkKind.qq: "（QQ号略）",
    MarkKind.other_account: "（号码略）",
    MarkKind.address: "某村某组",
    MarkKind.nickname: "某某",
    MarkKind.combination: "（细节略）",
}
# Where two findings overlap the first kind stays: a card number isn't a phone, a village isn't a person.
_ORDER = (
    MarkKind.email,
    MarkKind.id_number,
    MarkKind.wechat,
    MarkKind.bank_account,
    MarkKind.plate,
    MarkKind.other_account,
    MarkKind.phone,
    MarkKind.qq,
    MarkKind.address,
    MarkKind.name,
    MarkKind.nickname,
    MarkKind.combination,
)


def find_marks(text: str) -> list[Mark]:
    """All marks in their order, none overlapping another; spans are those of `text`."""
    folded = fold(text)
    spots = _apart(folded, [*identifiers.find(folded), *addresses.find(folded)])
    sure = [range(s.start, s.end) for s in spots]
    spots = _apart(folded, [*spots, *(s for s in identifiers.find_general(folded) if not _meets(s, sure))])
    named = people.find(folded, taken=[(s.start, s.end) for s in spots])
    spots = _apart(folded, [*spots, *named, *combinations.find(folded)])
    offers = people.offers([folded.text[s.start : s.end] for s in spots if s.kind is MarkKind.name])
    marks = []
    for spot in spots:
        start, end = folded.span(spot.start, spot.end)
        said = folded.text[spot.start : spot.end]
        offer = (
            offers[said]
            if spot.kind is MarkKind.name
            else _address(said)
            if spot.kind is MarkKind.address
            else _OFFERS[spot.kind]
        )
        marks.append(Mark(start, end, text[start:end], spot.kind, offer, spot.reason))
    return marks


def apply_replacements(text: str, marks: Iterable[Mark], chosen: Iterable[Mark] | None = None) -> str:
    """`text` with the chosen marks (all of `marks` by default) replaced; marks that no longer fit the text are left
    alone.
    """
    wanted = set(marks) if chosen is None else set(marks) & set(chosen)
    pieces, at = [], 0
    for mark in sorted(wanted):
        if mark.start >= at and text[mark.start : mark.end] == mark.text:
            pieces += [text[at : mark.start], mark.replacement]
            at = mark.end
    return "".join(pieces) + text[at:]


def mask(text: str) -> str:
    """`text` without direct identifiers and names, for lists that staff read; combinations stay, they need a
    person's eye.
    """
    return apply_replacements(text, [m for m in find_marks(text) if m.kind is not MarkKind.combination])


def _apart(folded: Folded, spots: list[Spot]) -> list[Spot]:
    """Spots that don't overlap, by kind first and then the longer one; in the order of the text."""
    taken = bytearray(len(folded.text))
    kept = []
    for spot in sorted(spots, key=lambda s: (_ORDER.index(s.kind), s.start - s.end, s.start)):
        if not any(taken[spot.start : spot.end]):
            taken[spot.start : spot.end] = b"\x01" * (spot.end - spot.start)
            kept.append(spot)
    return sorted(kept, key=lambda s: s.start)


def _meets(spot: Spot, ranges: list[range]) -> bool:
    """Whether a spot overlaps one of the ranges, which stand in order and apart."""
    place = bisect_right(ranges, spot.start, key=lambda r: r.start)
    return any(r.start < spot.end and spot.start < r.stop for r in ranges[max(0, place - 1) : place + 1])


def _address(said: str) -> str:
    if any(word in said for word in ("栋", "单元", "小区", "室", "幢")):
        return "某小区某户"
    return "某村某组" if any(word in said for word in ("组", "队", "社", "村")) else "某街某号"
