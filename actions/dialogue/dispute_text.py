"""What a resident's sentence already says about a dispute. Pure: text in, values out; nothing is guessed beyond the words."""

import re
from datetime import datetime

from actions import dates

STEPS = ("what", "where", "when", "who", "wish", "care", "contact")
FIELDS = {"what": "事情经过", "where": "地点", "when": "时间", "who": "对方", "wish": "要求", "care": "优先情况", "contact": "联系方式"}
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
    r"在?((?:[\u4e00-\u9fff]{0,4}(?:村口|村头|村尾|村东|村西|村南|村北|路口|桥头|河边|渠边|沟边|地头|田头|村部|村委会|广场|工地|厂里|市场|学校|小区|老宅|祖宅|院子|后院|门口|房后|屋后|巷子|胡同|大棚|鱼塘|果园|[东西南北]头|[东南西北]坡|后山|前山|[一二三四五六七八九十\d]{1,2}组))"
    r"(?:边上|旁边|对面|里头|那里|那边|附近|外面)?)"
)
_VAGUE = {"工地", "厂里", "市场", "学校", "小区", "门口", "院子", "巷子", "果园", "大棚"}  # which one must be asked
_WHO = re.compile(
    r"((?:隔壁|对门|楼上|楼下|前院|后院|东边|西边|邻居|我?邻家)(?:的)?(?:老?[\u4e00-\u9fff]家|邻居|那家|老[\u4e00-\u9fff])?|老[\u4e00-\u9fff](?:家)?(?=砌|占|把|挖|打|骂|拿|欠|不|盖|砍|倒|放|种|修|堵|偷|跟|和|的)"
    r"|包工头|老板|工头|厂里|公司|单位|开发商|物业|中介|房东|租客|承包人|合作社|村干部|村支书|村主任|村长|村委会|组长|队长|亲戚|婆家|娘家|公公|婆婆|丈夫|妻子|老公|老婆|前夫|前妻|男方|女方|儿子|儿媳|女儿|女婿|兄弟|哥哥|弟弟|大伯|小叔|叔叔|舅舅|养殖场|收粮的|收菜的|卖家|商家|超市|医院)"
)
_WISH = re.compile(r"(?:我|俺|我们|俺们)?(?:就)?((?:想|要|要求|希望|盼着|想让|想请)(?:他|她|他们|你们|村里|镇上|政府|老板|对方|人)?.{0,4}?(?:赔|还|退|拆|停|道歉|修|搬|调解|说理|讨|要回|拿回|处理|管管|恢复|补偿|发|给|评评理|离婚).{0,16}?)(?=[，。,.！!；;]|$)")
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d{9}|0\d{2,3}[- ]?\d{7,8})(?!\d)")
# Each reason with the words that make it plain; asked otherwise, never guessed from less.
GREEN = {
    "残疾人": re.compile(r"残疾|轮椅|盲人|聋哑|瘫痪"),
    "高龄或独居老人": re.compile(r"独居|孤寡|空巢|留守老人|(?:[七八九]十|[789]\d)(?:多)?岁|高龄"),
    "农民工工资": re.compile(r"农民工|民工|工地.{0,20}(?:工资|工钱)|(?:工资|工钱|血汗钱).{0,20}(?:工地|包工头)|(?:欠|拖欠|不发|不给).{0,8}(?:工资|工钱|血汗钱)|(?:工资|工钱).{0,6}(?:没给|不给|没发|不发|拖)"),
    "受到暴力": re.compile(r"家暴|(?:打|揍|砍|踢|掐)(?:了|伤|我|她|孩子|人)|被打|威胁"),
    "拖了很久": re.compile(r"(?:[两二三四五六七八九十]|\d+)年(?:了|多|没)|好几年|多年|拖了很久|一直没人管|反映(?:过)?(?:很多|好几|多)次"),
    "未成年人": re.compile(r"未成年|留守儿童|孤儿"),
}
_LOOSE_TIME = re.compile(r"天|日|周|月|年|早|晚|午|夜|前|刚|最近|一直|长期|经常|从|春|夏|秋|冬|节|点|好久|很久|忘|不太")
_NONE = re.compile(r"^(?:没有?|无|都没有|没有了|没啥|没什么|不用|不需要|不知道|不清楚|记不清了?|不晓得|跳过|算了吧|没)[。！!，,了吧呀啊呢]*$")
_ANONYMOUS = re.compile(r"匿名|不留(?:名|电话)|不想(?:留|说)(?:名|电话|姓名)|保密")
_HERE = re.compile(r"(?:就)?在?这(?:里|儿)(?:回|联系|说|告诉|就行)|微信(?:上)?联系|不留|没有(?:电话|手机)|不方便")
_YES = re.compile(r"^(?:对|是的?|好的?|行|可以|嗯+|没错|对的|没问题|报吧?|报上去|提交|确认|就这样|交吧?|对对对?|是这样|没问题|ok|OK|好嘞|中|要得|成)[，,。！!了吧的啊呀 ]*(?:报上去|报吧|提交吧?|就这样|没错|没问题)?[。！! ]*$")
_NO = re.compile(r"^(?:不对|不是|错了|有错|不行|先别|等等|再改改|要改|改一下|不太对|不是这样)[，,。！!了吧的啊呀 ]*$")
_QUESTION = re.compile(r"[？?]|吗$|呢$|怎么|咋|什么|啥|多少|几(?:天|年|个)|能不能|可不可以|会不会|算不算|哪里|哪儿|是不是|合法不|犯法不")
_DROP = re.compile(r"不报了|不想报|取消|算了|不弄了|不说了|不登记|别报|撤了|不用了|停(?:下|止)")
_PAUSE = re.compile(r"待会|等会|一会儿|回头|改天|明天再|晚点|先放|下次|过几天|有空再|先停一下|歇|等一下再|待下")
_BACK = re.compile(r"^(?:上一步|返回|退回(?:去)?|回去|上一个|前一个|倒回去|重新说(?:上一个)?|刚才(?:那个)?说错了|前面(?:那个)?说错了|上一个(?:说)?错了)[。！!，,]*$")
_EXPLICIT = re.compile(r"投诉|举报|登记|上报|报上去|报个?事|报案|反映|告状|维权|申请调解|来调解|请人调解|帮我处理|派人|管管|处理一下|我要报")
_RESUME = re.compile(r"接着报|继续报|接着说上次|上次没报完|接着上次")


