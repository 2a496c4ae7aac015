"""Regulations, judicial interpretations and papers of ministries that the statute data lacks: `other_sources.yml`.

An answer names one as `<name> <article>`; what stands there is our summary, never the original's words.
"""

import re
from datetime import date
from functools import cache
from pathlib import Path

from knowledge.data_files import DataModel, Text, read
from knowledge.statutes.numerals import article_number

MEMORY = "memory"
_ARTICLE = re.compile(r"\d+(?:-\d+)?")
_FILE = Path(__file__).parent / "other_sources.yml"


class OtherSource(DataModel):
    """`number`: of the paper, as 法释〔2020〕17号; `article`: `17`, or "" for the whole; `says`: in our words;
    `checked`: an address where it was read, `review` for a lawyer's review, `memory` where a legal worker has to look.
    """

    name: Text
    number: str = ""
    article: str = ""
    begins: date | None = None
    says: Text
    checked: Text

    @property
    def key(self) -> str:
        return _key(f"{self.name} {self.article}")

    @property
    def is_confirmed(self) -> bool:
        """Somebody read it where it stands; what is only remembered is a legal worker's to look at, and isn't shown."""
        return self.checked != MEMORY

    @property
    def ref(self) -> str | None:
        """第十七条, or 1.8.6 where a paper counts so; None for the whole paper."""
        if not self.article:
            return None
        return article_number(self.article) if _ARTICLE.fullmatch(self.article) else self.article


class OtherSourcesFile(DataModel):
    sources: tuple[OtherSource, ...]


@cache
def _known() -> dict[str, OtherSource]:
    return {source.key: source for source in read(_FILE, OtherSourcesFile).sources}


def other_source(named: str) -> OtherSource | None:
    """`工伤保险条例 17` -> what we know of it; None where it isn't in our table."""
    return _known().get(_key(named))


def every_source() -> list[OtherSource]:
    return list(_known().values())


def _key(named: str) -> str:
    return named.replace(" ", "").removeprefix("中华人民共和国")
