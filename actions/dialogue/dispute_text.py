"""What a resident's sentence already says about a dispute.

Pure: text in, values out; nothing is guessed beyond the words.
"""

import re
from datetime import datetime

from actions import dates

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
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d{9}|0\d{2,3}[- ]?\d{7,8})(?!\d)")
_SPOKEN_DIGITS = str.maketrans("〇零一幺二三四五六七八九", "001123456789")
# Each reason with the words that make it plain; asked otherwise, never guessed from less.
GREEN = {
    "残疾人": re.compile(r"残疾|轮椅|盲人|聋哑|瘫痪"),
    "高龄或独居老人": re.compile(
        r"独居|孤寡|空巢|留守老人|(?:[七八九]十[一二三四五六七八九]?|[789]\d)(?:多)?(?:岁|了)|高龄"
    ),
    "农民工工资": re.compile(
        r"农民工|民工|工地.{0,20}(?:工资|工钱)|(?:包工头|工头).{0,12}(?:欠|没给|不给|卷钱|跑)|(?:工资|工钱"
        r"|血汗钱).{0,20}(?:工地|包工头)|(?:欠|拖欠|不发|不给).{0,8}(?:工资|工钱|血汗钱)|(?:工资|工钱).{0,6}(?:没给"
        r"|不给|没发|不发|拖)"
    ),
    "受到暴力": re.compile(r"家暴|(?:打|揍|砍|踢|掐)(?:了|伤|我|她|孩子|人)|被打|威胁"),
    "拖了很久": re.compile(
        r"(?:[两二三四五六七八九十]|\d+)年(?:了|多|没)|好几年|多年|拖了很久|一直没人管|反映(?:过)?(?:很多|好几|多)次"
    ),
    "未成年人": re.compile(r"未成年|留守儿童|孤儿"),
}
_NEGATED = re.compile(r"(?:没有?|没得|没人|不是|不算|并非|无)(?:什么|啥|个|过|人|被|家|这种|了)?$")
_ALONE = re.compile(r"(?:爹|娘|爸|妈|老人|爷|奶|婆|岁|[七八九]十).{0,30}一个人.{0,6}(?:住|过)")
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
_YES_WORD = (
    "约上|约吧|对头|对的|对对对?|对|是的|是这样|是|好的|好嘞|好勒|好|行|可以|要得|得行|中|成|妥|嗯呐|嗯哪|嗯+|恩+|没错|"
    "没问题|没毛病|没意见|就这样|就这么报|就这么办|报上去|报吧|报|提交|确认|确定|交吧|交|ok|OK|Ok|(?:现在|这下|这回|"
    "都)(?:对|可以|行|好)"
)
_YES = re.compile(rf"^(?:(?:{_YES_WORD})(?:[，,。！!了吧的啊呀嘛嘞哈哦咯 ]*)){{1,4}}$")
_NO = re.compile(
    r"^(?:不对|不是|错了|有错|不行|先别|等等|再改改|要改|改一下|不太对|不是这样|不好|有问题|弄错了"
    r"|搞错了)[，,。！!了吧的啊呀嘛哦 要改]*$"
)
_QUESTION = re.compile(
    r"[？?]|吗[。！!]*$|呢$|怎么|咋|什么(?!时候都)|啥|多[少久高大远]|多长时间|几(?:天|年|个|桌|次|回|米|块|岁)(?=能"
    r"|可|才|会|[吗呢啊哦]|$)|能不能|可不可以|会不会|算不算|要不要|用不用|哪里|哪儿|哪个管|是不是|合法不|犯法不"
    r"|(?:要|行|得|能|收)[^，。]{0,4}不$|归[^，。]{1,8}管"
)
_DROP = re.compile(
    r"不报了|不想报|别报了|不登记了|^(?:唉|哎|嗨|嗯|我|俺|那|就|还是|先|都|太麻烦了?|[，, ])*(?:取消|算(?:球|逑)?了"
    r"|撤了|退出|停下?|停止|暂停|结束|拉倒|放弃|够了|不(?:想|要|用再)?(?:继续|填|写|问|弄|整|搞|办|说)了|别(?:问"
    r"|弄)了)[吧嘛了啊。！! ]*$|^(?:算了|取消|拉倒)(?!账)"
)
_PAUSE = re.compile(
    r"待会|(?:晚上|明早|下午|过会儿?|完了|得空|空了|忙完)(?:了)?再|(?:这会儿?|现在|手头)(?:有点|正)?(?:忙|没空"
    r"|有事)|等(?:一)?会|一会儿?(?:再|说|来|接)|回头|改天|明天再|晚点|先放|先搁|下次|过几天再|过两天再|有空再"
    r"|先停一下|歇(?:会|一)|等一下再|待下|先不(?:说|报|弄)"
)
_BACK = re.compile(
    r"^(?:(?:回到|返回|退回)?(?:上一步|上一个(?:问题)?|前一个(?:问题)?|前面(?:那个)?)|返回|退回(?:去)?|回去|退一步"
    r"|倒回去|重新说(?:上一个)?|刚才(?:那个)?说错了|前面(?:那个)?说错了|上一个(?:说)?错了)[。！!，,吧嘛]*$"
)
_EXPLICIT = re.compile(
    (
        r"投[诉拆]|举报|登记|上报|报上去|给[我俺]报|帮[我俺]报|报[个点]?(?:事|情况)|报案|反映|反应(?=个|一下|情况)|告状"
        r"|(?:我|俺)们?(?:要|想)告|维权|申请调解|来调解|请人调解|帮我处理|派人|管管|处理一下|我要报|tou ?su|ju ?bao"
    ),
    re.IGNORECASE,
)
_RESUME = re.compile(r"接着(?:报|登记|上次|刚才|说上次|说刚才|弄)|继续(?:报|登记|上次|刚才|弄)|上次没报完|没报完的")
_ASKING = re.compile(
    r"^(?:那个|你好|您好|嗯|喂)?[，, ]*(?:(?:我是)?1\d{10}[，, ]*)?(?:我|俺)?们?(?:要|想|来)?(?:请|帮(?:我|俺|忙)?"
    r"|给(?:我|俺)?)?(?:实名|匿名)?(?:投[诉拆]|举报|登记上报|登记|上报|报上去|反映|反应|报|告)(?:一下|个(?:事情?|问题"
    r"|情况)|点(?:事|情况)|一个(?:事|问题|情况)|问题|情况|这件事)?(?:儿)?[，,。：: ]*"
)
_FILLER = re.compile(r"[要中好行对得嗯呐嘛吧呀啊哦了的哈请给帮忙我俺你们一下这个件事情点，,。！!. 可以想来]")


