"""Where somebody lives or a shop stands: a house, a villagers' group of a named village, a flat of a named estate.

A village, town or county alone isn't an address here: the place of a story says as much. The number (三组, 12号, 4栋2单元) is found first,
then the names to the left of it are read back, so that every character is looked at a fixed number of times.
"""

import re
from collections.abc import Iterator

from knowledge.anonymity.folding import Folded
from knowledge.anonymity.marks import MarkKind, Spot

_N = "[0-9零〇一二三四五六七八九十百]{1,5}"
_GROUP = rf"第?(?:{_N}|[东西南北上下前后中][头]?)(?:村民小组|村小组|居民小组|小组|生产队|组|队|社)(?![织长员会保合办区团里])"
_HOUSE = rf"(?:附|第)?(?:{_N}|[A-Za-z]|[0-9]{{1,3}}[A-Za-z])(?:-{_N}){{0,2}}(?:号院|号楼|号铺|号店|号门面|号|栋|幢|座|单元|楼|层|室|户|排|门)(?![人民元称码上下文令])"
_TAIL = re.compile(rf"(?:{_GROUP}[ ,]?(?:{_HOUSE}[ ,]?){{0,4}}|(?:{_HOUSE}[ ,]?){{1,5}}(?:[0-9]{{3,4}}(?![0-9年]))?|[0-9]{{1,3}}-[0-9]{{1,3}}(?:-[0-9]{{1,4}})?(?![0-9]))")
_FLAT = re.compile("栋|幢|单元|室|号楼|号院|-")
_NEARBY = re.compile(r"[^\W\d_的A-Za-z]{0,10}?(?:东侧|西侧|南侧|北侧|东边|西边|南边|北边|对面|隔壁|斜对门|对门|旁边|附近|后面|前面|老宅|老屋|门口)(?:[一-鿿]{0,4}(?:老宅|老屋|第[一二三四五六七八九十]家))?")
_LABEL = re.compile(r"(?:家庭住址|现住址|住址|通讯地址|联系地址|收货地址|收件地址|寄件地址|送达地址|户籍地址|户籍地|户籍所在地|经营地址|店址|住所地|住所|地址)[:是为在 ]{1,2}([^,。;、()\n]{5,40})")
_STOP = frozenset("的了是在住于到从去来往和与及或把被将对我你他她它这那某本该全每各同有至由给让叫说请找因为并都也又就址地处所址籍系即称")
# Only a label's own words; 地 is a stop, so 地方 or 基地 end a name too early, which costs the front of an address and never the number.
_PLACED = re.compile(r"(?:行政村|自然村|社区|嘎查|新村|村|庄|屯|寨|湾|沟|坪|营|堡|店|坝|岭|坳|塬|冲|垸|畈|塘|庙|岗|坡|埠|浜|圩|河|桥|坎|梁|峪|洼|台|集|镇|乡)$")
_ROAD = re.compile(r"(?:大道|大街|路|街|巷|弄|胡同|里弄|工业园区|工业园|产业园|国道|省道)$")
_ESTATE = re.compile(r"(?:小区|花园|花苑|家园|公寓|新村|安置点|安置区|安置房|移民点|大厦|广场|商城|市场|家属院|家属楼|宿舍楼|宿舍|苑|(?<![县乡进])城|(?<!政)府|庭|园|湾|邨|大院)$")
_AREA = re.compile(r"(?:省|自治区|市|州|县|区|旗|镇|乡|街道)")
_LEADS = re.compile(r"^(?:现|点|家|户|老家|原|暂|租|送|寄|搬|回|常年|独自|人|店|前|发生|都|门|家人|村民|一直|住户|均|经常|目前)+(?=.{2})")
_PUBLIC = re.compile(r"(?:村委会|政府|派出所|法院|医院|司法所|服务中心|学校|小学|中学|银行|大厅)$")
_LONGEST_NAME = 24


def find(folded: Folded) -> Iterator[Spot]:
    text = folded.text
    for label in _LABEL.finditer(text):
        if _AREA.search(label.group(1)) or re.search("村|组|号|街|路", label.group(1)):
            yield Spot(label.start(1), label.end(1), MarkKind.address, "写明了住在哪里")
    for tail in _TAIL.finditer(text):
        start = _read_back(text, tail.start())
        name = text[start : tail.start()].rstrip()
        if len(name) < 2 or _PUBLIC.search(name):
            continue
        house, flat = re.search(_HOUSE, tail.group()), _FLAT.search(tail.group())
        grouped = re.match(_GROUP, tail.group())
        if (grouped and _PLACED.search(name)) or (house and (_ROAD.search(name) or (_PLACED.search(name) and not name.endswith(("镇", "乡"))))) or (flat and _ESTATE.search(name)):
            end = tail.end() - (len(tail.group()) - len(tail.group().rstrip(" ,")))
            nearby = _NEARBY.match(text, end)
            yield Spot(start, nearby.end() if nearby else end, MarkKind.address, "写到了组或门牌，能找到这一家")


def _read_back(text: str, end: int) -> int:
    """Where the names before a number begin."""
    start = end - (text[end - 1 : end] == " ")
    while start > 0 and end - start < _LONGEST_NAME and "一" <= text[start - 1] <= "鿿" and text[start - 1] not in _STOP:
        start -= 1
    lead = _LEADS.match(text[start:end])
    return start + lead.end() if lead and not text[start:end].startswith(("家家", "户县", "门头沟", "原平")) else start
