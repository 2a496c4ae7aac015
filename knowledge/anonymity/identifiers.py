"""Numbers and accounts that lead to one person: ID card, phone, bank card, plate, e-mail, WeChat, QQ, registration and
case numbers.

Check digits make the reason more certain, they never unmark: a mistyped ID number still leads to its owner. Every
pattern is bounded, so time grows with the length of the text and nothing else.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from knowledge.anonymity.folding import Folded
from knowledge.anonymity.marks import MarkKind, Spot

# 110, 12345 and their like are shorter than any private number; these are the public ones that aren't.
_SERVICE = re.compile(r"(?:400|800)\d{7}|95\d{3,4}|96\d{3,4}|1[0-2]\d{1,3}")
_AREA = re.compile(r"0(?:10|2\d|[3-9]\d{2})")
_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"  # as on plates and in old case numbers
_GROUP = re.compile(r"[0-9]+")
_SEPARATOR = re.compile(r"[ \-._·)]{1,3}")
_LONGEST = 21
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_CARD_WORDS = re.compile(
    r"卡|账号|帐号|账户|帐户|户名|存折|银行|开户|工行|农行|建行|中行|邮储|信用社|农商|汇款|汇到|汇至|打到|转到|收款"
)
_CALL_WORDS = re.compile(r"电话|座机|固话|手机|联系|打给|拨打|传真|来电|致电|号码|热线|小灵通")
_NOT_A_CALL = re.compile(r"文号|邮编|编码|案号|金额|面积|元|工资|单号|编号")
_SHORT_WORDS = re.compile(r"(?:短号|虚拟网|集团号|分机|小号)[ :是为]{0,3}$")
_DATE = re.compile(r"(?:19|20)\d{2}[\-._ ]{1,2}\d{1,2}(?!\d)")
_EXTENSION = re.compile(r" ?(?:转|分机|转分机|ext\.?)[:号 ]{0,2}[0-9]{1,5}")
_AMOUNT = re.compile(r"(?:\.\d+)? ?[万亿]?(?:元|块|亩|平方|斤|公斤|吨)")
_ID_WORDS = re.compile(r"身份证|证件号|公民身份|身份号|驾驶证|户口簿|户口本|证号")
_PAPER_WORDS = re.compile(
    r"(?:学籍号?|考生号|准考证号?|警情|户号|社保卡号?|社会保障卡号?|医保卡号?|执业证号|残疾证号?|工号|学号|病历号"
    r"|住院号|单号|编号|证书号|流水号)[^,;]{0,3}$|字 ?第 ?$"
)
_QQ_WORDS = re.compile(r"(?i)qq|扣扣|企鹅号|腾讯号|q号|球球号|(?<![a-z])q(?=[ :是]{0,2}\d?)(?![a-z])")
_WECHAT_WORDS = re.compile(
    r"(?i)微 ?信|威信|薇信|v信|绿泡泡|绿信|[威薇微v][❤♥❣]|wechat|weixin|(?<![a-z0-9])(?:vx|wx|v)(?=[ :号是加])"
    r"|加我?[v薇微威]|薇[❤号]"
)
_PLATE = re.compile(
    _PROVINCE
    + (
        r"[ ]?[A-HJ-Za-hj-z][ ·.\-]{0,2}临?((?:[A-HJ-NP-Za-hj-np-z0-9][ ]?){4,5}[A-HJ-NP-Za-hj-np-z0-9学警挂港澳领使])"
        r"(?![A-Za-z0-9])"
    )
)
_LETTERS_BEFORE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,6}[ \-]?$")
_LETTERS_AFTER = re.compile(r"[A-Za-z]{1,2}(?![A-Za-z0-9@])")
_PARTED_PHONE = re.compile(
    r"(?<![0-9])0[1-9][0-9]{1,2}[/|~:]{1,2}[0-9]{7,8}(?![0-9])|(?<=[0-9]{7}[/、])[2-8][0-9]{6,7}(?![0-9元])"
    r"|(?<![0-9])1[3-9][0-9][,、/~*:+=|]{1,2}[0-9]{4}[,、/~*:+=|]{1,2}[0-9]{4}(?![0-9])"
)
_LABELLED = re.compile(
    r"(?:(?<![文符记信])号码?|编码|编号|代码|账户|账号|证件?|[卡单表本])"
    r"(?:[^A-Za-z0-9,。;\n、]{0,3}?[:是为“\" (])?[^A-Za-z0-9一-鿿,。;\n、]{0,2}([A-Za-z]{0,6}[0-9][A-Za-z0-9\-/]{4,30})"
    r"(?![A-Za-z0-9@.])"
)
_MIXED = re.compile(r"(?<![A-Za-z0-9@._\-])[A-Za-z0-9]{8,30}(?![A-Za-z0-9@])")
_TRACTOR = re.compile(
    _PROVINCE
    + r"[0-9]{2}[ ·\-]?[A-Za-z]?[ ·\-]?[0-9]{4,6}(?![0-9])|(?:WJ|[A-Z]{2})"
    + _PROVINCE
    + r"?[·\- ]?[0-9]{4,5}[A-Z]?(?=的?车|警车|货车|轿车)|[一-鿿]{1,4}渔(?:运|养|休)?[0-9]{4,6}(?![0-9])"
)
_NEAR_CAR = re.compile(r"[车牌][^。;\n]{0,12}?([一-鿿]{1,3}[A-Z]?[ ·\-]?[0-9]{5,7})(?![0-9元])")
_PLATE_WORD = re.compile(
    r"(?:车牌号码|车牌号|车牌|牌照号|牌照|号牌|牌号)[ :是为\"“]{0,3}([一-鿿]{0,2}[A-Za-z]?[ ·\-]?[A-Za-z0-9]{4,8})"
)
_MAIL_RIGHT = re.compile(r"[A-Za-z0-9\-]{1,40}(?:(?:[.。]|点|dot)[A-Za-z0-9\-]{1,20}){1,4}")
_MAIL_LEFT = re.compile(r"[A-Za-z0-9][\w.+\-]{0,63}$", re.ASCII)
_SPOKEN_MAIL = re.compile(
    r"(?<![A-Za-z0-9_.])[A-Za-z0-9_.]{2,30} ?(?:at|AT|艾特|\(at\)|\[at\]|#) ?[A-Za-z0-9]{2,20} ?(?:\.|点"
    r"|dot) ?(?:com|cn|net|org)"
)
_ENDING = re.compile(r"(?:尾号|尾数|[末后尾][三四五六3456]位(?:数字?|号码?)?)(?:为|是|:| ){0,3}([0-9]{3,6})(?![0-9元])")
_BACKWARDS = re.compile(
    r"(?<![A-Za-z0-9_\-])([A-Za-z][A-Za-z0-9_\-]{5,19}|[1-9][0-9]{5,10})[ ,”\"]{0,2}(?:这个|那个)?(?:就|才"
    r"|也)?[是系为](?:[他她我你俺其]|对方|本人|人家)?(?:本人)?(?:的|个)?(微 ?信|(?i:vx|wx|qq|q ?q))"
)
_PART_OF_ID = re.compile(
    r"(?:身份证|证件)(?:号码?)?(?:的)?(?:后|末|尾)[四六八468]位(?:数)?(?:字)?(?:号码)?[是为: ]{0,3}([0-9]{3,7}[Xx]"
    r"|[0-9]{4,8})(?![0-9])"
)
_ACCOUNT = r"([A-Za-z0-9][A-Za-z0-9_\-.@]{3,40})"
_PAPERS = (
    "社保卡号?|社会保障卡号?|社保号|社保编号|医保卡号?|医保编号|医保号|病历号|病案号|住院号|门诊号|就诊卡号?|学籍号|"
    "学号|工号|警号|执业证号?|残疾证号?|残疾人证号?|残疾军人证号?|优抚证号?|取件码|提货码|低保证号?|退役证号?|"
    "优待证号?|结婚证字?号?|离婚证字?号?|出生证明?编?号?|不动产权证书?号?|房产证号?|土地证号?|宅基地证号?|承包证号?|"
    "经营权证书?(?:编号|号)?|合同编号|合同号|保单号|户号|户籍号|电表号|水表号|燃气号|车架号|发动机号|快递单号|运单号|"
    "订单号|流水号|交易号|档案号|准考证号?|驾驶证号?|档案编号|案件编号|受理编号|登记编号|编号|证号|单号|注册号|ID"
)
_OTHER = (
    (
        re.compile(
            (
                r"(?:护照号码|护照号|护照|通行证号码|通行证号|通行证|军官证号|军官证|士兵证号?|居留证号?|台胞证号?"
                r"|回乡证号?)[^A-Za-z0-9,。;\n]{0,8}([A-Za-z\u4e00-\u9fff]{0,2}?[A-Za-z]{0,2}[ ]?\d{6,10})"
            )
        ),
        "证件号码能查到本人",
    ),
    (
        re.compile(
            (
                r"(?:支付宝|视频号|西瓜视频|企鹅|旺旺|b站|B站|哔哩哔哩|知乎|贴吧|百家号|全民K歌|今日头条|公众号|美团"
                r"|得物|转转|抖音|快手|微博|淘宝|拼多多|京东|钉钉|陌陌|小红书|闲鱼|网名|用户名|登录名|账户名|账号|帐号"
                r"|账户|帐户|昵称|游戏号|直播号|头条号)(?:ID|id)?[^A-Za-z0-9,。;\n]{0,8}"
            )
            + _ACCOUNT
        ),
        "账号能找到本人",
    ),
    (
        re.compile(
            r"(?:抖音|快手|微信|QQ|小红书|视频号|微博|闲鱼)(?:号|名|昵称|网名"
            r"|账号)?[叫是为: ]{0,2}[“\"「]([^”\"」\n]{0,16}[0-9]{2}[^”\"」\n]{0,8})[”\"」]"
        ),
        "账号能找到本人",
    ),
    (
        re.compile(
            rf"(?:{_PAPERS})"
            rf"[^A-Za-z0-9,。;\n]{{0,10}}?((?:[A-Za-z\u4e00-\u9fff]{{0,3}}[(\[〔]\d{{4}}[)\]〕])?"
            r"[A-Za-z0-9\u4e00-\u9fff]{0,10}?第?[A-Za-z0-9][A-Za-z0-9\-]{4,30}号?)"
        ),
        "证照或单据号码能查到本人",
    ),
    (
        re.compile(
            r"([(\[〔] ?\d{4} ?[)\]〕] ?[一-鿿]{0,2} ?\d{0,6} ?[一-鿿]{1,8} ?第?\d{1,8} ?(?:号"
            r"|-\d{1,3}号?)(?:之[一二三四五六七八九十])?)"
        ),
        "凭案号能查到裁判文书和当事人",
    ),
    (
        re.compile(r"((?:(?:19|20)\d{2}年?)?" + _PROVINCE + r" ?\d{2,4} ?[民刑行执破知赔财][一-鿿]{0,3} ?\d{1,7} ?号)"),
        "凭案号能查到裁判文书和当事人",
    ),
    (
        re.compile(r"([一-鿿]{1,8}(?:\([一-鿿]{1,4}\))?[一-鿿]{0,4}[(\[〔]\d{4}[)\]〕][一-鿿]{0,10}第?\d{1,8}号)"),
        "凭字号能查到文书和当事人",
    ),
    (
        re.compile(
            r"([一-鿿]{0,8}(?:仲案字|仲裁字|仲字|[证书][一-鿿]{0,3}字|[民刑行执调]{1,2}字"
            r"|[军士文警退政干][一-鿿]{0,2}字)[(\[〔]?(?:\d{4})?[)\]〕]?第?\d{1,8}号)"
        ),
        "凭字号能查到文书和当事人",
    ),
    (
        re.compile(
            r"([一-鿿]{1,10}(?:\([一-鿿]{1,4}\))?字 ?第 ?[A-Za-z0-9\-]{3,24} ?号|(?:证号?"
            r"|编号)[ :是为]{0,2}[一-鿿]{1,4}字[0-9]{4,12}号)"
        ),
        "凭字号能查到文书和当事人",
    ),
    (
        re.compile(
            r"(?:船舶|渔船|船名|登记|证书|证)"
            r"[^0-9,。;\n]{0,8}?([(\[〔][一-鿿]{1,2}[)\]〕][一-鿿]{1,6}(?:[(\[〔][一-鿿]{1,4}[)\]〕])?"
            r"[(\[〔]\d{4}[)\]〕][A-Za-z0-9\-]{3,16}号)"
        ),
        "凭字号能查到文书和当事人",
    ),
    (
        re.compile(
            r"([一-鿿]{1,6}[字借][0-9]{4}年?第[0-9]{3,10}号"
            r"|[一-鿿]{1,3}检[一-鿿]{0,3}[刑诉捕][一-鿿]{0,2}[(\[〔][0-9]{4}[)\]〕][0-9]{1,6}号)"
        ),
        "凭字号能查到文书和当事人",
    ),
    (
        re.compile(r"(?<![A-Za-z0-9])([159][1239]\d{6}[0-9A-HJ-NPQRTUWXY]{10})(?![A-Za-z0-9])"),
        "统一社会信用代码能查到经营者",
    ),
)
# a thing's number, nobody's
_THINGS = re.compile(
    r"型号|规格|古树|图纸|灯杆|电杆|电线杆|界桩|变压器|标准|批号|批次|路牌|机井|货号|条码|产品|邮编|邮政编码|零件"
    r"|公交|课本|书号|专利|文物|农药登记|种子"
)
_CASE_WORDS = re.compile(r"民|刑|行|执|破|赔|仲|劳|调|申|终|初|保|监|复")
_FILE_WORDS = re.compile(r"民|刑|行|执|破|赔|仲|劳|调|申|裁|决|证|权|集用|集建|罚|字")
# 清民〔2026〕9号: a bureau's own paper
_OFFICIAL = re.compile(r"(?![一-鿿]*[字仲裁判决罚调])[一-鿿]{1,4}[(\[〔]\d{4}[)\]〕]\d{1,4}号")
_ISSUED = re.compile(r"(?:[发函办规令告通]|文件|条例|意见|办法|公告)$")


def find(folded: Folded) -> Iterator[Spot]:
    yield from _numbers(folded)
    yield from _plates(folded)
    yield from _mails(folded.text)
    for parted in _PARTED_PHONE.finditer(folded.digits):
        yield Spot(parted.start(), parted.end(), MarkKind.phone, "手机号码能直接找到本人")
    yield from _wechats(folded.text)
    yield from _others(folded.text)


def find_general(folded: Folded) -> Iterator[Spot]:
    """What only looks like a number that leads to somebody; `find` knows better where both see one."""
    for labelled in _LABELLED.finditer(folded.digits):
        if (
            sum(c.isdigit() for c in labelled.group(1)) >= 4
            and not _near(_THINGS, folded.text, labelled.start(1), labelled.end(1), left=12, right=0)
            and not _SERVICE.fullmatch(labelled.group(1))
            and not _AMOUNT.match(folded.digits, labelled.end())
            and not re.fullmatch(r"(?:19|20)\d{2}", labelled.group(1))
        ):
            yield Spot(labelled.start(1), labelled.end(1), MarkKind.other_account, "前面说是号码，多半能查到本人")
    for mixed in _MIXED.finditer(folded.text):
        if (
            sum(c.isdigit() for c in mixed.group()) >= 6
            and not _near(_THINGS, folded.text, mixed.start(), mixed.end(), left=12, right=0)
            and any(c.isalpha() for c in mixed.group())
        ):
            yield Spot(mixed.start(), mixed.end(), MarkKind.other_account, "字母和数字连成的号码，多半是证照或单据号")
    for found in _NEAR_CAR.finditer(folded.text):
        if not _SERVICE.fullmatch(
            found.group(1).lstrip("".join(c for c in found.group(1) if not c.isdigit()))
        ) and not re.match(r"[一-鿿]*(?:款|价|费|元|约|共|里|程|达|为|值|话|号)", found.group(1)):
            yield Spot(found.start(1), found.end(1), MarkKind.plate, "像电动车的号牌")


def id_is_right(number: str) -> bool:
    """Whether the check digit of 18 characters fits (GB 11643-1999)."""
    return (
        "10X98765432"[sum(int(d) * w for d, w in zip(number[:17], _ID_WEIGHTS, strict=True)) % 11] == number[17].upper()
    )


def luhn_is_right(number: str) -> bool:
    if not number.isdecimal():
        return False  # 17 digits and an X are no card
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(number))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _numbers(folded: Folded) -> Iterator[Spot]:
    """Digits alone, or in groups with up to two separators between: 138-7120-4457, 一三八…, 6217 0028 7001 2345 678."""
    digits, text = folded.digits, folded.text
    run: list[tuple[int, int]] = []
    for group in _GROUP.finditer(digits):
        gap = digits[run[-1][1] : group.start()] if run else ""
        if run and not _SEPARATOR.fullmatch(gap):
            yield from _in_run(digits, text, run)
            run = []
        start, end = group.span()
        # 17-430200460012345一并: the last 一 is a word, not a digit.
        if (
            end - start > 5
            and text[end - 1] == "一"
            and text[end - 2] in "0123456789"
            and text[end : end + 1] in tuple("并直起次个张份共年月些样同")
        ):
            end -= 1
        run.append((start, end))
    yield from _in_run(digits, text, run)


def _with_letters(spot: Spot, text: str) -> Spot:
    """G4115...: letters that stand before or after a number belong to it; a phone has none."""
    if spot.kind in (MarkKind.phone, MarkKind.qq, MarkKind.wechat) or spot.end - spot.start < 6:
        return spot
    before = _LETTERS_BEFORE.search(text[max(0, spot.start - 7) : spot.start])
    after = _LETTERS_AFTER.match(text, spot.end)
    if before and spot.kind in (MarkKind.bank_account, MarkKind.id_number):
        return Spot(
            spot.start - len(before.group()),
            after.end() if after else spot.end,
            MarkKind.other_account,
            "字母打头的号码，多半是证照或单据号",
        )
    return Spot(
        spot.start - (len(before.group()) if before else 0), after.end() if after else spot.end, spot.kind, spot.reason
    )


def _in_run(digits: str, text: str, run: list[tuple[int, int]]) -> Iterator[Spot]:
    """The longest convincing number from each group on; what isn't convincing goes on with the next group."""
    first = 0
    while first < len(run):
        best: tuple[int, Spot] | None = None
        joined = ""
        for last in range(first, min(len(run), first + _LONGEST)):
            joined += digits[run[last][0] : run[last][1]]
            if len(joined) > _LONGEST and last > first:
                break
            start, end = run[first][0], run[last][1]
            spot = _judge(_Number(joined, digits, text, start, end, first == last))
            if spot and (
                best is None
                or spot.kind is not MarkKind.phone
                or best[1].kind is not MarkKind.phone
                or len(joined) <= 13
            ):
                best = (last, spot)
        if best:
            yield _with_letters(best[1], text)
            first = best[0]
        first += 1