def is_explicit(text: str) -> bool:
    """Whether somebody asks to file, not only tells a trouble."""
    return bool(_EXPLICIT.search(text)) or is_resume(text)


def matter_in(text: str) -> str:
    """What is told beside the wish to file: `我要投诉，他家的狗咬人` -> 他家的狗咬人; empty for the bare wish."""
    rest = _ASKING.sub("", text, count=1)
    return rest if re.search(r"[\u4e00-\u9fff]", rest) and len(_FILLER.sub("", _EXPLICIT.sub("", rest))) >= 2 else ""


def digits_in(text: str) -> str:
    """The text with spoken figures written and blanks between figures taken out: 一三八 1234 5678 -> 13812345678."""
    written = re.sub(r"[〇零一幺二三四五六七八九]{7,}", lambda m: m.group().translate(_SPOKEN_DIGITS), text)
    return re.sub(r"(?<=\d)[ \-—](?=\d)", "", written)


def tidy(text: str) -> str:
    """Chinese commas where normalising made Latin ones of them; this is what the resident and the staff read."""
    return re.sub(
        r"(?<=[\u4e00-\u9fff])[,;:?!](?=[\u4e00-\u9fff\d]|$)", lambda m: "，；：？！"[",;:?!".index(m.group())], text
    )


def phone_in(text: str) -> str | None:
    found = _PHONE.search(text) or _PHONE.search(digits_in(text))
    return found.group(1) if found else None


def odd_number_in(text: str) -> int:
    """How many figures stand where a phone number was meant and is none; 0: no such thing."""
    found = re.search(r"\d{5,}", digits_in(text))
    return len(found.group()) if found and not phone_in(text) else 0


def is_wish(text: str) -> bool:
    return bool(_WISH.search(text))


def is_question(text: str) -> bool:
    return bool(_QUESTION.search(text))


def is_pause(text: str) -> bool:
    return bool(_PAUSE.search(text))


def is_drop(text: str) -> bool:
    return bool(_DROP.search(text)) and len(text) <= 12


def is_back(text: str) -> bool:
    return bool(_BACK.match(text))


def is_resume(text: str) -> bool:
    return bool(_RESUME.search(text))


def yes_or_no(text: str) -> bool | None:
    if _YES.match(text):
        return True
    return False if _NO.match(text) else None


def extract(text: str, *, now: datetime) -> dict[str, str]:
    """Fields a free sentence fills by itself. `what` is left to the caller: it is the sentence."""
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
        local = past.start.astimezone(dates.SHANGHAI)
        return f"{said[0]}（{local.month}月{local.day}日）"
    return said[0]


def green_reasons(text: str) -> list[str]:
    found = [
        name
        for name, pattern in GREEN.items()
        if any(not _NEGATED.search(text[: m.start()]) for m in pattern.finditer(text))
    ]
    if "高龄或独居老人" not in found and _ALONE.search(text):
        found.append("高龄或独居老人")
    return found


