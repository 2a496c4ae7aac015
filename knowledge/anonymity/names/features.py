"""How likely a run of characters is a name."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from knowledge.anonymity.names import parts
from knowledge.anonymity.names.words import ENDS, THINGS, WORDS

SURNAMES = parts.COMMON | parts.UNCOMMON | parts.RARE

ROLES = (
    "村民 女方 男方 甲方 乙方 丙方 原告 被告 被告人 原告人 上诉人 当事人 申请人 被申请人 申诉人 投诉人 举报人 反映人 "
    "来访人 信访人 证人 户主 老板 老板娘 包工头 工头 店主 房东 租客 租户 债主 邻居 儿子 丈夫 妻子 媳妇 儿媳 女儿 女婿 "
    "父亲 母亲 爸爸 妈妈 老公 老婆 前夫 前妻 哥哥 弟弟 姐姐 妹妹 大哥 二哥 大儿子 二儿子 小儿子 长子 次子 三子 长女 "
    "次女 孙子 孙女 外甥 侄子 侄女 叔叔 伯父 舅舅 姑姑 姨妈 岳父 岳母 公公 婆婆 爷爷 奶奶 表弟 表哥 表姐 表妹 堂弟 "
    "堂哥 老人 老汉 大爷 大娘 村支书 支书 书记 村主任 主任 会计 组长 队长 小组长 律师 法官 法官助理 医生 老师 司机 "
    "工人 农户 养殖户 种植户 承包户 贫困户 低保户 五保户 残疾人 调解员 网格员 干部 委员 代表 乡长 镇长 所长 民警 辅警 "
    "警官 经理 负责人 法定代表人 法人 联系人 收件人 户名 姓名 名叫 叫做 借款人 出借人 担保人 保证人 承租人 出租人 "
    "受害人 死者 伤者 受伤 患者 肇事者 受益人 继承人 被继承人 委托人 代理人 监护人 学生 同学 同事 朋友 亲戚 老乡 熟人 "
    "对象 未婚夫 未婚妻 男友 女友 签名 签字 经办人 本人 同村 外号 妇女主任 车主 业主 船主 摊主 房主 货主 机主 失主 "
    "店长 厂长 校长 村长 支部书记 副主任 副书记 工友 室友 同桌 战友 徒弟 师父 班主任 医师 护士 网友 中介 学员 家属 "
    "继父 继母 养父 养母 养女 养子 大舅 二叔 三叔 小叔子 小姑子 嫂子 弟媳 亲家 妹夫 姐夫 连襟 幺爸 幺妈 幺叔 幺妹 幺儿 "
    "大伯 大姑 二姑 三姑 小姑 大姨 二姨 小姨 姑父 姨父 姑丈 姑爷 伯母 婶娘 舅妈 舅父 外公 外婆 姥姥 姥爷 阿公 阿婆 "
    "阿爸 阿妈 阿哥 阿妹 老表 堂客 婆姨 干爹 干妈 妯娌 小舅子 大姨子 小姨子 外孙 外孙女 外甥女 堂妹 堂姐 二弟 三弟 "
    "二妹 三妹 四弟 二姐 三姐 三哥 四哥 二嫂 前儿媳 养老院院长 护林员 水管员 保洁员 网红 主播 货郎 牧民 渔民 茶农 果农 "
    "菜农 队员 战士 烈士 老兵 老党员 新娘 新郎 媒人 孕妇 产妇 老师傅 电工 瓦工 木工 焊工 泥工 保安 门卫 厨师 服务员 "
    "快递员 骑手 村医 兽医 接生婆 阴阳先生 户主姓名 幺爹 幺姑 幺舅 他爹 他娘 他爸 他妈 他奶 他爷 她爹 她娘 她爸 她妈 "
    "我爹 我娘 我爸 我妈 俺爹 俺娘 俺爸 俺妈 俺哥 我哥 我弟 我姐 我妹 我儿 其子 其女 其妻 其夫 其父 其母 其兄 其弟 "
    "之子 之女 之妻 男人 当家的 屋里头 "
).split()
# After a surname these make an address, not a name: 张大爷, 李会计. Such forms are what stories should use.
TITLES = (
    "大爷 大娘 大妈 大伯 大叔 大婶 大姐 大哥 大嫂 奶奶 爷爷 婆婆 阿姨 叔叔 伯伯 婶婶 嫂子 师傅 老师 医生 大夫 主任 "
    "书记 支书 村长 会计 律师 老板 先生 女士 小姐 经理 队长 组长 同志 老汉 老太 法官 镇长 乡长 县长 局长 所长 站长 "
    "校长 院长 警官 护士 老头 婆子 老爹 大舅 二哥 二叔 三叔 四叔 二婶 三婶 二姐 三姐 二嫂 三哥 二爷 三爷 二娘 家人 "
    "家里 家村 家沟 家湾 家庄 家屯 家营 家坪 家寨 家坝 家店 家桥 家院 家岭 家坡 家峪 家河 家塘 家畈 家冲 家垸 家窑 "
    "家堡 家集 家口 家祠 家大 家小 家老 家的 家和 家在 家有 家也 家是 家不 氏家 氏兄 氏夫 氏宗 委员 代表 司机 厂长 "
    "总经 教授 专家 干部 民警 姓人 姓村 姓户 姓老 姓男 姓女 母子 父子 父女 母女 家兄 家两 家三 "
).split()
_PLACEHOLDERS = frozenset(
    (
        "张三 李四 王五 赵六 王二 孙七 周八 吴九 郑十 张甲 张乙 王甲 王乙 李甲 李乙 赵甲 陈甲 习近平 毛泽东 邓小平 "
        "马克思 白求恩 雷锋 诸葛亮 包青天 包公 秦始皇 牛顿 孔子 孟子 王法 温总理"
    ).split()
)
_KIN = frozenset("婶姐哥叔伯嫂爷奶爹娘妈姨姑舅妹弟公婆总工某嬷")
_AFTER_KIN = parts.VERY_GIVEN | frozenset("仔囡崽")  # 梁妹仔, 万嫂珍 are names, 梁妹说 isn't
_DESIGNATION_GIVEN = frozenset("甲乙丙丁戊家氏")
_ROLE_LENGTHS = sorted({len(r) for r in ROLES}, reverse=True)
_ROLES, _TITLES = frozenset(ROLES), frozenset(TITLES)
_EDGE = "^"


def is_han(c: str) -> bool:
    return "一" <= c <= "鿿" or "㐀" <= c <= "䶿" or "𠀀" <= c <= "𯿿"


def candidates(text: str) -> Iterator[tuple[int, int, int]]:
    """(start, end, length of surname) of everything that has the shape of a Han name; at most six a character."""
    size = len(text)
    for start, c in enumerate(text):
        if c == "任" and text[start - 1 : start] in tuple("前现时担责主信历继兼离卸"):
            continue
        if c in "年元位万成时米户" and text[start - 1 : start].isdigit():
            continue
        lengths = ([2] if text[start : start + 2] in parts.COMPOUND else []) + ([1] if c in SURNAMES else [])
        if c in SURNAMES and start + 3 < size and text[start + 1] in parts.COMMON and c in parts.COMMON:
            lengths.append(2)  # both parents' surnames: 陈李佳怡
        for surname in lengths:
            double = surname == 2 and text[start : start + 2] not in parts.COMPOUND
            for given in (2,) if double else (1, 2):
                end = start + surname + given
                if end > size or any(not is_han(g) or g in parts.NEVER_GIVEN for g in text[start + surname : end]):
                    break
                kin = text[start + surname] in _KIN and not (
                    given == 2 and text[start + surname] in "妹嫂弟" and text[end - 1] in _AFTER_KIN
                )
                if (
                    text[start:end] not in _PLACEHOLDERS
                    and not (given == 1 and (text[end - 1] in _DESIGNATION_GIVEN or c == "阿"))
                    and not kin
                    and text[start + surname : start + surname + 2] not in _TITLES
                ):
                    yield start, end, surname


def role_before(text: str, start: int) -> str:
    """The role that ends before `start` (村民, 原告：, 付款人, ...), or nothing."""
    for _ in range(3):
        if start and text[start - 1] in ' :“"(是为叫':
            start -= 1
    for length in _ROLE_LENGTHS:
        if start >= length and text[start - length : start] in _ROLES:
            return text[start - length : start]
    # 付款人, 被执行人, 见证人: whatever somebody is called in papers.
    return (
        text[start - 3 : start]
        if start >= 3 and text[start - 1] in "人员者" and text[start - 2] not in "他别有的某个何工两三等"
        else ""
    )


def _tier(c: str) -> str:
    return "v" if c in parts.VERY_GIVEN else "o" if c in parts.OFTEN_GIVEN else "r"


def _at(text: str, place: int) -> str:
    if not 0 <= place < len(text):
        return _EDGE
    c = text[place]
    return (
        c
        if is_han(c)
        else "0"
        if c.isdigit()
        else "a"
        if c.isalpha()
        else "“"
        if c in "“\"'‘「『《"
        else ":"
        if c in ":("
        else "、"
        if c == "、"
        else _EDGE
    )


def _sort(c: str) -> str:
    return "h" if is_han(c) else c


def features(text: str, start: int, end: int, surname: int, counts: Mapping[str, int]) -> list[str]:
    """What the model weighs about one candidate."""
    given = text[start + surname : end]
    tiers = "".join(map(_tier, given))
    kind = (
        "D"
        if surname == 2 and text[start : start + 2] not in parts.COMPOUND
        else "C"
        if surname == 2
        else "c"
        if text[start] in parts.COMMON
        else "r"
        if text[start] in parts.RARE
        else "u"
    )
    left, left2 = _at(text, start - 1), _at(text, start - 2)
    right, right2 = _at(text, end), _at(text, end + 1)

    def count(a: str, b: str) -> int:
        return counts.get(a + b, 0)

    inside = count(text[start + surname - 1], given[0])
    pair = count(given[0], given[1]) if len(given) == 2 else -1
    into, out = count(left, text[start]), count(given[-1], right)
    role = role_before(text, start)
    return [
        "bias",
        f"shape {kind}{len(given)}",
        f"tiers {kind}{tiers}",
        f"surname {text[start : start + surname] if kind != 'D' else 'D'}",
        f"inside {inside} {tiers[0]}",
        f"pair {pair} {tiers}",
        f"into {into}",
        f"out {out}",
        f"words {inside}{pair}{into}{out}",
        f"bigram {text[start + surname - 1]}{given[0]}",
        f"last {given[-1]} {len(given)}",
        f"left {left}",
        f"left2 {left2}{left}",
        f"right {right}",
        f"right2 {right}{right2}",
        f"around {left if not is_han(left) else 'h'}{right if not is_han(right) else 'h'}{len(given)}",
        ("role" if text[start - len(role) : start] == role else "role:") if role else "no role",
        f"role {bool(role)} {tiers}",
        f"about {right}{right2 if right in '^:' else ''}",
        *(["twice"] if given == given[0] * 2 else []),
        f"next {count(right, right2)}",
        f"given {given[0]}",
        f"name {kind}{tiers}{inside}{pair}",
        f"place {into}{out}{count(right, right2)}{_sort(left)}{_sort(right)}",
        f"edges {_sort(left)}{_sort(right)}{kind}{tiers}",
    ]


_WORD = 2.4
_ROLE_WORD = 1.0
_SEX = re.compile(r"[,(、 ]{1,2}(?:男|女)(?:性)?[,)、。 岁0-9]")
_NUMBERED = re.compile(r"字?[(\[〔](?:19|20)\d{2}")
_FIELD = re.compile(r"[一-鿿]{1,6}: ?$")
_LISTED = re.compile(r"(?:^|[ ;,。、\n|(])[0-9]{1,3}[.、)] ?$")
_CELL = re.compile(r"(?:\n|\|) ?$")
_CELL_ENDS = re.compile(r" ?(?:\||\n|$)")
_NUMBER_NEXT = re.compile(
    r"[ ,:(|]{1,3}(?:电话|手机|身份证|证号|卡号|名,)?[号码: ]{0,3}(?:[0-9]{6}|[0-9]{3}[- ][0-9]{4}|名\))|\(名\)"
)
_FIELD_ENDS = re.compile(r"[,。;、)(:0-9 \n]|$")
_TOLD = re.compile(
    r"(?:名叫|姓名[: ]{1,2}|户名[: ]{1,2}|真名[叫是]?|我叫|名字[叫是]|写的是|落款是|[写签]的名字是|就是叫)$"
)
_TOGETHER = re.compile(
    r"(?:[两二三四五六七][个位]?人|等[一二三四五六七八九十0-9]{0,3}人|夫妇|夫妻|两口子|父子|母子|母女|父女|兄弟"
    r"|姐妹|兄妹|姐弟|婆媳)"
)
_SELF = re.compile("本人[^员]")
_ACTS = re.compile(
    r"(?:说|称|讲|道|问|答|喊|骂|哭|笑|把|将|被|向|对|跟|和|与|及|不会|不肯|不在|不服|不让|不识|没有|没来|没在|没还|未"
    r"|分得|当选|上[月周个]|去年|今年|前年|昨[天晚]|今[天早]|前天|凌晨|早上|早晨|上午|中午|下午|晚上|夜里|半夜|常年"
    r"|一直|至今|已经?|曾|又|也|还是?|都|就|才|却|便|从|到|在|于|因|为了?|给|替|帮|找|借|欠|打|告|嫁|娶|生[在于病]|出生"
    r"|念|写|读|签|按|领|收|交|付|转|买|卖|租|种|养|开|骑|骗|偷|抢|撞|摔|住|搬|走|跑|回|来|去|等|让|叫|请|要|想|愿|同意"
    r"|拒绝|认为|表示|反映|的[^确]|家[的里，,])"
)


def _known(text: str, start: int, end: int) -> float:
    """What is given by hand, log-odds: plain statements for, everyday words and document numbers against."""
    word = text[start : start + 2] in WORDS
    return _for_a_name(text, start, end, word=word) - _against_a_name(text, start, end, word=word)


def _for_a_name(text: str, start: int, end: int, *, word: bool) -> float:
    """方便，男，1985年生; 姓名：江苏; a field of a form, a row of a list, a number beside it."""
    said = (6.0 if _SEX.match(text, end) else 0.0) + (4.0 if _TOLD.search(text[max(0, start - 5) : start]) else 0.0)
    if _FIELD_ENDS.match(text, end) and _FIELD.search(text[max(0, start - 8) : start]):
        said += 4.0 if role_before(text, start) else 2.0  # a field of a form, filled by this alone
    before = text[start - 1 : start]
    if (_TOGETHER.match(text, end) and before in tuple("、和与及")) or (
        _SELF.match(text, end) and before in tuple("据由经系是为，。")
    ):
        said += 4.0
    if not word and (_LISTED.search(text[max(0, start - 5) : start]) or _CELL.search(text[max(0, start - 2) : start])):
        said += 1.5 if _NUMBER_NEXT.match(text, end) or _CELL_ENDS.match(text, end) else 0.0
    return said + (2.5 if _NUMBER_NEXT.match(text, end) else 0.0)


def _against_a_name(text: str, start: int, end: int, *, word: bool) -> float:
    """Things, places, the end of an everyday word or the beginning of one, document numbers (清政发〔2026〕)."""
    said = 8.0 if text[start:end] in THINGS else 0.0
    if text[end - 1] in "村镇乡屯" and not role_before(text, start):
        said += 3.0
    if text[start - 1 : start + 1] in ENDS and not role_before(text, start):
        said += 3.0
    if word:
        said += _everyday(text, start, end)
    designated = text[start - 1 : start] in ("小", "老") and text[start - 2 : start - 1] not in tuple("从大老")
    if designated and text[start] in parts.COMMON:
        said += 2.5  # 小郭全赔: a designation, then a verb
    return said + (8.0 if _NUMBERED.match(text, end) else 0.0)


def _everyday(text: str, start: int, end: int) -> float:
    """What speaks against a name that begins like an everyday word: 方便, 高兴."""
    if text[end - 1] in "地的":
        return 4.0
    last = text[end - 2 : end]
    given = text[end - 1] in parts.VERY_GIVEN and text[start : start + 2] not in THINGS and last not in THINGS
    is_pair = end - start == 2
    if given and end - start == 3 and not is_han(text[start - 1 : start] or _EDGE) and _ACTS.match(text, end):
        return -0.5
    if role_before(text, start) and (is_pair or last not in WORDS):
        return 0.0 if text[start - 1] in ": " else _ROLE_WORD
    if is_pair:
        return _WORD
    return 3.0 if end - start == 3 and given and last not in WORDS else 4.0


@dataclass(frozen=True)
class Table:
    weights: dict[str, float]
    counts: dict[str, int]  # 1-3: how often two characters stand side by side in ordinary text


def _no_table() -> Table:
    raise RuntimeError("no table of names: names.use(...) comes first")  # never a text read as free of names


_table: Callable[[], Table] = _no_table


def use(table: Callable[[], Table]) -> None:
    """For all that follows in this process; it is asked for when the first text is read, since that takes a look at
    the whole corpus.
    """
    global _table
    _table = cache(table)
    _weigh.cache_clear()


def score(text: str, start: int, end: int, surname: int) -> float:
    """Log-odds that a candidate is a name; what stands further off than the window changes nothing."""
    left = max(0, start - 16)
    return _weigh(text[left : end + 32], start - left, end - left, surname)


@lru_cache(maxsize=8192)
def _weigh(text: str, start: int, end: int, surname: int) -> float:
    table = _table()
    return _known(text, start, end) + sum(
        table.weights.get(f, 0.0) for f in features(text, start, end, surname, table.counts)
    )
