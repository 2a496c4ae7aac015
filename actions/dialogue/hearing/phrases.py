import re

from knowledge.statutes.numerals import FIGURES

_PHONE = re.compile(r"(?<!\d)(1[3-9]\d{9}|0\d{2,3}[- ]?\d{7,8})(?!\d)")
_SPOKEN_DIGITS = str.maketrans({"幺": "1"} | {word: str(figure) for word, figure in FIGURES.items()})

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
    r"|(?:每个?月|一[年月天]|能|要|该|得)[^，。]{0,4}好多(?:钱)?[呀嘛哦]?$"  # 四川: how much
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
EXPLICIT = re.compile(
    (
        r"投[诉拆]|举报|登记|上报|报上去|给[我俺]报|帮[我俺]报|报[个点]?(?:事|情况)|报案|反映|反应(?=个|一下|情况)|告状"
        r"|(?:我|俺)们?(?:要|想)告|维权|申请调解|来调解|请人调解|帮我处理|派人|管管|处理一下|我要报|tou ?su|ju ?bao"
    ),
    re.IGNORECASE,
)
# A word of filing that asks for none: 结婚登记, 上回登记的, 没顾上报, 不退算举报, 派出所登记了, 厂里一直没给我报.
_NO_REQUEST = re.compile(
    r"(?:没|冇|未|不|不肯|不愿意?|不想)(?:有|人)?[给帮替][我俺咱佢他她](?:们)?报|"
    r"(?:没|未|不|结婚|离婚|产权|产|户口|户籍|出生|车辆|抵押|失业|上[回次]|之前|以前|昨天|前天|已经|顾上?|来得及|去|被"
    r"|他|她|人家)"
    r"(?:有|曾|给|去|办|做|来|再)?(?:登记|上报|举报|投诉|反映|报案|维权)"
    r"|(?:不给|不赔|不买|不签|要不|否则|威胁|扬言|吓唬?)[^，。]{0,4}(?:举报|投诉|上报)"  # what another threatens with
    r"|(?:登记|上报|举报|投诉|反映|报案|维权)(?:号|的|过|了|机关|处|证|表|费|在|到|成|人|吗|有用|没用|信)"
)
_REQUEST = re.compile(
    r"(?:要|想|帮|给|请|替|来|得|我|俺)[^，。,]{0,4}(?:登记|上报|举报|投诉|反映|反应|报案|维权|告状|调解)"
    r"|[给帮替][我俺咱](?:们)?(?:报|处理|管)|[我俺咱]们?[要想]报"
)
_PLAIN = 40  # characters; beyond, a word of filing within the story is part of the story
_RESUME = re.compile(r"接着(?:报|登记|上次|刚才|说上次|说刚才|弄)|继续(?:报|登记|上次|刚才|弄)|上次没报完|没报完的")

FILLER = re.compile(r"[要中好行对得嗯呐嘛吧呀啊哦了的哈请给帮忙我俺你们一下这个件事情点，,。！!. 可以想来]")


def is_explicit(text: str) -> bool:
    """Whether somebody asks to file, not only tells a trouble in which a word of filing stands."""
    if is_resume(text):
        return True
    left = _NO_REQUEST.sub("", text)
    return bool(EXPLICIT.search(left)) and (len(text) < _PLAIN or bool(_REQUEST.search(left)))


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
