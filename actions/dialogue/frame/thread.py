"""The thread: what a message means after the answer before it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from rasa_sdk.events import EventType

from actions.dialogue.frame import own_case
from actions.dialogue.frame.agreeing import agreed, documents
from actions.dialogue.frame.answering import NEAREST, Answering, remembered, reply_of
from actions.dialogue.frame.base import Turn, slots
from actions.dialogue.frame.own_case import Case, Told
from actions.dialogue.hearing import phrases
from actions.replies import Button, Reply, ReplyKind, phone_links
from knowledge.answering.compose import ANSWER_FROM
from knowledge.answering.told import Abstention, Answer
from knowledge.documents.kinds.answer import cases_in, more_in
from knowledge.documents.models import Kind
from knowledge.documents.sources.doors import DOORS
from knowledge.search.lexical import character_pairs

_SENTENCE = re.compile(r"[^。！？]+[。！？](?:[^。！？]{1,30}[。！？])?")
_SHORT = 16  # characters; what is longer tells a matter of its own
_NAMES_NOTHING = 6  # characters: 赔多少, after a wire in the food, is of that and not of who died on the road
_KEPT = 150  # characters of the question before, searched together with this one
# Only a message that stands well enough alone is read alone.
_ALONE, _SURE_ALONE = 0.05, 0.9
_LEANS = re.compile(
    r"^(?:那|要是|如果|假如|万一|她|他|它|这|可|但|就算|我(?:是|说)的|还有|已经|不是)|(?:呢|咋办|怎么办)[？?。]*$"
)
_OWN_MATTER = 0.3  # raw score
_ALIKE = 0.5  # shared pairs of characters with the words of a case
# A message belongs to the question before it where both together lie at least as near to something of ours as it alone
# does: of 83 second messages of judged pairs .82 do, of 166 questions of others put behind them .20. With words that
# lean, a little less is enough (.89, .20; 2026-12-02).
_LEANING_COUNTS = 0.02  # raw score
_SURE_OF_ITS_OWN, _SURE_TOGETHER = 0.8, 0.65
# Where both together find something so much surer, they belong together though it lies farther: a nephew who lived on
# his wages at seventeen lay nearer to whose child a girl bears.
_SURER = 0.1
_PLAINLY_A_CASE = 1.1  # two cosines: 鉴定出来是轻伤二级, of who was told what holds for two who fought
_OF_BOTH, _MOST_CHOICES = 2, 3
# A line of the last answer is told as the nearest only where it lies near indeed: below, 没投钱的人后来想用 was told to
# who asked whether to dig past a woman lying before the digger.
_LINE_FROM, _LINE_AHEAD = 0.55, 0.2  # cosine; above the mean of the others
_LINE_OF_QUESTION_FROM = 0.8  # two cosines, as `own_case.ranked` adds them
_ASKED = {
    "多久": r"多久|多长时间|几天|几个月|啥时候能|什么时候能|要等",
    "多少钱": r"(?:多少|几多)(?:钱|费)|(?:要|交|收)(?:交|花|给|出|收)?(?:好多|几个)(?:钱|块)"
    r"|花钱|要(?:交|花)?钱|收费|费用|贵不|免费",
    "去哪里": r"去哪|到哪|找谁|找哪|哪里办|在哪|哪个部门|地址|电话(?:是)?多少",
    "带什么": r"带(?:啥|什么|些)|材料|证件|准备(?:啥|什么)|要(?:啥|什么)(?:证|东西|手续)",
    "谁可以": r"谁(?:能|可以)|代办|别人(?:能|去)|本人|多大(?:年纪|岁)|条件|我能办",
    "代办": r"代办|(?:别人|家里人|儿女|儿子|闺女|亲戚|邻居|朋友).{0,3}(?:能|去|可以)"
    r"|替(?:他|她|我|老人|爸|妈|爹|娘).{0,4}(?:办|去|跑)|委托"
    r"|本人(?:不|没|必须|非|一定|要)|(?:走不动|去不了|回不去|来不了)",
    "不给办": r"不(?:给|收|受理|批|同意|通过|认)(?:办|批|收|我)?.{0,4}(?:咋|怎|找谁|呢|告)|被(?:拒|退回|打回)"
    r"|(?:窗口|他们|村里|镇里|所里|单位).{0,3}不(?:给|收|办|批|受理|认)",
    "不去会怎样": r"不(?:去|来|办|交|理|签).{0,4}(?:会|行|咋|怎|有啥)",
    "没有证据": r"没(?:有)?(?:证据|凭证|合同|收据|票|录音)|拿不出",
    "过期了": r"过(?:期|了)(?:了)?(?:还|咋|怎|能)?|晚了|来得及|超过",
}
# What an answer says of these, if it says it at all.
_SAID = {
    "多少钱": re.compile("[元块钱费]"),
    "多久": re.compile("[0-9一二三四五六七八九十两几]个?(?:工作)?(?:天|日|月|年|小时|周)"),
}
_PATTERNS = {name: re.compile(pattern) for name, pattern in _ASKED.items()}
_FOLLOWED = (Kind.answer, Kind.service_guide, Kind.policy)
# What is left of a next question without these names its matter: 低保不给办 after an answer on identity cards.
_FILLER = re.compile(
    r"哪[些个种样]?|什么|啥|弟弟?|哥哥?|姐姐?|妹妹?|亲戚|朋友|老人|老伴|孩子|娃|[爸妈爹娘]+|儿子|闺女|女儿"
    r"|媳妇|老婆|老公|家里?人?|别人|本人|自己|邻居|大概|一般|可以|需要|这(?:个|事|件)?"
    r"|那(?:个|边)?|怎么|咋|咋整|请问|到底|还|又|就|都|得|要|用|能|会|去|来|办(?:理|好|成)?|拿到?"
    r"|手续|一下|事情?|我们?|咱|俺"
    r"|[他她它您你]|[的了着过啊呀呢吗嘛吧么不没有是在和跟给让叫被，。？?！!,、~～ ]"
)


@dataclass(frozen=True)
class Mine:
    """What is told to who says which case is theirs, and what is remembered of it."""

    reply: Reply
    events: tuple[EventType, ...]
    words: str  # of the question before and these


def leans(turn: Turn) -> bool:
    """Whether these words may need those before them."""
    return bool(turn.slot("last_question")) and (len(turn.text) <= _SHORT or bool(_LEANS.search(turn.text)))


def from_last(answering: Answering, turn: Turn) -> Reply | None:
    """A field of the last answer, or the other of its cases; None where it has neither for these words."""
    told = _told(answering, turn, *_FOLLOWED)
    if told is None or len(turn.text) > _SHORT:
        return None
    if _names_another(turn.text, told):
        return None
    asked = _details(told, turn.text)
    if not asked and _PATTERNS["去哪里"].search(turn.text) and (door := DOORS.get(told.details.get("door") or "")):
        return _reply(told, f"去{door.name}（{door.does}），{door.call}。", door.phone)
    if asked:
        return _reply(told, "\n".join(asked))
    case = _case(turn.text, told)
    return _reply(told, f"{case[0]}：{case[1]}") if case else None


def _details(told: Told, text: str) -> list[str]:
    """How long, how much, where: what is asked for in these words, as far as the answer says it."""
    more = more_in(list(told.details.get("more") or told.details.get("parts") or []))
    return [more[name] for name, pattern in _PATTERNS.items() if name in more and pattern.search(text)]


def _names_another(text: str, told: Told) -> bool:
    """Whether a question of one of `_ASKED` names a matter that the last answer says nothing of."""
    rest = text
    for pattern in _PATTERNS.values():
        rest = pattern.sub(" ", rest)
    if rest == text:
        return False  # asks none of them: its cases are looked at
    parts = ("answer", "steps", "more", "parts", "cases", "next", "never")
    of_told = set(character_pairs(f"{told.title} {' '.join(str(told.details.get(name) or '') for name in parts)}"))
    words = [word for word in _FILLER.sub(" ", rest).split() if len(word) > 1]
    return any(not (set(character_pairs(word)) & of_told) for word in words)


def plainer(answering: Answering, turn: Turn) -> Reply | None:
    """The last answer in fewer words: what holds, one case as an example, and the one thing to do first."""
    told = _told(answering, turn)
    if told is None:
        return None
    first = _SENTENCE.match(told.details["answer"])
    text = f"简单说：{first[0] if first else told.details['answer']}"
    if cases := cases_in(list(told.details.get("cases") or [])):
        text += f"\n比如，{cases[0][0]}，那就{cases[0][1]}。" if not cases[0][1].startswith("那") else ""
    steps = list(told.details.get("steps") or [])
    door = DOORS.get(told.details.get("door") or "")
    where = f"还不明白，打 {door.phone} 问{door.name}，或者说“转人工”。" if door else "还不明白，说“转人工”。"
    text = text.replace("。。", "。")
    return Reply(
        ReplyKind.answer,
        text,
        next="\n".join([f"先做这一件：{steps[0]}" if steps else "", where]).strip(),
        links=phone_links(door.phone) if door else (),
    )


def mine(
    answering: Answering,
    turn: Turn,
    alone: Answer | Abstention,
    joined: tuple[Answer | Abstention, str] | None,
) -> Mine | None:
    """For words that say which case of the answer told last is the resident's own; `alone`: what they find by
    themselves, `joined`: with those before them. None where they don't, or where another answer is surer, and for a
    question: of 74 only 11 were told their case so and 13 another thing, of 162 facts 53 and 14.
    """
    told = None if phrases.is_question(turn.text) else _told(answering, turn)
    if told is None or _is_of(alone, told, _SURE_TOGETHER) or (joined and _is_of(joined[0], told, _SURE_TOGETHER)):
        return None
    case = own_case.sure(own_case.ranked(answering, turn.text, [told]), turn.text)
    if case is None:
        return None
    words = both(turn)
    return Mine(_as_mine(case, turn.text), slots(last_question=words, plain_count=0.0), words)


def _is_of(found: Answer | Abstention, told: Told, least: float) -> bool:
    """Whether this is a sure answer other than the one that was told."""
    return isinstance(found, Answer) and found.document != told.document and found.confidence >= least


def chosen(
    answering: Answering, turn: Turn, found: Abstention, alone: Answer | Abstention | None = None
) -> Mine | None:
    """After answers that stood there to be chosen from: the one a case of which these words say, with the case first,
    else the one that lies nearest to both messages, where it stood there: who goes on telling hasn't chosen, and the
    same lines once more would say that nobody listened. Where another one lies nearest now, that is new. `found`: what
    both find; `alone`: what these words find by themselves.
    """
    told = own_case.offered(answering, turn)
    if not told:
        return None
    likeliest = (agreed(alone, found, None) if alone else None) or (found.near[0].document if found.near else None)
    again = next((one for one in told if one.document == likeliest), None)
    if again and alone and not alone.near:
        again = told[0]  # 去哪办，好久下得来 names no matter: what lay nearest to the first message is meant
    nearest = own_case.nearest(answering, turn.text, told)
    case = (
        None
        if phrases.is_question(turn.text)
        else own_case.sure(own_case.ranked(answering, turn.text, told), turn.text)
    )
    if case is not None and case.told is not nearest:
        case = None  # 俩人没领过证 lies near to a case of who changes a child's name, and nearer to who never married
    meant = nearest if case else again and own_case.nearest(answering, turn.text, told, first=again)
    whole = answering.whole(meant.document) if meant else None
    if meant is None or whole is None:
        return None
    if case:
        return _meant(turn, own_case.first(whole, case), meant, told, head="照您说的，是这一条")
    return _meant(turn, whole, meant, told)


def instead(answering: Answering, turn: Turn, alone: Answer | Abstention, joined: Answer | Abstention) -> Mine | None:
    """For words that `joined`, what is found with those before them, answers with what was told last, or not surely:
    what both agree on, whole, with the way back. None where there is none, where that was offered (`chosen`), and for
    words that are of nothing of it.
    """
    said = turn.slot("last_document")
    if isinstance(joined, Answer) and not (joined.document and joined.document == said):
        return None
    told = _told(answering, turn)
    if told and told.document in documents(alone):
        return None  # as `agreed` says, before anything is encoded and searched for it
    if told and (cases := own_case.ranked(answering, turn.text, [told])) and cases[0].score >= _PLAINLY_A_CASE:
        return None
    if told:  # it was found by its title, beside which nothing else lies
        joined = answering.look_up(turn, both(turn), intent="ask_law")
    before = [told] if told else own_case.offered(answering, turn)
    meant = agreed(alone, joined, told.document if told else None)
    if meant is None or meant in [one.document for one in before]:
        return None
    named, whole = own_case.load(answering, [meant]), answering.whole(meant)
    if whole is None or own_case.nearest(answering, turn.text, named) is None:
        return None
    if told and own_case.nearest(answering, turn.text, [told, *named]) is told:
        return None  # 已交二十余日，无答复 is of the request that was told, and of no petition
    return _meant(turn, whole, named[0], before)


def _meant(turn: Turn, whole: Answer, meant: Told, others: Sequence[Told], *, head: str = NEAREST) -> Mine:
    """This one whole under its title, with what holds for the others, whose side it may be."""
    words = both(turn)
    reply = reply_of(whole, before=f"{head}：{meant.title}\n")
    rest = [one for one in others if one is not meant]
    lines = "".join(f"\n· {one.title}：{one.details['answer']}" for one in rest)
    back = tuple(Button(one.title) for one in rest)
    events = remembered(replace(turn, text=words), whole, intent=str(turn.slot("last_intent") or "ask_law"))
    text = f"{reply.text}\n要是我猜错了，看看是不是下面的：{lines}" if rest else reply.text
    return Mine(replace(reply, text=text, buttons=(*reply.buttons, *back)), events, words)


def of_what_is_asked(answering: Answering, turn: Turn, alone: Answer | Abstention) -> Mine | None:
    """After answers to be chosen from, for words that ask what it costs or how long it takes: the one they are nearest
    to, where it says so and `alone`, what these words find by themselves, doesn't. 那个保护令要交好多钱 was told the
    five days for an appeal against it.
    """
    told = own_case.offered(answering, turn)
    asked = [_SAID[name] for name, pattern in _PATTERNS.items() if name in _SAID and pattern.search(turn.text)]
    if not told or not asked or (isinstance(alone, Answer) and all(said.search(alone.text) for said in asked)):
        return None
    meant = own_case.nearest(answering, turn.text, told)
    whole = answering.whole(meant.document) if meant else None
    if meant is None or whole is None or not all(said.search(whole.text) for said in asked):
        return None
    words = both(turn)
    events = remembered(replace(turn, text=words), whole, intent=str(turn.slot("last_intent") or "ask_law"))
    return Mine(reply_of(whole, before=f"您问的是这一条：{meant.title}\n"), events, words)


def before(turn: Turn) -> str:
    """The end of the question before, "" where there was none."""
    return str(turn.slot("last_question") or "")[-_KEPT:]


def both(turn: Turn) -> str:
    """The question before and these words."""
    return f"{before(turn)} {turn.text}".strip()


def _as_mine(case: Case, text: str) -> Reply:
    rule = f"整条规矩：{case.told.details['answer']}"  # a case alone says neither whether nor where
    door = DOORS.get(case.told.details.get("door") or "")
    where = f"拿不准就打 {door.phone} 问{door.name}，或者" if door else "拿不准就"
    return Reply(
        ReplyKind.answer,
        "\n".join([f"听您这么说，是这一种：\n{case.line.rstrip('。')}。", *_details(case.told, text), rule]),
        next=f"我要是听岔了，您把前后的事连起来再说一遍；{where}说“转人工”。",
        links=phone_links(door.phone) if door else (),
        citations=(case.told.source,),
    )


def nearest_line(answering: Answering, turn: Turn) -> Reply | None:
    """What the last answer says that lies nearest to these words: its two likeliest cases, or one of what else it says
    or of its steps; said as such, with whom to ask where it isn't the point. None where it has none.
    """
    told = _told(answering, turn)
    if told is None:
        return None
    door = DOORS.get(told.details.get("door") or "")
    where = f"打 {door.phone} 问{door.name}，或者" if door else ""
    links = phone_links(door.phone) if door else ()
    if lines := [*_details(told, turn.text), *_nearest(answering, turn.text, told)]:
        head = "最挨得上的是这一句" if len(lines) == 1 else "最挨得上的是这几句"
        said = "\n".join(f"· {line.rstrip('。')}。" for line in lines)
        return Reply(
            ReplyKind.answer,
            f"还是刚才那件事：{told.details['answer']}\n{head}：\n{said}",
            next=f"没说到点子上的话，{where}把前后的事连起来再说一遍，我重新找。",
            links=links,
            citations=(told.source,),
        )
    if not (own_case.cases_of(told) or told.details.get("more") or told.details.get("steps")):
        return None
    answering.keep_unanswered(turn, f"{turn.slot('last_question')} / {turn.text}", reason="abstained")
    steps = "".join(f"\n{n}. {step}" for n, step in enumerate(told.details.get("steps") or [], 1))
    return Reply(
        ReplyKind.abstention,
        f"还是刚才那件事吧？说得准的是这一条：\n{told.details['answer']}{steps}",
        next=f"这里没说到您问的那一点的话，我已经记下来了，会有人补上；要紧就{where}说“转人工”，请人看了再答。",
        links=links,
        citations=(told.source,),
    )


def _nearest(answering: Answering, text: str, told: Told) -> list[str]:
    """Of what was told: the cases that may be meant, else the one line that lies near and well ahead of the others."""
    if case := _case(text, told):
        return [f"{case[0]}：{case[1]}"]
    if cases := own_case.likely(own_case.ranked(answering, text, [told]), text):
        return [case.line for case in cases]
    more = more_in(list(told.details.get("more") or []))
    lines = [*more.values(), *(told.details.get("steps") or [])]
    if not lines:
        return []
    vectors = answering.services.searcher.embedder.encode_queries([text, *lines])
    near = vectors[1:] @ vectors[0]
    best = int(near.argmax())
    others = np.delete(near, best)
    is_ahead = not others.size or near[best] - others.mean() >= _LINE_AHEAD
    return [lines[best]] if near[best] >= _LINE_FROM and is_ahead else []


def best_reading(
    answering: Answering, turn: Turn, *, intent: str, alone: Answer | Abstention | None = None
) -> tuple[Answer, str] | None:
    """The surest of three readings, with the words it was found by: alone, after the last question, within what the
    last answer answers; None where none is sure enough. What kind of source is wanted is known of these words alone:
    with those of another matter before them a clause of the village would speak from next to nothing on. `alone`:
    what the first of them found, where it was looked up already.
    """
    told = _told(answering, turn)
    readings = [turn.text, both(turn), *([f"{told.title} {turn.text}"] if told else [])]
    best: tuple[float, Answer, str] | None = None
    together: Answer | Abstention | None = None
    for place, words in enumerate(readings):
        wanted = intent if place == 0 or turn.slot("last_intent") == intent else "ask_law"
        known = alone if place == 0 else None
        found = known or answering.look_up(turn, words, intent=wanted, threshold=ANSWER_FROM)
        together = found if place == 1 else together
        if not isinstance(found, Answer):
            if place == 0 and (found.near or found.raw >= _OWN_MATTER) and not _LEANS.search(turn.text):
                return None  # 我想离婚，他打我, after another matter, is a matter of its own
            continue
        sure = found.confidence + (_ALONE if place == 0 else 0.0)
        if best is None or sure > best[0]:
            best = (sure, found, words)
        if place == 0 and (found.confidence >= _SURE_ALONE or _is_of_its_own(turn, intent)):
            break  # no reading with more words is surer, and each costs a search
    if best is None or (best[2] == turn.text and _is_doubted(best[1], together)):
        return None
    return best[1], best[2]


def continued(
    answering: Answering, turn: Turn, alone: Answer | Abstention, *, intent: str
) -> tuple[Answer | Abstention, str] | None:
    """What the question before and these words find together, with those words; None where these are of their own, or
    where nothing was asked before.
    """
    if not before(turn) or (isinstance(alone, Answer) and alone.confidence >= _SURE_OF_ITS_OWN):
        return None
    words = both(turn)
    wanted = intent if turn.slot("last_intent") == intent else "ask_law"
    joined = answering.look_up(turn, words, intent=wanted, threshold=ANSWER_FROM)
    leaning = _LEANING_COUNTS if _LEANS.search(turn.text) else 0.0
    if isinstance(alone, Answer):
        if not (isinstance(joined, Answer) and joined.confidence > alone.confidence):
            return (joined, words) if _is_of_before(answering, turn, alone, joined) else None
        if joined.raw + leaning < alone.raw:
            return None
    elif joined.raw + leaning < alone.raw:
        is_surer = joined.confidence >= alone.confidence + _SURER
        if not (is_surer and _goes_on(answering, turn)):
            return None
    if isinstance(joined, Abstention) and isinstance(alone, Abstention):
        of_these = tuple(near for near in alone.near if near not in joined.near)
        joined = replace(joined, near=(*joined.near[:_OF_BOTH], *of_these, *joined.near[_OF_BOTH:])[:_MOST_CHOICES])
    return joined, words


def _is_of_before(answering: Answering, turn: Turn, alone: Answer, joined: Answer | Abstention) -> bool:
    """Whether an answer that these words find by themselves, and of which we aren't sure, is beside the matter that
    they go on with: of 24 such second messages it was right where both together lay nearest to it, too (7
    of 7), else in 1 of 7 (2026-12-02). Who fell from my roof after 半斤酒 was told of drinking at a table.
    """
    return _is_doubted(alone, joined) and _goes_on(answering, turn)


def _is_doubted(alone: Answer, joined: Answer | Abstention | None) -> bool:
    """Not sure, and not what lies nearest to both messages together."""
    if alone.confidence >= _SURE_OF_ITS_OWN or not isinstance(joined, Abstention) or not joined.near:
        return False
    return joined.near[0].document != alone.document


def _goes_on(answering: Answering, turn: Turn) -> bool:
    """Whether these words lie near to what was told or offered last, or to the question before."""
    told = _told(answering, turn)
    return own_case.are_about(answering, turn.text, [told] if told else own_case.offered(answering, turn), before(turn))


def within(
    answering: Answering, turn: Turn, alone: Answer | Abstention, *, intent: str
) -> tuple[Answer | Abstention, str] | None:
    """What these words and those before them find together, and the words it was found by: the surest of the three
    readings where they lean, else what lies as near to both. `alone`: what they find by themselves. None for words
    of their own, where nothing was asked before, and where that is the answer told last and these words are of
    something else.
    """
    read = best_reading(answering, turn, intent=intent, alone=alone) if leans(turn) else None
    joined = read or continued(answering, turn, alone, intent=intent)
    if joined is None or not isinstance(joined[0], Answer) or not joined[0].document:
        return joined
    told = _told(answering, turn) if joined[0].document == turn.slot("last_document") else None
    return None if told and not own_case.is_about(answering, turn.text, told, before(turn)) else joined


def _is_of_its_own(turn: Turn, intent: str) -> bool:
    """A question for the village's rules after another of the law: 拖欠工资犯法吗, and then 我们村酒席最多能办几桌."""
    is_new = intent == "ask_village_rule" and turn.slot("last_intent") != intent
    return is_new and not _LEANS.search(turn.text)


