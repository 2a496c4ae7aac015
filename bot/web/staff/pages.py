"""Every page of the console, joined to an application."""

from fastapi import FastAPI

from bot.web.embedding import page as sites
from bot.web.knowledge import bulk_import, coverage, documents, editor, golden, law, listing, review, try_it, unanswered
from bot.web.staff import bookings, conversation, dashboard, deadlines, imports, inbox, settings
from bot.web.staff.account import own, people, sign_in
from bot.web.staff.cases import case
from bot.web.staff.cases import listing as cases
from bot.web.staff.desk import Desk

DESK = (
    sign_in.router,
    own.router,
    people.router,
    cases.router,
    case.router,
    bookings.router,
    imports.router,
    settings.router,
    sites.router,
    deadlines.router,
    dashboard.router,
    inbox.router,
    conversation.router,
)
KNOWLEDGE = (
    bulk_import.router,
    law.router,
    try_it.router,
    coverage.router,
    golden.router,
    unanswered.router,
    listing.router,
    editor.router,
    review.router,
    # Last: its addresses end in a document's id, which could be any word.
    documents.router,
)


def include_pages(app: FastAPI, desk: Desk) -> None:
    app.state.desk = desk
    app.state.vectors = unanswered.Vectors(desk.tools.searcher.embedder)
    app.state.answers = unanswered.Answers()
    for router in (*DESK, *KNOWLEDGE):
        app.include_router(router)
