"""Who stands in the roster of helpers, what each may be asked for, and what is never given to them: kinds.yml."""

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from pydantic import model_validator

from actions.errors import InvalidInput
from knowledge.data_files import DataModel, Text, WrongAt, read

LAWYER, MEDIATE, EXPLAIN = "lawyer", "mediate", "explain"
# 法官法 36, 检察官法 37: who has left the bench or the procuratorate isn't a lawyer before a court for two years.
YEARS_AFTER_OFFICE = 2


class Kind(DataModel):
    """`does`: wishes that it may be asked for; `left_office`: the day on which somebody left the bench is needed."""

    code: Text
    name: Text
    does: tuple[Text, ...]
    left_office: bool = False


class Wish(DataModel):
    """Without `asked`, it is what is meant where no other fits. `else_to`: who else there is, where nobody in the
    roster fits.
    """

    code: Text
    name: Text
    asked: tuple[re.Pattern[str], ...] = ()
    else_to: Text
    phones: tuple[Text, ...]


class Subject(DataModel):
    code: Text
    name: Text
    words: re.Pattern[str]


class Never(DataModel):
    asked: tuple[re.Pattern[str], ...]
    say: Text


class KindsFile(DataModel):
    """The schema of kinds.yml."""

    kinds: tuple[Kind, ...]
    wishes: tuple[Wish, ...]
    subjects: tuple[Subject, ...]
    never: tuple[Never, ...]

    @model_validator(mode="after")
    def _hangs_together(self) -> "KindsFile":
        known = {wish.code for wish in self.wishes}
        for number, kind in enumerate(self.kinds):
            if unknown := set(kind.does) - known:
                raise WrongAt(f"wishes 里没有“{min(unknown)}”。", "kinds", number, "does")
        for name, rows in (("kinds", self.kinds), ("wishes", self.wishes), ("subjects", self.subjects)):
            codes = [row.code for row in rows]
            if len(set(codes)) < len(codes):
                raise WrongAt("有两个一样的 code。", name)
        if not self.wishes or self.wishes[-1].asked:
            raise WrongAt("最后一个不写 asked，都对不上的时候用它。", "wishes")
        return self


PATH = Path(__file__).with_name("kinds.yml")
FILE = read(PATH, KindsFile)
KINDS = {kind.code: kind for kind in FILE.kinds}
WISHES = {wish.code: wish for wish in FILE.wishes}
SUBJECTS = {subject.code: subject for subject in FILE.subjects}


def never(words: str) -> str | None:
    """What somebody is told instead where violence, a child harmed or their own life is at stake; None for all else."""
    found = next((one for one in FILE.never if any(pattern.search(words) for pattern in one.asked)), None)
    return found.say if found else None


def wish_in(words: str) -> str:
    return next(wish.code for wish in FILE.wishes if not wish.asked or any(p.search(words) for p in wish.asked))


def subjects_in(words: str) -> list[str]:
    return [subject.code for subject in FILE.subjects if subject.words.search(words)]


def may(kinds: Iterable[str], wish: str, *, left_office_on: date | None, today: date) -> bool:
    """Whether somebody of these kinds may be asked for it on this day."""
    if not any(wish in KINDS[kind].does for kind in kinds if kind in KINDS):
        return False
    return wish != LAWYER or left_office_on is None or today >= lawyer_again_on(left_office_on)


def lawyer_again_on(left_office_on: date) -> date:
    """The first day on which somebody may act as a lawyer before a court again."""
    year = left_office_on.year + YEARS_AFTER_OFFICE
    try:
        return left_office_on.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 3, 1)


def read_kinds(given: Iterable[str]) -> list[str]:
    """Codes, in the order of the file. Raises InvalidInput."""
    wanted = set(given)
    if not wanted:
        raise InvalidInput("请至少选一种身份。")
    if unknown := wanted - KINDS.keys():
        raise InvalidInput(f"没有“{min(unknown)[:20]}”这种身份。")
    return [code for code in KINDS if code in wanted]


def kind_names(codes: Iterable[str]) -> str:
    """法律明白人、人民调解员."""
    return "、".join(KINDS[code].name for code in codes if code in KINDS)


def subject_names(codes: Iterable[str]) -> str:
    return "、".join(SUBJECTS[code].name for code in codes if code in SUBJECTS)
