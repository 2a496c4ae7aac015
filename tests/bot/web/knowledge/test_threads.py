"""Blocking work leaves the event loop."""

import inspect

from fastapi.routing import APIRoute

from bot.web.knowledge import (
    bulk_import,
    coverage,
    documents,
    editor,
    golden,
    law,
    listing,
    live,
    review,
)
from bot.web.knowledge.asking import try_it, unanswered

PAGES = (bulk_import, coverage, documents, editor, golden, law, listing, live, review, try_it, unanswered)


def test_only_asking_rasa_is_awaited() -> None:
    routes = [route for page in PAGES for route in page.router.routes if isinstance(route, APIRoute)]
    assert len(routes) > 25
    awaited = {r.endpoint for r in routes if inspect.iscoroutinefunction(r.endpoint)}
    assert awaited == {try_it.ask, unanswered.group_now, unanswered.again, golden.said, live.heard}
