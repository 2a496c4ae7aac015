"""Who comes first, and why."""

import re

# Each reason with the words that make it plain; asked otherwise, never guessed from less.
GREEN = {
    "残疾人": re.compile(r"残疾|轮椅|盲人|聋哑|瘫痪"),
    "高龄或独居老人": re.compile(
        r"独居|孤寡|空巢|留守老人|(?:[七八九]十[一二三四五六七八九]?|[789]\d)(?:多)?(?:岁|了)|高龄"
    ),
    "农民工工资": re.compile(
        r"农民工|民工|工地.{0,20}(?:工资|工钱)|(?:包工头|工头).{0,12}(?:欠|没给|不给|卷钱|跑)|(?:工资|工钱"
        r"|血汗钱).{0,20}(?:工地|包工头)|(?:欠|拖欠|不发|不给).{0,8}(?:工资|工钱|血汗钱)|(?:工资|工钱).{0,6}(?:没给"
        r"|不给|没发|不发|拖)"
    ),
    "受到暴力": re.compile(r"家暴|(?:打|揍|砍|踢|掐)(?:了|伤|我|她|孩子|人)|被打|威胁"),
    "拖了很久": re.compile(
        r"(?:[两二三四五六七八九十]|\d+)年(?:了|多|没)|好几年|多年|拖了很久|一直没人管|反映(?:过)?(?:很多|好几|多)次"
    ),
    "未成年人": re.compile(r"未成年|留守儿童|孤儿"),
}
_NEGATED = re.compile(r"(?:没有?|没得|没人|不是|不算|并非|无)(?:什么|啥|个|过|人|被|家|这种|了)?$")
_ALONE = re.compile(r"(?:爹|娘|爸|妈|老人|爷|奶|婆|岁|[七八九]十).{0,30}一个人.{0,6}(?:住|过)")


def green_reasons(text: str) -> list[str]:
    found = [
        name
        for name, pattern in GREEN.items()
        if any(not _NEGATED.search(text[: m.start()]) for m in pattern.finditer(text))
    ]
    if "高龄或独居老人" not in found and _ALONE.search(text):
        found.append("高龄或独居老人")
    return found
