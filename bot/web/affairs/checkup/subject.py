"""体检 as the console lists it."""

from fastapi import APIRouter

from bot.web.affairs.checkup import corrections, listing, one
from bot.web.affairs.checkup.listing import HOME
from bot.web.affairs.checkup.waiting import waiting
from bot.web.affairs.subject import Subject

router = APIRouter()
# `one` last: its addresses end in a checkup's number, which could be any word
for each in (corrections.router, listing.router, one.router):
    router.include_router(each)

CHECKUP = Subject(
    name="法治体检",
    href=HOME,
    hint="征地、拆违、发包这些大事，照着清单一件一件对，法律顾问签了字再开会；复议以后要纠正的，盯着办",
    needs="village",
    waiting=waiting,
    router=router,
)
