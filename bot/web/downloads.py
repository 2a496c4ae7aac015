"""A file to save."""

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from fastapi import Response

from actions.errors import NotFound
from actions.reports.tables import XLSX, as_csv, as_xlsx


def file_response(data: bytes, name: str, kind: str) -> Response:
    return Response(
        data,
        media_type=kind,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "Cache-Control": "no-store"},
    )


def table_response(table: Iterable[Sequence[object]], name: str, kind: str) -> Response:
    """A table to save, as `kind` csv or xlsx; no cell of it runs as a formula. Raises NotFound for another kind."""
    if kind == "csv":
        return file_response(as_csv(table), f"{name}.csv", "text/csv")
    if kind == "xlsx":
        return file_response(as_xlsx(table), f"{name}.xlsx", XLSX)
    raise NotFound
