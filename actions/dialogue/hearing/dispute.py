"""When, where, who, what: heard in one sentence."""

import re
from collections.abc import Mapping
from datetime import datetime

from actions.calendar import dates
from actions.cases.green import GREEN, green_reasons
from actions.dialogue.hearing.phrases import (
    EXPLICIT,
    FILLER,
    is_explicit,
    is_question,
    odd_number_in,
    phone_in,
    yes_or_no,
)
from knowledge import clock

STEPS = ("what", "where", "when", "who", "wish", "care", "contact")
FIELDS = {
    "what": "事情经过",
    "where": "地点",
    "when": "时间",
    "who": "对方",
    "wish": "要求",
    "care": "优先情况",
    "contact": "联系方式",
}
_FIELD_WORDS = {
    "where": "地点|位置|地方|地址",
    "when": "时间|日期|日子",
    "who": "对方|那个人|当事人",
    "wish": "要求|诉求|想法",
    "contact": "联系方式|手机号码|电话号码|手机号|电话|手机|号码",
    "care": "优先情况|优先",
    "what": "事情经过|经过|事情|内容|情况",
}
_SPOT = re.compile(
    r"([\u4e00-\u9fff]{0,4}?(?:村口|村头|村尾|村[东西南北]头?|路口|桥头|河边|渠边|沟边|地头|田头|村部|村委会|广场(?!舞)"
    r"|工地|厂里|市场|学校|小区|老宅|祖宅|院子|后院|门口|房后|屋后|巷子|胡同|大棚|鱼塘|果园|[东西南北]头|[东南西北]坡"
    r"|后山|前山|[一二三四五六七八九十\d]{1,2}组)(?:边上|旁边|对面|里头|那里|那边|附近|外面)?)"
)
_BEFORE_SPOT = re.compile(
    r".*(?:[在到从往倒把被让占了给有我俺他她的就上下里这那说]|那个|这个|中间|晚上|早上|中午|下午|[我俺他她]们?家)"
)
# which one must be asked
_VAGUE = {
    "工地",
    "厂里",
    "市场",
    "学校",
    "小区",
    "门口",
    "院子",
    "巷子",
    "果园",
    "大棚",
    "屋后",
    "房后",
    "后院",
    "地头",
    "路口",
    "河边",
}
_KIN = (
    "亲戚|婆家|娘家|公公|婆婆|丈夫|妻子|老公|老婆|前夫|前妻|男方|女方|儿子|儿媳|女儿|女婿|兄弟|哥哥|弟弟|大伯|小叔|"
    "叔叔|舅舅"
)
_WHO = re.compile(
    r"((?:隔壁|对门|楼上|楼下|前院|后院|东边|西边|邻居|我?邻家)(?:的|那个|那)?(?:老?[\u4e00-\u9fff](?<!的)家|邻居|那家"
    r"|老[\u4e00-\u9fff])?|老[\u4e00-\u9fff](?:家)?(?=砌|占|把|挖|打|骂|拿|欠|不|盖|砍|倒|放|种|修|堵|偷|跟|和|的)"
    r"|包工头|(?:饭店|饭馆|工厂|木材厂|砖厂|采石场|工地|超市|厂子?|店|小)?老板|工头|厂里|(?:自来水|供电|电力|保险|快递"
    r"|建筑|物业)公司|公司|单位|开发商|物业|中介|房东|租客|承包人|合作社|村?干部|村?支书|村?主任|村长|村?会计|村委会"
    r"|组长|队长|施工队"
    r"|(?:养|开|收|卖|种|包)[\u4e00-\u9fff]{1,3}的(?=打|骂|把|占|欠|不|拉|拿)|养[\u4e00-\u9fff]场|卖家|商家|超市|医院"
    r"|学校(?=不|乱|把|收)|"
    rf"(?:{_KIN})(?=.{{0,3}}(?:打|骂|不养|不给|不管|不还|赶|欠|拿|卖|占|把|偷|藏|独吞)))"
)
_WISH = re.compile(
    r"(?:我|俺|我们|俺们)?(?:就)?((?:想|要|要求|希望|盼着|想让|想请)(?:他|她|他们|你们|村里|镇上|政府|老板|对方"
    r"|人)?.{0,4}?(?:赔|还|退|拆|停|道歉|修|搬|调解|说理|讨|要回|拿回|处理|管管|恢复|补偿|发|给|评评理|离婚"
    r"|挪).{0,16}?)(?=[，。,.！!；;]|$)|((?:让|叫|喊)(?:他|她|他们|他家|她家|对方|老板|村里"
    r"|人家)(?![打骂占抢偷欠骗砸撞推害气]).{1,16}?)(?=[，。,.！!；;]|就算了|要不然|不然|$)|^((?:赔|退(?!休)|还我|归还"
    r"|修好|拆(?:了|掉)|道歉|停(?:下|工)|搬走|挪|把.{1,10}?(?:退|还|拆|搬|修|补|要回|拔|挪)).{0,14})$"
)

