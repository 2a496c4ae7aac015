"""公开 as the console lists it."""

from fastapi import APIRouter

from bot.web.affairs.disclosure import calendar, item
from bot.web.affairs.disclosure.waiting import waiting
from bot.web.affairs.subject import Subject

router = APIRouter()
router.include_router(calendar.router)
router.include_router(item.router)

DISCLOSURE = Subject(
    name="公开",
    href="/staff/village/disclosure",
    hint="哪些账、哪些事到期要公布，传表、核对、张贴、答复居民的提问",
    needs="village",
    waiting=waiting,
    router=router,
)
