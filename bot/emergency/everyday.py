"""What people say every day that reads like danger to the second opinion, and the words without which nothing is
feared.
"""

import re

from bot.emergency.guidance import EmergencyKind

_WELL_WISHING = re.compile("路上慢(?:点|些)|多穿(?:点|件|衣)|(?:保重|注意)身体|注意保暖")
_SHORT_WISH = 30  # characters
# A stove in winter and a feast after the harvest are none, unless somebody feels it or the room is shut.
_HEARTH = re.compile("火[盆塘笼炉墙锅]|烤火|围着?炉|炭|灶|炉[子膛火]|[土火热]炕|炕烧|炕头|地暖|暖气|取暖|电热毯|高压锅")
_FELT = re.compile(
    "晕|昏|疼|痛|吐|恶心|没劲|没力|软|(?<!提)醒|应(?!该|当)"
    "|睡|关(?:着|上|紧|门|窗)|[气臭怪糊]味|漏|闷|喘|脸红|通红|红通|樱桃"
    "|报警(?!器)|难受|倒|迷糊"
    "|犯困|不吱声|没动静|不动|着火|烧(?:着|起来)|抬不起|栽|哈欠|敲不|抽"
)
# From here on the second opinion knows better: among the sentences it had a dozen stoves that fill a room, all above.
_SURE = 0.85
_OF_REVELS = frozenset({EmergencyKind.poison, EmergencyKind.self_harm, EmergencyKind.medical, EmergencyKind.death})
_REVEL = re.compile(
    "[喝吃吹整干耍玩][他它](?:一)?个|喝个(?:够|痛快|底|烂醉|死)|不醉不|一醉方休|喝死拉倒|往死里[喝吃]|累(?:死|成|得"
    "|坏|瘫|散)|撑死|底朝天|三天三夜"
    "|[累困渴饿忙热冷]得?要[死命]|要死要活|散架"
)
_IDIOM = re.compile(r"[喝吃整干玩][他它](?:一)?个(?:死|够|痛快|饱|底朝天|烂醉)|死人不偿命|不醉不归|一醉方休")
_IDLE_TALK = re.compile("没啥事|闲(?:唠|聊|扯|摆)|逗乐|唠(?:会儿|两句|嗑)|龙门阵|开(?:个)?玩笑")
_SICK = re.compile(
    "[叫喊推摇](?:他|她|都|也)?不|不(?:醒|应(?!该|当)|动)|吐|晕|昏|血|抽|喘|胸|不想|活[够着]|药|救|发[紫青白冷凉]"
    "|口水|白沫|瘫倒|一了|清净|解脱|走了|告别|对不起"
)
# Some word of danger, however plain. A guess is told only where one stands: a down jacket that sheds, a passbook, days
# of rain got the line that says whom to call.
_OF_DANGER = re.compile(
    "死|活[着够腻]|不想|没意思|走了|先走|要走|别找|不用(?:找|管|叫|等)|最后|遗|留[给俾]|托给|交代|对不起|对唔住"
    "|[下这]辈子|来世|无期|永别|远(?:嘅|的)地方"
    "|清净|清静|干净|解脱|撑不|熬不|拖累|牵连|抵[命得]|一起走|密码|还不[上清]|账清|今晚|照顾|药|刀|绳|血|疼|痛|晕|昏"
    "|吐|喘|栽|没气|张嘴|睡|躺|不[动应醒]"
    "|救|怕|躲|[打揍掐踹]我|砸|砍|[关锁绑拴扣]着|锁|绑|拴|不让|放人|证件|骗|转账|打钱|解冻|着火|冒烟|炭|煤|味道?[^儿]"
    "|电线|漏电|河|塘|水库|井|江边"
    "|攒(?:着|了|够)|[0-9几十百多]+[粒片颗]|楼顶|天台|桥|塌|裂|滑坡|滚|丢了|不见|没回|找不|没音信|打不通|怎么打|不接"
    "|青紫|蛇|摔|撞|压着|饿|摸|脱|哭|抖|喝"
)