def read_step(step: str, text: str, *, now: datetime) -> str | None:
    """The answer to the question of this step; None asks again."""
    text = text.strip(" ，,。；;")
    if not text:
        return None
    none = bool(_NONE.match(text))
    if step == "what":
        return (
            text
            if len(re.sub(r"[^\u4e00-\u9fffA-Za-z]", "", text)) >= 4
            and not none
            and yes_or_no(text) is None
            and (not is_explicit(text) or matter_in(text))
            else None
        )
    if step == "when":
        if none:
            return "说不清"
        if (known := when_said(text, now=now)) and len(text) <= 16 and not is_question(text):
            day = re.search(r"（.+）$", known)
            return text.rstrip("的啊呀嘛吧呢哦了。！! ") + (day.group() if day else "")
        return known or (text if len(text) <= 16 and _LOOSE_TIME.search(text) else None)
    if step == "contact":
        if phone := phone_in(text):
            return phone
        if odd_number_in(text):
            return None
        if _ANONYMOUS.search(text):
            return "匿名"
        return "在这里回复" if _HERE.search(text) or none else None
    if step == "care":
        if reasons := green_reasons(text):
            return "、".join(reasons)
        if none or re.match(r"^(?:都|家里|我家)?没", text) or re.search(r"不是|没有|没得", text):
            return "没有"
        return next((name for name in GREEN if text in name and len(text) >= 2), None) or (
            "高龄或独居老人" if "老人" in text else None
        )
    if none:
        return {"where": None, "who": "说不清", "wish": "请帮忙处理"}.get(step)
    if (
        not re.search(r"[\u4e00-\u9fffA-Za-z]", text)
        or (phone_in(text) and len(text) <= 18)
        or yes_or_no(text) is not None
    ):
        return None
    return text


_CORRECTS = re.compile(
    r"^(?:(?:等一下|等等|慢着|哎呀?|哦|啊|对了|不对|(?:我|俺)?(?:刚才|前面)?(?:说|搞|弄|写)错了)[，,。 ]*)+"
)
_WRONG = "不对|错了|有误|不是这个|弄错了|要改|改一下|想改|改成|改为|改到|换成|应该是|应是|改"


def correction(text: str, fields: dict[str, str | None], *, now: datetime) -> tuple[str, str | None] | None:
    """`地点不对，是村口` -> ("where", "村口"); `时间要改` -> ("when", None: ask again). None: it corrects nothing."""
    told, text = text, _CORRECTS.sub("", text) or text
    for step, words in _FIELD_WORDS.items():
        more = re.match(
            rf"^(?:{words})(?:里|上)?(?:再|还要?|也)?(?:加|补)(?:上)?(?:一?[条句个点样])?[，,：: ]*(.{{2,60}})$", text
        )
        if more and fields.get(step):
            return step, f"{fields[step]}；{more.group(1)}"
        head = re.match(
            rf"^(?:我的|那个|刚才的?|上面的?|把)?(?:{words})(?:说|填|写|记|搞|弄)?(?:得|的)?(?:{_WRONG})", text
        )
        if head:
            rest = re.sub(r"^[，,：:。 ]*(?:应该|其实)?(?:改成|改为|换成|是|为|写|在)?", "", text[head.end() :]).strip(
                " 。，,！!"
            )
            return step, rest or None
    swap = re.match(
        r"^(?:不是|不在)(?P<wrong>.{1,12}?)[，, ]*(?:而|应该|其实)?(?:是|在)(?P<right>.{1,30})$", text
    ) or re.match(r"^(?:应该)?是(?P<right>.{1,20}?)[，, ]*(?:不是|而不是)(?P<wrong>.{1,12})$", text)
    if (
        swap is None
        and told != text
        and (bare := re.match(r"^(?:应该|其实)?(?:是|在)(.{1,30})$", text))
        and not is_question(text)
    ):
        right = bare.group(1).strip(" 。，,！!")
        meant = (
            "when"
            if when_said(right, now=now)
            else "where"
            if spot_in(right) or re.match(r"村[东西南北]", right)
            else "who"
            if _WHO.search(right)
            else None
        )
        return (meant, right) if meant and fields.get(meant) else None
    if swap is None or is_question(text):
        return None
    wrong, right = swap["wrong"].strip(" 。，,！!"), swap["right"].strip(" 。，,！!")
    for step in ("where", "who", "when", "wish", "what"):
        held = fields.get(step)
        if held and wrong in held:
            return step, right if step != "what" else held.replace(wrong, right)
    for step, is_one in (("when", when_said(right, now=now)), ("where", spot_in(right)), ("who", _WHO.search(right))):
        if is_one and fields.get(step):
            return step, right
    return None


def acknowledgement(fields: dict[str, str | None]) -> str:
    """What was understood from the first sentence, said back in one line."""
    told = [f"{FIELDS[k]}：{fields[k]}" for k in ("when", "where", "who", "wish") if fields.get(k)]
    return f"我先记下了（{'；'.join(told)}）。" if told else "好，我来帮您登记。"