def _near(pattern: re.Pattern[str], text: str, start: int, end: int, *, left: int = 16, right: int = 4) -> bool:
    """Whether a word of `pattern` stands close before (or right after), in the same clause."""
    before = re.split(r"[。;;\n]", text[max(0, start - left) : start])[-1]
    return bool(pattern.search(before) or pattern.search(text[end : end + right]))


@dataclass(frozen=True)
class _Number:
    """Digits that may be a number of somebody's, `digits[start:end]` with separators: `alone` where they stand in one
    group.
    """

    number: str
    digits: str
    text: str
    start: int
    end: int
    alone: bool

    @property
    def size(self) -> int:
        return len(self.number)

    def near(self, pattern: re.Pattern[str], *, left: int = 16, right: int = 4) -> bool:
        return _near(pattern, self.text, self.start, self.end, left=left, right=right)

    def is_dated(self) -> bool:
        return bool(_DATE.search(self.digits[self.start : self.end]))

    def spot(self, kind: MarkKind, reason: str) -> Spot:
        return Spot(self.start, self.end, kind, reason)


def _judge(n: _Number) -> Spot | None:
    """Who the digits lead to, by the first judge that knows."""
    before = n.digits[n.start - 1 : n.start]
    if before.isascii() and before.isalpha() and n.size < 11 and not n.near(_QQ_WORDS, left=3, right=0):
        return None
    if n.size >= 6 and n.near(_PAPER_WORDS, left=9, right=0):
        return n.spot(MarkKind.other_account, "证照或单据号码能查到本人")
    if n.size == 17 and n.digits[n.end : n.end + 1] in ("X", "x", "×", "*"):
        n = replace(n, number=n.number + "X", end=n.end + 1)
    if _is_nobodys(n):
        return None
    return next((spot for judge in _JUDGES if (spot := judge(n))), None)


