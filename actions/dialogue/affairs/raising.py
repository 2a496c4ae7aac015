"""A topic raised in the chat: whether it is one, how it is worded, its number; or why the law doesn't let it be."""

import re
from datetime import UTC, datetime

from actions.dialogue.affairs.village import ask_which, village_of
from actions.dialogue.frame.answering import Answering
from actions.dialogue.frame.base import Said, Turn, say, slots
from actions.dialogue.hearing import phrases
from actions.errors import ActionError
from actions.motions import gate
from actions.motions.gate import Verdict
from actions.replies import Button, Reply, ReplyKind
from actions.topics.models import Topic
from actions.topics.raising import MOST_TEXT, Refused, raise_topic, title_of, why_stopped
from actions.topics.words import PREPARATION, day_of

WORDS = "写议题"  # for the slot `awaits`: the next message is what is to be talked over
READ_BACK = "议题这样写"  # for the slot `awaits`: a yes puts it to the village as it was read back
PUT, CONFIRMED, REWORD, ONLY_ASKING = "提成议题", "就这样提", "改一改议题", "只是问问"
_ASK = "您想请村里商量哪件事？一句话说清楚是哪里、什么事就行，最多300个字，不用写名字。"
_LEAST, _MOST_CITED = 6, 4  # characters of a matter; articles
# Something for everybody that isn't there yet, and nobody who did wrong: as likely a topic as a report.
_FOR_ALL = re.compile(
    r"(?:能不能|可不可以|建议|希望|提议|要是|想(?:请|让)村里|最好).{0,16}"
    r"(?:装|修|建|盖|办|搞|设|划|铺|添|请|弄|放|挪|安|通|开)"
    r"|该.{0,6}(?:装|修|建|铺|设|添)|(?:装|修|建|办|添|设|划|铺).{0,12}(?:行不行|要得不|好不好|中不中|得行不|呗$|多好)"
)
_ALL = re.compile(r"村|大家|大伙|咱|我们组|小区|社区|楼下|路|灯|广场|水渠|公厕|垃圾")
_AGAINST = re.compile(
    r"隔壁|邻居|老板|工头|[他她]家|家的|[叫让][他她]"
    r"|(?:他|她|对方|人家).{0,8}(?:占|堵|砌|打|骂|欠|拆|挖)|欠|赔|打(?:了|伤)|骂|投诉|举报|申请|罚|证"
    r"|[我俺](?!们|觉得|看[咱村]|想|提|建议|有个)"
)
_SHORT = 40  # characters; a longer story is somebody's own
_LEAD = re.compile(
    r"^(?:你好|您好|喂|哎|那个|麻烦)?[，,。 ]*"
    r"(?:(?:我|俺|咱|我们|本人)?(?:想|要|来)?(?:给|跟|向)?(?:村里|村上|村委会|村委|居委会|社区|大家)?"
    r"(?:再)?(?:提|写|发起|起)(?:一?[个条件点])?(?:议题|建议|意见|想法|事儿?|议案?|投票|征求意见|提议)"
    r"(?:给村里|给村委会)?"
    r"|提成议题|就这样提|写议题|(?:请)?(?:大家|村里)(?:开会)?(?:议一议|商量一下)|(?:兹)?提议)[：:，,。 ]*"
)
_BARE = re.compile(r"[个一下嘛吧呀啊呢哦的了请村里大家我俺想要能不事议题商量，,。！!？? ]")
_DOORS = (Button("约律师", "想约律师"), Button("请人调解", "我要申请调解"))


