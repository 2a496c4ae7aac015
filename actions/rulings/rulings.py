"""What the law leaves open and a legal worker of the province decides; until then the strict answer holds.

What was decided stands as a row of `time_limit` each, `法律:` and its code before it; who decided it, when and why is
the audit's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.calendar.workdays import Unit
from actions.errors import InvalidInput
from actions.offices.models import TimeLimit
from knowledge.data_files import DataModel, Source, Text, WrongAt, read

BEFORE = "法律:"  # no topic of cases is called so
LEAST_REASON = 10
RULED = "法律工作者定的"


class Option(DataModel):
    value: Annotated[int, Field(ge=0, le=100)]
    name: Text
    effect: Text


class Question(DataModel):
    """`options`: what may be decided; the first holds while nobody has. `other`: a basis that isn't in the package."""

    code: Annotated[str, Field(pattern=r"^[a-z_]{2,16}$")]
    ask: Text
    why: Text
    law: tuple[Source, ...] = Field(min_length=1)
    other: str = ""
    read_by: Text
    options: tuple[Option, ...] = Field(min_length=2)

    def option(self, value: int) -> Option:
        """The first for what the file no longer knows."""
        return next((one for one in self.options if one.value == value), self.options[0])


class QuestionsFile(DataModel):
    """The schema of questions.yml."""

    questions: tuple[Question, ...]

    @model_validator(mode="after")
    def _nothing_stands_twice(self) -> Self:
        for place, question in enumerate(self.questions):
            values = [one.value for one in question.options]
            if len(values) != len(set(values)):
                raise WrongAt("两个选项的 value 一样", "questions", place, "options")
        codes = [question.code for question in self.questions]
        if len(codes) != len(set(codes)):
            raise WrongAt("有两个问题的 code 一样", "questions")
        return self


PATH = Path(__file__).with_name("questions.yml")


@cache
def questions() -> dict[str, Question]:
    return {question.code: question for question in read(PATH, QuestionsFile).questions}


@dataclass(frozen=True)
class Rulings:
    """As decided; what nobody has decided is by the first option."""

    decided: Mapping[str, int] = field(default_factory=dict)

    def of(self, code: str) -> int:
        question = questions()[code]
        return question.option(self.decided.get(code, question.options[0].value)).value


STRICT = Rulings()


def rulings(session: Session) -> Rulings:
    rows = select(TimeLimit.category, TimeLimit.amount).where(TimeLimit.category.startswith(BEFORE))
    return Rulings({row.category.removeprefix(BEFORE): row.amount for row in session.execute(rows)})


def decide(session: Session, code: str, value: int | None, why: str) -> tuple[Option, Option]:
    """What held and what holds now. The caller records who and why, and commits. Raises InvalidInput."""
    question = questions().get(code)
    if question is None:
        raise InvalidInput("没有这个问题，请刷新后再看。")
    option = next((one for one in question.options if one.value == value), None)
    if option is None:
        raise InvalidInput("请选一种。")
    if len(why.strip()) < LEAST_REASON:
        raise InvalidInput("请写明依据：哪个文件、哪一条，谁问过谁，至少十个字。以后看的人要靠它。")
    before = question.option(rulings(session).of(code))
    if before == option:
        raise InvalidInput("现在就是这样办的，没有改。")
    row = TimeLimit(category=f"{BEFORE}{code}", amount=option.value, unit=Unit.days, green_amount=option.value)
    session.merge(row)
    session.flush()
    return before, option


def kept_for(held: Rulings) -> str:
    """How long the papers of a topic are kept in the village's archive: 30年, 永久."""
    years = held.of("archive")
    return f"{years}年" if years else "永久"
