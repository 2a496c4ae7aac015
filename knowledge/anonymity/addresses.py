"""Where somebody lives or a shop stands: a house, a villagers' group of a named village, a flat of a named estate.

A village, town or county alone isn't an address here: the place of a story says as much. The number (三组, 12号,
4栋2单元) is found first, then the names to the left of it are read back, so that every character is looked at a fixed
number of times.
"""

import re
from collections.abc import Iterator

from knowledge.anonymity.folding import Folded
from knowledge.anonymity.marks import MarkKind, Spot

_N = "(?:[0-9]{1,5}|[零〇一二三四五六七八九十百]{1,5})"
_SIDE = "[东西南北上下前后中左右里外]"
_GROUP = (
    rf"(?:第?(?:{_SIDE}{{1,2}}头?)?{_N}|{_SIDE}头?)(?:个?村民小组|村小组|居民小组|小组|小队|生产队|大队|独贵龙|浩特|组"
    r"|队|社)(?![织长员会保合办区团里])"
)
_HEAVENLY = "[甲乙丙丁东西南北中左右前后]"
_NUMBER = rf"(?:附|第|临|新|老)?(?:[A-Za-z]{{0,2}}-?{_N}[A-Za-z]?|[A-Za-z]{{1,2}})(?:-[A-Za-z]?{_N}){{0,3}}"
_UNIT = (
    "(?:号大院|号院|号楼|号铺|号店|号门面|号摊位?|号档口?|号柜台?|号车间|号宿舍楼?|号厂房|号仓库|号棚|号房|号户|号|期|"
    "栋|幢|座|单元|梯|楼|层|室|房间|房|户|排|门|院|弄|巷|铺|档口?|摊位?|车间|宿舍|(?<=[A-Za-z])区)"
)
_HOUSE = rf"{_NUMBER}{_UNIT}(?![人民元称码上下文令家子间])"
_MORE = (
    rf"(?:{_HOUSE}|{_HEAVENLY}(?:单元|梯|门|座|栋|楼|院|户|室|房|屋|排|厢房?)(?![人民子])|(?:员工|职工|男"
    rf"|女)?(?:宿舍楼?|公寓|门面|商铺|铺面|底商|摊位|档口)[0-9]{{1,4}}(?:号|室|房)?|附[0-9]{{1,3}}(?:-[0-9]+)?号?"
    rf"|[0-9]{{3,4}}(?![0-9年]))"
)
_TAIL = re.compile(
    rf"(?:{_GROUP}(?:[ ,]?{_GROUP})?[ ,]?(?:{_HOUSE}[ ,]?(?:{_MORE}[ ,]?){{0,4}})?"
    rf"|(?:{_N}段)?{_HOUSE}[ ,]?(?:{_MORE}[ ,]?){{0,5}}|{_HEAVENLY}单元[ ,]?{_HOUSE}(?:{_MORE}){{0,3}}|(?:门面|商铺"
    rf"|铺面|摊位|档口|铺位|柜台|宿舍楼?|公寓)[A-Za-z]?-?[0-9]{{1,4}}(?:号|室|房)?(?![0-9元楼栋幢座期号单门])"
    rf"|[0-9]{{1,3}}[-/][0-9]{{1,3}}(?:[-/][0-9]{{1,4}})?(?:室|号|户)?(?![0-9]))"
)
_FLAT = re.compile("栋|幢|单元|室|房|号楼|宿舍|铺|摊|档口|号院|期|座|梯|排|-")
_ONLY_DAY = re.compile(r"(?:[12]?[0-9]|3[01]|[一二三]?十?[一二三四五六七八九十])号 ?$")
_OWNED = re.compile(
    r"[一-鿿]{2,4}家(?:的)?(?:草场|牧场|老宅|老屋|院子|大院|果园|鱼塘|鸡场|猪场|羊圈|养殖场|小卖部|商店|饭店|旁边"
    r"|隔壁|对面)"
)
_NOT_PLACES = re.compile(
    r"^(?:[全本各邻外同两进出下该某几多每][村镇乡县市街区屯寨]|居民楼|楼房|村民|村[里上]|镇上|城里|县城?|市区|乡下"
    r"|街上|路上|上街|进城)$"
)
_HAS_PLACE = re.compile(
    r"村|庄|屯|寨|湾|沟|坪|塘|坝|岭|冲|垸|镇|乡|街|路|巷|弄|胡同|社区|嘎查|苏木|小区|花园|家园|公寓|工业区|园区"
    r"|工业园|市场|商城|广场|新城|县|安置[点区房]|移民点|大队|林场|农场|牧场|渔场|茶场"
)
_NEARBY = re.compile(
    r"[^\W\d_的A-Za-z]{0,10}?(?:东侧|西侧|南侧|北侧|东边|西边|南边|北边|对面|隔壁|斜对门|对门|旁边|附近|后面|前面"
    r"|老宅|老屋|门口)(?:[一-鿿]{0,4}(?:老宅|老屋|第[一二三四五六七八九十]家))?"
)
_PRECISE = re.compile(rf"{_GROUP}[ ,]?{_HOUSE}|{_N}(?:栋|幢|号楼|座)[ ,]?(?:{_HOUSE}|[0-9]{{3,4}})")
_OWN = re.compile(r"(?:本村|同村|我村|我们村|该村|小区|本小区|该小区)$")
_NTH = re.compile(
    r"(?:第[0-9一二三四五六七八九十]{1,3}|头一|头|[最顶](?:里|外|后|前|头|东|西|南|北)[头边面]?(?:的?那?一)?"
    r"|[那这](?:一)?|独一|单独一)(?:家|户|排|间|栋|座|院|个?摊位|个?铺面|个?门面|个?档口)(?![人子里庭长主族伙]"
    r"|的(?:儿|女|媳|男|孙|狗))"
)
_FROM_HERE = re.compile(
    r"[一-鿿]{2}(?:后头|后面|后边|前头|前面|前边|对面|对门|斜对门|斜对面|隔壁|旁边|东头|西头|南头|北头|东边|西边"
    r"|南边|北边|往[东西南北]|过去|进去|底下|跟前)$"
)
_ANY_PLACE = re.compile(
    r"[^的](?:县|大队|小区|社区|嘎查|崖|冲|垸|岗|堡|荡|村|庄|屯|寨|湾|沟|坪|营|坝|岭|坳|塘|街|路|巷|镇|乡|组|塆|庙|桥)"
)
_NAMED_GROUP = re.compile(
    r"[一-鿿]{1,6}(?:村|寨|屯|庄|社区|嘎查)"
    r"[一-鿿]{0,3}[东西南北上下村寨屯庄湾沟坪坝岭坡头边冲塘院场街河桥山岗坳口洞田垭坎梁](?:村民小组|村民组|小组|组"
    r"|社)(?![织长员会建合成])"
)
_REGIMENT = re.compile(
    r"(?:[国省县乡]道|[GSXY])[0-9]{2,4}线?[0-9]{1,4}(?:公里|千米)(?:\+?[0-9]{1,3}米)?处?"
    r"|[0-9]{1,3}团[0-9一二三四五六七八九十]{1,3}连(?:[0-9]{1,4}(?:号|栋|排)[0-9]{0,4})?"
)
_WHICH = re.compile(
    r"[一-鿿]{1,5}的(?:人家|那家|一家|房子|院子)|[一-鿿]{0,2}(?:砖房|瓦房|平房|楼房|土房|石屋|小楼|洋楼)"
)
_CROSSING = re.compile(
    r"(路|街|大道|巷)[与和及][一-鿿]{1,6}(?:路|街|大道|巷)(?:交叉口|交叉路口|交汇处|交界处|路口"
    r"|口)(?:[东西南北]{1,2}角|[往向]?[东南西北]{1,2}侧?[0-9]{0,4}米?)?"
)
_INSIDE = re.compile(
    r"(?:[东西南北左右中]户|[东西南北上下正后前偏](?:厢房?|屋|房|院)(?![子里])|[东西南北]头?(?=[,。;、\n ]|$)"
    r"|[左右]手(?:边|侧)?(?:第?[一二三]家|一间)?|院内|门面房?|铺面|底商|地下室|阁楼|平房|内|附[0-9]{1,3}号?"
    r"|\([^()\n]{2,20}\))"
)
_CHAIN = re.compile(
    r"(?:县|区|市|旗)[一-鿿]{1,6}(?:镇|乡|街道)(?:办事处)?[一-鿿]{1,6}?(?:行政村|自然村|社区|居委会|村(?!民|委|干"
    r"|支|主|规|两|里)|[庄屯寨湾沟坪](?=[,。;、()\n ]|$))"
)
_HOMED = re.compile(
    r"(?:家住|现住|住址|住在|居住于|居住在|户籍|籍贯|租住于|租住在|老家|户口在|户口落在|户口迁到|落户|娘家|婆家"
    r"|祖籍|原籍|家在|嫁到|搬到|籍在)[^,。;\n]{0,4}?([一-鿿]{1,6}(?:镇|乡|街道)[一-鿿]{1,6}?(?:社区|村(?!民|委|干"
    r"|支|主|规|两|里)))"
)
_BESIDE = re.compile(
    r"(?:家住|现住|住址|住在|居住在|居住于|租住在|住|家在|房子在|老屋在|新房在|老宅在|铺子在|门面在|摊子在|摊位在"
    r"|饭店在|厂在|租住|开在|店在|店开在|位于|地点|寄到|送到|寄往)[:是为]{0,1}([^,。;\n]{2,24}?(?:对面|隔壁|旁边|旁"
    r"|后面|前面|东头|西头|南头|北头|[东西南北][侧边]|楼上|楼下|院内|路口|村口|桥头|门口|附近)(?:[一-鿿]{1,8}(?:隔壁"
    r"|对面|旁边|后面|前面|门口|附近))?(?:[一二三四五六]楼)?(?:第[0-9一二三四五六七八九十]{1,2}[家户间排])?)"
)
_LABEL = re.compile(
    r"(?:家庭住址|现住址|住址|通讯地址|联系地址|收货地址|收件地址|寄件地址|送达地址|户籍地址|户籍地|户籍所在地"
    r"|经营地址|店址|住所地|住所|地址)[:是为在 ]{1,2}([^,。;、()\n]{5,40})"
)
_STOP = frozenset("的了是在住于到从去往和与及或把被将向我你他她它这那某本该由给让叫说")
_IN_NAMES = frozenset(
    "和平 和谐 和睦 和顺 和兴 和美 向阳 向东 同心 同兴 同乐 同德 来凤 全福 全胜 并州 对河 于家 于庄 往来 地坪".split()
)
_PLACED = re.compile(
    r"(?:大队|苏木|牧场|农场|林场|茶场|渔场|院子|大院|荡|凹|崖|岔|川|滩|溪|泉|峡|涧|渡|港|洲|岛|屋场|窑|窝|铺|墩|淀|甸"
    r"|塅|垌|峒|凼|碥|垭|垴|坨|崮|埂|湖|楼|井|巷|塆|圩|坂|厝|埕|堰|闸|社|队|组|行政村|自然村|社区|嘎查|新村|村|庄|屯|寨"
    r"|湾|沟|坪|营|堡|店|坝|岭|坳|塬|冲|垸|畈|塘|庙|岗|坡|埠|浜|圩|河|桥|坎|梁|峪|洼|台|集|镇|乡)$"
)
_ROAD = re.compile(
    r"(?:大道|大街|路|街|巷|弄|胡同|里弄|[东南西北中]段|工业区|开发区|产业区|工业园区|工业园|产业园|国道|省道)$"
)
_ESTATE = re.compile(
    r"(?:小区|花园|花苑|家园|公寓|新村|安置点|安置区|安置房|移民点|大厦|广场|商城|市场|家属院|家属楼|宿舍楼|宿舍|厂"
    r"|公司|家属区|教师楼|[县乡镇]城|南门|北门|东门|西门|集贸|车站|建材城|批发部|公租房|廉租房|周转房|苑"
    r"|(?<![县乡进])城|(?<!政)府|庭|园|湾|邨|大院)$"
)
_AREA = re.compile(r"(?:省|自治区|市|州|县|区|旗|镇|乡|街道)")
_LEADS = re.compile(
    r"^(?:现住址|家庭住址|户籍所在地|户籍地|住所地|所在地|经营地址|送达地址|住址|地址|地点|店址|户籍|籍贯|现|家里"
    r"|老家|暂|租|送|寄|搬|系|即|称|独自|常年|发生|一直|均|经常|目前|我们|村民)+(?=.{2})"
)
_PUBLIC = re.compile(r"(?:村委会|政府|派出所|法院|医院|司法所|服务中心|学校|小学|中学|银行|大厅)$")
_LONGEST_NAME = 24


