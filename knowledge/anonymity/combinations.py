"""Unusual combinations: what makes somebody known in a small place though no name is given.

Kept modest: each pattern says in its reason why a neighbour would know at once; a person decides whether it stays.
"""

import re
from collections.abc import Iterator

from knowledge.anonymity.folding import Folded
from knowledge.anonymity.marks import MarkKind, Spot

_PLACE = r"[一-鿿]{2,6}(?:村|社区|乡|镇)"
_OFFICE = (
    r"(?:村支书|村党支部书记|村书记|支部书记|村主任|村委会主任|村长|妇女主任|村会计|大队长|乡长|镇长|校长|卫生室主任)"
)
_PATTERNS = (
    (
        re.compile(
            (
                r"(?:全村|村里|全镇|镇上|全乡|本村|我们村|附近|全县|县里|当地)(?:的)?(?:唯一|独一|仅有|只有|第一个|首个"
                r"|最大|最富|最有钱|最穷|最早|年纪最大|岁数最大|最年长)(?:的)?[一-鿿]{0,10}"
            )
        ),
        "“唯一”“最大”之类的说法，村里人一看就知道是谁",
    ),
    (
        re.compile(
            rf"(?:{_PLACE}(?:的)?(?:现任|前任|原|时任|老|第[一二三四五六七八九十]任)?|(?:现任|前任|时任|上一任|上届"
            rf"|原)(?:{_PLACE}(?:的)?)?){_OFFICE}"
        ),
        "一个村在一个时候只有一位，等于写了名字",
    ),
    (
        re.compile(
            r"(?:19|20)\d{2}(?:年(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})月(?:[0-9]{1,2}"
            r"|[一二三四五六七八九十]{1,3})[日号]|[./\-][0-9]{1,2}[./\-][0-9]{1,2})(?:出生|生(?=[,。;)])|生人)"
        ),
        "出生年月日加上村子，足以认出本人",
    ),
    (
        re.compile(
            r"(?:出生日期|出生年月日?|生日)[:是为]{0,2}(?:19|20)\d{2}(?:年\d{1,2}月(?:\d{1,2}[日号])?"
            r"|[./\-]\d{1,2}(?:[./\-]\d{1,2})?)"
        ),
        "出生年月日加上村子，足以认出本人",
    ),
    (re.compile(r"(?:双胞胎|三胞胎|龙凤胎|连体)[一-鿿]{0,4}"), "一个村里的双胞胎没有几对"),
    (
        re.compile(
            r"(?:渐冻症|渐冻人|白血病|血友病|艾滋病|脆骨病|瓷娃娃|白化病|侏儒症|戈谢病|亨廷顿[病舞蹈症]*"
            r"|肌营养不良[症]?|脊髓性肌萎缩症?|苯丙酮尿症|麻风病|红斑狼疮|尿毒症|尘肺病)"
        ),
        "少见的病加上小地方，容易认出人，也是本人的隐私",
    ),
    (re.compile(r"(?:考上|考入|毕业于|保送)(?:了)?(?:清华|北大|北京大学|清华大学)"), "村里出过的名校学生没有几个"),
)


def find(folded: Folded) -> Iterator[Spot]:
    for pattern, reason in _PATTERNS:
        for found in pattern.finditer(folded.text):
            yield Spot(found.start(), found.end(), MarkKind.combination, reason)