# Somebody lies in hospital or was treated there, and money is asked for or advanced: it has happened, and is a claim.
_TREATED = re.compile(
    "住(?:着|了|进)?(?:院|医院)|医院(?:里)?(?:住|躺)|出院|[动开]了?刀|手术|医药费|医疗费|药费|拍了?片"
)
_CLAIM = re.compile(
    "垫(?:了|付|的)|赔|开口|[要讨问]我?[^，。]{0,6}[0-9一二三四五六七八九十百千两几]+(?:多)?(?:万|千|块)|私了|报销"
)
_OF_THE_BODY = frozenset({EmergencyKind.medical, EmergencyKind.accident, EmergencyKind.bite, EmergencyKind.violence})


def is_claim(kind: EmergencyKind, text: str) -> bool:
    """现在县医院住着已经垫了一万一千多，开口就要十五万: the ambulance has come and gone."""
    return kind in _OF_THE_BODY and bool(_TREATED.search(text) and _CLAIM.search(text))


def is_idle(kind: EmergencyKind, text: str, *, chance: float, most: int) -> bool:
    """起大雾了，路上慢点哈 is no missing person, 火盆烤红薯 no gas, 秋收完了喝他个死 no poison.
    `chance`: P(danger); `most`: characters from which on a message tells more than that.
    """
    if len(text) < _SHORT_WISH and _WELL_WISHING.search(text):
        return True
    if len(text) >= most or chance >= _SURE:
        return False
    if kind is EmergencyKind.gas:
        return bool(_HEARTH.search(text)) and not _FELT.search(text)
    return kind in _OF_REVELS and bool(_REVEL.search(text)) and not _SICK.search(text)


def is_revel(kind: EmergencyKind, text: str, *, most: int) -> bool:
    """累死人不偿命，今晚我要喝他个死, and who says that it is idle talk over a warm bed, whatever the second opinion
    holds of it; `most`: as for `is_idle`.
    """
    if kind is EmergencyKind.gas and _IDLE_TALK.search(text) and not _FELT.search(text):
        return True
    return kind in _OF_REVELS and len(text) < most and bool(_IDIOM.search(text)) and not _SICK.search(text)


# Who is alone and wants to talk is given an ear and a number, not told to leave the roof.
_LONELY = re.compile("陪我|说说话|聊聊|静得慌|冷清|孤单|没人说话|想(?:老伴|他|她)(?:了|啊|呀)?$|闷得慌")
_WISH = re.compile(
    "死|不想活|活[着够腻]|没意思|解脱|撑不|熬不|跟(?:他|她|老伴)(?:走|去)|去找(?:他|她|老伴)|药|绳|刀|河|楼|安眠"
)


# Who can't leave the house and wants to make a will asks for somebody to come.
_WILL = re.compile(r"(?:立|写|做|公证)[^，。]{0,4}遗嘱|遗嘱[^，。]{0,8}(?:公证|见证|有效|算数|管用|作数|[咋怎]么?写)")


def is_will(text: str) -> bool:
    """想立个遗嘱，能不能派个人来家里, without a word of dying."""
    return bool(_WILL.search(text)) and not _WISH.search(text) and not re.search("不在|明天|今[晚夜]|最后", text)


# Who asks whether it will snow on the cabbages, or says thanks for what was well explained.
_WEATHER = re.compile(r"(?:会不会|要不要|[还要会])下(?:大|小)?[雨雪霜雹]|下不下[雨雪]|天气预报")
_THANKED = re.compile(r"谢谢[你您]|多谢|谢了|感谢[你您]")
_WELL_TOLD = re.compile(r"明白|清楚|耐心|办[成好妥]|管用|[讲说教]得|教(?:我|的)|批(?:了|下来)|要回来|解决")
_FAREWELL = re.compile(r"这些年|一直|一路|陪|照[顾应]|关照|各位|大家|不用(?:再|管|找)|以后|下辈子|再见|保重")


def is_friendly(text: str) -> bool:
    """The weather or a word of thanks, without a word of danger or of farewell."""
    is_thanks = _THANKED.search(text) and _WELL_TOLD.search(text) and not _FAREWELL.search(text)
    return bool(is_thanks or _WEATHER.search(text)) and not has_word_of_danger(text)


def is_lonely(text: str) -> bool:
    """老伴走了这屋里静得慌, 陪我说说话, without a word of dying."""
    return bool(_LONELY.search(text)) and not _WISH.search(text)


def has_word_of_danger(text: str) -> bool:
    return bool(_OF_DANGER.search(text))