def find(folded: Folded) -> Iterator[Spot]:
    """Addresses; parts that touch are one: 人民路12号 and 龙泉小区4栋301."""
    last: Spot | None = None
    for spot in sorted(_parts(folded.text), key=lambda s: s.start):
        if last and spot.start <= last.end:
            last = Spot(last.start, max(last.end, spot.end), last.kind, last.reason)
        else:
            if last:
                yield last
            last = spot
    if last:
        yield last


def _parts(text: str) -> Iterator[Spot]:
    yield from _told(text)
    yield from _places(text)
    for nth in _NTH.finditer(text):
        yield from _counted(nth, text)
    for tail in _TAIL.finditer(text):
        yield from _numbered(tail, text)


def _told(text: str) -> Iterator[Spot]:
    """What a word before it says is an address."""
    for label in _LABEL.finditer(text):
        if _AREA.search(label.group(1)) or re.search("村|组|号|街|路", label.group(1)):
            yield Spot(label.start(1), label.end(1), MarkKind.address, "写明了住在哪里")
    for beside in _BESIDE.finditer(text):
        if _ANY_PLACE.search(beside.group(1)):
            yield Spot(beside.start(1), beside.end(1), MarkKind.address, "照着说的能找到这一家")


def _places(text: str) -> Iterator[Spot]:
    """Places so small that their name is an address."""
    for chain in _CHAIN.finditer(text):
        yield Spot(_read_back(text, chain.start()), chain.end(), MarkKind.address, "从县写到了村")
    for homed in _HOMED.finditer(text):
        yield Spot(homed.start(1), homed.end(1), MarkKind.address, "说了家住哪个村")
    for crossing in _CROSSING.finditer(text):
        yield Spot(_read_back(text, crossing.start(1)), crossing.end(), MarkKind.address, "写到了路口")
    for group in _NAMED_GROUP.finditer(text):
        yield Spot(_read_back(text, group.end()), group.end(), MarkKind.address, "写到了哪个村的哪个组")
    for regiment in _REGIMENT.finditer(text):
        yield Spot(regiment.start(), regiment.end(), MarkKind.address, "写到了连队或里程")


