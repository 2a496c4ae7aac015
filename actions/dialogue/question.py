"""A question answered from knowledge."""

from collections.abc import Sequence
from dataclasses import replace

from actions.dialogue import reckoning
from actions.dialogue.frame import thread
from actions.dialogue.frame.answering import (
    UNSURE_FROM,
    Answering,
    forgotten,
    offered_in,
    remembered,
    reply_of,
    village_buttons,
)
from actions.dialogue.frame.base import ASKS, Said, Turn, say, slots
from actions.dialogue.hearing import phrases
from actions.dialogue.hearing.matters import listed_matters, split_matters
from actions.dialogue.reckoning import Reckoned
from actions.replies import Button, Reply, ReplyKind
from knowledge.answering.compose import ANSWER_FROM, OWN_RULE
from knowledge.answering.told import Abstention, Answer
from knowledge.places import Level, Place, villages_in

INTENTS = {  # what staff read
    "ask_law": "问法律",
    "ask_policy": "问政策",
    "ask_village_rule": "问村规",
    "ask_case_story": "想听别人家的例子",
    "ask_service_guide": "问办事",
    "ask_legal_aid": "问法律援助",
}
_TALE = 30  # characters; what is longer tells a trouble, in which the village's rule is only an argument
_SURE_ALONE, _NEARLY = 0.65, 0.15  # a part of a message lacks what stands before it, so its source must be surer

_LEAST_ASKED, _MOST_OF_BUTTON = 8, 24  # characters
_NUMERALS = "一二三四五"
_MOST_OF_MATTER = 2  # questions to choose from, where there are several matters
_QUOTED = 18  # characters of a matter that are said again


def _ask_apart(unsaid: Sequence[str]) -> Reply:
    return Reply(
        ReplyKind.asking,
        "您还问了别的，混在一起我怕答错，点一下我单独答：",
        buttons=tuple(Button(_cut(part, _MOST_OF_BUTTON), part) for part in unsaid),
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}……"


