"""Greetings, thanks, a chat: a friendly word, in turn one of several."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field

from actions.dialogue.frame.base import CustomAction, Said, Turn, say
from actions.dialogue.hearing import phrases
from actions.replies import Reply, ReplyKind
from knowledge.data_files import DataModel, Text, read

INTENTS = {  # what staff read
    "greet": "打招呼",
    "thanks": "道谢",
    "goodbye": "告别",
    "chitchat": "闲聊",
    "ask_capabilities": "问邻里会什么",
}
_PLEASANTRY = re.compile(
    r"^(?:大家|各位)?(?:早|早上|上午|中午|下午|晚上)(?:好|安)|天[冷凉]了?多穿|多穿(?:点|件|衣)|保重身体|注意身体"
    r"|吃(?:了|饭|过)?(?:没|了吗|吗)|吃(?:的)?(?:啥|什么|甚)(?:好)?(?:饭|菜|的)|闲着[冇没]事"
    r"|(?:天|今[天儿]个?儿?|外头|这天)[^，。]{0,4}(?:冷|热|雪|雨|暖和)|闲得慌|唠(?:会|嗑|两句)"
    r"|(?:下|落)(?:雪|雨)了[没冇吗]|零下[^，。]{1,5}(?:度|了|$)"
    r"|[过新]年好|摆.{0,3}龙门阵|冲壳子|路上慢(?:点|些)|笑死(?:我|个?人)"
)
# Who thanks for what has been done tells no trouble: 你教我写的收条好用得很，人家把九百块还给我了，谢谢你哟.
_GRATITUDE = re.compile("谢|多亏|恩人")
_DONE_WITH = re.compile(
    "好用|管用|要回来了|还(?:给我|我|清)了|拿到了|办(?:好|成|下来)了|解决了|帮了大忙|上[次回][你您]|[你您]教我"
)
_STILL = re.compile("但|可是|不过|还(?:差|欠|有|没)|剩|不[给肯让认]|没[给有人]|又|怎么|咋|求")
# What is said by its words alone, whatever the classifier takes it for.
_MISSENT = re.compile(
    "(?:^|[，。,！! ])(?:哎+[呀哟]*|啊+呀*|哦|噢|喔|不好意思|对不起|对不住)[，, ]?[^，。]{0,4}(?:发|按|点)错(?:了|人)"
)
_WEATHER = re.compile(
    "(?:今|明|后|[这过][两几]|周末|夜里|晚上)[^，。？?]{0,6}(?:下不下|有没有|会不会(?:下|有)|要不要下|要下)(?:大"
    "|小)?[雨雪霜雾]"
    "|(?:今|明|后)[^，。？?]{0,4}(?:有|下|落)(?:大|小)?[雨雪霜雾](?:没有?|不|吗|嘛|么|冇)"
)
_LEGAL_OF_WEATHER = re.compile("赔|摔|滑|淹|误工|谁扫|责任|高温|补贴|停工|保险|延期|工资")
_WRITING = re.compile(
    "(?:写|编|想|凑|拟|来|对|作|弄)(?:一|个|几|两)?(?:副|幅|首|段|句|篇)?"
    "(?:对联|对子|春联|挽联|喜联|门联|诗|顺口溜|打油诗|歌词|祝酒词|祝福语?|贺词|拜年话|广告词|作文)"
)
_ALMANAC = re.compile(
    "黄历|良辰|吉日|(?:适不适合|适合|宜不宜|哪天|[看算挑择选翻]个?(?:好)?日子)[^，。]{0,6}"
    "(?:动土|破土|上梁|搬家|乔迁|安葬|下葬|结婚|嫁娶|开业)|(?:算|看)(?:个|一)?(?:命|卦|八字|手相|面相)"
)
_LEGAL_OF_ALMANAC = re.compile("骗|退|赔|钱|[吵打闹]|邻居|挡|诈|诅咒|迷信|婚假|登记|领证")
_FETCHING = re.compile(  # an errand; what somebody else was asked to do begins otherwise
    "^(?:[你您]|请|麻烦|能不能|可以|可不可以)*(?:帮|给|替)(?:我|俺|咱)(?!说说|看看)[^，。]{0,10}(?:抢|买|订|充|点)"
    "[^，。]{0,18}(?:票|话费|外卖|红包|菜)"
)
_OF_ME = re.compile(
    "^(?:那|哎|喂|哈哈|嘿)?[，, ]?[你您](?!们)(?:是哪|叫|今年|多大|几岁|住|吃|睡|一天到晚|结婚|有对象|是男|是女)"
)
_COST = re.compile(
    "^(?:[你您](?:们)?|邻里)[^，。]{0,6}(?:收不收|要不要|要|收)(?:钱|费)(?:吗|不|么|嘛|啊|哦|呀|的)?(?:[，,。？?]|$)"
)
_OTHERS = re.compile("我|俺|咱|他|她|真人|机器|律师|法|告|钱")
_MOST_OF_ME = 24  # characters
# Who is alone asks nobody of the village's list to help.
_ALONE = re.compile("一个人|孤单|冷清|静得慌|没人说话|闷得慌")
_TO_TALK = re.compile("(?:说说话|聊聊天?|唠唠(?:嗑)?|解解?闷)[，,。！!了吧呀啊 ]*$")
# Who only tries whether anybody is there, or wants company over an empty shop.
_HELLO = re.compile(
    "^(?:喂|[你您]好)?[，, ]*(?:在不在|在吗|在么|有人(?:在)?(?:吗|没|不)|有没有人)"
    "(?:[？?，, ]+[^。]{0,4}试(?:试|一下|哈)[^。]{0,14})?[？?。！!]*$"
)
_OTHERS_OF_LAW = re.compile("赔|告|打我|欠|离婚|合同|[法判]|不想活|死")
_COMPANY = re.compile("陪[我俺额](?:唠|聊|说)(?:会|两句|几句|嗑|天|说?话)")
_Words = Annotated[tuple[Text, ...], Field(min_length=1)]


class SmallTalkFile(DataModel):
    """The schema of smalltalk.yml: what is said to each intent."""

    greet: _Words
    thanks: _Words
    goodbye: _Words
    chitchat: _Words
    ask_capabilities: _Words
    out_of_scope: _Words
    cost: _Words
    lonely: _Words


_FILE = read(Path(__file__).with_name("smalltalk.yml"), SmallTalkFile)


def is_pleasantry(text: str) -> bool:
    """A greeting, a wish, the weather."""
    return bool(_PLEASANTRY.search(text))


def is_gratitude(text: str) -> bool:
    """Thanks for what has come out well; 谢谢 alone also ends a polite request."""
    return bool(_GRATITUDE.search(text) and _DONE_WITH.search(text)) and not _STILL.search(text)


def friendly(intent: str, message: int | None) -> Reply:
    """By the message's number, so that a second try says the same."""
    words: tuple[str, ...] = getattr(_FILE, intent)
    return Reply(ReplyKind.smalltalk, words[(message or 0) % len(words)])


