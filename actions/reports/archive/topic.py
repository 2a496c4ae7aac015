"""What of a topic goes to the archive. Nobody who said or chose something stands in it: opinions are without their
authors, voices are receipts, and neither is there before the result is out.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from functools import partial

from sqlalchemy.orm import Session

from actions.decisions.models import Decision
from actions.reports.archive.writing import Item, paper
from actions.storable import row_of
from actions.topics import words
from actions.topics.counting import archive, sealing
from actions.topics.counting import paper as boxes
from actions.topics.models import Topic
from actions.topics.steps import result
from knowledge.clock import SHANGHAI

_COMMITTEE = "村（居）民委员会"


def items(session: Session, topic: Topic, *, now: datetime) -> Iterator[Item]:
    day = _day(topic.result_at or topic.raised_at)
    yield Item("01-议题.pdf", f"{topic.title}（{topic.number}）", _COMMITTEE, day, partial(_page, session, topic, now))
    yield Item("02-议题.json", "同样的内容，给电脑读", _COMMITTEE, day, partial(_plain, session, topic))
    if not topic.sealed_at or not topic.result_at:
        return
    sealed = _day(topic.sealed_at)
    yield Item(
        "03-封条.txt", "每一张票的回执和选的哪项，没有人名", "系统封存", sealed, partial(_sealed, session, topic)
    )
    yield Item("04-怎么核对.txt", "封条怎么核对，导出这天核对的结果", "系统", _day(now), partial(_how, session, topic))


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def _plain(session: Session, topic: Topic) -> bytes:
    return json.dumps(archive.packed(session, topic), ensure_ascii=False, indent=1).encode()


def _sealed(session: Session, topic: Topic) -> bytes:
    return sealing.sealed_text(sealing.ballots_of(session, topic)).encode()


def _page(session: Session, topic: Topic, now: datetime) -> bytes:
    found = archive.packed(session, topic)
    asked = [
        f"问哪些人：{words.circle_of(topic)}。",
        f"{words.METHODS.get(topic.method, '')}，{words.BASES.get(topic.basis, '')}。",
        f"选项：{'；'.join(topic.options)}" if topic.options else "",
        f"{_said(topic.opens_at)}开始，{_said(topic.closes_at)}截止。" if topic.opens_at and topic.closes_at else "",
        f"延长过一次：{topic.extended_why}" if topic.extended_why else "",
        words.NO_VOTE,
    ]
    is_over = topic.result_at is not None
    return paper(
        topic.title,
        (
            ("编号和进展", (topic.number, words.state_of(topic, now))),
            ("怎么回事", (topic.background,)),
            ("怎么问的", asked),
            ("当面商量", (topic.meeting_words,)),
            ("结果", (topic.result, *topic.shown) if is_over else ("还没有公布，这里没有票数，也没有意见。",)),
            ("纸票", _boxes(session, topic) if is_over else ()),
            ("交会议决定", _decision(session, topic)),
            (
                "交给谁办",
                [f"{what}：{team}，{when}" for what, team, when, _ in _tasks(session, topic)] if is_over else (),
            ),
            ("大家说的，和村里的答复（不写是谁说的）", [_opinion(one) for one in found["opinions"]]),
            ("投票记录的封条（SHA-256）", (topic.seal,) if is_over else ()),
            ("经过", [f"{_said(datetime.fromisoformat(one['at']))}　{one['what']}" for one in found["events"]]),
        ),
    )


def _said(moment: datetime | None) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if moment else ""


def _tasks(session: Session, topic: Topic) -> list[tuple[str, str, str, bool]]:
    return result.where_it_stands(session, topic)


def _opinion(one: dict[str, str]) -> str:
    answer = f"　答复：{result.ADOPTIONS.get(one['adoption'], '')}，{one['why']}" if one["adoption"] else ""
    return f"{one['stance']}：{one['text']}{answer}"


def _boxes(session: Session, topic: Topic) -> list[str]:
    """Without the houses that were ticked."""
    return [
        f"第{row.box}箱：有效{row.papers}张，废票{row.spoilt}张，各项{'、'.join(map(str, row.counts))}，两人各点一遍"
        for row in boxes.boxes_of(session, topic)
        if row.confirmed_by is not None
    ]


def _decision(session: Session, topic: Topic) -> tuple[str, ...]:
    found = row_of(session, Decision, topic.decision_id) if topic.decision_id else None
    return (f"{found.title}（{found.number}）",) if found is not None else ()


def _how(session: Session, topic: Topic) -> bytes:
    fault = sealing.fault_of(session, topic)
    options = "；".join(f"{number}是“{name}”" for number, name in enumerate(topic.options))
    lines = (
        f"{topic.title}（{topic.number}）",
        "",
        "“03-封条.txt”一行是一张票：回执、选的第几项（从0数起）、用没用参与码（1用了，0没用）。谁投的，这里没有。",
        f"选项：{options}。" if options else "",
        "把这个文件算一遍 SHA-256，应当和公布的封条一字不差：",
        "  Linux：sha256sum 03-封条.txt　　Windows：certutil -hashfile 03-封条.txt SHA256",
        f"公布的封条：{topic.seal}",
        "整包核对：在解开的文件夹里运行 sha256sum -c SHA256SUMS.txt",
        "",
        f"导出这天系统核对：{'对不上，' + fault if fault else '对得上'}。",
    )
    return "\r\n".join(lines).encode("utf-8-sig")