def _is_nobodys(n: _Number) -> bool:
    """An amount, a public number, a date."""
    return bool(
        re.fullmatch(r"[0-9]+\.[0-9]{1,2}", n.text[n.start : n.end])
        or _SERVICE.fullmatch(n.number)
        or _AMOUNT.match(n.text, n.end)
        or (not n.alone and n.size < 15 and n.is_dated())
    )


def _id_card(n: _Number) -> Spot | None:
    if n.size == 18 and (_born(n.number[6:14]) or n.near(_ID_WORDS)):
        return n.spot(
            MarkKind.id_number,
            "身份证号码能直接查到本人"
            if id_is_right(n.number)
            else "像身份证号码，校验位不对，可能抄错了一位，仍能认出人",
        )
    if n.size == 15 and (_born("19" + n.number[6:12]) or n.near(_ID_WORDS)) and not n.near(_CARD_WORDS, left=8):
        return n.spot(MarkKind.id_number, "像十五位的旧身份证号码")
    return None


def _mobile(n: _Number) -> Spot | None:
    if n.size == 11 and re.match(r"1[3-9]", n.number):
        if _wechat_near(n.text, n.start):
            kind = MarkKind.wechat
        else:
            kind = MarkKind.qq if n.near(_QQ_WORDS, left=8, right=0) else MarkKind.phone
        return n.spot(kind, "手机号码能直接找到本人")
    is_abroad = n.size in (13, 15) and re.match(r"(?:86|0086)1[3-9]", n.number)
    if is_abroad and (n.alone or n.digits[n.start : n.start + 4].startswith(("86", "00"))):
        start = n.start - (n.digits[n.start - 1 : n.start] == "+")
        return Spot(start, n.end, MarkKind.phone, "手机号码能直接找到本人")
    if n.size == 12 and re.match(r"01[3-9]", n.number):
        return n.spot(MarkKind.phone, "手机号码能直接找到本人")
    return None


