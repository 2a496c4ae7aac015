"""Reporting a dispute: a form that feels like talking. Slots hold what was said; `actions.cases.filing` files it."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rasa_sdk.events import FollowupAction, SlotSet

from actions.cases import filing, green
from actions.dialogue.affairs.disclosure import AskDisclosure, is_not_posted
from actions.dialogue.frame import thread
from actions.dialogue.frame.answering import Answering, at_the_door, forgotten, remembered
from actions.dialogue.frame.base import ASKS, NOTHING, CustomAction, Said, Services, Turn, said_before, say, slots
from actions.dialogue.frame.forms import AGAIN, TO_THE_RULES, Ask, Form
from actions.dialogue.hearing import asides, commands, phrases
from actions.dialogue.hearing import dispute as words
from actions.dialogue.smalltalk import friendly, is_gratitude, is_pleasantry
from actions.replies import Button, Reply, ReplyKind
from knowledge.answering.compose import ANSWER_FROM
from knowledge.answering.told import Abstention, Answer
from knowledge.characters import letters
from knowledge.places import Place, find_village

INTENTS = {"report_dispute": "要报一件事"}  # what staff read
Fields = dict[str, str | None]

_AT = re.compile(r"地点是(.{2,300})")  # where, and nothing yet of what: a location sent from a telephone
_A_TROUBLE, _SURE = 8, 0.8  # characters, and how sure the classifier is
_NAMED = 4  # characters; 工资不给我 names a matter, 没钱 none
_STORY = 60  # characters; beyond, a question mark in it makes no question of it
_ASK = {
    "what": "您慢慢说：出了什么事？",
    "where": "这事在哪儿？哪个村、什么位置，说一声。",
    "when": "大概什么时候的事？记不清就说“记不清”。",
    "who": "跟谁有关？不用说名字，说是邻居、老板、村里还是别的人就行。",
    "wish": "您希望怎么解决？比如停下来、赔钱、道歉、调解。",
    "care": "家里有没有需要优先照顾的？比如老人、残疾人、农民工讨薪、挨了打、拖了好几年。没有就说没有。",
    "contact": "办事的人怎么联系您？可以留手机号；不想留名就说“匿名”；也可以就在这里回复您。",
}
_BUTTONS = {
    "when": ["今天", "昨天", "记不清"],
    "who": ["邻居", "老板", "村里", "说不清"],
    "wish": ["调解一下", "停下来", "赔偿损失", "请帮忙处理"],
    "care": ["没有", "高龄或独居老人", "残疾人", "农民工工资", "拖了很久"],
    "contact": ["在这里回复就行", "匿名"],
}
# Asked again, in other words, after an answer that said nothing of it.
_AGAIN = {
    "what": "我还没弄明白。出了什么事？说一两句就行，比如“邻居砌墙占了我家路”。",
    "where": "说个大概就行：在哪儿？比如“村东头”“3组”。实在说不清，就说“说不清”。",
    "when": "大概什么时候的事？“上个月”“前天晚上”这样说就行，记不清就说“记不清”。",
    "who": "跟谁有关，大概说一下就行，比如邻居、老板、村里；不知道就说“说不清”。",
    "wish": "您希望怎么解决？说一句就行，没想好就说“请帮忙处理”。",
    "care": "没听明白是哪一样要优先照顾，点一个就行；没有就说“没有”。",
    "contact": "怎么联系您？手机号、“匿名”，或者“在这里回复”，选一样就行。",
}

_YES = Button("对，报上去", "对，报上去")
_GO_ON = Button("接着报刚才的事", "接着报上次的事")
_OFFER = Reply(
    ReplyKind.smalltalk,
    "这件事要不要我替您登记上报？登记以后有编号，谁在办、办到哪一步，我都会告诉您。",
    buttons=(Button("要，帮我登记", "帮我登记上报"), Button("先不用", "先不用")),
)
_PUT_ASIDE = Reply(
    ReplyKind.smalltalk,
    "好，先放着，您说过的我都记着。什么时候想接着报，说“接着报”就行，哪天都可以。",
    buttons=(Button("接着报", "接着报上次的事"),),
)
_FAREWELL = Reply(ReplyKind.smalltalk, "好，不报了，刚才说的都没有交上去。以后想报，再跟我说。")


def fields_of(turn: Turn) -> Fields:
    return {step: turn.slot(f"dispute_{step}") for step in words.STEPS}


def is_half_told(turn: Turn) -> bool:
    return bool(turn.slot("dispute_id") and turn.slot("dispute_what"))


def go_on_buttons(turn: Turn) -> tuple[Button, ...]:
    """Shown after another matter, while a report lies half told: that it can go on."""
    return (_GO_ON,) if is_half_told(turn) else ()


def in_village(services: Services, turn: Turn, spot: str, text: str) -> str:
    """The spot with its village before it, unless it names one or lies outside: 村口 -> 李家沟村口."""
    with services.sessions() as session:
        village = find_village(session, text) or (session.get(Place, turn.place) if turn.place else None)
    if (
        village is None
        or village.name in spot
        or any(a in spot for a in village.aliases)
        or re.match(r"[镇县乡城]|.{1,4}[镇县市乡街城]", spot)
    ):
        return spot
    return f"{village.name}，具体位置说不清" if spot == "说不清" else village.name + spot.removeprefix("村")


class ReportDispute(Answering):
    """A trouble told: what the law says, and the offer to file it. Asked to file, the form begins at once.

    Called by `control`, which looks first whether the words answer something else.
    """

    def do(self, turn: Turn) -> Said:
        text = turn.text
        if turn.form == ValidateDispute.loop:
            return say(self.reply_to(turn, text))  # a question in the middle of the report; the form asks on
        if is_half_told(turn) and (phrases.is_resume(text) or len(text) < 8):
            reply = Reply(ReplyKind.asking, f"好，接着报您上次说的：{turn.slot('dispute_what')}")
            return say(reply, events=[FollowupAction(ValidateDispute.loop)])
        if phrases.is_explicit(text):
            return self.begin(turn)
        if is_gratitude(text) and not phrases.is_question(text):
            return say(friendly("thanks", turn.message))
        alone = self.look_up(turn, text, intent="ask_law") if len(letters(text)) >= _NAMED else None
        found, story = self._found(turn, alone)
        joined = (found, story) if found is not None and found is not alone else None
        if alone is not None and (mine := thread.mine(self, turn, alone, joined)) is not None:
            return say(mine.reply, _OFFER, events=(*mine.events, *slots(dispute_offer=mine.words)))
        if isinstance(found, Abstention) and not found.near and is_pleasantry(text):
            return say(friendly("chitchat", turn.message))
        if alone is not None and joined and (instead := thread.instead(self, turn, alone, joined[0])) is not None:
            return say(instead.reply, _OFFER, events=(*instead.events, *slots(dispute_offer=instead.words)))
        told = replace(turn, text=story)
        offered = slots(dispute_offer=story)
        if isinstance(found, Answer):
            return say(thread.again(self, turn, found), _OFFER, events=(*offered, *remembered(told, found)))
        if found is not None and (chosen := thread.chosen(self, turn, found, alone)) is not None:
            return say(chosen.reply, _OFFER, events=(*chosen.events, *slots(dispute_offer=chosen.words)))
        return say(*self._unsure(told, found), events=(*offered, *forgotten(told, "ask_law", found)))

    def _found(self, turn: Turn, alone: Answer | Abstention | None) -> tuple[Answer | Abstention | None, str]:
        """What our sources say to the trouble, and its words: with those before it where it goes on with them (我没收
        他一分钱呀, after a question on a guarantee). None for what is too short to be looked up.
        """
        if alone is None:
            return None, turn.text
        return thread.within(self, turn, alone, intent="ask_law") or (alone, turn.text)

    def _unsure(self, turn: Turn, found: Abstention | None) -> tuple[Reply, ...]:
        """What may be meant, with what holds for each; else a question is answered openly that we aren't sure, and a
        trouble is told its door.
        """
        is_question = phrases.is_question(turn.text) and len(turn.text) < _STORY
        if found is not None and (found.near or is_question):
            return self.abstain(turn, turn.text, found), _OFFER
        where, links = at_the_door(self.services.topic(turn.text))
        return (replace(_OFFER, next=f"等不及的，先找{where}。", links=links),)

    def begin(self, turn: Turn) -> Said:
        """Fill from what was told just now, or just before."""
        is_resume = phrases.is_resume(turn.text)
        fields = self._told(turn, is_resume=is_resume)
        if fields.get("what"):
            ready = words.acknowledgement(fields)
        elif is_resume:
            ready = "我这里没有报了一半的事。要报新的，几句话就好。"
        else:
            ready = "好，我来帮您登记，几句话就好。中途想问别的、想改、想停，直接说。"
        return say(
            Reply(ReplyKind.asking, ready),
            events=[
                *ValidateDispute.empty(),
                *slots(**{f"dispute_{k}": v for k, v in fields.items() if v}),
                *slots(
                    dispute_id=f"{turn.conversation_id}:{turn.message or datetime.now(UTC).timestamp()}",
                    dispute_message=turn.message,
                ),
                FollowupAction(ValidateDispute.loop),
            ],
        )

    def _told(self, turn: Turn, *, is_resume: bool) -> Fields:
        """The fields that the trouble fills, as it was told with the wish to file it, or before."""
        text, offered = turn.text, turn.slot("dispute_offer")
        matter = "" if is_resume else words.matter_in(text)
        told = offered if offered and (not matter or not phrases.is_explicit(text)) else text
        if told == offered:
            matter = words.matter_in(told) or told
        now = datetime.now(UTC)
        if spot := _AT.fullmatch(matter):
            told, matter = spot[1], ""
            found = {"where": spot[1]}
        else:
            around = {k: v for k, v in words.extract(told, now=now).items() if k in ("contact", "care") or not matter}
            found = {**around, **words.extract(matter, now=now)}
        what = matter if len(matter) >= 4 and matter != found.get("who") else ""
        with self.services.sessions() as session:
            named = find_village(session, told)
        if "where" in found:
            found["where"] = in_village(self.services, turn, found["where"], told)
        elif named and named.name in told:
            found["where"] = named.name
        return {**{k: phrases.tidy(v) for k, v in found.items()}, "what": phrases.tidy(what) or None}


class ValidateDispute(Answering, Form):
    names = ("validate_dispute_form",)
    loop = "dispute_form"
    prefix = "dispute"
    fields = (*words.STEPS, "id", "confirm", "message", "offer", "hint")
    aside_table = asides.REPORT

    def is_stopped(self, turn: Turn) -> bool:
        return phrases.is_drop(turn.text) and turn.text not in _BUTTONS.get(self.step(turn), ())

    def farewell(self, turn: Turn) -> Reply:
        return _FAREWELL

    def leave(self, turn: Turn) -> Said | None:
        """What was said stays where the report is put aside."""
        if (stopped := super().leave(turn)) is not None:
            return stopped
        if phrases.is_pause(turn.text) and not phrases.is_resume(turn.text):
            return say(_PUT_ASIDE, events=[*self.mark(turn), *slots(dispute_hint=None, requested_slot=None)])
        if self.step(turn) == "what" and is_not_posted(turn.text):  # has a way of its own, above the committee
            told = AskDisclosure(self.services).do(turn)
            return told + say(events=(*self.empty(), SlotSet("requested_slot", None)))
        return None

    def at_any_step(self, turn: Turn, step: str) -> Said | None:
        text, fields = turn.text, fields_of(turn)
        if phrases.is_back(text):
            return self._back(step, fields)
        is_late_button = step != "what" and phrases.is_explicit(text) and not words.matter_in(text)
        if phrases.is_resume(text) or (is_late_button and not phrases.yes_or_no(text)):
            return AGAIN  # the button that began it, pressed late or twice
        if fields["what"] and fields["what"] in (phrases.tidy(text), phrases.tidy(words.matter_in(text))):
            return AGAIN  # the same message again
        if fixed := words.correction(text, fields, now=datetime.now(UTC)):
            return self._correct(turn, *fixed)
        return None

    def _back(self, step: str, fields: Fields) -> Said:
        filled = [s for s in words.STEPS if fields.get(s)]
        if step in words.STEPS:
            filled = [s for s in filled if words.STEPS.index(s) < words.STEPS.index(step)]
        return say(events=slots(**{f"dispute_{filled[-1]}": None}, dispute_confirm=None)) if filled else AGAIN

    def aside(self, turn: Turn, step: str) -> Said | None:
        return super().aside(turn, step) if step != "what" or phrases.is_question(turn.text) else None

    def read_step(self, turn: Turn, step: str) -> Said:
        if step == "confirm":
            return self._confirm(turn)
        text, fields, now = turn.text, fields_of(turn), datetime.now(UTC)
        if step in ("where", "who", "wish") and fields.get("when") and words.is_only_a_time(text, now=now):
            return self._correct(turn, "when", text)
        if (pressed := self._button(step, text, fields, now)) is not None:
            return pressed
        value = words.read_step(step, text, now=now) if step in words.STEPS else None
        if value is None or not _is_plain(step, text):
            is_village = turn.intent == "change_place" and step == "where"
            if commands.is_meant(text, turn.intent, turn.sure) and not is_village:
                return TO_THE_RULES
            if step != "what" and len(text) >= 4 and phrases.is_question(text):
                return self._answer(turn)
        is_first = not turn.slot("dispute_hint")
        if step in ("where", "who") and value and is_first and _is_another_matter(turn, step):
            return say(events=slots(dispute_hint=_AGAIN[step]))
        if step == "where" and value is None and not is_first:
            value = "说不清"  # asked twice is enough
        if value is None or (step in ("where", "who") and words.is_wish(text)):
            return self._other(turn, step, value, fields)
        return self._fill(turn, step, value, fields)

    def _button(self, step: str, text: str, fields: Fields, now: datetime) -> Said | None:
        """A button is never a command, an older question's neither."""
        mine = _BUTTONS.get(step, [])
        for other in ("wish", "care", "contact"):
            if other != step and text in _BUTTONS[other] and text not in ("没有", *mine):
                value = words.read_step(other, text, now=now) or text
                return AGAIN if fields.get(other) else say(events=slots(**{f"dispute_{other}": value}))
        if text in mine:
            return say(events=slots(**{f"dispute_{step}": words.read_step(step, text, now=now) or text}))
        return None

    def _other(self, turn: Turn, step: str, value: str | None, fields: Fields) -> Said:
        """Not what was asked, but perhaps what will be asked next: 让他把墙拆了 while the day is wanted."""
        text = turn.text
        found = words.extract(text, now=datetime.now(UTC))
        others = {k: phrases.tidy(v) for k, v in found.items() if k != step}
        if fresh := {f"dispute_{k}": v for k, v in others.items() if not fields.get(k)}:
            return say(events=slots(**fresh))
        if "where" in others and len(text) <= 20:
            return self._correct(turn, "where", others["where"])
        if value is None and turn.intent in ASKS and turn.sure >= 0.6 and len(text) >= 6:
            return TO_THE_RULES
        return say(events=slots(dispute_hint=_hint(step, text)))

    def _fill(self, turn: Turn, step: str, value: str, fields: Fields) -> Said:
        """The step, and what else a longer sentence tells."""
        found = words.extract(turn.text, now=datetime.now(UTC)) if len(turn.text) >= 8 else {}
        filled = {k: v for k, v in found.items() if not fields.get(k) and k != step}
        if step == "where":
            value = in_village(self.services, turn, value, value)
        elif step == "what":
            value = words.matter_in(value) or value
        filled[step] = value
        return say(events=slots(**{f"dispute_{k}": phrases.tidy(v) for k, v in filled.items()}))

    def _correct(self, turn: Turn, step: str, value: str | None) -> Said:
        again = slots(dispute_confirm=None)
        if not value:
            return say(events=[SlotSet(f"dispute_{step}", None), *again])
        read = words.read_step(step, value, now=datetime.now(UTC))
        if step == "contact" and read is None:
            return say(events=[*slots(dispute_contact=None), *again, *slots(dispute_hint=_hint(step, value))])
        value = in_village(self.services, turn, value, value) if step == "where" else read or value
        fixed = Reply(ReplyKind.asking, f"改好了，{words.FIELDS[step]}：{value}。")
        return say(fixed, events=[SlotSet(f"dispute_{step}", value), *again])

    def _confirm(self, turn: Turn) -> Said:
        text, fields, answer = turn.text, fields_of(turn), phrases.yes_or_no(turn.text)
        if answer is True or (turn.intent == "affirm" and turn.sure >= 0.8 and len(text) <= 8):
            return say(events=slots(dispute_confirm="yes"))
        buttons = [Button(name, f"{name}要改") for step, name in words.FIELDS.items() if fields.get(step)]
        if answer is False or turn.intent == "deny":
            text = "哪一项要改？直接说“地点不对，是村口”这样的话也行；不想报了就说“不报了”。"
            return _read_back(text, buttons)
        is_question, is_command = phrases.is_question(text), commands.is_meant(text, turn.intent, turn.sure)
        is_contact = len(text) <= 12 and words.read_step("contact", text, now=datetime.now(UTC)) and not is_command
        if phrases.phone_in(text):
            return self._correct(turn, "contact", text)
        if not is_question and (words.is_wish(text) or is_contact):
            return self._correct(turn, "wish" if words.is_wish(text) else "contact", text)
        if is_command:
            return TO_THE_RULES
        if len(text) >= 4 and is_question:
            return self._answer(turn)
        return _read_back("没听明白是要报上去，还是要改。要报就说“对”，要改就点一项。", [_YES, *buttons])

    def _answer(self, turn: Turn) -> Said:
        """A question in between.

        What the rules would take for small talk is looked up here, and never met with a shrug alone.
        """
        if turn.intent in ASKS:
            return TO_THE_RULES
        shrug = Reply(ReplyKind.smalltalk, "这一句我答不准，报完以后可以说“转人工”问工作人员。咱们先接着报。")
        return say(self.reply_if_sure(turn, turn.text, threshold=ANSWER_FROM) or shrug)


