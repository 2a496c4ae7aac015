"""What a village may not rule, from patterns.yml: a pattern each, with the articles that say so and the sentences for
legal worker and resident.

`tests/knowledge/village_rules/test_village_rule_check.py` looks every article up in the statute data.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from knowledge.data_files import AnyOf, DataModel, Text, read
from knowledge.statutes.citations import arabic, read_citation
from knowledge.statutes.moves import cited_on


class More(DataModel):
    """Further articles where one of the words stands in the clause."""

    words: AnyOf
    articles: tuple[Text, ...]


class Pattern(DataModel):
    label: Text  # what staff read beside the flag
    articles: tuple[Text, ...]  # short law name and Arabic number, the nearest first
    signs: AnyOf  # words by which one pattern is told from another
    reason: Text  # why a legal worker has to look
    says: Text  # what a resident would read, for the legal worker to edit
    more: tuple[More, ...] = ()

    def articles_for(self, text: str) -> tuple[str, ...]:
        called = [article for more in self.more if more.words.search(text) for article in more.articles]
        return tuple(dict.fromkeys([*self.articles[:2], *called, *self.articles[2:]]))


def numbered_on(articles: Iterable[str], day: date) -> tuple[str, ...]:
    """`农业法 67` as it is numbered on a day; what nobody has found again in a law written anew is left out."""
    cited = (read_citation(article) for article in articles)
    return tuple(f"{law} {arabic(ref)}" for law, ref in cited_on(((c.law, c.ref) for c in cited), day))


class PatternsFile(DataModel):
    """The schema of patterns.yml."""

    patterns: dict[str, Pattern]


_FILE = read(Path(__file__).with_name("patterns.yml"), PatternsFile)
PATTERNS = _FILE.patterns
