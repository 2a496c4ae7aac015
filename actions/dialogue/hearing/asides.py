"""Questions asked in the middle of a form."""

import re
from pathlib import Path
from typing import Literal

from knowledge.data_files import DataModel, Text, read

Aside = tuple[re.Pattern[str], str]
AsideName = Literal[
    "anonymous",
    "revenge",
    "cost",
    "who_sees",
    "how_long",
    "bring",
    "id",
    "who_are_you",
    "who_acts",
    "use",
    "what_for",
]

_COST = re.compile(
    r"(?:要|收|交|花)(?:不要|不收|不花)?.{0,3}(?:钱|费)(?:吗|不|没|么|嘛|啊)|(?:收|免)不(?:收|免)费|收费(?:吗|不|啊"
    r"|嘛)|要不要钱|^(?:这个|报|登记|预约|咨询)?.{0,3}多少钱(?:一次)?$|免费(?:的)?(?:吗|不|嘛)|花钱不"
)
_WHO_SEES = re.compile(
    r"保密|谁(?:能)?看(?:得)?(?:到|见)|会不会(?:泄露|说出去|让.{0,6}知道)|(?:别人|他|对方|村里)(?:会不会"
    r"|能不能)?.{0,4}(?:知道|晓得)(?:是我|我报)?.{0,4}(?:吗|不|么|嘛)|(?:知道|晓得)(?:是)?(?:我|俺)(?:报的|说的"
    r"|告的)?(?:吗|不|么|嘛)"
)
_REVENGE = re.compile(r"报复|穿小鞋|找我(?:麻烦|算账)|(?:怕|得罪)(?:他|人|村)")
_ANONYMOUS = re.compile(
    r"(?:能|可以|可不可以|能不能|行不行).{0,3}(?:匿名|不留名|不说名字)|匿名(?:行|可以|能)?.{0,3}(?:吗|不|么|嘛)"
    r"|(?:非得|一定要|必须|要不要)(?:留|写|说).{0,3}(?:名|电话|姓名|手机)"
)
_HOW_LONG = re.compile(
    r"(?:办|等|要|多)(?:要|得)?.{0,3}(?:多久|多长时间|几天|好久|多少天)|(?:多久|多长时间|几天|啥时候"
    r"|什么时候).{0,4}(?:能)?(?:有结果|答复|办好|办完|解决|回话)"
)
_WHAT_FOR = re.compile(
    r"(?:问|要|填)(?:这个|这些|这么(?:细|多)|我(?:这个|电话|手机|年纪)?|电话|手机号?).{0,4}(?:干啥|干嘛|干什么|做啥"
    r"|做什么|有(?:啥|什么)用|啥用|搞啥)|(?:为啥|为什么|凭啥|干嘛)(?:要)?(?:问|填|留)|有(?:啥"
    r"|什么)用(?:处)?[啊嘛呀]?$"
)
_USE = re.compile(r"(?:有用|管用|有没有用|顶用|顶事)(?:吗|不|么|嘛|没|啊)?$|有没有(?:人)?(?:用|管)")
_ID = re.compile(r"(?:要|用|带|需要)(?:不要|不用)?.{0,3}(?:身份证|户口本|证件|材料)(?:.{0,3}(?:吗|不|么|嘛|啊))")
_WHO_ACTS = re.compile(
    r"(?:谁|哪个|哪里|哪个单位|哪个部门)(?:来)?(?:办|管|处理|负责)|归(?:谁|哪|法院|派出所|镇|村)|你们管不管"
)
_WHO_ARE_YOU = re.compile(
    r"你(?:们)?(?:是)?(?:哪个|啥|什么|哪)(?:单位|部门|人|地方)|你是(?:谁|人|真人|机器)|你们是干(?:啥|什么|嘛)的"
)
_WHERE = re.compile(
    r"(?:地点|地方|地址|见面|去).{0,4}(?:在哪|哪里|哪儿|是哪)|在哪(?:里|儿)?(?:见|谈|办)|到哪(?:里|儿)?(?:去|见|找)"
)
_BRING = re.compile(r"(?:要|用|需要|得)(?:带|准备)(?:什么|啥|哪些|点啥)|带(?:什么|啥)")

# asked of the law, not of the form
_OF_LAW = re.compile(r"人民调解|仲裁|起诉|官司|公证|鉴定|律师费|援助|复议|司法确认")

# The first that fits is answered.
_ASKED: dict[AsideName, re.Pattern[str]] = {
    "anonymous": _ANONYMOUS,
    "revenge": _REVENGE,
    "cost": _COST,
    "who_sees": _WHO_SEES,
    "how_long": _HOW_LONG,
    "bring": _BRING,
    "id": _ID,
    "who_are_you": _WHO_ARE_YOU,
    "who_acts": _WHO_ACTS,
    "use": _USE,
    "what_for": _WHAT_FOR,
}


class AsidesFile(DataModel):
    """The schema of asides.yml: the answers of each form."""

    report: dict[AsideName, Text]
    booking: dict[AsideName, Text]
    tools: dict[AsideName, Text]


def _table(answers: dict[AsideName, str]) -> tuple[Aside, ...]:
    return tuple((pattern, answers[name]) for name, pattern in _ASKED.items() if name in answers)


_FILE = read(Path(__file__).with_name("asides.yml"), AsidesFile)
REPORT, BOOKING, TOOLS = _table(_FILE.report), _table(_FILE.booking), _table(_FILE.tools)


def is_about_place(text: str) -> bool:
    return bool(_WHERE.search(text))


def find(text: str, table: tuple[Aside, ...]) -> str | None:
    """The answer to a short question about the form; None for others. Longer texts are told, not asked."""
    if len(text) > 20 or _OF_LAW.search(text):
        return None
    return next((answer for pattern, answer in table if pattern.search(text)), None)
