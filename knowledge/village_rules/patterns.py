"""What a village may not rule, from patterns.yml: a pattern each, with the articles that say so and the sentences for
legal worker and resident.

`tests/knowledge/village_rules/test_village_rule_check.py` looks every article up in the statute data.
"""

import re
from datetime import date
from pathlib import Path

from knowledge.data_files import DataModel, Text, read


class More(DataModel):
    """Further articles where one of the words stands in the clause."""

    words: re.Pattern[str]
    articles: tuple[Text, ...]


class Pattern(DataModel):
    label: Text  # what staff read beside the flag
    articles: tuple[Text, ...]  # short law name and Arabic number, the nearest first
    signs: re.Pattern[str]  # words by which one pattern is told from another
    reason: Text  # why a legal worker has to look
    says: Text  # what a resident would read, for the legal worker to edit
    more: tuple[More, ...] = ()

    def articles_for(self, text: str) -> tuple[str, ...]:
        called = [article for more in self.more if more.words.search(text) for article in more.articles]
        return tuple(dict.fromkeys([*self.articles[:2], *called, *self.articles[2:]]))


class Renumbered(DataModel):
    """From `begins` on these articles carry other numbers."""

    begins: date
    articles: dict[Text, Text]


class PatternsFile(DataModel):
    """The schema of patterns.yml."""

    patterns: dict[str, Pattern]
    renumbered: tuple[Renumbered, ...]


_FILE = read(Path(__file__).with_name("patterns.yml"), PatternsFile)
PATTERNS = _FILE.patterns
RENUMBERED = _FILE.renumbered


def numbered_on(day: date, articles: tuple[str, ...]) -> tuple[str, ...]:
    """The articles under the numbers that they carry on `day`."""
    for law in RENUMBERED:
        if law.begins <= day:
            articles = tuple(law.articles.get(article, article) for article in articles)
    return articles
