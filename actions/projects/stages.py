"""The stages of a project in their order, and what is to be looked at in each (checklist.yml)."""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from knowledge.data_files import DataModel, Source, Text, read


class Stage(StrEnum):
    approve = "approve"
    budget = "budget"
    tender = "tender"
    contract = "contract"
    start = "start"
    change = "change"
    accept = "accept"
    settle = "settle"
    audit = "audit"
    publish = "publish"


LABELS = {
    Stage.approve: "立项",
    Stage.budget: "预算",
    Stage.tender: "招标或比选",
    Stage.contract: "合同",
    Stage.start: "开工",
    Stage.change: "变更",
    Stage.accept: "验收",
    Stage.settle: "决算",
    Stage.audit: "审计",
    Stage.publish: "公示",
}
ORDER = tuple(Stage)
MAY_BE_MISSING = frozenset({Stage.change})  # most projects have none
HAS_SUM = frozenset({Stage.budget, Stage.tender, Stage.contract, Stage.change, Stage.settle, Stage.audit})
NEEDS_SUM = frozenset({Stage.budget, Stage.contract, Stage.change, Stage.settle})
SUM_SAID = {
    Stage.budget: "预算金额",
    Stage.tender: "中标（比选）价",
    Stage.contract: "合同价",
    Stage.change: "变更以后的总价",
    Stage.settle: "决算金额",
    Stage.audit: "审定金额",
}


class Item(DataModel):
    code: Annotated[str, Field(pattern=r"^[a-z_]{2,30}$")]
    text: Annotated[str, Field(min_length=1, max_length=80)]
    law: tuple[Source, ...] = ()
    other: str = ""  # ※: a basis that our statutes don't hold, or our own practice

    @model_validator(mode="after")
    def _has_a_basis(self) -> Self:
        if not self.law and not self.other.startswith("※"):
            raise ValueError("要写 law，或者写 other 并以 ※ 开头")
        return self

    @property
    def basis(self) -> str:
        return "、".join(f"{law}{article}" for law, article in self.law) or self.other


class ChecklistFile(DataModel):
    """The schema of checklist.yml."""

    heading: Text
    stages: dict[Stage, tuple[Item, ...]]

    @model_validator(mode="after")
    def _codes_stand_once(self) -> Self:
        codes = [item.code for items in self.stages.values() for item in items]
        if len(codes) != len(set(codes)):
            raise ValueError("code 写了两遍")
        return self


PATH = Path(__file__).with_name("checklist.yml")


@cache
def _file() -> ChecklistFile:
    return read(PATH, ChecklistFile)


def heading() -> str:
    return _file().heading


def items_of(stage: Stage) -> tuple[Item, ...]:
    return _file().stages.get(stage, ())
