"""Several matters in one message."""

import re

_FEWEST, _MOST_MATTERS = 4, 4  # characters, matters
_NEW_MATTER = re.compile(
    r"[，,。；;？?！!]?\s*(?:另外|(?<=[。；;？?！!])(?:还有|再有)|还有就是|再有就是|再有(?=我|俺|个)|还有个事|还想问"
    r"|再问一下|顺便问"
    r"|第[一二三]个问题|其次|第[一二三][，,、是](?=\S))[，,：:]?"
)
_ASKED = re.compile(r"[？?]\s*(?=\S)")
# 1厂里押我工资 2房东不退押金; 第一个是…第二个是…; but no 1月, 2个, 3万
_NUMBERED = re.compile(
    r"第(?P<word>[一二三四五])(?:个|件|桩)?(?:事|问题)?(?:是|就是|[，,、：: ])"
    r"|(?:^|(?<=[\s，,。；;：:、?？!！哈啊]))(?P<digit>[1-5①②③④⑤一二三四五])"
    r"(?:[、.．)）:：是]\s*"
    r"|(?=[\u4e00-\u9fff](?<![个月年万千百十天块元点号楼室层次只头亩斤米岁名位家条张份直般些下起边])))"
)
_PLACES = {c: n for row in ("12345", "①②③④⑤", "一二三四五") for n, c in enumerate(row, 1)}
_ANNOUNCED = re.compile(r"(?:[两二三四五几]|好几)(?:个|件|样|桩)(?:事|问题)[^，,。；;：:]{0,8}[，,：:]\s*(?=\S)")
_MOST_LISTED, _LEAST_LISTED = 5, 4  # matters, characters of one


def listed_matters(text: str) -> list[str]:
    """What somebody counts up: `两个事：1厂里押工资 2房东不退押金`. [] where nothing is counted."""
    marks = [(m, _PLACES[m["word"] or m["digit"]]) for m in _NUMBERED.finditer(text)]
    run: list[re.Match[str]] = []
    for mark, number in marks:
        if number == len(run) + 1:
            run.append(mark)
    if len(run) > 1:
        ends = [*(m.start() for m in run[1:]), len(text)]
        parts = [text[m.end() : end] for m, end in zip(run, ends, strict=True)]
    elif announced := _ANNOUNCED.search(text):
        parts = re.split(r"[；;。\n]|(?<=[?？])|[，,](?=另外|还有|再一个|再就是|二是|其次)", text[announced.end() :])
    else:
        return []
    told = [
        said
        for part in parts
        if len(said := re.sub(r"^(?:还有|再有|另外)", "", part.strip("，,。；;：: "))) >= _LEAST_LISTED
    ]
    return told if 2 <= len(told) <= _MOST_LISTED else []


def split_matters(text: str) -> list[str]:
    """Several matters in one message, in their order: `彩礼能退吗？另外低保怎么办` -> two. At most four.

    A cry (凭什么！) or a second mark behind a few words is no matter of its own.
    """
    parts: list[str] = []
    for said in (p.strip("，,。；; ") for piece in _NEW_MATTER.split(text) for p in _ASKED.split(piece)):
        if parts and 0 < len(said) < _FEWEST:
            parts[-1] = f"{parts[-1]}？{said}"
        elif said:
            parts.append(said)
    if len(parts) > 1 and len(parts[0]) < _FEWEST:
        parts = [f"{parts[0]}？{parts[1]}", *parts[2:]]
    return parts if 2 <= len(parts) <= _MOST_MATTERS else [text]
