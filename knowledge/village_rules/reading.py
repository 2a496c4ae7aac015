"""How a clause is read: sentences without spaces, and what takes the edge off a hard word (negation, authority, contract, advocacy)."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

MOST = 4_000  # characters of a clause that are read; a real one has a few hundred

# Who acts for the village, and who may lawfully do what the village may not.
VILLAGE = r"村(?:民)?(?:委会|委员会|两委|支委|支部|党支部|党组织|集体|里|组|小组|民会议|民代表|规|社)|村委|理事会|合作社|集体经济组织|议事会|监委会|监督委员会|治保|巡防队|护村队|执约队|寨老|族长|小组长|组长|网格员|本村|经联社|村上|各组|村民组"
AUTHORITY = (
    r"公安|派出所|警方|交警|民警|(?:乡镇|街道|镇|乡|县|市|区|上级)(?:人民)?(?:政府|党委|有关|综合|执法|相关|主管|民政|里|上|司法|农业|林业|自然)|街道办|乡镇|政府|执法|有权(?:机关|部门)|有关(?:部门|机关|单位)|相关(?:部门|单位)|主管部门|行政机关|司法机关|国家机关|法定机关|职能部门"
    r"|人民?法院|法院|检察|纪检|纪委|监察|(?:林业|自然资源|生态环境|环保|农业农村|市场监管|民政|卫生健康|卫健|城管|水利|水务|交通|住建|消防|渔政|应急|教育|税务|林草|动物防疫|畜牧)(?:局|部门|所|主管|站|机构|队|大队|机关|等)|供电(?:公司|企业|所|单位|部门)|电力(?:公司|部门)|供水(?:公司|企业|厂|单位)|供气(?:公司|企业)|自来水公司|燃气公司|消防救援|仲裁"
)
CONDITION = (
    r"(?:乱|私|占|违|拒|超|偷|擅|不|未|欠|逾|抗|阻|毁|损|破|屡|滥|盗|赌|骂|打|闹|虚)[^，。；]{0,16}的|违者|违反|违规|违约|违犯|否则|不然|拒不|拒绝|拒交|拒缴|逾期|超过|超出|超标|超额|超桌|超一|擅自|私自|凡|谁|一经|经发现|发现|屡教|屡次|再犯|再次|初犯|首次|第[一二三]次|每(?:次|起|宗|例|桌|株|棵|只|人次|发现|超|逾|缺|少|迟|欠|头|平方)|情节|如有|如不|如未|若|如果|如|未(?:按|经|交|缴|能|参|及时|履|完|在|清|到|报|执|整|出|办|取|落|签|征|批)|不(?:按|交|缴|参加|服从|履行|执行|配合|听|遵守|改|清|拆|种|签|出工|赡养|孝|拴|到|打扫|清扫|愿|来|肯|讲|接受|同意|尽|支持|报|参与|写|还|照|守|干|出|流转|养|落实|整改|办|搞|申报|退还|道歉|认)"
    r"|欠|拖欠|缺席|缺勤|缺工|迟到|有[^，。]{1,14}(?:行为|情形|之一)|者[，,]|对[^，。]{2,30}(?:的|者|户)|的(?:[，,]|一律|由|将|应|须|要|按|取消|停|扣|罚|处|不|村|农户|村民|住户|群众|人家|小组|单位|户|人|其|家|当|暂|先|三|两|全|其|则|就|每|视|和|，)|时[，,]|(?:偷|盗|打架|斗殴|赌博|闹事|燃放|焚烧|乱倒|乱扔|占用|损坏|毁坏|砍伐|上访)[^，。]{0,12}[，,]"
)
NEGATION = r"不得|不准|不许|不能|不应|不可|不会|不宜|不要|不再|不予|不作|不设|不搞|不以|不因|不与|不用|不采取|不采用|不对|不向|不实行|不随意|不擅自|不强|不私自|不|无权|无须|无需|没有|没|未|严禁|禁止|杜绝|防止|避免|制止|反对|拒绝|免于|免予|而非|而不是|废止|废除|删除|撤销|清理|纠正|取消|停止执行"
_SCOPE = re.compile(
    r"(?:不得|不能|不准|不许|禁止|严禁|无权|不应|不会|不可)(?:[^，。；]{0,6}(?:以|因|借|采取|采用|用|通过|设定|规定|变相|将))"
    r"|(?:任何(?:组织|单位|个人|人)|村委会|村民委员会|村民小组|村集体|村里|理事会|集体经济组织|本村|村组|村干部|村规民约|发包方|集体)[^，。；]{0,12}(?:都|均|一律|也|皆)?(?:不得|不能|不准|无权|不许|禁止|不会|不应|不可)|不因|不以|不与"
)
_RESTART = re.compile(r"违者|违反|否则|但|凡|拒不|逾期|超过|超出|如有|如果|若|屡|发现|一经|的[，,](?!不)|者[，,]")
_HANDED = re.compile(rf"(?:由|经|报|报请|移交|移送|提请|交|请|向|配合|协助|提交|申请|通知|商|送|联系|建议|函请|待|以|等|按照?|依照?|根据|是|属|属于)[^，。；]{{0,12}}(?:{AUTHORITY})")
_PERMISSION = re.compile(rf"(?:经|报|受|征得|取得|待|以)[^，。；]{{0,16}}(?:{AUTHORITY})[^，。；]{{0,8}}(?:同意|批准|备案|授权|委托|认可|许可|名义|备查)")
_VILLAGE = re.compile(VILLAGE)
_ADVOCACY = re.compile(r"倡导|提倡|建议|鼓励|引导|劝导|号召|尽量|一般|原则上|表扬|支持|力求|宜|参考|希望|欢迎|宣传")
_ANAPHORA = re.compile(r"其|上述|前述|前款|该|此类|以上|这些|对此|否则|违者|违反|逾期|仍|再|不|并|超|拒|如|若|同时|情节|当年|由|凡|未|对|屡|一律|相应|视|直至|收到|到期|届时|满|之后|此后|三年|两年|五年|一年|缺|期间|但")


@dataclass(frozen=True)
class Sentence:
    """A stretch up to 。；!? without spaces; `at` maps its characters to places in the clause as written."""

    text: str
    at: tuple[int, ...]
    before: str  # the sentence before, "" for the first or where this one doesn't lean on it

    @cached_property
    def conditions(self) -> list[int]:
        return [m.start() for m in re.finditer(CONDITION, self.text)]

    def is_conditional(self, place: int) -> bool:
        """Somebody did or failed to do something before `place`, here or in the sentence that this one leans on."""
        return any(c < place for c in self.conditions) or bool(self.before and re.search(CONDITION, self.before))

    def is_condition(self, place: int) -> bool:
        """The words up to `place` tell when the rule applies (……的，), not what follows from it."""
        end = self.phrase_end(place)
        return end < len(self.text) and self.text[end - 1] in "的者时" and self.text[end] != "："

    def word_end(self, place: int) -> int:
        """The end of the comma phrase where it is near, so that what is quoted reads as words."""
        end = self.phrase_end(place)
        return end if end - place <= 16 else place

    def phrase_start(self, place: int) -> int:
        return max(self.text.rfind(mark, 0, place) for mark in "，,：:") + 1

    def phrase_end(self, place: int) -> int:
        found = re.search("[，,：:]", self.text[place:])
        return place + found.start() if found else len(self.text)

    def is_negated(self, place: int) -> bool:
        """The act at `place` is what the clause forbids: 不罚款, 任何人不得以……为由停水."""
        phrase = self.text[self.phrase_start(place) : place]
        found = [m for m in re.finditer(NEGATION, phrase) if not re.search(_RESTART, phrase[m.end() :])]
        if any(len(phrase) - m.end() <= (2 if m.group() in ("不", "未", "没") else 14) for m in found) and not _pressed(phrase, found[-1].end()):
            return True
        return any(not re.search(_RESTART, self.text[m.end() : place]) for m in re.finditer(_SCOPE, self.text[:place]))

    def is_handed_over(self, place: int, end: int) -> bool:
        """An authority acts, and no word of the village stands between it and the act."""
        head = self.text[:place]
        for found in reversed(list(re.finditer(_HANDED, head))):
            if re.match(_PERMISSION, self.text[found.start() :]):
                continue
            between = head[found.end() :]
            return not _VILLAGE.search(between) and not re.search(r"[，,](?:并|且|同时|另|还|先|再|再由)?(?:处以?|罚|收取|收缴|扣|停|取消)", between + self.text[place : place + 2]) and len(between) <= 40
        start = self.phrase_start(place)
        found_here = re.search(AUTHORITY, head[start:])
        if found_here and not _VILLAGE.search(head[start:][found_here.end() :]) and not re.search(_PERMISSION, head[start:]):
            return True
        return bool(re.match(rf"[^，。；]{{0,6}}(?:，)?(?:均|应|应当|须|必须|只能|一律)?(?:由|归|报)(?:{AUTHORITY})", self.text[end:]))

    def is_advice(self, place: int) -> bool:
        """Advised, not ordered: 提倡、建议…… stands before `place` with no consequence between."""
        found = list(re.finditer(_ADVOCACY, self.text[:place]))
        return bool(found) and not re.search(r"违者|否则|一律|必须|严禁|但|凡|超过的|超出的|超的", self.text[found[-1].end() : place])

    def part(self, start: int, end: int) -> str:
        """The comma phrases from that of `start` to that of `end`, without what stands before a 但."""
        start, end = self.phrase_start(start), self.phrase_end(end)
        turn = [m.end() for m in re.finditer("但(?:是)?|不过|除外", self.text[start:end])]
        found = self.text[start:end]
        return found[turn[-1] :] if turn and turn[-1] < len(found) else found


def _pressed(phrase: str, place: int) -> bool:
    """After the negation comes a second party's failing: 不交的罚款."""
    return bool(re.search(r"的|者|即|就|则|便", phrase[place:]))


def sentences(text: str) -> Iterator[Sentence]:
    kept, at = [], []
    for i, char in enumerate(text[:MOST]):
        plain = unicodedata.normalize("NFKC", char) if "！" <= char <= "～" or char == "　" else char
        if not plain.isspace() and plain.isprintable():
            kept.append({",": "，", ";": "；", ":": "：", "!": "！", "?": "？"}.get(plain, plain))
            at.append(i)
    compact = "".join(kept)
    before = ""
    for found in re.finditer(r"[^。；！？]+", compact):
        yield Sentence(found.group(), tuple(at[found.start() : found.end()]), before if re.match(_ANAPHORA, found.group()) else "")
        before = found.group()
