"""Every page of the console, joined to an application."""

from fastapi import FastAPI

from bot.web.affairs import guide, hub
from bot.web.affairs.registry import SUBJECTS
from bot.web.embedding import page as sites
from bot.web.knowledge import bulk_import, coverage, documents, editor, golden, law, listing, live, many, review
from bot.web.knowledge.asking import try_it, unanswered
from bot.web.knowledge.asking.again import Retold
from bot.web.knowledge.asking.groups import Vectors
from bot.web.staff import dashboard, deadlines, imports, notices, settings
from bot.web.staff.account import own, people, sign_in
from bot.web.staff.bookings import calendar, opening
from bot.web.staff.cases import case
from bot.web.staff.cases import listing as cases
from bot.web.staff.conversations import conversation, inbox
from bot.web.staff.conversations import many as many_conversations
from bot.web.staff.desk import Desk
from bot.web.staff.office import first_steps, hours

DESK = (
    sign_in.router,
    own.router,
    people.router,
    cases.router,
    case.router,
    calendar.router,
    opening.router,
    imports.router,
    settings.router,
    sites.router,
    hours.router,
    deadlines.router,
    dashboard.router,
    notices.router,
    many_conversations.router,
    first_steps.router,
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
    many.router,
    editor.router,
    live.router,
    review.router,
    # Last: its addresses end in a document's id, which could be any word.
    documents.router,
)


def include_pages(app: FastAPI, desk: Desk) -> None:
    app.state.desk = desk
    app.state.vectors = Vectors(desk.tools.searcher.embedder)
    app.state.retold = Retold()
    for router in (*DESK, *KNOWLEDGE, hub.router, guide.router, *(subject.router for subject in SUBJECTS)):
        app.include_router(router)