def _landline(n: _Number) -> Spot | None:
    area = _AREA.match(n.number) if n.size in (10, 11, 12) else None
    if area and 7 <= n.size - area.end() <= 8 and (not n.alone or n.near(_CALL_WORDS)):
        more = _EXTENSION.match(n.text, n.end)
        start = n.start - (n.digits[n.start - 1 : n.start] == "(")
        return Spot(start, more.end() if more else n.end, MarkKind.phone, "座机号码能找到本人或家里")
    is_local = n.size in (7, 8) and n.number[0] in "2345678"
    if is_local and n.near(_CALL_WORDS, left=8, right=0) and not n.near(_NOT_A_CALL, left=6):
        return n.spot(MarkKind.phone, "前面说是电话，像座机号码")
    return None


def _short_number(n: _Number) -> Spot | None:
    if 4 <= n.size <= 8 and n.alone and _SHORT_WORDS.search(n.text[max(0, n.start - 8) : n.start]):
        return n.spot(MarkKind.phone, "集团短号能找到本人")
    return None


def _qq(n: _Number) -> Spot | None:
    if (
        5 <= n.size <= 11
        and n.near(_QQ_WORDS, left=24, right=0)
        and n.number[0] != "0"
        and not re.match(r"[年月日元点分]|\.\d", n.text[n.end : n.end + 2])
    ):
        return n.spot(MarkKind.qq, "QQ 号能找到本人")
    return None


