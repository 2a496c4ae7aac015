"""Which of the days in a story is the one that counts: the words around each say what happened on it."""

import re

from actions.calendar.said_days import SaidDay
from actions.tools import matter_words
from actions.tools.matters import Matter

_CLAUSE = re.compile(r"[。；;！!？?\n]")
_COMMA = re.compile(r"[。；;！!？?，,、\s]")
_OTHER_PAPER = re.compile(
    r"(?:收到|接到|拿到|送来|领到|[给寄发送])了?[^，。\s]{0,6}(?:传票|笔录|回执|缴费|清单|起诉状|应诉"
    r"|(?<!不)(?<!不予)立案通知|受理通知|开庭|短信|电话|消息|受理的|钱|(?<!罚)款|赔偿|工资|快递|律师函)"
    r"|[一二两三四五六七八九十半几\d]+个?(?:年|月|天|日|周|星期|礼拜)多?(?:以|之)?[后内][^，。]{0,5}"
    r"|给了[^，。\s]{0,6}[钱块千百万]"
)
_KIN = re.compile(
    r"[我俺咱][^，。]{0,4}(?:儿|弟|哥|老公|丈夫|男人|侄|外甥|孩子|娃|爹|爸|妈|女|媳妇|老婆|老伴|姐|妹|孙|叔|舅|亲戚)"
    r"|家里那|(?:娃|孩子)他?[爹爸妈娘]"
)
_ONLY_WHEN = re.compile(r"[，,。；;](?:具体)?(?:时间|日子|日期|那天|这事)?(?:大概)?[是在]?$")
_LINK = re.compile(r"(?:就|那天|大概)?[是在于]$")
_ADVERBS = r"(?:也|已经|都|才|刚|先|早|就|在|是|昨天|今天|今日)*$"
_NOT_MINE = re.compile(r"(?:对方|被告人?|原告|他们?|她|[^，。\d](?:那边|那头|那方))" + _ADVERBS)
_NOT_OURS = re.compile(r"(?:对方|原告|[^，。\d](?:那边|那头|那方))" + _ADVERBS)
_NOT_YET = re.compile(r"(?:没|未|没有|还没|还没有|不曾)(?:有)?$")
_FAR = 30
_STOP = re.compile(r"[，,。；;！!？?]|$")
_LED = re.compile(r"(?<=[，,])[^，,。；;]*$")
_AND = re.compile(r"[、和跟与及]|还有|以及")
_TO_HIM = re.compile(
    r"(?:送|寄|邮|发|递|交)(?:给|到|至|了)?(?:他|她|对方|原告|被告)(?:们|家|厂|公司|手|那|本人)*"
    r"[里上头]?[^，。]{0,2}(?:签?收)?"
)
_AT_ONCE = re.compile(r"当[天日庭场面]|同一天|同日")
_FROM_NOW = re.compile(r"[今明后]|下[个周星礼]")
_SPEECH = re.compile(r"(?:[我俺他她]|老板|经理|口头|微信|电话|当面|通知)[^，。]{0,4}(?:说|讲|喊|叫|通知)[^，。]{0,10}$")
_WHICH_DAY = re.compile(
    r"(?:哪天|哪一天|哪日|几号|几时|啥时候?|什么时候|啥辰光|日子)(?P<what>[^，。！？]{0,12}?)"
    r"[我俺他她]?(?:也|都|就|早|真|可|现在)*"
    r"(?:没问|没细?看|没留意|没注意|没记|不知道|不晓得|不清楚|不记得|记不|想不|说不|忘|弄丢|搞不|拿不准|没数|没印象)"
)
_NO_IDEA = re.compile(
    r"(?:没问|没留意|没注意|没记住?|不知道|不晓得|不清楚|不记得|记不[清得住]了?|想不起来?|说不[清准上好来定]|忘了?)"
    r"(?:是|他|她)*"
    r"(?:哪天|哪一天|哪日|几号|几时|啥时候?|什么时候)(?P<what>[^，。！？]{0,10})"
)
_LIMIT = re.compile(r"截|最[晚迟后]|到期|过期|为止|算|还能")


def told(text: str, days: list[SaidDay]) -> list[SaidDay]:
    """Without those that stand in what somebody said on another day: 9月30号老板说干完今儿就走."""
    return [
        day
        for i, day in enumerate(days)
        if not (i and _FROM_NOW.match(day.said) and _SPEECH.search(_CLAUSE.split(text[days[i - 1].end : day.at])[-1]))
    ]


