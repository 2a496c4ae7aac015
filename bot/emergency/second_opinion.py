"""A learned second opinion on danger, beside the rules: hints and understatement that no word of theirs names, and
doubt where their words stand in a told trouble that is over.

Trained at set-up over `sentences.jsonl`, most of which people wrote who hadn't read the rules, and over the ways in
which people tell our answers their troubles. The rules need no model and answer even where this one is missing; of
what they hear nothing is silenced, at most an answer is told before it.
"""

import contextlib
import json
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import joblib
import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from bot.emergency import everyday, examples, swallowed
from bot.emergency.guidance import GUIDANCE, MAYBE, SOFT, Emergency, EmergencyKind, finer, told_to
from bot.emergency.patterns import DIED, HAPPENING, QUESTION
from bot.emergency.recognising import recognise
from knowledge import kept_models
from knowledge.encoder.embedding import Embedder
from knowledge.normalise import normalise
from knowledge.whole_files import replaced

SENTENCES = Path(__file__).with_name("sentences.jsonl")
EVERYDAY = examples.FOLDER
NONE = "none"


@dataclass(frozen=True)
class _From:
    """P(some danger) from which on it is an alarm, danger where no answer is found, and some words behind whatever is
    found (bot/turns.py); `long_`: in a long story.
    """

    alarm: float
    long_alarm: float
    likely: float
    long_likely: float
    feared: float

    def alarm_in(self, text: str) -> float:
        return self.long_alarm if len(text) >= _LONG else self.alarm

    def likely_in(self, text: str) -> float:
        return self.long_likely if len(text) >= _LONG else self.likely


