"""Statute: read from the package of laws (`knowledge.statutes.reading`), never written in the console."""

from knowledge.documents.kinds.base import KindSpec

STATUTE = KindSpec(name="法律", label="法律")