def mine(text: str, days: list[SaidDay], matter: Matter) -> list[SaidDay]:
    """Those on which it came to the one whose limit it is: not 对方11月20号收到; 他在看守所收到 for his own appeal."""
    others = _not_mine(matter.begins)
    return [day for day in days if not others.search(text[max(0, day.at - 5) : day.at])]


def beside(text: str, days: list[SaidDay], matter: Matter) -> list[SaidDay]:
    """The days whose words say what begins this matter's time, the surest words first.

    才听说 wins over 开会, 签收 over 下发. Within one degree the words after a day win over those before it; a day on
    which something else happened (盖章, 判的, 递的申请) is left aside.
    """
    is_ours = bool(_KIN.search(text))  # 我侄子的处罚决定书, 给他本人的; else he is the other side
    kinds = tuple(kind for kind in matter.begins if kind != "his_own" or is_ours)
    if "got" in kinds and not {"his", "his_own"} & set(kinds):
        text = _TO_HIM.sub(lambda m: "　" * len(m.group()), text)
    left = [i for i in range(len(days)) if not _is_other(text, days, i, kinds)]
    for begins in matter_words.begins_by_degree(kinds):
        after = [days[i] for i in left if _begin(f"{after_day(text, days, i)}〉", begins, kinds)]
        if found := after or [days[i] for i in left if _begin(f"。{before_day(text, days, i)}", begins, kinds)]:
            return found
    return []


def is_day_unknown(text: str, matter: Matter) -> bool:
    """哪天收的没问过: the one who asks says that this very day isn't known."""
    begins = matter_words.begins(matter.begins)
    said = [found["what"] for pattern in (_WHICH_DAY, _NO_IDEA) for found in pattern.finditer(text)]
    return any(not _LIMIT.search(what) and (begins.search(what) or not what.strip("的是了")) for what in said)


def _is_other(text: str, days: list[SaidDay], i: int, kinds: tuple[str, ...]) -> bool:
    """Something else happened on this day, by the words in its own clause."""
    following = after_day(text, days, i)
    own, led = _COMMA.split(following)[0], before_day(text, days, i)
    begins, others = matter_words.begins(kinds), matter_words.others(kinds)
    if _begin(f"{own}{'〉' if own == following else '，'}", begins, kinds) or _AT_ONCE.search(following):
        return False
    if others.search(own):
        return True
    return not own.strip("的，, ") and bool(others.search(f"{led}〉")) and not _begin(f"。{led}", begins, kinds)


def after_day(text: str, days: list[SaidDay], i: int) -> str:
    """What follows the day in its sentence: 11月20号收到判决书."""
    last = i
    while last + 1 < len(days) and _AND.fullmatch(text[days[last].end : days[last + 1].at]):
        last += 1  # 5号和7号各收到一回
    following = text[days[last].end : days[last + 1].at] if last + 1 < len(days) else text[days[last].end :]
    if last + 1 < len(days) and _STOP.match(text[days[last + 1].end :]):
        following = _LED.sub("", following)  # 决定11月18日，寄到12月2日: the last words lead to the next day
    return _CLAUSE.split(following[:_FAR])[0]


def before_day(text: str, days: list[SaidDay], i: int) -> str:
    """What stands just before it: 被辞退是去年3月8号."""
    since = days[i - 1].end if i else 0
    before = _LINK.sub("", text[max(since, days[i].at - 20) : days[i].at]).rstrip(" ，,")
    return _COMMA.split(_ONLY_WHEN.sub("", before))[-1]


def _not_mine(kinds: tuple[str, ...]) -> re.Pattern[str]:
    return _NOT_OURS if {"his", "his_own"} & set(kinds) else _NOT_MINE


def _begin(clause: str, begins: re.Pattern[str], kinds: tuple[str, ...]) -> bool:
    """Papers that open a suit are other papers, but where they are served is what begins the time."""
    clause = clause if "served" in kinds else _OTHER_PAPER.sub("　", clause)
    return any(_is_begun(clause[: found.start()], found.group(), kinds) for found in begins.finditer(clause))


def _is_begun(before: str, word: str, kinds: tuple[str, ...]) -> bool:
    """Not 还没收到, nor 对方收到了."""
    return not (_NOT_YET.search(before) or (word[:1] in "收拿接领取签" and _not_mine(kinds).search(before)))