def _bank_card(n: _Number) -> Spot | None:
    if 14 <= n.size <= 19 and (n.number[0] in "3456" or n.near(_CARD_WORDS)):
        return n.spot(MarkKind.bank_account, "银行卡号，校验位也对" if luhn_is_right(n.number) else "像银行卡号或账号")
    if 15 <= n.size <= 19 and not n.alone and not n.is_dated():
        groups = re.findall("[0-9]+", n.digits[n.start : n.end])
        if all(len(group) in (1, 3, 4, 5, 6) for group in groups[:-1]):
            return n.spot(MarkKind.bank_account, "分组写的一长串数字，像卡号")
    is_named = 9 <= n.size <= 25 and n.near(_CARD_WORDS, left=12, right=0)
    if is_named and (n.alone or (n.size >= 12 and not n.is_dated())):
        return n.spot(MarkKind.bank_account, "前面说是卡号或账号")
    return None


def _long_number(n: _Number) -> Spot | None:
    if n.size < 11:
        return None
    if n.alone and not re.match(r"[元年]", n.text[n.end : n.end + 1]):
        if n.near(_ID_WORDS):
            kind = MarkKind.id_number
        else:
            kind = MarkKind.phone if n.near(_CALL_WORDS, right=0) else MarkKind.other_account
        return n.spot(kind, "一长串数字，多半是证件、卡或单据的号码，位数不合常规")
    if n.near(_ID_WORDS, left=10):
        return n.spot(MarkKind.id_number, "前面说是证件号码")
    return None