def _is_plain(step: str, text: str) -> bool:
    """Whether what was read is an answer to the step and nothing else."""
    if step == "where":
        return words.spot_in(text) is not None
    return step in ("when", "contact", "care") or (step == "wish" and words.is_wish(text))


def _is_another_matter(turn: Turn, step: str) -> bool:
    """A trouble told where a place or a person was asked for: 村上那个水沟遭隔壁堵了."""
    is_told = turn.intent == "report_dispute" and turn.sure >= _SURE and len(turn.text) >= _A_TROUBLE
    return is_told and not _is_plain(step, turn.text)


def _hint(step: str, text: str) -> str:
    if step == "contact" and (count := phrases.odd_number_in(text)):
        wrong = "少了" if count < 11 else "多了" if count > 11 else "不对，错了"
        return (
            f"这个号码好像{wrong}几位：手机号是 11 位，您发的是 {count} 位，麻烦核对一下号码再发一次。"
            "不想留就说“匿名”。"
        )
    return _AGAIN.get(step, "")


def _read_back(text: str, buttons: Sequence[Button]) -> Said:
    """Ask again whether to file, with these words instead of all that was told."""
    hint = Reply(ReplyKind.asking, text, buttons=tuple(buttons))
    held = json.dumps(hint.as_custom(), ensure_ascii=False)
    return say(events=slots(dispute_confirm=None, requested_slot="dispute_confirm", dispute_hint=held))