class RaiseTopic(Answering):
    names = ("action_raise_topic",)

    def do(self, turn: Turn) -> Said:
        with self.services.sessions() as session:
            village = village_of(session, turn)
        if village is None:
            return ask_which(self.services, turn)
        matter = matter_in(turn.text)
        if not matter:
            return ask_words(turn)
        if (refused := _stopped(matter)) is not None:
            return say(refused)
        asked = Reply(
            ReplyKind.asking,
            "这像是大家的事，可以提成议题请村里商量；也可以当成报修、反映，马上登记给办事的人。",
            buttons=(Button("提成议题", PUT), Button("登记反映", "帮我登记上报"), Button("只是问问", ONLY_ASKING)),
        )
        return say(asked, events=slots(affairs_draft=matter, dispute_offer=matter))

    def put(self, turn: Turn) -> Said:
        """The wording, read back before it goes anywhere."""
        draft = turn.slot("affairs_draft") or ""
        return read_back(turn, draft) if draft else ask_words(turn)

    def reword(self, turn: Turn) -> Said:
        """What was awaited: other words."""
        matter = matter_in(turn.text) or turn.text.strip()
        if len(matter) > MOST_TEXT:
            text = f"您写了{len(matter)}个字，最多{MOST_TEXT}个。请写短一点，细节以后可以补。"
            return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(WORDS)))
        if len(matter) < _LEAST:
            return ask_words(turn)
        if (refused := _stopped(matter)) is not None:
            return say(refused, events=slots(affairs_draft=None))
        return read_back(turn, matter)

    def raised(self, turn: Turn) -> Said:
        """Stored once for the message that said so, however often it is tried."""
        draft = turn.slot("affairs_draft") or ""
        now = datetime.now(UTC)
        with self.services.sessions() as session:
            village = village_of(session, turn)
            if village is None:
                return ask_which(self.services, turn)
            if not draft:
                return ask_words(turn)
            try:
                topic = raise_topic(
                    session,
                    place=village.id,
                    text=draft,
                    conversation_id=turn.conversation_id,
                    by="resident",
                    key=f"m{turn.message or now.timestamp()}-topic",
                    now=now,
                )
            except Refused as error:
                return say(_refusal(error.verdict), events=slots(affairs_draft=None))
            except ActionError as error:
                return say(Reply(ReplyKind.asking, error.message_zh))
            return say(_told(topic), events=slots(affairs_draft=None, dispute_offer=None))

    def only_asked(self, turn: Turn) -> Said:
        draft = turn.slot("affairs_draft") or turn.text
        return say(self.reply_to(turn, draft), events=slots(affairs_draft=None))


def is_for_all(text: str) -> bool:
    """Whether a report may as well be a topic: asked with buttons, never guessed."""
    is_wish = len(text) <= _SHORT and bool(_FOR_ALL.search(text)) and bool(_ALL.search(text))
    return is_wish and not _AGAINST.search(text) and not phrases.is_explicit(text)


def matter_in(text: str) -> str:
    """What is to be talked over, without what leads to it; "" where nothing is said of it yet."""
    left = _LEAD.sub("", text.strip(), count=1).strip(' ，,。：:“”"')
    return phrases.tidy(left) if len(_BARE.sub("", left)) >= _LEAST // 2 and len(left) >= _LEAST else ""


def ask_words(turn: Turn) -> Said:
    return say(Reply(ReplyKind.asking, _ASK), events=slots(awaits=turn.waiting_for(WORDS)))


def read_back(turn: Turn, matter: str) -> Said:
    more = "" if len(matter) <= len(title_of(matter)) + 1 else f"\n全文：{matter}"
    asked = Reply(
        ReplyKind.asking,
        f"我这样写行吗：“{title_of(matter)}”。不写您的名字。{more}",
        buttons=(Button("就这样", CONFIRMED), Button("改一改", REWORD)),
    )
    return say(asked, events=slots(affairs_draft=matter, awaits=turn.waiting_for(READ_BACK)))


def _stopped(matter: str) -> Reply | None:
    """The law's own answer, before anybody is asked to word it; nothing is stored of it."""
    verdict = gate.check(matter)
    return _refusal(verdict) if verdict.is_stopped else None


def _refusal(verdict: Verdict) -> Reply:
    cited = dict.fromkeys(f"{law}{article}" for finding in verdict.findings for law, article in finding.articles)
    basis = f"\n依据：{'、'.join(list(cited)[:_MOST_CITED])}。" if cited else ""
    return Reply(ReplyKind.text, f"这个不能拿来大家表态。\n{why_stopped(verdict)}{basis}", buttons=_DOORS)


def _told(topic: Topic) -> Reply:
    said = f"提上去了，编号 {topic.number}。最晚 {day_of(topic.answer_due_on)} 前告诉您列不列入、为什么。"
    if topic.legality == "pending":
        said += "这件事先请法律工作者看一看，能不能这样问大家。"
    if topic.is_preparation:
        said += PREPARATION
    return Reply(ReplyKind.text, said, next=f"想知道到哪一步了，说“{topic.number}”就行。")
