"""What both Word files need."""

from docx.oxml.ns import qn
from docx.oxml.text.font import CT_RPr


def set_chinese_font(properties: CT_RPr | None, name: str) -> None:
    """Word keeps the font of Chinese characters apart. `properties`: of a run or a style whose Latin font is set."""
    assert properties is not None
    assert properties.rFonts is not None
    properties.rFonts.set(qn("w:eastAsia"), name)