# Chosen on exam d and on 625 judged messages, 328 of them short (docs/answers.md): from .5 to .7 an alarm loses one
# danger of a hundred and a quarter of the false ones; below .4 an ordinary question without an answer got a
# card for people who are locked up. Who may want to die is heard sooner. Where we asked, an alarm begins later
# still (墙已经扒了 says that it is settled). From .7 to .66 on 2 December: 203 short harmless messages more had moved
# all chances down; in exams c, d and e that gave back seven alarms and no false one.
_OF_ALL, _OF_SELF_HARM = _From(0.66, 0.8, 0.45, 0.6, 0.25), _From(0.65, 0.75, 0.5, 0.6, 0.15)
ASKED_ALARM_FROM = 0.97
# Where the rules hear danger, from how little on it is only feared; in a long story, where many a word of danger
# stands, they need nearly an alarm. Below _HARDLY the softer word is enough.
_DOUBTED, _LONG_DOUBTED, _HAPPENING_DOUBTED, _HARDLY = 0.15, 0.5, 0.06, 0.02
_OTHER_DOUBTED = 0.8  # the same of a long story that is likelier another kind of danger
_SHORT, _LONG = 14, 40  # characters; a cry is short
# The words of these kinds hardly stand in a told trouble, and minutes count: doubted only where nearly nothing else of
# the message speaks for danger (吊死鬼虫爬满槐树, 毒蘑菇长啥样), and never where it is short.
NEVER_DOUBTED = frozenset(
    {
        EmergencyKind.self_harm,
        EmergencyKind.poison,
        EmergencyKind.fire,
        EmergencyKind.gas,
        EmergencyKind.electric,
        EmergencyKind.water,
        EmergencyKind.captive,
        EmergencyKind.missing,
        EmergencyKind.revenge,
    }
)
# Their words stand in many a long tale of shops that are locked up and debtors who are gone: there they need more.
_TALES, _TALE_HARDLY = frozenset({EmergencyKind.captive, EmergencyKind.missing, EmergencyKind.revenge}), 0.15
# Whose other card is for a child that writes itself (guidance.yml).
_BY_A_CHILD = frozenset({EmergencyKind.child_harm, EmergencyKind.violence})
# Whose words mean nothing else: 着火了, 掉河里了.
_PLAIN = frozenset({EmergencyKind.fire, EmergencyKind.gas, EmergencyKind.electric, EmergencyKind.water})
# A mere guess at a message without any word of danger needs this much: in exams c, d and e, on which the words were
# chosen, that took the line from nine harmless messages of 25 and from no danger (2026-12-02).
_WORDLESS_FROM, _WORDLESS_LAW_FROM = 0.4, 0.85
_SURELY = 0.75  # from here on who is lonely is asked as who may want to die
# Of these nobody tells without a word of it: a camphor tree that two men embrace plans no revenge, and a seed bag burnt
# with the receipt is no fraud under way.
_BY_THEIR_WORDS = {
    EmergencyKind.fraud: re.compile(
        "[让叫喊要][我俺咱他她把你]|正在|安全|屏幕|视频|验证码|扫码|账户|客服|警察|公安|解冻|刷单|中奖|退款|投资|私人号"
    ),
    EmergencyKind.child_harm: re.compile(
        "打|揍|抽|掐|踢|摸|脱|哭|伤|青|紫|锁|饿|关|拐|虐|骂|扒|亲[她他我]|抱走|睡|澡|不见|失踪|跟[踪着]|欺|堵"
        "|疼|痛|血|怀|流产|躲|怕|摇头"
    ),
    EmergencyKind.revenge: re.compile(
        "弄他|收拾|报仇|报复|算账|拼|命|带上|斧|镐|棍|家伙|讨个?说法|堵|绑|给他点|走着瞧"
    ),
}
# A bin that swarms with flies burns nowhere, however like it reads.
_OF_FIRE = re.compile(
    "[火烟煙烧燎焦燃烫热熱炸爆糊轰砰红亮旺灭窜灰]|着了|着[啦咧着起]|点着|走水|噼里啪啦|黑的|变形|(?:闻|味)(?:到|道)"
)
# Without any word of danger a long message needs this much to be an alarm, or to be told where no answer is found:
# who smoked at the wheel was asked where he was locked up, who ends a tenancy to come down from the roof.
_WORDLESS_ALARM_FROM = 0.97
# A word that somebody is with child, without one of pain, is no birth: 她刚发来一张B超单，说怀孕两个多月了.
_WITH_CHILD = re.compile("怀孕|有喜|怀(?:上|了)|B超|孕检|产检")
_OF_BIRTH = re.compile(
    "血|痛|疼|破水|羊水|见红|发作|生了|要生|[晕昏抽吐摔撞打踢喘]|发?烧|不动|没动静|救|流产|宫外|药|难受|肚子"
)
# What is only supposed isn't happening: 那要是那娃先拿棍子捅狗窝呢.
_SUPPOSED, _SUPPOSED_FROM = re.compile("^(?:那|可|哦|嗯)?[，,]?(?:要是|如果|假如|假使|万一)"), 0.9
# Who struck isn't told to bolt the door.
_STRUCK = re.compile(
    "被我[^，。]{0,8}(?:划|打|砍|捅|砸|踢|推|扎)"
    "|(?:我|俺)(?:就|也|先|失手)?(?:用|拿|抄起?)[^，。]{0,8}(?:划|打|砍|捅|砸|扎)(?:了|到|伤|破|中)(?:他|她|对方|人家)"
)
# A man of seventy-eight before his son's locked gate is no child.
_GROWN_OLD = re.compile("(?:我|俺)(?:今年|都|快)?(?:有)?(?:[六七八九]十|6|7|8|9)")
_CHILD = re.compile("娃|孩|孙|闺女|女儿|学生|幼儿|小学")
# Time limits and arrests: a lawyer's matter, so what we know of it comes first.
_NO_LIFE = EmergencyKind.legal_deadline
# Of what is past, denied or asked about, the softer words are kept for those who live with whom they fear.
_AT_HOME = re.compile(
    "(?:老公|丈夫|我男人|孩子他?爸|对象|[男女]朋友|前夫|[公婆]婆|公公|我爸|我妈|爸爸|继[父母]|后[爸妈]|我?儿子|女婿"
    "|媳妇)"
    "[^。]{0,12}(?:打|揍|掐|踹|动手|摔|刀|骂|虐)|家暴|离婚|[他她](?:又|老|总|天天|经常|还|动手)打我|不想活|想死|轻生"
    "|自杀|喝过?.{0,3}药"
)
_MY_WISH = re.compile(
    "(?:我|俺|咱)(?!家|们|妈|爸|那|儿|闺)[^，。]{0,8}(?:想死|不想活|去死|跳楼|跳河|自杀|死了算)|^[哈嘻，]*想死"
)
_LAUGHS = re.compile("哈哈|好想笑|好笑|笑死|嘻嘻|嘿嘿")
# Begun, or told of the one who writes: heard however little else speaks for it. Without these the word stands in a
# title or a name (乔峰跳崖, 割腕表).
_OWN_HAND = re.compile(
    "(?:我|俺|咱)(?!们?村|们?这)[^。]{0,12}(?:死|活|跳|割|吊|炭|药)|(?:喝|吃|吞)了|遗书|楼顶|天台|正在|现在|刚才|救"
)
_GOES_ON = re.compile("在(?:打|砸|砍|流血)|躲在|不敢回|闯进|动不了|头破血|出不来|追着|砸我|砍我")
_FEWEST = 4  # characters: 没有, 不是, 前天 are answers to a form
_FIGURES = (
    "13812345678",
    "15900001111",
    "261124-001-05 1234",
    "110101199003071234",
    "3组",
    "50000块",
    "3月8号",
    "2026年9月1日",
)
# Ends by asking a lawyer (能终止劳动合同吗？). Of the dangers of exams c and d that no rule hears none ends so, of 120
# real consultations every false alarm did (2026-12-02).
_ASKS = re.compile("[？?]\\s*$|(?:吗|么|呢|怎么办)\\s*$")
_LAWYERS = re.compile("合同|协议|劳动关系|社保|违约|财产|房产|定金|贷款|效力|赔付|辞职|辞退|离职")
_LAST_WORDS = 40  # characters
_DENSE_SCALE, _C, _C_OF_KINDS = 4.0, 20.0, 0.5
_PASSES = 60
_LIKEST, _OF_THE_REST = 7000, 8
_DANGER_COUNTS = 3.0  # times as much as what is none, of which there is far more
# So does a short message that is none: most of what is none is a long trouble, and 早上好呀，今天降温了多穿点 rang.
_BRIEF, _BRIEF_COUNTS = 24, 3.0  # characters, times
_MOST_CHARACTERS = 300
_PARTS = 3  # of a saved one


