"""A reply of ours as WeChat shows it: plain text in pieces that it takes, buttons as numbers, sources behind a link."""

import re
import unicodedata
from collections.abc import Sequence

from actions.replies import Button, Reply

MOST_BYTES = 2048  # of a text, passive or by the customer-service API
PIECE_BYTES = 1750  # of a piece: room for what is added at its end, a link at most
MOST_CHARACTERS = 600  # what still reads well on a telephone
_AROUND = ' 。.!！“”"'
_NUMBERED = re.compile(r"(?:回复|选|第)?\s*([0-9]{1,2})\s*(?:个|号|项)?[。.!！]?")


def pieces(text: str) -> list[str]:
    """Cut at line ends, then sentence ends, then anywhere; none longer than WeChat takes, nothing lost but blanks
    at the cuts.
    """
    found: list[str] = []
    rest = text.strip()
    while rest:
        if _fits(rest):
            found.append(rest)
            break
        end = _longest(rest)
        head = rest[:end]
        cut = max((m.end() for m in re.finditer(r"\n|[。！？；][”’」』）]?", head) if m.end() > end // 3), default=end)
        found.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [p for p in found if p]


def _fits(text: str) -> bool:
    return len(text) <= MOST_CHARACTERS and len(text.encode()) <= PIECE_BYTES


def _longest(text: str) -> int:
    end = min(len(text), MOST_CHARACTERS)
    while len(text[:end].encode()) > PIECE_BYTES:
        end -= max(1, (len(text[:end].encode()) - PIECE_BYTES) // 4)
    return end


def shown(reply: Reply, *, sources: str | None, own_url: str = "", is_numbered: bool = True) -> str:
    """One reply as plain text.

    `sources`: the signed link to the page with its full citations; `own_url`: before links to our pages; `is_numbered`:
    False where the numbers belong to a later reply in the same text.
    """
    parts = [reply.text]
    if reply.next:
        parts.append(f"下一步：{reply.next}")
    parts += [
        link.label if link.href.startswith(("tel:", "sms:")) else f"{link.label}：{own_url}{link.href}"
        for link in reply.links
    ]
    if reply.citations:
        rests_on = [c for c in reply.citations if c.kind != "answer"] or list(reply.citations)
        names = "、".join(f"《{c.title.removeprefix('中华人民共和国')}》{c.article or ''}" for c in rests_on[:3])
        parts.append(f"依据：{names}" + (f"\n看原文：{sources}" if sources else ""))
    if reply.buttons and not is_numbered:
        parts.append(f"可以回：{'、'.join(button.title for button in reply.buttons)}")
    elif reply.buttons:
        parts.append("\n".join(f"回复 {n}：{button.title}" for n, button in enumerate(reply.buttons, 1)))
    return "\n".join(p for p in parts if p)


# "/::)" and its like, and the newer "[微笑]"; what is left of a text that says nothing has no letter and no digit.
_STICKER = re.compile(r"/:[^\s/\u4e00-\u9fff]{1,10}|\[[A-Za-z\u4e00-\u9fff]{1,6}\]")


def is_only_signs(text: str) -> bool:
    """Stickers, emoji and punctuation without a word."""
    return not any(c.isalnum() for c in _STICKER.sub("", text))


def could_choose(said: str) -> bool:
    return _NUMBERED.fullmatch(unicodedata.normalize("NFKC", said).strip()) is not None


def chosen(said: str, buttons: Sequence[Button]) -> str | None:
    """What a number or a title stands for among the last buttons, as the widget would have sent it; None when it isn't
    a choice. Where the numbers belong to a later reply we say 可以回：换一位、撤回, so the title is an answer, too.
    """
    if (titled := next((b for b in buttons if b.title == said.strip(_AROUND)), None)) is not None:
        return titled.says
    found = _NUMBERED.fullmatch(unicodedata.normalize("NFKC", said).strip())
    if not found or not 1 <= int(found[1]) <= len(buttons):
        return None
    return buttons[int(found[1]) - 1].says