# In this order: what looks like one thing for sure comes before what may be several.
_JUDGES: tuple[Callable[[_Number], Spot | None], ...] = (
    _id_card,
    _mobile,
    _landline,
    _short_number,
    _qq,
    _bank_card,
    _long_number,
)


def _born(day: str) -> bool:
    return "1900" <= day[:4] <= "2035" and "01" <= day[4:6] <= "12" and "01" <= day[6:8] <= "31"


def _wechat_near(text: str, start: int) -> bool:
    return bool(
        re.search(
            r"(?i)(?:微信|威信|薇信|v信|绿泡泡|绿信|[威薇微v][❤♥❣]|wechat|vx|wx)(?:号码|号|账号)?[ :是为]{0,3}$",
            text[max(0, start - 12) : start],
        )
    )


def _plates(folded: Folded) -> Iterator[Spot]:
    for source in (folded.text, folded.digits):
        for found in _PLATE.finditer(source):
            if any(c.isdigit() for c in found.group(1)):
                yield Spot(found.start(), found.end(), MarkKind.plate, "车牌号能查到车主")
    for found in _TRACTOR.finditer(folded.digits):
        yield Spot(found.start(), found.end(), MarkKind.plate, "车牌号能查到车主")
    for found in _PLATE_WORD.finditer(folded.digits):
        if sum(c.isdigit() for c in found.group(1)) >= 3:
            yield Spot(found.start(1), found.end(1), MarkKind.plate, "前面说是车牌，能查到车主")


