"""Every page of the console, joined to an application."""

from fastapi import APIRouter, FastAPI

from bot.web.knowledge import bulk_import, documents, golden, law, try_it, unanswered
from bot.web.staff import bookings, cases, conversation, imports, inbox, people, settings, sign_in
from bot.web.staff.desk import Desk


def include_pages(app: FastAPI, desk: Desk) -> None:
    app.state.desk = desk
    for router in _routers(desk):
        app.include_router(router)


def _routers(desk: Desk) -> tuple[APIRouter, ...]:
    tools = desk.tools
    return (
        sign_in.router,
        people.router,
        cases.router(desk),
        bookings.router,
        imports.router(desk),
        settings.router(desk),
        inbox.router,
        conversation.router,
        bulk_import.router(desk),
        law.router(desk, tools.searcher, today=tools.today),
        try_it.router(desk, tools.searcher, today=tools.today, intent=tools.intent),
        golden.router(desk, tools.golden, today=tools.today),
        unanswered.router(desk, tools.searcher, today=tools.today, topic=tools.topic),
        # Last: its addresses end in a document's id, which could be any word.
        documents.router(
            desk, today=tools.today, gate=tools.gate, is_indexed=tools.is_indexed, live=tools.searcher.live
        ),
    )