def others(answering: Answering, turn: Turn, found: Answer, alone: Answer | Abstention) -> Abstention | None:
    """For a question after the answer that `found` would tell once more, where that says nothing near to it: what else
    lies near to these words, to be chosen from. Its heading and two lines of other matters said that nobody listened.
    """
    told = _told(answering, turn) if found.document and found.document == turn.slot("last_document") else None
    if told is None or len(turn.text) < _NAMES_NOTHING:
        return None
    if not phrases.is_question(turn.text) or _details(told, turn.text) or isinstance(alone, Answer):
        return None
    near = tuple(one for one in alone.near if one.document != told.document)
    cases = own_case.ranked(answering, turn.text, [told])
    if not near or (cases and cases[0].score >= _LINE_OF_QUESTION_FROM):
        return None
    return replace(alone, near=near)


def again(answering: Answering, turn: Turn, found: Answer) -> Reply:
    """What was found for these words; where it is the answer that was told last, its line that lies nearest, since the
    same words once more would say that nobody listened.
    """
    is_said = found.document and found.document == turn.slot("last_document")
    return (nearest_line(answering, turn) if is_said else None) or reply_of(found)


def _reply(told: Told, text: str, *phones: str) -> Reply:
    return Reply(ReplyKind.answer, text, links=phone_links(*phones), citations=(told.source,))


def _case(text: str, told: Told) -> tuple[str, str] | None:
    own = set(character_pairs(text))
    scored = []
    for when, then in cases_in(list(told.details.get("cases") or [])):
        theirs = set(character_pairs(when))
        scored.append((len(own & theirs) / max(1, min(len(own), len(theirs))), when, then))
    best = max(scored, default=(0.0, "", ""))
    return (best[1], best[2]) if best[0] >= _ALIKE else None


def _told(answering: Answering, turn: Turn, *kinds: Kind) -> Told | None:
    """The text that was told last; `kinds`: of which it may be, answers of ours where none is given."""
    document = turn.slot("last_document")
    found = own_case.load(answering, [document], *kinds) if isinstance(document, str) and document else []
    return found[0] if found else None
