"""Figures, grid, export."""

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE


def safe_cell(value: object) -> object:
    """A cell that a spreadsheet would run as a formula becomes text (OWASP, CSV injection)."""
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)  # no spreadsheet takes them
    return (
        f"'{value}"
        if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
        else value
    )