class AskDispute(Ask):
    """One question of the form."""

    names = tuple(f"action_ask_dispute_{step}" for step in words.STEPS)

    def ask(self, turn: Turn) -> Said:
        step = self.name().removeprefix("action_ask_dispute_")
        text = turn.slot("dispute_hint") or _ASK[step]
        buttons = tuple(Button(title, title) for title in _BUTTONS.get(step, []))
        return say(Reply(ReplyKind.asking, text, buttons=buttons, form="dispute", step=step))


class AskConfirm(Ask):
    names = ("action_ask_dispute_confirm",)

    def ask(self, turn: Turn) -> Said:
        if hint := turn.slot("dispute_hint"):
            return say(Reply.from_custom({"kind": "asking", "form": "dispute", **json.loads(hint)}))
        told = {step: value for step, value in fields_of(turn).items() if value}
        if told.get("care") == "没有":
            del told["care"]
        lines = "\n".join(f"{words.FIELDS[step]}：{value}" for step, value in told.items())
        with self.services.sessions() as session:
            photos = filing.count_photos(session, turn.conversation_id)
        more = f"照片 {photos} 张一起报上去。" if photos else "有照片可以再加上。"
        return say(
            Reply(
                ReplyKind.asking,
                f"我念一遍，您听对不对：\n{lines}\n\n这样报上去，行吗？{more}",
                buttons=(_YES, Button("有错，要改", "不对"), Button("不报了", "不报了")),
                form="dispute",
            )
        )


