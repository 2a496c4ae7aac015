"""Is somebody in danger."""

import enum
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from bot.emergency.guidance import GUIDANCE, SOFT, Emergency, EmergencyKind, finer, is_said_softly
from bot.emergency.patterns import (
    ABOUT_SOMEBODY,
    COUNTER,
    DESPAIR,
    DIED,
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
    SAVED,
    SHOW,
    SINCE,
    SOMEBODY,
    STRANGER,
    SUPPOSED,
    TRADITIONAL,
    WISH,
    YES_NO,
)

MAX_CHARACTERS = 2000
LONG = 130  # characters; mailbox complaints run from 200 to 600

_COMPILED = [(kind, re.compile(pattern)) for kind, pattern in ROWS]

_SPACED_OUT = re.compile(r"(?<![^\s，])(?:[\u4e00-\u9fff]\s){1,40}[\u4e00-\u9fff](?![\u4e00-\u9fff])")
# 救…命, 我😭喝😭了😭药: one at a time, with the same few marks between
_HALTING = re.compile(
    r"(?<![\u4e00-\u9fff])(?:[\u4e00-\u9fff][^\w\n，,、]{1,8}){1,40}[\u4e00-\u9fff](?![\u4e00-\u9fff])"
)
_SENTENCE = re.compile(r"[^。]{1,2000}")


def _fold(text: str) -> str:
    """Simplified enough, without idioms; `，` between clauses and `。` between sentences, each once."""
    said = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])[:MAX_CHARACTERS].translate(TRADITIONAL)
    said = _SPACED_OUT.sub(lambda m: re.sub(r"\s", "", m.group()), said)
    said = _HALTING.sub(lambda m: re.sub(r"[^\w]", "", m.group()), said)
    said = re.sub(r"([\u4e00-\u9fff])\1{2,}", r"\1", said)
    said = re.sub(r"[。.!?;…~\n\r\t]{1,2000}", "。", said)
    said = re.sub(r"[\s,:\"'“”‘’()\[\]{}【】《》-]{1,2000}", "，", said)
    return IDIOMS.sub("□", said)


_WHICH_DAY = re.compile(r"最后[一1]天(?:是|到)?(?:几号|哪)|(?:是|到)(?:几号|哪一?天|啥时候|什么时候)|算(?:一下|算|下)")
_NEAR = re.compile(r"今天|明天|后天|明早|今晚|剩|快[到过]|马上|就是|来不及|开庭|看守所|拘|抓")
_CRY = re.compile(r"我不想活|怎么死|想死|救命|自杀")
_AT_IT = re.compile(r"正在|正[打砍砸]|在[打砍砸](?:我|门|她|他)|现在[^，]{0,4}[打砍砸]")
_ARMED = re.compile(r"[拿持举提抄挥][着了起]?[^，]{0,3}[刀斧枪棍]|[砍捅]")
_OWN_PAST = re.compile("谢|麻烦(?:你|您)|你们")  # 谢谢你们上次帮我: what was then is another matter
_GIVING_UP = re.compile("撑不|熬不|绝望|解脱|消失")
_JUST_NOW = re.compile("正在|现在[^，]{0,4}又|刚才|刚刚|又在")
# in a long complaint 现在 and 马上 are everyday words, so it takes a stronger sign
_RIGHT_NOW = re.compile(r"正在|刚才|刚刚|此刻|快来|救我|叫不醒|现在[^，]{0,4}(?:打|砍|躲|锁|关)")
_BODILY = (EmergencyKind.violence, EmergencyKind.child_harm, EmergencyKind.medical, EmergencyKind.fire)
_FELT = re.compile("头[疼痛晕昏]|恶心|吐|软|起不来|站不|不[醒应]")
_AN_AMOUNT = re.compile("[了下进](?:有)?(?:小|大)?[一两几二三半](?:大|小)?(?:口|瓶|碗|盖|杯|把)")
_ILL = (EmergencyKind.medical, EmergencyKind.stroke)
# with fire, poison and illness 吗 may be about the danger itself (能开灯吗)
_ASKED_IN_DANGER = (EmergencyKind.fire, EmergencyKind.medical, EmergencyKind.poison, EmergencyKind.self_harm)


class _Meant(enum.Enum):
    now = "now"
    # past, denied, asked about
    soft = "soft"
    # supposed, an argument in a complaint
    nothing = "nothing"


@dataclass(frozen=True)
class _Hit:
    """Words of danger where they stand: `said` is the whole message, `clause` what lies between two commas, `before`
    what leads up to the words in it.
    """

    kind: EmergencyKind
    words: str
    clause: str
    before: str
    sentence_before: str
    rest: str
    said: str

    @property
    def is_now(self) -> bool:
        return bool(NOW.search(self.clause))


def _hits(said: str) -> Iterator[_Hit]:
    """Gravest first; sentences that tell a film or a piece of news are passed over."""
    for kind, pattern in _COMPILED:
        for sentence in _SENTENCE.findall(said):
            if _is_made_up(sentence):
                continue
            for found in pattern.finditer(sentence):
                start = sentence.rfind("，", 0, found.start()) + 1
                end = sentence.find("，", found.end())
                yield _Hit(
                    kind,
                    found.group(),
                    clause=sentence[start : end if end >= 0 else len(sentence)],
                    before=sentence[start : found.start()],
                    sentence_before=sentence[: found.start()],
                    rest=said[said.find(sentence) + start :],
                    said=said,
                )