_LOOSE_TIME = re.compile(
    r"天|日|周|月|年|早|晚|午|夜|前|刚|最近|一直|长期|经常|从|春|夏|秋|冬|节|点|好久|很久|礼拜|星期|今|昨|阵|小时"
    r"|分钟|好长|时间|老早|早就"
)
_TIME_OF_DAY = re.compile(
    r"^(?:到?现在|目前|如今|这会儿?|半夜|大?晚上|早上|早晨|白天|夜里|深夜|凌晨|中午|下午|上午|傍晚|大?清早)$"
)
# What jionlp overlooks at the head of a longer sentence.
_COMMON_DAY = re.compile(
    r"大?前[天晚]|昨[天晚儿]|今[天早晚儿](?:早上|上午)?|上(?:个)?(?:月|周|星期"
    r"|礼拜)(?:[一二三四五六日天](?![一-龥]{0,1}[个号]))?|去年|前年|今年(?:以来)?|刚才|前(?:几|两|些)[天日年]"
)
_LASTED = re.compile(
    r"((?:[一两二三四五六七八九十半几好\d]+)(?:多)?个?半?(?:多)?(?:天|星期|礼拜|月|年|小时)多?)(?=了|没)"
)
_NONE = re.compile(
    r"^(?:嗯|哦|啊|额)?[，, ]*(?:没有?|无|都没有|没有了|没啥|没什么|没得|都没得|没(?:有)?(?:这些|这样的|那些)(?:人"
    r"|情况)?|都不是|不是|不用|不需要|不知道|不清楚|不晓得|说不清楚?|说不准|记不清楚?了?|记不得了?|不记得了?"
    r"|想不起来?了?|忘(?:记|球)?了?|跳过|随便|都行|都可以|你?看着办|你们看着办|算了吧|没)[。！!，,了吧呀啊呢哦嘛哈]*$"
)
_ANONYMOUS = re.compile(
    r"匿名|(?:姓名|名字|名).{0,3}不(?:想|愿意?|肯)?(?:留|说|写|填)|不留(?:名|姓名|名字)|不想(?:留|说)(?:名|姓名"
    r"|名字)|保密"
)
_HERE = re.compile(
    r"(?:就)?在?这(?:里|儿|上面|上头)(?:跟|给|和)?(?:我|俺)?(?:回|联系|说|告诉|就行|聊|答)|微信(?:上)?(?:联系|说"
    r"|回)?|不留|没有?(?:电话|手机)|不方便|不想留|没得电话"
)

_ASKING = re.compile(
    r"^(?:那个|你好|您好|嗯|喂)?[，, ]*(?:(?:我是)?1\d{10}[，, ]*)?(?:我|俺)?们?(?:要|想|来)?(?:请|帮(?:我|俺|忙)?"
    r"|给(?:我|俺)?)?(?:实名|匿名)?(?:投[诉拆]|举报|登记上报|登记|上报|报上去|反映|反应|报|告)(?:一下|个(?:事情?|问题"
    r"|情况)|点(?:事|情况)|一个(?:事|问题|情况)|问题|情况|这件事)?(?:儿)?[，,。：: ]*"
)


def matter_in(text: str) -> str:
    """What is told beside the wish to file: `我要投诉，他家的狗咬人` -> 他家的狗咬人; empty for the bare wish."""
    rest = _ASKING.sub("", text, count=1)
    return rest if re.search(r"[\u4e00-\u9fff]", rest) and len(FILLER.sub("", EXPLICIT.sub("", rest))) >= 2 else ""


def is_wish(text: str) -> bool:
    return bool(_WISH.search(text))


_READ = 500