class FileDispute(CustomAction):
    names = ("action_file_dispute",)

    def do(self, turn: Turn) -> Said:
        fields = fields_of(turn)
        if turn.slot("dispute_confirm") != "yes" or not fields["what"]:
            return NOTHING
        with self.services.sessions() as session:
            said = said_before(session, turn)
            if said is None:
                named = find_village(session, fields["where"] or "")
                village = named or (session.get(Place, turn.place) if turn.place else None)
                case = filing.file(
                    session,
                    request_key=f"dispute:{turn.slot('dispute_id')}",
                    conversation_id=turn.conversation_id,
                    place=village.id if village else None,
                    category=self.services.topic(fields["what"]),
                    fields=_filed(fields),
                    now=datetime.now(UTC),
                    message_id=turn.message,
                )
                said = say(filing.filed_reply(session, case))
        return said + say(events=ValidateDispute.empty())


def _filed(fields: Fields) -> dict[str, object]:
    """The form's fields under the names of a case."""
    contact = fields["contact"] or ""
    return {
        "what": (fields["what"] or "")[:2000],
        "spot": (fields["where"] or "")[:500],
        "when_said": (fields["when"] or "")[:200],
        "other_party": (fields["who"] or "")[:500],
        "wish": (fields["wish"] or "")[:1000],
        "is_anonymous": contact == "匿名",
        "phone": contact if contact[:1].isdigit() else None,
        "green": [g for g in (fields["care"] or "").split("、") if g in green.GREEN],
    }


class StopForm(CustomAction):
    """Inside a form: stop for good, or come back later."""

    names = ("action_stop_form",)

    def do(self, turn: Turn) -> Said:
        if phrases.is_pause(turn.text):
            return say(_PUT_ASIDE)
        return say(_FAREWELL, events=ValidateDispute.empty())
