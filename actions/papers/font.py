"""The font that our PDF files carry with them: what prints them (Ghostscript, under UOS, Kylin) may have no other."""

import io
import lzma
from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

# Noto Serif SC 2.003 (SIL OFL 1.1, font/OFL.txt) from npm's @expo-google-fonts/noto-serif-sc 0.4.3, cut to Latin, all
# of GBK (names use its rare characters) and what 通用规范汉字表 has beyond: `pyftsubset NotoSerifSC_400Regular.ttf
# --unicodes-file=… --layout-features='' --no-hinting --drop-tables+=GSUB,GPOS,BASE,GDEF,STAT,vhea,vmtx`, `xz -9e`.
_FILE = Path(__file__).parent / "font" / "NotoSerifSC-GBK.ttf.xz"
_NAME = "NotoSerifSC"
_MISSING = "〓"  # what Chinese printers set for a character they haven't got


@cache
def embedded_font() -> str:
    """Its name for reportlab; unpacked once a process, about a second."""
    pdfmetrics.registerFont(_font())
    return _NAME


def drawable(text: str) -> str:
    """With a mark in place of what the font can't draw: reportlab would leave a blank, and nobody would notice."""
    known = _font().face.charToGlyph
    return "".join(c if ord(c) in known or c in "\n\t" else _MISSING for c in text)


@cache
def _font() -> TTFont:
    return TTFont(_NAME, io.BytesIO(lzma.decompress(_FILE.read_bytes())))