def is_explicit(text: str) -> bool:
    """Whether somebody asks to file, not only tells a trouble."""
    return bool(_EXPLICIT.search(text)) or is_resume(text)


def phone_in(text: str) -> str | None:
    found = _PHONE.search(text)
    return found.group(1) if found else None


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
    if (spot := _SPOT.search(text)) and spot.group(1) not in _VAGUE:
        found["where"] = spot.group(1)
    if when := when_said(text, now=now):
        found["when"] = when
    if who := _WHO.search(text):
        found["who"] = who.group(1)
    if wish := _WISH.search(text):
        found["wish"] = wish.group(1)
    if phone := _PHONE.search(text):
        found["contact"] = phone.group(1)
    elif _ANONYMOUS.search(text):
        found["contact"] = "匿名"
    if green := green_reasons(text):
        found["care"] = "、".join(green)
    return found


def when_said(text: str, *, now: datetime) -> str | None:
    """The resident's words, with the day where it was understood: `昨天（11月23日）`."""
    said = dates.phrases(text)
    if not said:
        return None
    past = dates.find_past(text, now=now)
    if past and past.said == said[0] and (past.end - past.start).days <= 1:
        local = past.start.astimezone(dates.SHANGHAI)
        return f"{said[0]}（{local.month}月{local.day}日）"
    return said[0]


def green_reasons(text: str) -> list[str]:
    return [name for name, pattern in GREEN.items() if pattern.search(text)]


def read_step(step: str, text: str, *, now: datetime) -> str | None:
    """The answer to the question of this step; None asks again."""
    text = text.strip(" ，,。；;")
    if not text:
        return None
    none = bool(_NONE.match(text))
    if step == "what":
        return text if len(text) >= 4 and not none else None
    if step == "when":
        if none:
            return "说不清"
        return when_said(text, now=now) or (text if len(text) <= 12 and _LOOSE_TIME.search(text) else None)
    if step == "contact":
        if phone := _PHONE.search(text):
            return phone.group(1)
        if _ANONYMOUS.search(text):
            return "匿名"
        return "在这里回复" if _HERE.search(text) or none else None
    if step == "care":
        return "没有" if none or re.match(r"^没", text) else "、".join(green_reasons(text)) or next((name for name in GREEN if text in name), None) or ("高龄或独居老人" if "老人" in text else None)
    if none:
        return {"where": None, "who": "说不清", "wish": "请帮忙处理"}.get(step)
    if _PHONE.fullmatch(text) or yes_or_no(text) is not None:
        return None
    return text


def correction(text: str, fields: dict[str, str | None]) -> tuple[str, str | None] | None:
    """`地点不对，是村口` -> ("where", "村口"); `时间要改` -> ("when", None: ask again). None: it corrects nothing."""
    for step, words in _FIELD_WORDS.items():
        head = re.match(rf"^(?:我的|那个|刚才的?|上面的?)?(?:{words})(?:说|填|写|记)?(?:得|的)?(?:不对|错了|有误|不是这个|弄错了|要改|改一下|想改|改成|改为|改到|换成|应该是|应是|改)", text)
        if head:
            rest = re.sub(r"^[，,：:。 ]*(?:应该|其实)?(?:改成|改为|换成|是|为|写|在)?", "", text[head.end() :]).strip(" 。，,！!")
            return step, rest or None
    swap = re.match(r"^(?:刚才)?(?:不是|不在)(.{1,12}?)[，,]\s*(?:而|应该|其实)?(?:是|在)(.{1,30})$", text)
    if swap:
        wrong, right = swap.group(1), swap.group(2).strip(" 。，,！!")
        for step in ("where", "who", "when", "wish", "what"):
            held = fields.get(step)
            if held and wrong in held:
                return step, right if step != "what" else held.replace(wrong, right)
    return None


def acknowledgement(fields: dict[str, str | None]) -> str:
    """What was understood from the first sentence, said back in one line."""
    told = [f"{FIELDS[k]}：{fields[k]}" for k in ("when", "where", "who", "wish") if fields.get(k)]
    return f"我先记下了（{'；'.join(told)}）。" if told else "好，我来帮您登记。"