def _counted(nth: re.Match[str], text: str) -> Iterator[Spot]:
    """第三家 after a place."""
    start = _read_back(text, nth.start())
    name, first = text[start : nth.start()], nth.group()[0]
    is_from_here = _FROM_HERE.search(name) or (re.search("[摊铺门档]", nth.group()) and _HAS_PLACE.search(name))
    if first in "第头" and is_from_here:
        yield Spot(start, nth.end(), MarkKind.address, "数得出是哪一家")
    elif (place := _ANY_PLACE.search(name)) and (first not in "那这头" or len(name) - place.end() >= 2):
        which = _WHICH.match(text, nth.end()) if first in "那这" else None
        yield Spot(start, which.end() if which else nth.end(), MarkKind.address, "数得出是哪一家")


def _numbered(tail: re.Match[str], text: str) -> Iterator[Spot]:
    """A group or house number with the names before it."""
    start = _read_back(text, tail.start())
    name = text[start : tail.start()].rstrip()
    if _PUBLIC.search(name):
        return
    said = tail.group().rstrip(" ,")
    end = tail.start() + len(said)
    if _names_a_place(name, said):
        nearby = _OWNED.match(text, end) or _NEARBY.match(text, end) or _INSIDE.match(text, end)
        yield Spot(start, nearby.end() if nearby else end, MarkKind.address, "写到了组或门牌，能找到这一家")
    elif _PRECISE.match(said):
        if len(name) > 3 and _AREA.search(name[:-1]):
            yield Spot(start, end, MarkKind.address, "写到了门牌，能找到这一家")
        else:
            own = _OWN.search(text[max(0, tail.start() - 4) : tail.start()])
            own_length = len(own.group()) if own else 0
            yield Spot(tail.start() - own_length, end, MarkKind.address, "写到了组和门牌，能找到这一家")


