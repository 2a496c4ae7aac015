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
_ANNOUNCED_PART = re.compile(r"[；;。\n]|(?<=[?？])|[，,](?=另外|还有|再一个|再就是|二是|其次)")
_COUNTS = {"两": 2, "二": 2, "三": 3, "四": 4, "五": 5}
# A；B；还有C, A，又有B，还有C: three at least, since two may be two facts of one matter
_JOINED = re.compile(r"[；;]|[，,。](?=还有|另外(?![的两几一三])|又有|再一个|再就是|再有|加上)")
_FURTHER = re.compile(r"^(?:还有就是|还有|再有|另外(?![的两几一三])|又(?=有)|再一个|再就是|加上)[，,：:]?")
_LEAST_JOINED, _FEWEST_JOINED = 8, 3  # characters of one, matters
# 还有 修村道把我菜地占了三十多平: a matter of its own is told at length; 还有我妹妹呢 adds to the one before
_BEGINS_ANEW = re.compile(
    r"^(?:[^。？?！!]{0,8}(?:知道|晓得|明白|清楚|懂|行|好|谢谢|记[下住])[^。？?！!，,]{0,4}[。！!，,～~ ]+)?"
    r"(?:还有(?:[，,：:\s]|(?:个|一个|件|一件|桩|一桩)事)|另外(?:还)?(?:[，,：:\s]|有|想|问|一件|一个|个|我|俺)"
    r"|再(?:问|请教)(?:您|你|一下|个|一个|一件|件)"
    r"|(?:再|还)?(?:想)?问(?:您|你)?(?:一)?(?:个|件)?别的|还(?:想|要)(?:再)?问|顺便(?:再)?问|换(?:个|一个|件"
    r"|一件)(?:事|问题)"
    r"|(?:说|问)?另(?:外)?一?(?:件|个|桩)(?:事|问题)"
    r"|对了[，,：:\s]|不说这个)"
)
_LEAST_ANEW = 12  # characters
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
        parts = _as_announced(announced[0], text[announced.end() :])
    else:
        return _joined(text)
    told = [said for part in parts if len(said := _bare(part)) >= _LEAST_LISTED]
    return told if 2 <= len(told) <= _MOST_LISTED else []


def begins_anew(text: str) -> bool:
    """Whether who speaks says that this is another matter than the one before, and tells one."""
    return len(text) >= _LEAST_ANEW and bool(_BEGINS_ANEW.match(text))


def _bare(part: str) -> str:
    return _FURTHER.sub("", part.strip("，,。；;：: "))


def _as_announced(head: str, text: str) -> list[str]:
    """三个事：A，B，还有C: by commas, where that gives as many as were announced."""
    by_comma = re.split(r"[，,；;。\n]", text)
    count = next((_COUNTS[c] for c in head if c in _COUNTS), 0)
    return by_comma if len(by_comma) == count else _ANNOUNCED_PART.split(text)


def _joined(text: str) -> list[str]:
    """Three matters and more that are joined by 还有 and 另外; [] where it isn't sure that each is one."""
    parts = _JOINED.split(text)
    is_joined = len(parts) >= _FEWEST_JOINED and any(_FURTHER.match(part) for part in parts)
    told = [_bare(part) for part in parts]
    return told if is_joined and len(told) <= _MOST_LISTED and min(map(len, told)) >= _LEAST_JOINED else []


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