def _mails(text: str) -> Iterator[Spot]:
    for at in re.finditer("@", text):
        left, right = _MAIL_LEFT.search(text[max(0, at.start() - 64) : at.start()]), _MAIL_RIGHT.match(text, at.end())
        if left and right:
            yield Spot(at.start() - len(left.group()), right.end(), MarkKind.email, "邮箱能找到本人")

    for spoken in _SPOKEN_MAIL.finditer(text):
        yield Spot(spoken.start(), spoken.end(), MarkKind.email, "邮箱能找到本人")


def _wechats(text: str) -> Iterator[Spot]:
    for word in _WECHAT_WORDS.finditer(text):
        clause = re.split(r"[。;\n]", text[word.end() : word.end() + 48])[0]
        found = re.search(r"(?<![A-Za-z0-9_])[A-Za-z0-9][A-Za-z0-9_\-]{5,19}(?![A-Za-z0-9_@])", clause)
        if found and (
            re.search(r"[A-Za-z]", found.group())
            or (found.start() <= 6 and len(found.group()) != 11 and not re.match(r"[年月日元]", clause[found.end() :]))
        ):
            yield Spot(word.end() + found.start(), word.end() + found.end(), MarkKind.wechat, "微信号能找到本人")
    for found in _BACKWARDS.finditer(text):
        chat = MarkKind.qq if found.group(2)[0] in "qQ" else MarkKind.wechat
        yield Spot(found.start(1), found.end(1), chat, "后面说是微信或 QQ，能找到本人")