def aside(text: str, message: int | None) -> Reply | None:
    """A friendly word to what is none of our business by its words alone, though something of ours may lie near:
    给我写副对联，新娘子名字里带个梅字 was told what to do about a lost marriage certificate. None for other words.
    """
    is_weather = _WEATHER.search(text) and not _LEGAL_OF_WEATHER.search(text)
    is_almanac = _ALMANAC.search(text) and not _LEGAL_OF_ALMANAC.search(text)
    if is_weather or is_almanac or _WRITING.search(text) or _FETCHING.search(text):
        return friendly("out_of_scope", message)
    if is_gratitude(text) and not phrases.is_question(text):
        return friendly("thanks", message)
    if _COST.search(text):
        return friendly("cost", message)
    if _HELLO.search(text):
        return friendly("greet", message)
    if _COMPANY.search(text) and not _OTHERS_OF_LAW.search(text):
        return friendly("chitchat", message)
    if _ALONE.search(text) and _TO_TALK.search(text):
        return friendly("lonely", message)
    is_of_me = len(text) <= _MOST_OF_ME and _OF_ME.search(text) and not _OTHERS.search(text)
    return friendly("chitchat", message) if is_of_me or _MISSENT.search(text) else None


class SmallTalk(CustomAction):
    names = ("action_greet", "action_thanks", "action_goodbye", "action_chitchat", "action_ask_capabilities")

    def do(self, turn: Turn) -> Said:
        return say(friendly(self.name().removeprefix("action_"), turn.message))
