"""决定与会议 as the console lists it."""

from fastapi import APIRouter

from bot.web.affairs.decisions import listing, meeting, one
from bot.web.affairs.decisions.desk import HOME
from bot.web.affairs.decisions.waiting import waiting
from bot.web.affairs.subject import Subject

router = APIRouter()
# `one` last: its addresses end in a decision's number, which could be any word
for each in (listing.router, meeting.router, one.router):
    router.include_router(each)

DECISIONS = Subject(
    name="决定与会议",
    href=HOME,
    hint="一件事走到哪一步，开会要到多少人、多少票，通知、签到表、会议记录",
    needs="village",
    waiting=waiting,
    router=router,
)
