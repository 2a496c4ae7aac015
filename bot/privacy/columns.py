"""Every column of the database: does it hold what is somebody's, why, for how long, and how it gets out again.

`columns.yml` says it; docs/security/privacy.md shows it; a test compares both with the tables, so that no column is
forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import Field, model_validator

from knowledge.data_files import DataModel, Text, WrongAt, read


class PersonalSaid(DataModel):
    columns: Text
    purpose: Text = Field(alias="for")
    kept: Text
    out: Text


class TableSaid(DataModel):
    other: str = Field("", alias="not")
    personal: tuple[PersonalSaid, ...] = ()


class ColumnsFile(DataModel):
    """The schema of columns.yml. `kept` and `out` are named by each entry and told once."""

    kept: dict[str, Text]
    out: dict[str, Text]
    tables: dict[str, TableSaid]

    @model_validator(mode="after")
    def _named(self) -> "ColumnsFile":
        for table, said in self.tables.items():
            for place, one in enumerate(said.personal):
                if one.kept not in self.kept or one.out not in self.out:
                    raise WrongAt("kept 或 out 没有这个名字", "tables", table, "personal", place)
        return self


@dataclass(frozen=True)
class Personal:
    """Columns of a table that are kept for one reason and go in one way."""

    table: str
    columns: tuple[str, ...]
    purpose: str
    kept: str
    way_out: str

    @property
    def row(self) -> str:
        """As docs/security/privacy.md shows it."""
        names = ", ".join(f"`{self.table}.{column}`" for column in self.columns)
        return f"| {names} | {self.purpose} | {self.kept} | {self.way_out} |"


@cache
def _told() -> ColumnsFile:
    return read(Path(__file__).with_name("columns.yml"), ColumnsFile)


def personal() -> Iterator[Personal]:
    told = _told()
    for table, said in told.tables.items():
        for one in said.personal:
            yield Personal(table, tuple(one.columns.split()), one.purpose, told.kept[one.kept], told.out[one.out])


def personal_columns() -> list[str]:
    """`case.phone`, …"""
    return [f"{one.table}.{column}" for one in personal() for column in one.columns]


def other_columns() -> list[str]:
    return [f"{table}.{column}" for table, said in _told().tables.items() for column in said.other.split()]