def _others(text: str) -> Iterator[Spot]:
    for found in _ENDING.finditer(text):
        yield Spot(found.start(1), found.end(1), MarkKind.other_account, "尾号加上姓名，能核对到人")
    for found in _PART_OF_ID.finditer(text):
        yield Spot(found.start(1), found.end(1), MarkKind.id_number, "身份证号码的后几位，加上名字能认出人")
    for pattern, reason in _OTHER:
        for found in pattern.finditer(text):
            if _leads_to_somebody(found, text, is_named="账号" in reason) and not _is_official(found, text):
                yield Spot(found.start(1), found.end(1), MarkKind.other_account, reason)


def _leads_to_somebody(found: re.Match[str], text: str, *, is_named: bool) -> bool:
    """Not a thing's number, an amount, a public number or a year; `is_named`: an account may be a word."""
    value = found.group(1)
    if _near(_THINGS, text, found.start(1), found.end(1), left=12, right=0):
        return False
    figures = sum(c.isdigit() for c in value)
    if figures < 4 and not (is_named and (len(value) >= 6 or figures)):
        return False
    return not (_AMOUNT.match(text, found.end(1)) or re.fullmatch(r"\d{1,4}", value) or _SERVICE.fullmatch(value))


def _is_official(found: re.Match[str], text: str) -> bool:
    """An office's own paper, not a case of somebody's."""
    value = found.group(1)
    if value[0] in "([〔":
        return bool(not _CASE_WORDS.search(value) or _ISSUED.search(text[max(0, found.start() - 8) : found.start()]))
    return bool(
        re.search(r"[(\[〔]\d{4}[)\]〕]", value)
        and (
            _ISSUED.search(re.split(r"[(\[〔]\d{4}", value)[0])
            or not _FILE_WORDS.search(value)
            or _OFFICIAL.fullmatch(value)
        )
    )
