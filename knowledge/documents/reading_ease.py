"""Where a text could be plainer: long sentences, and the language of offices with a plainer word beside it.

Only ever pointed out: nobody's text is changed. What stands in 《》 or “” is somebody else's wording and is left alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# characters of a sentence, and between two pauses; both rare in our own guides
# (tests/knowledge/documents/test_reading_ease.py)
LONGEST_SENTENCE, LONGEST_BREATH = 60, 40
_QUOTED = re.compile(r"《[^《》]*》|“[^“”]*”|「[^「」]*」")
_SENTENCE = re.compile(r"[^。！？!?；;\n→]+[。！？!?；;]?")
_BREATH = re.compile(r"[^，、：:,（）()—…]+")
_WORDS = re.compile(r"[\w％%]")

# Officialese: a plainer word. An empty one: it can go. Longer phrases stand before the words in them.
PLAINER: dict[str, str] = {
    "应当依法予以": "要依法",
    "依法予以": "依法",
    "不予受理": "不收这件申请",
    "不予支持": "不支持",
    "予以支持": "支持",
    "予以公布": "公布",
    "予以公示": "公示",
    "予以处罚": "处罚",
    "予以返还": "退还",
    "予以赔偿": "赔偿",
    "给予补助": "发补助",
    "给予补贴": "发补贴",
    "予以": "给",
    "不予": "不",
    "之规定": "的规定",
    "据此": "所以",
    "兹证明": "证明",
    "兹有": "有",
    "兹因": "因为",
    "鉴于": "因为",
    "基于上述": "因为上面说的",
    "综上所述": "总的来说",
    "综上": "总的来说",
    "特此通知": "",
    "特此公告": "",
    "特此证明": "",
    "为荷": "",
    "此复": "",
    "逾期": "过期",
    "届满": "到期",
    "届时": "到时候",
    "自即日起": "从今天起",
    "截止日期": "最后一天",
    "暂缓": "先不",
    "尚未": "还没有",
    "业已": "已经",
    "均应": "都要",
    "均须": "都要",
    "均可": "都可以",
    "务必": "一定",
    "务须": "一定要",
    "不得以": "不能用",
    "方可": "才能",
    "方能": "才能",
    "须经": "要经过",
    "应予": "要",
    "须持": "要拿着",
    "凭有效证件": "拿着身份证这样的证件",
    "户籍所在地": "户口所在地",
    "经常居住地": "平时住的地方",
    "本人户籍": "自己的户口",
    "户籍": "户口",
    "居民身份证原件及复印件": "身份证原件和复印件",
    "原件及复印件": "原件和复印件",
    "予以提交": "交",
    "提交": "交",
    "递交": "交",
    "提请": "请",
    "出具": "开",
    "填报": "填",
    "缴纳": "交",
    "缴付": "交",
    "缴费": "交钱",
    "支付": "付",
    "偿还": "还",
    "返还": "退",
    "给付": "给",
    "领取": "领",
    "申领": "申请领",
    "告知": "告诉",
    "知悉": "知道",
    "获悉": "知道",
    "知晓": "知道",
    "查阅": "看",
    "阅览": "看",
    "携带": "带上",
    "核实": "查清楚",
    "核查": "查",
    "审核": "审",
    "如若": "如果",
    "倘若": "如果",
    "若未": "如果没有",
    "如需": "要是需要",
    "如有异议": "有不同意见的",
    "异议": "不同意见",
    "因故": "因为有事",
    "未能": "没能",
    "无法": "没办法",
    "无须": "不用",
    "无需": "不用",
    "毋须": "不用",
    "是否具备": "有没有",
    "具备": "有",
    "是否属于": "是不是",
    "相关部门": "哪个部门（写出名字）",
    "有关部门": "哪个部门（写出名字）",
    "有关规定": "哪个规定（写出名字）",
    "相关规定": "哪个规定（写出名字）",
    "相关手续": "哪些手续（一样一样写）",
    "有关手续": "哪些手续（一样一样写）",
    "相关材料": "哪些材料（一样一样写）",
    "有关材料": "哪些材料（一样一样写）",
    "贯彻落实": "落实",
    "进一步": "",
    "切实": "",
    "大力": "",
    "积极开展": "开展",
    "予以高度重视": "重视",
    "广大村民": "大家",
    "广大群众": "大家",
    "弘扬": "提倡",
    "营造良好氛围": "",
    "切实保障": "保障",
    "不得擅自": "不能自己",
    "擅自": "自己",
    "不得": "不能",
    "以及其他": "和别的",
    "以及": "和",
    "其子女": "他的孩子",
    "其配偶": "他的爱人",
    "配偶": "丈夫或妻子",
    "直系亲属": "父母、子女这样的亲人",
    "监护人": "管孩子的大人",
    "受委托人": "替办的人",
    "委托代理人": "替办的人",
    "于每年": "在每年",
    "于每月": "在每月",
    "上述": "上面说的",
    "下述": "下面说的",
    "前述": "前面说的",
    "该户": "这一户",
    "该项": "这一项",
    "凡系": "只要是",
    "凡属": "只要是",
    "一经查实": "查清楚了",
    "酌情": "看情况",
    "酌定": "看情况定",
    "参照执行": "照着办",
    "遵照执行": "照着办",
    "执行到位": "做到",
}
# Where such a word is part of another one.
# the character before
_NOT_BEFORE_OF = {
    "均可": "平",
    "据此": "根",
    "方可": "地双对一多",
    "方能": "地双对一多",
    "不得": "舍恨巴值由",
    "支付": "微",
    "领取": "冒",
}
# the character after
_NOT_AFTER_OF = {
    "不得": "了已劲",
    "支付": "令宝",
    "提交": "流",
    "审核": "员",
    "缴费": "率",
    "大力": "士",
    "出具": "体",
    "切实": "可",
    "异议": "登",
}
_PATTERN = re.compile("|".join(sorted(map(re.escape, PLAINER), key=len, reverse=True)))


@dataclass(frozen=True)
class Hint:
    """A stretch of the text, `text[start:end]`, why it may be hard to read, and what could stand there ("" for:
    leave it out).
    """

    start: int
    end: int
    text: str
    reason: str
    suggestion: str


def hints(text: str) -> list[Hint]:
    """In the order of the text; empty for one that reads easily."""
    plain = _QUOTED.sub(lambda quoted: "〇" * len(quoted[0]), text)  # the same places, and nothing in them to find
    return sorted([*_long(text, plain), *_official(text, plain)], key=lambda hint: (hint.start, hint.end))


def _long(text: str, plain: str) -> Iterator[Hint]:
    for sentence in _SENTENCE.finditer(plain):
        count = _count(sentence[0])
        if count > LONGEST_SENTENCE:
            yield _hint(
                text,
                sentence.start(),
                sentence.end(),
                f"这一句 {count} 个字，分成{'两三' if count < 120 else '好几'}句更好懂。",
                "",
            )
            continue
        for breath in _BREATH.finditer(sentence[0]):
            if (run := _count(breath[0])) > LONGEST_BREATH:
                yield _hint(
                    text,
                    sentence.start() + breath.start(),
                    sentence.start() + breath.end(),
                    f"这里连着 {run} 个字没有停顿，断开更好懂。",
                    "",
                )


def _count(text: str) -> int:
    return len(_WORDS.findall(text))


def _official(text: str, plain: str) -> Iterator[Hint]:
    for found in _PATTERN.finditer(plain):
        word = found[0]
        before, after = plain[found.start() - 1 : found.start()], plain[found.end() : found.end() + 1]
        if (before and before in _NOT_BEFORE_OF.get(word, "")) or (after and after in _NOT_AFTER_OF.get(word, "")):
            continue
        plainer = PLAINER[word]
        yield _hint(
            text,
            found.start(),
            found.end(),
            f"“{word}”可以说“{plainer}”。" if plainer else f"“{word}”可以不写。",
            plainer,
        )


def _hint(text: str, start: int, end: int, reason: str, suggestion: str) -> Hint:
    return Hint(start, end, text[start:end], reason, suggestion)