@dataclass(frozen=True)
class Sentence:
    """`label`: an EmergencyKind, or `none` for a near miss."""

    text: str
    label: str


def read_sentences(path: Path = SENTENCES) -> list[Sentence]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Sentence(row["text"], row["label"]) for row in rows]


def read_everyday(folder: Path = EVERYDAY) -> list[Sentence]:
    """What people say to the bot in all its dialogues: numbers, a yes, a place, a complaint, where the rules see no
    danger either. Without these everything that is like no sentence of ours would ring the alarm.
    """
    found = [Sentence(text, NONE) for _, text in examples.read(folder) if text and recognise(text) is None]
    return [*found, *(Sentence(text, NONE) for text in _FIGURES)]


def troubles(phrasings: Sequence[str], sentences: Sequence[Sentence]) -> list[Sentence]:
    """Of the ways in which people tell our answers their troubles those that read most like danger, and some of the
    rest: most of what is told is bad and over, and an alarm would shock. By characters alone, since to encode all of
    them would take set-up minutes.
    """
    characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    rows = characters.fit_transform([normalise(s.text) for s in sentences])
    model = _fitted(rows, np.array([s.label != NONE for s in sentences]), strength=5.0)
    told = [text for text in sorted(phrasings) if not _is_danger(text)]
    order = np.argsort(-model.predict_proba(characters.transform([normalise(t) for t in told]))[:, 1], kind="stable")
    chosen = [*order[:_LIKEST], *order[_LIKEST::_OF_THE_REST]]
    return [Sentence(told[i], NONE) for i in sorted(chosen)]


