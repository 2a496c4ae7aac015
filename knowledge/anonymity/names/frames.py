"""Sentences to learn names from: frames.yml."""

from functools import cache
from pathlib import Path

from knowledge.data_files import DataModel, Text, read


class FramesFile(DataModel):
    """The schema of frames.yml: sentences with A, B, C for names, sentences without any, and what stands before and
    after a name; any pair of those makes a sentence.
    """

    frames: tuple[Text, ...]
    ordinary: tuple[Text, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]


@cache
def frames() -> FramesFile:
    """Read where names are learned, once a machine."""
    return read(Path(__file__).with_name("frames.yml"), FramesFile)