class AnswerQuestion(Answering):
    """Called by `control`, which looks first whether the words answer something else."""

    def do(self, turn: Turn) -> Said:
        is_sure = turn.intent in ASKS
        if not is_sure and len(turn.text) < 4:
            return say(
                Reply(
                    ReplyKind.asking,
                    "我没太听明白。您想问哪方面的事？比如土地、工资、低保、彩礼、邻里纠纷，多说一两句就行。",
                )
            )
        if turn.intent == "ask_village_rule" and (asked := self._which_village(turn)) is not None:
            return asked
        intent = turn.intent if is_sure else "ask_law"
        if listed := listed_matters(turn.text):
            return self._one_by_one(turn, listed, intent)
        if (reckoned := reckoning.reckoned(self.services, turn)) is not None:
            return self._reckoned(turn, reckoned, intent)
        if thread.leans(turn):
            return self._within_thread(turn, intent)
        threshold = ANSWER_FROM if is_sure else UNSURE_FROM
        whole = self.look_up(turn, turn.text, intent=intent, threshold=threshold)
        if (gone_on := self._gone_on(turn, whole, intent)) is not None:
            return gone_on
        told, unsaid = self._by_matter(turn, whole, intent)
        if not told:
            more = self.abstain(turn, turn.text, whole) if isinstance(whole, Abstention) else reply_of(whole)
            return say(more, events=forgotten(turn, intent, whole))
        apart = [_ask_apart(unsaid)] if unsaid else []
        return say(*map(reply_of, told), *apart, events=remembered(turn, told[-1], intent=intent))

    def _reckoned(self, turn: Turn, reckoned: Reckoned, intent: str) -> Said:
        """What was worked out first, then the rule: `document`'s sources, else an answer that we are sure of."""
        if reckoned.is_whole:
            return say(reckoned.reply(), events=slots(last_question=thread.both(turn), plain_count=0.0))
        if reckoned.document:
            rule = self.whole(reckoned.document)
            return say(reckoned.reply(rule.citations if rule else ()), events=forgotten(turn, intent))
        is_alone = reckoning.reckoned(self.services, replace(turn, slots={})) is not None
        whole = self.look_up(turn, turn.text if is_alone else thread.both(turn), intent=intent)
        if isinstance(whole, Answer):
            return say(reply_of(whole, before=f"{reckoned.text}\n"), events=remembered(turn, whole, intent=intent))
        return say(reckoned.reply(), events=forgotten(turn, intent))

    def _one_by_one(self, turn: Turn, matters: Sequence[str], intent: str) -> Said:
        """An answer to each, in order, under its number; what we aren't sure of is said, never dropped."""
        replies: list[Reply] = []
        last: Answer | None = None
        for numeral, matter in zip(_NUMERALS, matters, strict=False):
            head = f"{numeral}、{_cut(matter, _QUOTED)}\n"
            found = self.look_up(turn, matter, intent=intent)
            if isinstance(found, Answer):
                last = found
                replies.append(reply_of(found, before=head))
            else:
                unsure = self.abstain(turn, matter, replace(found, near=found.near[:_MOST_OF_MATTER]))
                replies.append(replace(unsure, text=head + unsure.text))
        return say(*replies, events=remembered(turn, last, intent=intent) if last else forgotten(turn, intent))

    def _by_matter(self, turn: Turn, whole: Answer | Abstention, intent: str) -> tuple[list[Answer], list[str]]:
        """The answers to all that is asked, in order, none twice, [] where nothing is sure enough; and what else was
        asked beside a part that is answered.

        A part is read alone only where its own source is surer than the whole's would make it: 能要回来吗 alone is
        nobody's question.
        """
        parts = split_matters(turn.text)
        least = max(_SURE_ALONE, whole.confidence - (_NEARLY if isinstance(whole, Answer) else 0.0))
        found = [self.look_up(turn, p, intent=intent, threshold=least) for p in parts] if len(parts) > 1 else []
        told = {one.document or one.text: one for one in found if isinstance(one, Answer)}
        unsaid = [
            part
            for part, one in zip(parts, found, strict=False)
            if told and isinstance(one, Abstention) and len(part) >= _LEAST_ASKED and phrases.is_question(part)
        ]
        if isinstance(whole, Answer) and len(told) < 2:
            told = {whole.document or whole.text: whole} | told
        return list(told.values()), unsaid

    def _gone_on(self, turn: Turn, alone: Answer | Abstention, intent: str) -> Said | None:
        """For words that go on with the matter before; `alone`: what they find by themselves. None for their own."""
        if (asked := thread.of_what_is_asked(self, turn, alone)) is not None:
            return say(asked.reply, events=asked.events)
        joined = thread.within(self, turn, alone, intent=intent)
        if (mine := thread.mine(self, turn, alone, joined)) is not None:
            return say(mine.reply, events=mine.events)
        return self._on_with_it(turn, *joined, alone, intent) if joined else None

    def _on_with_it(
        self, turn: Turn, found: Answer | Abstention, words: str, alone: Answer | Abstention, intent: str
    ) -> Said:
        """More of the matter before: what both messages find together, under the words of both; `alone`: what these
        find by themselves.
        """
        both = replace(turn, text=words)
        if isinstance(found, Answer) and (others := thread.others(self, turn, found, alone)) is not None:
            return say(
                self.abstain(turn, words, others), events=slots(last_question=words, last_offered=offered_in(others))
            )
        if (instead := thread.instead(self, turn, alone, found)) is not None:
            return say(instead.reply, events=instead.events)
        if isinstance(found, Answer):
            return say(thread.again(self, turn, found), events=remembered(both, found, intent=intent))
        if (chosen := thread.chosen(self, turn, found, alone)) is not None:
            return say(chosen.reply, events=chosen.events)
        return say(self.abstain(turn, words, found), events=slots(last_question=words, last_offered=offered_in(found)))

    def _within_thread(self, turn: Turn, intent: str) -> Said:
        """Words that may need those before them: a field of the last answer, else the surest of three readings."""
        if (reply := thread.from_last(self, turn)) is not None:
            return say(reply)
        alone = self.look_up(turn, turn.text, intent=intent)
        if (gone_on := self._gone_on(turn, alone, intent)) is not None:
            return gone_on
        reply = self.abstain(turn, turn.text, alone) if isinstance(alone, Abstention) else reply_of(alone)
        return say(reply, events=forgotten(turn, intent, alone))

    def _which_village(self, turn: Turn) -> Said | None:
        """Asked where a rule of the village is wanted and the village isn't known; a matter of the law goes on."""
        near = self._unsure_village(turn.place)
        if near is None:
            return None
        if not OWN_RULE.search(turn.text) or len(turn.text) >= _TALE:
            found = self.look_up(turn, turn.text, intent="ask_law")
            if isinstance(found, Answer):
                return say(reply_of(found), events=remembered(turn, found))
            if found.near and not OWN_RULE.search(turn.text):  # of the law, if only it were sure which
                return say(self.abstain(turn, turn.text, found), events=forgotten(turn, "ask_law", found))
        buttons = village_buttons(self.services, near)
        how = "" if buttons else "直接说“我是某某村的”就行。"
        asked = Reply(ReplyKind.asking, f"您是哪个村的？各村的村规不一样。{how}", buttons=buttons)
        return say(asked, events=slots(pending_question=turn.text))

    def _unsure_village(self, place: str | None) -> list[Place] | None:
        """None where the village is known; else those it may be, [] for any: a township's own account knows the
        township only.
        """
        with self.services.sessions() as session:
            known = session.get(Place, place) if place else None
            if known is not None and known.level is Level.village:
                return None
            return villages_in(session, known.id) if known else []