def _is_danger(text: str) -> bool:
    """A way of asking that is a cry for help: 孩子吃了老鼠药怎么办."""
    ruled = recognise(text)
    return ruled is not None and not ruled.soft and ruled.kind in NEVER_DOUBTED


class SecondOpinion:
    """`danger`: is it danger at all, over everything that is told; `kinds`: which, over sentences of danger alone. One
    model of all kinds and none together ordered messages far worse (docs/answers.md).
    """

    def __init__(self, characters: TfidfVectorizer, danger: LogisticRegression, kinds: LinearSVC | DummyClassifier):
        self._characters, self._danger, self._kinds = characters, danger, kinds

    def likely(self, texts: Sequence[str], embedder: Embedder) -> list[tuple[float, str]]:
        """For each text: P(danger), and the likeliest kind if there is one."""
        said = [normalise(text)[:_MOST_CHARACTERS] for text in texts]
        rows = _features(self._characters, said, embedder.encode_queries(said))
        chances = self._danger.predict_proba(rows)[:, 1]
        return [(float(p), str(kind)) for p, kind in zip(chances, self._kinds.predict(rows), strict=True)]

    def of(
        self, text: str, embedder: Embedder, ruled: Emergency | None = None, *, is_asked: bool = False
    ) -> Emergency | None:
        """What to hold of the message, with what the rules hold of it; `is_asked`: it answers a question of ours."""
        if sum("\u4e00" <= c <= "\u9fff" for c in text) < _FEWEST:
            return ruled
        [(chance, kind)] = self.likely([text], embedder)
        if ruled is not None and not ruled.soft:
            return _doubted(ruled, text, chance, kind)
        begins = _begins(kind)
        if chance < begins.feared:
            is_at_home = ruled is not None and ruled.kind is not EmergencyKind.child_harm and _AT_HOME.search(text)
            is_idle = chance < _HARDLY and not is_at_home  # 儿媳要离婚带走孙子 harms no child
            return None if ruled and is_idle and ruled.kind not in NEVER_DOUBTED else ruled
        return _learned(EmergencyKind(kind), chance, text, ruled, is_asked=is_asked)

    def save(self, path: Path) -> None:
        with replaced(path) as fresh:
            joblib.dump((self._characters, self._danger, self._kinds), fresh)

    @classmethod
    def load(cls, path: Path) -> "SecondOpinion":
        """Raises OSError or ValueError where there is none that can be read."""
        held = kept_models.read(path)
        if len(held) != _PARTS:
            raise ValueError(f"{path} was learned by another version")
        _, danger, _ = held
        # scipy multiplies by the transpose of these, and copies all of it for each message where it isn't contiguous
        danger.coef_ = np.asfortranarray(danger.coef_)
        return cls(*held)


def _begins(kind: str) -> _From:
    return _OF_SELF_HARM if kind == EmergencyKind.self_harm else _OF_ALL