def extract(text: str, *, now: datetime) -> dict[str, str]:
    """Fields a free sentence fills by itself. `what` is left to the caller: it is the sentence.

    What comes after the first 500 characters is the story; the patterns' time grows with the square of a text.
    """
    text = text[:_READ]
    found: dict[str, str] = {}
    if spot := spot_in(text):
        found["where"] = spot
    if when := when_said(text, now=now):
        found["when"] = when
    elif lasted := _LASTED.search(text):
        found["when"] = lasted.group(1)
    if who := _WHO.search(text):
        found["who"] = (
            who.group(1).removesuffix("的")
            if not who.group(1).startswith(("养", "开", "收", "卖", "种", "包"))
            else who.group(1)
        )
    if wish := _WISH.search(text):
        found["wish"] = next(g for g in wish.groups() if g)
    if phone := phone_in(text):
        found["contact"] = phone
    elif _ANONYMOUS.search(text) and not is_question(text):
        found["contact"] = "匿名"
    if green := green_reasons(text):
        found["care"] = "、".join(green)
    return found


def is_only_a_time(text: str, *, now: datetime) -> bool:
    """三年前征的, 从五月份起: a time and next to nothing else."""
    if re.match(r"^从.{1,6}(?:起|开始|到现在|以来)的?$", text):
        return True
    known = when_said(text, now=now)
    return bool(known) and len(text) - len(re.sub(r"（.+）$", "", known or "")) <= 3


def spot_in(text: str) -> str | None:
    """A spot that can be found: `在村口小卖部门前` -> 村口; None where only 门口 or 工地 is said."""
    for match in _SPOT.finditer(text):
        spot = _BEFORE_SPOT.sub("", match.group(1))
        if re.sub(r"^家|(?:边上|旁边|对面|里头|那里|那边|附近|外面)$", "", spot) not in _VAGUE and len(spot) >= 2:
            return spot
    return None


def when_said(text: str, *, now: datetime) -> str | None:
    """The resident's words, with the day where it was understood: `昨天（11月23日）`."""
    text = re.sub(r"今年(?=[\d一二三四五六七八九十]{1,3}(?:岁|了))", "", text)  # an age
    said = [phrase for phrase in dates.phrases(text) if not _TIME_OF_DAY.match(phrase)]
    if not said and (common := _COMMON_DAY.search(text)):
        said = [common.group()]
    if not said:
        return None
    past = dates.find_past(text, now=now) or dates.find_past(said[0], now=now)
    if past and past.said == said[0] and (past.end - past.start).days <= 1:
        local = past.start.astimezone(clock.SHANGHAI)
        return f"{said[0]}（{local.month}月{local.day}日）"
    return said[0]


def read_step(step: str, text: str, *, now: datetime) -> str | None:
    """The answer to the question of this step; None asks again."""
    text = text.strip(" ，,。；;")
    if not text:
        return None
    if step == "what":
        return _read_what(text)
    if step == "when":
        return _read_when(text, now)
    if step == "contact":
        return _read_contact(text)
    if step == "care":
        return _read_care(text)
    if _NONE.match(text):
        return {"who": "说不清", "wish": "请帮忙处理"}.get(step)
    has_words = re.search(r"[\u4e00-\u9fffA-Za-z]", text)
    is_number = phone_in(text) and len(text) <= 18
    return text if has_words and not is_number and yes_or_no(text) is None else None


def _read_what(text: str) -> str | None:
    is_long = len(re.sub(r"[^\u4e00-\u9fffA-Za-z]", "", text)) >= 4
    if not is_long or _NONE.match(text) or yes_or_no(text) is not None:
        return None
    return text if not is_explicit(text) or matter_in(text) else None


def _read_when(text: str, now: datetime) -> str | None:
    if _NONE.match(text):
        return "说不清"
    known, is_short = when_said(text, now=now), len(text) <= 16
    if known and is_short and not is_question(text):
        day = re.search(r"（.+）$", known)
        return text.rstrip("的啊呀嘛吧呢哦了。！! ") + (day.group() if day else "")
    return known or (text if is_short and _LOOSE_TIME.search(text) else None)


def _read_contact(text: str) -> str | None:
    if phone := phone_in(text):
        return phone
    if odd_number_in(text):
        return None
    if _ANONYMOUS.search(text):
        return "匿名"
    return "在这里回复" if _HERE.search(text) or _NONE.match(text) else None


def _read_care(text: str) -> str | None:
    if reasons := green_reasons(text):
        return "、".join(reasons)
    if _NONE.match(text) or re.match(r"^(?:都|家里|我家)?没", text) or re.search(r"不是|没有|没得", text):
        return "没有"
    named = next((name for name in GREEN if text in name and len(text) >= 2), None)
    return named or ("高龄或独居老人" if "老人" in text else None)


