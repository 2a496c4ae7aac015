"""Is somebody in danger."""

import re
import unicodedata

from bot.emergency.guidance import _K, GUIDANCE, SOFT, Emergency, EmergencyKind
from bot.emergency.patterns import (
    ABOUT_SOMEBODY,
    DESPAIR,
    ENDED,
    FICTION,
    GENERAL_TERM,
    HAPPENING,
    IDIOMS,
    ME,
    MEANS,
    NEGATED,
    NOW,
    PAST,
    QUESTION,
    RECENT,
    ROWS,
    SUPPOSED,
    TRADITIONAL,
    WISH,
    YES_NO,
)

MAX_CHARACTERS = 2000
LONG = 130  # characters; mailbox complaints run from 200 to 600

_COMPILED = [(kind, re.compile(pattern)) for kind, pattern in ROWS]

_SPACED_OUT = re.compile(r"(?<![^\s，])(?:[\u4e00-\u9fff]\s){1,40}[\u4e00-\u9fff](?![\u4e00-\u9fff])")
_SENTENCE = re.compile(r"[^。]{1,2000}")


def _fold(text: str) -> str:
    """Simplified enough, without idioms; `，` between clauses and `。` between sentences, each once."""
    said = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])[:MAX_CHARACTERS].translate(TRADITIONAL)
    said = _SPACED_OUT.sub(lambda m: re.sub(r"\s", "", m.group()), said)
    said = re.sub(r"([\u4e00-\u9fff])\1{2,}", r"\1", said)
    said = re.sub(r"[。.!?;…~\n\r\t]{1,2000}", "。", said)
    said = re.sub(r"[\s,:\"'“”‘’()\[\]{}【】《》-]{1,2000}", "，", said)
    return IDIOMS.sub("□", said)


_WHICH_DAY = re.compile(r"最后[一1]天(?:是|到)?(?:几号|哪)|(?:是|到)(?:几号|哪一?天|啥时候|什么时候)|算(?:一下|算|下)")
_NEAR = re.compile(r"今天|明天|后天|明早|今晚|剩|快[到过]|马上|就是|来不及|开庭|看守所|拘|抓")


def recognise(text: str) -> Emergency | None:
    """The gravest danger a message speaks of, or None; a danger that is past, denied or asked about comes back as
    soft.
    """
    said = _fold(text)
    if MEANS.search(said) and not re.search(r"我不想活|怎么死|想死|救命|自杀", said):
        return None
    is_long = len(said) > LONG
    soft: EmergencyKind | None = None
    for kind, pattern in _COMPILED:
        for sentence in _SENTENCE.findall(said):
            if FICTION.search(sentence):
                continue
            for hit in pattern.finditer(sentence):
                verdict = _frame(kind, hit, sentence, said=said, is_long=is_long)
                if verdict == "now":
                    return Emergency(kind, False, GUIDANCE[kind])
                if verdict == "soft":
                    soft = soft or kind
    if not is_long and not FICTION.search(said) and (weak := {m.group() for m in DESPAIR.finditer(said)}):
        if len(weak) > 1 and not QUESTION.search(said):
            return Emergency(_K.self_harm, False, GUIDANCE[_K.self_harm])
        soft = soft or (
            _K.self_harm if re.search("撑不|熬不|绝望|解脱|消失", said) and not QUESTION.search(said) else None
        )
    return Emergency(soft, True, SOFT[soft]) if soft in SOFT else None


def _frame(kind: EmergencyKind, hit: re.Match[str], sentence: str, *, said: str, is_long: bool) -> str:
    """How a hit is meant: "now", "soft" (past, denied, asked about) or "" (supposed, an argument in a complaint)."""
    start = sentence.rfind("，", 0, hit.start()) + 1
    end = sentence.find("，", hit.end())
    clause = sentence[start : end if end >= 0 else len(sentence)]
    before = sentence[start : hit.start()]
    is_now = bool(NOW.search(clause))
    if NEGATED.search(before):
        return "soft"
    if is_long:
        # 现在 and 马上 are everyday words in a complaint, so the wish to die stays a softer word there and the rest
        # needs a stronger sign
        if kind is _K.self_harm:
            return "soft" if re.search(ME, clause) else ""
        return (
            "now"
            if kind in (_K.violence, _K.child_harm, _K.medical, _K.fire_gas)
            and re.search(r"正在|刚才|刚刚|此刻|快来|救我|叫不醒|现在[^，]{0,4}(?:打|砍|躲|锁|关)", clause)
            and not SUPPOSED.search(clause)
            else ""
        )
    if kind not in (_K.self_harm, _K.threat) and SUPPOSED.search(before) and not is_now:
        return ""
    if SUPPOSED.search(before) and re.search("有人|别人", before):
        return "soft"
    is_ended = bool(ENDED.search(said[said.find(sentence) + start :]))
    if PAST.search(clause) and not re.search("正在|现在[^，]{0,4}又|刚才|刚刚|又在", clause):
        return "soft"
    if is_ended and not is_now:
        return "soft"
    if PAST.search(sentence[: hit.start()]) and not is_now and "又" not in clause:
        return "soft"
    if kind is _K.self_harm and WISH.search(hit.group()):
        return "soft" if before.endswith("得") else "now"  # 工资低得活不下去 is a way of speaking
    is_happening = bool(HAPPENING.search(clause))
    if kind is _K.legal_deadline:
        if _WHICH_DAY.search(said) and not _NEAR.search(said):
            return ""  # 复议最后一天是几号: the deadline form computes it
        return "soft" if (GENERAL_TERM.search(said) and not RECENT.search(clause)) else "now"
    # the resident asks 吗 of a lawyer; with fire and illness 吗 may be about the danger itself (能开灯吗)
    if (
        QUESTION.search(said) or (kind not in (_K.fire_gas, _K.medical, _K.self_harm) and YES_NO.search(said))
    ) and not is_happening:
        return "soft" if ABOUT_SOMEBODY.search(said) else ""
    return "now"
