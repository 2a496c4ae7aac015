"""The twenty papers that no village gives (民发〔2020〕20号 ※, certificates.yml): which one words mean, who asks."""

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from knowledge.data_files import DataModel, Text, WrongAt, read


class Certificate(DataModel):
    code: Annotated[str, Field(pattern=r"^[a-z]{3,20}$")]
    name: Text
    guide: Text
    asked: re.Pattern[str]
    instead: Text


class CertificatesFile(DataModel):
    """The schema of certificates.yml."""

    source: Text
    certificates: tuple[Certificate, ...]

    @model_validator(mode="after")
    def _codes_stand_once(self) -> Self:
        codes = [one.code for one in self.certificates]
        for place, code in enumerate(codes):
            if codes.count(code) > 1:
                raise WrongAt(f"“{code}”写了两遍", "certificates", place)
        return self


PATH = Path(__file__).with_name("certificates.yml")
_FILE = read(PATH, CertificatesFile)
SOURCE = _FILE.source
CERTIFICATES = {one.code: one for one in _FILE.certificates}
GUIDES = frozenset(one.guide for one in _FILE.certificates)
# Who asks for it, as people name them; the first that stands in the words. The resident's own words never get further.
_UNITS = (
    ("银行", "银行|信用社|农商行|农信社|建行|农行|工行|邮储"),
    ("公证处", "公证"),
    ("派出所", "派出所|公安局|户籍窗口"),
    ("法院", "法院|法庭"),
    ("不动产登记中心", "不动产|房管局|房产局"),
    ("学校", "学校|大学|中学|小学|幼儿园|老师"),
    ("医院", "医院|卫生院"),
    ("社保", "社保|人社|养老金|退休金"),
    ("医保", "医保"),
    ("民政", "民政"),
    ("市场监管", "市场监管|工商|办执照"),
    ("保险公司", "保险"),
    ("通信公司", "移动公司|联通|电信公司|营业厅"),
    ("用人单位", "单位|公司|厂里|工厂|老板|招工|入职"),
    ("住房公积金中心", "公积金"),
    ("部队", "部队|征兵|武装部"),
)
_DEMANDS = re.compile(
    r"(?:叫|让|要|非要|非得|喊|说得|说要|要求|得有|必须).{0,14}(?:村|居委|社区|大队|盖章|证明)"
    r"|(?:村|居委|社区|大队).{0,8}(?:开|盖|出).{0,14}(?:证明|章)"
)


def of_guide(guide: str, words: str) -> Certificate | None:
    """The paper that an answer from this guide is about; by the words where a guide is about two."""
    own = [one for one in CERTIFICATES.values() if one.guide == guide]
    return next((one for one in own if one.asked.search(words)), own[0] if own else None)


def meant(words: str) -> Certificate | None:
    """By how people call it; None where no 证明 is spoken of."""
    if "证明" not in words and "证" not in words:
        return None
    return next((one for one in CERTIFICATES.values() if one.asked.search(words)), None)


def asker(words: str) -> str | None:
    """The kind of unit that wants it from the village, "" for one that isn't named; None where nobody wants it: 怎么开
    is a question and no demand.
    """
    if not _DEMANDS.search(words):
        return None
    return next((name for name, pattern in _UNITS if re.search(pattern, words)), "")