_CORRECTS = re.compile(
    r"^(?:(?:等一下|等等|慢着|哎呀?|哦|啊|对了|不对|(?:我|俺)?(?:刚才|前面)?(?:说|搞|弄|写)错了)[，,。 ]*)+"
)
_WRONG = "不对|错了|有误|不是这个|弄错了|要改|改一下|想改|改成|改为|改到|换成|应该是|应是|改"


def correction(text: str, fields: Mapping[str, str | None], *, now: datetime) -> tuple[str, str | None] | None:
    """`地点不对，是村口` -> ("where", "村口"); `时间要改` -> ("when", None: ask again). None: it corrects nothing."""
    told, text = text, _CORRECTS.sub("", text) or text
    if (named := _named(text, fields)) is not None:
        return named
    if is_question(text):
        return None
    for pattern in _SWAPS:
        if swap := pattern.match(text):
            return _swapped(_plain(swap["wrong"]), _plain(swap["right"]), fields, now)
    bare = re.match(r"^(?:应该|其实)?(?:是|在)(.{1,30})$", text) if told != text else None
    if bare is None:
        return None
    right = _plain(bare.group(1))
    meant = _meant(right, now)
    return (meant, right) if meant and fields.get(meant) else None


_SWAPS = (
    re.compile(r"^(?:不是|不在)(?P<wrong>.{1,12}?)[，, ]*(?:而|应该|其实)?(?:是|在)(?P<right>.{1,30})$"),
    re.compile(r"^(?:应该)?是(?P<right>.{1,20}?)[，, ]*(?:不是|而不是)(?P<wrong>.{1,12})$"),
)


# Behind a field's name: 对方是包工头，不是老板.
_IS_NOT = r"(?:应该|其实)?(?:是|在)(?P<right>[^，,。不]{1,20})[，, 。]*(?:而|可|并)?不(?:是|在).{1,14}$"
_IS_NOT_BUT = r"不(?:是|在)(?P<wrong>[^，,。]{1,12}?)[，, 。]*(?:而|应该|其实)?(?:是|在)(?P<right>.{1,20})$"


def _plain(words: str) -> str:
    return words.strip(" 。，,！!")


def _meant(words: str, now: datetime) -> str | None:
    """The field that these words can only belong to."""
    if when_said(words, now=now):
        return "when"
    if spot_in(words) or re.match(r"村[东西南北]", words):
        return "where"
    return "who" if _WHO.search(words) else None


def _named(text: str, fields: Mapping[str, str | None]) -> tuple[str, str | None] | None:
    """A field called by its name: 要求里再加一条：…, 地点不对，是村口."""
    for step, words in _FIELD_WORDS.items():
        added = rf"^(?:{words})(?:里|上)?(?:再|还要?|也)?(?:加|补)(?:上)?(?:一?[条句个点样])?[，,：: ]*(.{{2,60}})$"
        if (more := re.match(added, text)) and fields.get(step):
            return step, f"{fields[step]}；{more.group(1)}"
        held = fields.get(step) if step not in ("what", "care") else None
        if held and (told := re.match(rf"^(?:{words}){_IS_NOT}", text)):
            return step, _plain(told["right"])
        if held and (told := re.match(rf"^(?:{words}){_IS_NOT_BUT}", text)) and told["wrong"] in held:
            return step, _plain(told["right"])
        wrong = rf"^(?:我的|那个|刚才的?|上面的?|把)?(?:{words})(?:说|填|写|记|搞|弄)?(?:得|的)?(?:{_WRONG})"
        if head := re.match(wrong, text):
            is_now = r"^[，,：:。 ]*(?:应该|其实)?(?:改成|改为|换成|是|为|写|在)?"
            return step, _plain(re.sub(is_now, "", text[head.end() :])) or None
    return None


def _swapped(wrong: str, right: str, fields: Mapping[str, str | None], now: datetime) -> tuple[str, str] | None:
    """不是村头，是村口: the field that holds the one, or that the other can only belong to."""
    for step in ("where", "who", "when", "wish", "what"):
        held = fields.get(step)
        if held and wrong in held:
            return step, right if step != "what" else held.replace(wrong, right)
    kinds = (("when", when_said(right, now=now)), ("where", spot_in(right)), ("who", _WHO.search(right)))
    return next(((step, right) for step, is_one in kinds if is_one and fields.get(step)), None)


def acknowledgement(fields: dict[str, str | None]) -> str:
    """What was understood from the first sentence, said back in one line."""
    told = [f"{FIELDS[k]}：{fields[k]}" for k in ("when", "where", "who", "wish") if fields.get(k)]
    return f"我先记下了（{'；'.join(told)}）。" if told else "好，我来帮您登记。"
