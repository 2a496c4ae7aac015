"""How much of a deposit (定金) counts as one (民法典 586: a fifth of the price at most), who keeps what (587)."""

import re
from decimal import Decimal

from actions.tools.sums.amounts import SUM, written, yuan

_FIFTH = Decimal("0.2")
_PAID = re.compile(
    rf"定金(?:是|交了?|付了?|给了?|收了?|我|他|对方|[有就])*\s*(?P<after>{SUM})"
    rf"|(?P<ahead>{SUM})\s*[块元]?(?:钱)?(?:的|作|做|当|是)*定金"
)
_PRICE = re.compile(
    rf"(?:货款|总价|总共|一共|全款|房价|车价|价钱|总额|合同价?|工程款|谈好|说好|讲好)"
    rf"(?:一共|总共|是|要|价|款|的|了|好|为)*\s*(?P<sum>{SUM})"
)
# 订金 and the like are no 定金; a bride price has rules of its own. What nobody could help, a mortgage that wasn't
# granted and a contract kept by half are reckoned otherwise (民法典 180, 590; 法释〔2023〕13号 68).
_OTHER = re.compile(
    r"订金|意向金|诚意金|押金|保证金|彩礼|定亲|订婚|租"
    r"|病死|死了|大水|洪水|发洪|涨水|封路|路断|断了路|地震|塌方|疫|扑杀"
    r"|贷款[^，。]{0,4}(?:没|不|未|冇)|批不下|没批|不批"
    r"|拉走|拉了(?:一半|一批|一车|部分)|(?:交|送|发|给)了(?:一半|一批|部分)|第一批|一半(?:的)?货|剩下的货"
)


def told(text: str, *, before: str = "") -> str | None:
    """What counts and what it costs whoever goes back on it; None unless price and deposit are both told, once.
    `before`: their question before this one.
    """
    whole = f"{before} {text}".strip()
    if "定金" not in whole or _OTHER.search(whole) or not (_PAID.search(text) or _PRICE.search(text)):
        return None
    paid = {yuan(found["after"] or found["ahead"]) for found in _PAID.finditer(whole)}
    prices = {yuan(found["sum"]) for found in _PRICE.finditer(_PAID.sub("", whole))}
    if len(paid) != 1 or len(prices) != 1:
        return None
    [deposit], [price] = paid, prices
    if not deposit or not price or deposit >= price:
        return None
    return _said(price, deposit)


def _said(price: Decimal, deposit: Decimal) -> str:
    top = price * _FIFTH
    counted, over = min(deposit, top), max(deposit - top, Decimal(0))
    how = f"总价 {written(price)} 元，定金最多按两成认，就是 {written(top)} 元；"
    if over:
        how += f"{written(deposit)} 元里多出来的 {written(over)} 元不算定金，只算先付的钱。"
    else:
        how += f"{written(deposit)} 元没超，全算定金。"
    rest = f"，多出来的 {written(over)} 元退给他，或者抵该赔的损失" if over else ""
    back = f"，那 {written(over)} 元也照退" if over else ""
    return (
        f"您这个情况：{how}交钱的一方没道理就反悔，{written(counted)} 元不退{rest}；"
        f"收钱的一方反悔，退双倍，{written(counted * 2)} 元（本钱在内）{back}。"
        "守信的一方真亏得更多的，比定金多的那截拿得出账，可以接着要。"
    )