def _learned(
    kind: EmergencyKind, chance: float, text: str, ruled: Emergency | None, *, is_asked: bool
) -> Emergency | None:
    """Where no rule speaks, or softly. What is only feared has no card of its kind: 吃了没 isn't told what to do about
    poison. Of lost money an answer is told first (给主播刷了四万八).
    """
    fine, begins = finer(kind, text), _begins(kind)
    is_agreed = ruled is not None and ruled.kind is kind
    if not is_agreed and _asks_of_law(text):
        enough = begins.alarm_in(text) if everyday.has_word_of_danger(text) else _WORDLESS_LAW_FROM
        is_line = ruled is None and chance >= enough
        return Emergency(fine, soft=True, guidance=MAYBE, is_feared=True, is_likely=False) if is_line else ruled
    alarm_from = ASKED_ALARM_FROM if is_asked else begins.likely_in(text) if is_agreed else begins.alarm_in(text)
    is_alarm = chance >= alarm_from and kind is not EmergencyKind.fraud
    is_over = ruled is None and (everyday.is_claim(fine, text) or _is_past_or_supposed(kind, text, chance))
    is_alarm = is_alarm and not is_over
    if kind is EmergencyKind.self_harm and chance < _SURELY and ruled is None and everyday.is_lonely(text):
        return Emergency(fine, soft=True, guidance=MAYBE, is_feared=True, is_likely=False)
    is_wordless = not everyday.has_word_of_danger(text)
    if ruled is None and is_wordless and kind is EmergencyKind.self_harm and len(text) >= _BRIEF:
        is_alarm = False  # 抱回来一个奶娃叫我一起带，不带就断我生活费
    if ruled is None and is_wordless and len(text) >= _LONG and chance < _WORDLESS_ALARM_FROM:
        if _ASKS.search(text):
            return None
        is_alarm, is_over = False, True
    is_likely = not is_alarm and not is_over and chance >= begins.likely_in(text)
    if ruled is None and _is_harmless(kind, chance, text):
        return None
    if ruled is None and (_is_old(kind, text) or (chance < begins.alarm_in(text) and not _is_borne_out(kind, text))):
        return None
    is_guess = ruled is None and not is_alarm and not is_likely
    told = MAYBE if is_guess else GUIDANCE[fine]
    if is_guess and chance < _WORDLESS_FROM and not everyday.has_word_of_danger(text):
        return None
    if ruled is None and everyday.is_revel(kind, text, most=_LONG):
        return None
    if ruled is None and not HAPPENING.search(text) and everyday.is_idle(kind, text, chance=chance, most=_LONG):
        return None
    return Emergency(fine, soft=not is_alarm, guidance=told, is_feared=not is_alarm, is_likely=is_likely)


def _is_harmless(kind: EmergencyKind, chance: float, text: str) -> bool:
    """What reads like danger and isn't, however likely."""
    if kind is EmergencyKind.fire:
        return not _OF_FIRE.search(text)
    if kind is EmergencyKind.medical:
        return bool(_WITH_CHILD.search(text)) and not _OF_BIRTH.search(text)
    if kind is not EmergencyKind.self_harm:
        return False
    return everyday.is_friendly(text) or (chance < _SURELY and everyday.is_will(text))


def _is_past_or_supposed(kind: EmergencyKind, text: str, chance: float) -> bool:
    is_unsure = chance < _SUPPOSED_FROM and kind is not EmergencyKind.self_harm
    is_supposed = is_unsure and bool(_SUPPOSED.search(text)) and not HAPPENING.search(text)
    return is_supposed or bool(DIED.search(text))


def _is_old(kind: EmergencyKind, text: str) -> bool:
    return kind is EmergencyKind.child_harm and bool(_GROWN_OLD.search(text)) and not _CHILD.search(text)


def _is_borne_out(kind: EmergencyKind, text: str) -> bool:
    """Whether a kind that nobody tells without a word of it has one here."""
    words = _BY_THEIR_WORDS.get(kind)
    return words is None or bool(words.search(text)) or everyday.has_word_of_danger(text)


def _asks_of_law(text: str) -> bool:
    last = text.strip()[-_LAST_WORDS:]
    return bool(_ASKS.search(last) and (QUESTION.search(last) or _LAWYERS.search(last)) and not HAPPENING.search(text))


