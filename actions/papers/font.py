"""The font that our PDF files carry with them: what prints them (Ghostscript, under UOS, Kylin) may have no other."""

import logging
from functools import cache
from pathlib import Path

from reportlab.lib import textsplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import paragraph

log = logging.getLogger("linli.papers")

# Noto Serif SC (SIL OFL 1.1) as the front end's package.json names it; each PDF carries only the characters it needs.
_FILE = Path("@expo-google-fonts") / "noto-serif-sc" / "400Regular" / "NotoSerifSC_400Regular.ttf"
_NAME, _NOT_CARRIED = "NotoSerifSC", "STSong-Light"
_MISSING = "〓"  # what Chinese printers set for a character they haven't got
_folder: Path | None = None

# reportlab keeps Japanese marks off the start of a line; of Chinese ones it knows 、 and 。 alone.
_NEVER_FIRST = "，；：！？）》】"
for _module in (textsplit, paragraph):
    _module.ALL_CANNOT_START += _NEVER_FIRST


def use(node_modules: Path) -> None:
    """Where the fonts are that set-up has put beside the front-end parts; said once by each process."""
    global _folder
    _folder = node_modules
    _font.cache_clear()
    embedded_font.cache_clear()


@cache
def embedded_font() -> str:
    """Its name for reportlab; read once a process, about a second. Without it a font's name that most readers know."""
    if (font := _font()) is None:
        pdfmetrics.registerFont(UnicodeCIDFont(_NOT_CARRIED))
        return _NOT_CARRIED
    pdfmetrics.registerFont(font)
    return _NAME


def drawable(text: str) -> str:
    """With a mark in place of what the font can't draw: reportlab would leave a blank, and nobody would notice."""
    font = _font()
    known = None if font is None else font.face.charToGlyph
    return "".join(c if known is None or ord(c) in known or c in "\n\t" else _MISSING for c in text)


@cache
def _font() -> TTFont | None:
    try:
        return TTFont(_NAME, str((_folder or Path()) / _FILE))
    except (OSError, TTFError) as error:
        log.error("PDF files go without their font; run `linli setup`: %s", error)
        return None
