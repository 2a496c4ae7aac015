"""Every page of the console, joined to an application."""

from fastapi import APIRouter, FastAPI

from bot.web.knowledge import bulk_import, documents, golden, law, try_it, unanswered
from bot.web.staff import (
    bookings,
    case,
    cases,
    conversation,
    dashboard,
    deadlines,
    imports,
    inbox,
    people,
    settings,
    sign_in,
)
from bot.web.staff.desk import Desk

DESK = (
    sign_in.router,
    people.router,
    cases.router,
    case.router,
    bookings.router,
    imports.router,
    settings.router,
    deadlines.router,
    dashboard.router,
    inbox.router,
    conversation.router,
)


def include_pages(app: FastAPI, desk: Desk) -> None:
    app.state.desk = desk
    for router in (*DESK, *_knowledge(desk)):
        app.include_router(router)


def _knowledge(desk: Desk) -> tuple[APIRouter, ...]:
    tools = desk.tools
    return (
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
