"""Where somebody was when their session had ended: the page they come back to after signing in.

In a cookie and not in the address, so that no link from outside can choose it.
"""

from urllib.parse import quote, unquote, urlsplit

from fastapi import Request, Response

COOKIE = "linli_back"
_KEPT_S = 8 * 3600  # a working day
_MOST = 500
_HOME = "/staff/inbox"
_DOORS = ("/staff/sign-in", "/staff/sign-out", "/staff/first-run", "/staff/account")


def remember(request: Request, response: Response) -> None:
    """The page asked for; of a form, the page that it stands on."""
    is_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    asked = str(request.url) if is_page else request.headers.get("hx-current-url") or request.headers.get("referer", "")
    if path := _page(asked):
        response.set_cookie(
            COOKIE,
            quote(path),
            max_age=_KEPT_S,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
            path="/staff",
        )


def taken(request: Request, home: str) -> str:
    """Where to go after signing in; `home`: who wasn't on the way anywhere."""
    return _page(unquote(request.cookies.get(COOKIE, ""))) or home


def forget(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/staff")


def _page(address: str) -> str:
    """The path and query of a page of the console; empty for anything else."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    is_ours = parts.path.startswith("/staff/") and not parts.path.startswith(_DOORS) and parts.path != _HOME
    is_plain = len(path) <= _MOST and path.isprintable() and path.isascii() and "\\" not in path
    return path if is_ours and is_plain else ""