def _names_a_place(name: str, said: str) -> bool:
    """Whether `name` with the number `said` after it is a house or a group, not a day of the month or a row of
    something.
    """
    if len(name) < 2 or said == "一户" or _NOT_PLACES.search(name):
        return False
    placed, road, estate = _PLACED.search(name), _ROAD.search(name), _ESTATE.search(name)
    if re.match(_GROUP, said):
        return bool(placed or estate or (_HAS_PLACE.search(name) and not name.endswith(("里", "县", "区", "市"))))
    if _ONLY_DAY.match(said):
        grouped = name.endswith(("村民小组", "居民小组"))
        return bool(
            grouped or (placed and not name.endswith(("镇", "乡", "小组", "作组", "目组", "产队", "部队"))) or road
        )
    if _FLAT.search(said) or said.startswith(("门", "商", "铺", "摊", "档", "柜", "宿", "公")):
        return bool(
            placed
            or estate
            or road
            or _HAS_PLACE.search(name)
            or (len(name) > 2 and name.endswith("里") and "号院" in said)
        )
    return bool(
        road or (placed and not name.endswith(("镇", "乡"))) or ("号" in said and (estate or _HAS_PLACE.search(name)))
    )


def _read_back(text: str, end: int) -> int:
    """Where the names before a number begin; a space or comma may stand after the name of a town, village or road."""
    start = end - (text[end - 1 : end] == " ")
    while start > 0 and end - start < _LONGEST_NAME:
        c = text[start - 1]
        if "一" <= c <= "鿿":
            if c in _STOP and text[start - 1 : start + 1] not in _IN_NAMES:
                break
        elif not (c in " ,·" and start > 1 and text[start - 2] in "省市县区旗镇乡村路街州屯寨庄") and not (
            c.isascii()
            and c.isalnum()
            and (
                text[start : start + 1].isdigit()
                or (c.isdigit() and text[start : start + 1] in ("国", "省", "县", "弄", "巷", "号", "栋", "期"))
            )
        ):
            break
        start -= 1
    while text[start] in " ,·" and start < end - 1:
        start += 1
    lead = _LEADS.match(text[start:end])
    return start + lead.end() if lead and not text[start:end].startswith(("家家", "户县", "门头沟", "原平")) else start