def _is_made_up(sentence: str) -> bool:
    return bool(FICTION.search(sentence) or (SHOW.search(sentence) and not SOMEBODY.search(sentence)))


def recognise(text: str) -> Emergency | None:
    """The gravest danger a message speaks of, or None; a danger that is past, denied or asked about comes back as
    soft.
    """
    said = _fold(text)
    if MEANS.search(said) and not _CRY.search(said) and not _AT_IT.search(said):
        return None
    soft: EmergencyKind | None = None
    for hit in _hits(said):
        meant = _meant(hit)
        if meant is _Meant.now:
            kind = finer(hit.kind, hit.clause if len(said) > LONG else said)
            return Emergency(kind, False, GUIDANCE[kind])
        if meant is _Meant.soft:
            soft = soft or (hit.kind if is_said_softly(hit.kind, said) else None)
    despair = _despair(said)
    if despair is _Meant.now:
        return Emergency(EmergencyKind.self_harm, False, GUIDANCE[EmergencyKind.self_harm])
    if despair is _Meant.soft:
        soft = soft or EmergencyKind.self_harm
    return Emergency(soft, True, SOFT[soft]) if soft else None


def _despair(said: str) -> _Meant:
    """Words that are not enough alone; two of them are."""
    if len(said) > LONG or _is_made_up(said) or QUESTION.search(said):
        return _Meant.nothing
    weak = {found.group() for found in DESPAIR.finditer(said)}
    if len(weak) > 1:
        return _Meant.now
    return _Meant.soft if weak and _GIVING_UP.search(said) else _Meant.nothing


def _meant(hit: _Hit) -> _Meant:
    """How a hit is meant."""
    if NEGATED.search(hit.before):
        return _Meant.soft
    if hit.kind is EmergencyKind.fraud and COUNTER.search(hit.said) and not STRANGER.search(hit.said):
        return _Meant.nothing
    if len(hit.said) > LONG:
        return _in_complaint(hit)
    if SUPPOSED.search(hit.before):
        if hit.kind not in (EmergencyKind.self_harm, EmergencyKind.threat) and not hit.is_now:
            return _Meant.nothing
        if re.search("有人|别人", hit.before):
            return _Meant.soft
    if _is_past(hit):
        return _Meant.soft
    if hit.kind is EmergencyKind.self_harm and WISH.search(hit.words):
        return _Meant.soft if hit.before.endswith("得") else _Meant.now  # 工资低得活不下去 is a way of speaking
    if hit.kind is EmergencyKind.legal_deadline:
        return _term(hit)
    if _is_asked(hit):
        return _Meant.soft if ABOUT_SOMEBODY.search(hit.said) else _Meant.nothing
    return _Meant.now


def _in_complaint(hit: _Hit) -> _Meant:
    """In a long text the wish to die stays a softer word and the rest needs a stronger sign."""
    if hit.kind is EmergencyKind.self_harm:
        return _Meant.soft if re.search(ME, hit.clause) else _Meant.nothing
    is_now = hit.kind in _BODILY and _RIGHT_NOW.search(hit.clause) and not SUPPOSED.search(hit.clause)
    return _Meant.now if is_now else _Meant.nothing


def _is_past(hit: _Hit) -> bool:
    if hit.kind in _ILL and DIED.search(hit.clause):
        return True
    if PAST.search(hit.clause) and not _JUST_NOW.search(hit.clause):
        return True
    if hit.is_now:
        return False
    is_told_of = PAST.search(hit.sentence_before) and not _OWN_PAST.search(hit.sentence_before)
    ended = SAVED if hit.kind is EmergencyKind.poison else ENDED
    return bool(ended.search(hit.rest) or SINCE.search(hit.rest) or (is_told_of and "又" not in hit.clause))


def _term(hit: _Hit) -> _Meant:
    """A time limit that runs out, or somebody taken into custody."""
    if _WHICH_DAY.search(hit.said) and not _NEAR.search(hit.said):
        return _Meant.nothing  # 复议最后一天是几号: the deadline form computes it
    is_general = GENERAL_TERM.search(hit.said) and not RECENT.search(hit.clause)
    return _Meant.soft if is_general else _Meant.now


def _is_asked(hit: _Hit) -> bool:
    """The resident asks of a lawyer; what happens at this moment is no question."""
    if _ARMED.search(hit.words) and re.search(ME, hit.clause) and not YES_NO.search(hit.said):
        return False  # 老公拿刀追我，我要离婚
    if hit.kind is EmergencyKind.gas and _FELT.search(hit.words):
        return False  # 一屋子煤烟味，我跟老婆子腿软得起不来，这房租能不能不给
    if hit.kind is EmergencyKind.poison and _AN_AMOUNT.search(hit.clause):
        return False  # 我妈把除草的药喝了两口，这算哪个的责任
    # 谢谢你们上次办的低保，我家厨房着火了: what is asked of a fire stands with it or after it
    asked_in = hit.rest if hit.kind is EmergencyKind.fire else hit.said
    is_question = QUESTION.search(asked_in) or (hit.kind not in _ASKED_IN_DANGER and YES_NO.search(hit.said))
    return bool(is_question) and not HAPPENING.search(hit.clause)