def _doubted(ruled: Emergency, text: str, chance: float, kind: str) -> Emergency | None:
    """A told trouble has many a word of danger: then an answer is told first, and the card behind it. `kind`: the
    likeliest.
    """
    if ruled.kind is EmergencyKind.violence and _STRUCK.search(text):
        return replace(ruled, soft=True, is_feared=True, is_likely=False, guidance=MAYBE)
    if ruled.kind in NEVER_DOUBTED:
        is_wish_to_die = ruled.kind is EmergencyKind.self_harm  # however little speaks for it
        is_saying = bool(_LAUGHS.search(text) or not _OWN_HAND.search(text))
        if is_wish_to_die and chance < _HARDLY and is_saying and not _MY_WISH.search(text):
            return replace(ruled, soft=True, is_feared=True, is_likely=False, guidance=MAYBE)
        is_plain = ruled.kind in _PLAIN and len(text) < _LONG
        is_tale = len(text) >= _LONG and ruled.kind in _TALES
        needed = _TALE_HARDLY if is_tale else _HARDLY
        is_taken = ruled.kind is EmergencyKind.poison and swallowed.is_taken(text)  # 喝了一口，现在没事
        if is_wish_to_die or is_plain or is_taken or chance >= needed or len(text) < _SHORT:
            return ruled
        return replace(ruled, soft=True, is_feared=True, is_likely=False)
    if ruled.kind in _BY_A_CHILD and told_to(ruled, text) != ruled.guidance:
        return ruled
    is_long, is_happening = len(text) >= _LONG, bool(HAPPENING.search(text) or _GOES_ON.search(text))
    if is_happening and not is_long and ruled.kind is not _NO_LIFE:
        return ruled
    needed = _HAPPENING_DOUBTED if is_happening else _LONG_DOUBTED if is_long else _DOUBTED
    is_other = ruled.kind is EmergencyKind.violence and kind != ruled.kind and not DIED.search(text)
    if is_long and not is_happening and is_other and _LONG_DOUBTED <= chance < _OTHER_DOUBTED:
        # a father-in-law with a stick, in a long tale of a child that was taken away
        return replace(ruled, soft=True, is_feared=True, is_likely=False, guidance=MAYBE)
    if (chance >= needed or len(text) < _SHORT) and ruled.kind is not _NO_LIFE:
        return ruled
    if chance < _HARDLY and not is_happening and ruled.kind in SOFT:
        return Emergency(ruled.kind, soft=True, guidance=SOFT[ruled.kind]) if _AT_HOME.search(text) else None
    is_likely = is_happening or chance >= _OF_ALL.likely or (not is_long and chance >= _HAPPENING_DOUBTED)
    # Who lost a child last year isn't told how to lie down for a birth.
    told = MAYBE if is_long and not is_likely and chance < _HARDLY else ruled.guidance
    return replace(ruled, soft=True, is_feared=True, is_likely=is_likely, guidance=told)


def train(sentences: Sequence[Sentence], *, embedder: Embedder) -> SecondOpinion:
    texts = [normalise(s.text)[:_MOST_CHARACTERS] for s in sentences]
    characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
    characters.fit(texts)
    rows = _features(characters, texts, embedder.encode_queries(texts))
    labels = np.array([s.label for s in sentences])
    is_danger = labels != NONE
    is_brief = np.array([len(text) < _BRIEF for text in texts])
    counts = np.where(is_danger, _DANGER_COUNTS, np.where(is_brief, _BRIEF_COUNTS, 1.0))
    danger = _fitted(rows, is_danger, strength=_C, counts=counts)
    return SecondOpinion(characters, danger, _kinds(rows[is_danger], labels[is_danger]))


def _fitted(
    rows: csr_matrix, is_danger: np.ndarray, *, strength: float, counts: np.ndarray | None = None
) -> LogisticRegression:
    model = LogisticRegression(C=strength, solver="liblinear", dual=True, tol=0.02, max_iter=_PASSES, random_state=0)
    with _stopped_early():
        return model.fit(rows, is_danger, sample_weight=counts)


def _kinds(rows: csr_matrix, labels: np.ndarray) -> LinearSVC | DummyClassifier:
    if len(set(labels)) == 1:  # of one kind there is nothing to tell apart
        return DummyClassifier().fit(rows, labels)
    with _stopped_early():
        return LinearSVC(C=_C_OF_KINDS, tol=0.05, max_iter=_PASSES, random_state=0).fit(rows, labels)


@contextlib.contextmanager
def _stopped_early() -> Iterator[None]:
    """Sixty passes of the dual gave the figures of the primal on exam c, and need not converge."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _features(characters: TfidfVectorizer, texts: Sequence[str], vectors: np.ndarray) -> csr_matrix:
    return hstack([characters.transform(texts), csr_matrix(vectors * _DENSE_SCALE)]).tocsr()
