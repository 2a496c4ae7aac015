"""What a civil court asks for a claim of money: 诉讼费用交纳办法 (国务院令第481号) articles 13, 15, 16 and 29.

Checked against the table of the measure: 10,000 yuan or less 50; 32,000 yuan 600; 60,000 yuan 1,300; 150,000 yuan
3,300.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

from knowledge.statutes.numerals import number_of

_FIRST, _FLAT = Decimal(10_000), Decimal(50)
# Up to these yuan the part above the one before costs this share; beyond the last nothing is reckoned here.
_PARTS = (
    (Decimal(100_000), Decimal("0.025")),
    (Decimal(200_000), Decimal("0.02")),
    (Decimal(500_000), Decimal("0.015")),
    (Decimal(1_000_000), Decimal("0.01")),
)
_MOST = _PARTS[-1][0]
_ASKED = re.compile(
    r"诉讼费|受理费|立案费|(?:打官司|起诉|告人|告他|告状|上法院|到法院)[^。]{0,8}"
    r"(?:多少钱|几多钱|好多钱|花钱|费用|收费|要钱)"
)
# A divorce, a wage claim and a case of the body are reckoned by other articles; who asks a lawyer's price, elsewhere.
_OTHER = re.compile(r"离婚|工资|工钱|劳动|仲裁|工伤|律师费|保全|执行费|支付令|名誉|受伤|打伤|撞")
# A sum told after the question asks nothing of its own: a next matter that names one isn't told a fee.
_OF_ITS_OWN = re.compile(
    r"怎么|咋|哪|能不能|可不可以|可以|行不行|得不得|吗|什么时候|多久|几[年天]|谁|不给|不还|欠|还有|另外"
)
_DIGIT = "一二两三四五六七八九"
_SUM = re.compile(
    rf"(?P<wan>\d+(?:\.\d+)?|[{_DIGIT}十百]+)\s*万(?:零)?(?P<rest>[{_DIGIT}]千?[{_DIGIT}]?百?|\d)?(?![年月日号])"
    rf"|(?P<yuan>\d{{3,7}})(?=\s*(?:块|元|$|[，。,.?？呢的]))|(?P<small>[{_DIGIT}]千(?:[{_DIGIT}]百?)?)"
)


def fee(claim: Decimal) -> Decimal:
    """Yuan for a claim of so many yuan, at most a million."""
    total, below = _FLAT, _FIRST
    for above, share in _PARTS:
        total += max(Decimal(0), min(claim, above) - below) * share
        below = above
    return total.quantize(Decimal(1), ROUND_HALF_UP)


def told(text: str, *, before: str = "") -> str | None:
    """A sentence with the fee for whoever asks and says how much is claimed; None where either lacks, or where the
    case is of those that are reckoned otherwise. `before`: their question before this one.
    """
    whole = f"{before} {text}"
    sums = [claim for found in _SUM.finditer(text) if (claim := _yuan(found)) is not None]
    if not _ASKED.search(text) and _OF_ITS_OWN.search(text):
        return None
    if not _ASKED.search(whole) or _OTHER.search(whole) or len(sums) != 1 or not 0 < sums[0] <= _MOST:
        return None
    claim, whole_fee = sums[0], fee(sums[0])
    half = f"{whole_fee / 2:.1f}".removesuffix(".0")
    return (
        f"要 {int(claim)} 元的案子，案件受理费是 {whole_fee} 元；走简易程序、调解成了或者撤诉的收一半，{half} 元。"
        "先由告的人垫；全赢了由对方出，判决生效后请法院把您垫的退给您；只赢一部分的，法院按情况分摊。"
    )


def _yuan(found: re.Match[str]) -> Decimal | None:
    if found["yuan"]:
        return Decimal(found["yuan"])
    if found["small"]:
        return _thousands(found["small"])
    wan = found["wan"]
    count = Decimal(wan) if wan[0].isdigit() else Decimal(number_of(wan) or 0)
    rest = found["rest"] or ""
    if rest.isdigit():
        more = Decimal(rest) * 1000
    else:
        more = (_thousands(rest if "千" in rest else f"{rest[:1]}千{rest[1:]}") or Decimal(0)) if rest else Decimal(0)
    return count * 10_000 + more if count else None


def _thousands(said: str) -> Decimal | None:
    """2,500 of 两千五 and 两千五百."""
    thousands, _, hundreds = said.partition("千")
    first, second = number_of(thousands), number_of(hundreds.removesuffix("百")) if hundreds else 0
    return Decimal(first * 1000 + (second or 0) * 100) if first else None
