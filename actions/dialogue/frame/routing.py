"""What a message gets, by three things together: the classifier's word, what our sources say to these words, and what
stands open in the conversation.

`ROWS` is the table. A row's intents stand where there is something to rate, to look up, to confirm or to follow, or
where the words themselves say so; else a source that is sure enough is told instead.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from actions.cases import finding, numbers
from actions.dialogue.affairs.raising import is_for_all
from actions.dialogue.affairs.village import village_of
from actions.dialogue.booking import StartBooking, held_by
from actions.dialogue.community import checkup
from actions.dialogue.community.checkup import asks_in_so_many_words, asks_of_procedure, names_a_list
from actions.dialogue.community.exchange import with_sheet
from actions.dialogue.frame import person, thread
from actions.dialogue.frame.answering import Answering, remembered, reply_of
from actions.dialogue.frame.base import CustomAction, Said, Services, Turn, say
from actions.dialogue.frame.case_buttons import pressed
from actions.dialogue.hearing import phrases
from actions.dialogue.hearing.matters import listed_matters
from actions.dialogue.reckoning import reckoned
from actions.dialogue.smalltalk import aside, friendly, is_pleasantry
from actions.topics.listing import open_topics
from knowledge.answering.compose import ANSWER_FROM
from knowledge.answering.told import Abstention, Answer
from knowledge.characters import letters

# "I can't help with that" never answers what lies near to a question of ours, nor does small talk what is longer.
_COMPLAINT = frozenset({"feedback_bad"})  # that nothing was understood
_NOT_MINE, _NOT_MINE_RAW = frozenset({"out_of_scope"}), 0.3
_SHORT_WORDS, _WORD_FOR_WORD = frozenset({"affirm", "deny", "stop", "greet", "thanks", "goodbye", "chitchat"}), 0.95
_NAMES_A_MATTER = 0.35  # raw; 娃儿不养我 is no chat however short, of 150 pleasantries one lies as near
# Below this the classifier guesses (工资不给我 was small talk by .48): what lies near to a question of ours is one.
_GUESSED = 0.6
_NO_QUESTION = frozenset({"greet", "thanks", "goodbye"})
_ANSWERS = frozenset({"affirm", "deny", "stop"})  # to what we asked; where nothing was, 我要离婚，他不同意 is a matter
_CHAT, _CHAT_SCORE = frozenset({"greet", "thanks", "goodbye", "chitchat", "ask_capabilities"}), 0.3
_THANKS = re.compile(
    r"^.{0,6}(?:谢谢|多谢|感谢|谢了)|[，。 ](?:谢谢|多谢|感谢|谢了)[^，。？?]{0,8}$"
    r"|好人一生平安|多亏(?:你|您)|恩人|给[你您]磕"
)
_ELSEWHERE = "在别处办的事，我这里查不到办到哪一步，要问经办的地方。\n"
_PROGRESS = re.compile(
    r"进度|到哪(?:一)?步|办到|批(?:了|下来)|下来(?:了|没)|结果|(?:咋|怎么)样了|还没|没(?:动静|消息|音信|下文|回音|办)"
    r"|(?:啥|什么)时候能|几时能|查(?:一下|询|查|到)"
)
_APPLIED = re.compile(
    "申请|交(?:了|上去)|报(?:上去|名)|递|材料|审批|批|证|低保|补[贴助]|户口|社保|公积金|起诉|立案|报案"
)
_ASKED = 6  # characters; fewer ask nothing that could be looked up
_TOLD = 8  # characters; fewer tell no fact
_NAMED = 4  # characters; what lies near to these names a matter: 家暴咋办
_CASE_WORDS = 24  # characters; who has a case and says no more is hardly telling another matter
_TALE = 40  # characters; what is longer tells a matter
_STORY = 32  # characters; a pleasantry isn't longer
_LONG = 14  # characters; a command, a greeting or a yes is shorter
_OUR_CASE = re.compile(
    r"编号|工单|查.{0,3}(?:进度|一下我)|进度|(?:我|俺|咱|给你们?)(?:上次|上回|之前|前几天|昨天|前天|上个?月|上周)?"
    r"(?:报|登记|反映|投诉|上报|说)的?(?:那|这|过)?(?:个|件|事)?"
    r"|(?:这|那|[我俺咱]的?)(?:件|个)?事.{0,6}(?:咋样|怎么样|办|解决|没(?:有)?人|谁管|到哪)"
    r"|^.{0,6}催|催(?:一|催|办|促)|撤(?:回|销|了)?(?:吧|掉)?$|^补充|^.{0,8}满意|打\s?[1-5一二三四五]\s?(?:分|颗?星)"
    r"|^[1-5一二三四五]\s?分"
)
_FILED = re.compile("编号|工单|报|登记|反映|投诉")
_BOOKED = re.compile(r"约|候补|号时段|取消|改时间")
_AGREED = re.compile(r"婚|彩礼|酒席|合同|违约|约定|定金|租")  # 闺女遭退婚了，酒席也取消了 has no appointment
_BOOKING = re.compile(r"约|律师|预约|[排挂]个?号|号时段|咨询(?:一下)?(?:法律|律师)|见(?:面|一面)|当面")
_PERSON = re.compile(
    # 人工 is what is paid for work in the south: 我份工嘅人工.
    r"(?<![嘅份出发加扣欠追讨畀啲])人工(?![费钱系仲湖草]|都|成本|授精|智能)"
    r"|真人|活人|客服|工作人员|管事的|(?:找|叫|换|来|让|安排|要|派)个?(?:真的?)?人|领导|转接|接(?:给|通)"
    r"|有人(?:吗|值班|在)"
    r"|机器|(?:打|回)(?:个)?电话(?:给|过来)|ren ?gong|[zZ]huan"
)
_DEADLINE = re.compile(r"期限|时效|最后一天|算一?下|算算|最晚|过期|来得及|还剩|哪天到期|到哪天|几号到")
_AID = re.compile(r"法律?援助?|免费律师|自测|能不能申请.{0,4}律师|请不起律师")
_UNCLEAR = re.compile(
    r"[懂明]|[啥什]么?意思|清楚|清爽|人话|简单|复杂|太长|太多|绕|再(?:说|讲)|换(?:个|种)|没用"
    r"|不对|不是(?:问|这)|答非|瞎|乱|看不|听不|[你您]"
)
_GREETING = re.compile("[你您]好|有人|在不|在吗|帮|谢|再见|拜拜")
_AFFAIRS = re.compile(
    r"议事|议题|征求.{0,4}意见|村里事|投票|投(?:一|个)票|改票|参与码|表态|表决|协商|商量"
    r"|大家(?:都)?(?:咋|怎么|是怎么)?说|议-\d"
    r"|^.{0,6}(?:说|提|有|补|加|记)(?:一?条|点|几句)?意见"
    r"|意见(?!书|不合)|征询|议(?:哪|啥|什么|些|的是)|提(?:那个|的那|过的).{0,10}(?:事|建议)"
)
_PROPOSED = re.compile(
    r"议题|建议|提议|提(?:一?个|一?条)|想法|大家|商量|表决|投票|议(?:一)?议|加个|添个|提出来|提上去|改一改|上会|主意"
)
_DECIDED = re.compile(
    r"会(?:上|议)|大会|代表会|开(?:了|过|没开)?会|决议|决定(?!书)|定(?:了|下|的|没)|表决|通过"
    r"|四议两公开|一事一议|动工|开工|公示到|会的记录|施工队"
    r"|(?:路|桥|灯|渠|井|闸|房|广场|公厕|厕所|食堂|凉亭|项目|工程|车站|站牌)[^，。]{0,8}"
    r"(?:批|成|装|修|建|搞)(?:了|下来|不)?(?:没|吗|不)"
)
_ELECTION = re.compile(
    r"选举|换届|选民|候选|罢免|流动票箱|选(?:个|了|的)?(?:村|居|书记|主任|村长|支书|队长|代表)|村委会?主任"
)
_MEETING = re.compile(
    r"会议|大会|代表会|开.{0,6}会|会开|代表.{0,6}提(?:出|议)|联名|签名|签字|手印|召集|到会|[成组]员会"
)
_NO_MEETING = re.compile(r"业主|开庭|家长会|股东|工会|听证|算不算|算数|作数|有效|无效")
_POSTED = re.compile(r"账|收支|财务|花销|支出|开支|公开|公示|公布|张榜|明细|晒|招待费|租金|用(?:到|在|去)?哪")
_NOT_POSTED_HERE = re.compile(
    r"信息公开|法院|公司|老板|物业|银行|网上|朋友圈|隐私|照片"
    r"|利息|本金|月息|借(?:钱|款|条|了|给)|欠条|微信转|放(?:钱|贷)的"
)
_OF_VILLAGE = re.compile("村|社区|居委|大队|小组|队里|集体|公示|公开|张榜|书记|主任")
# What became of somebody's own name on a list is a matter of law, whether or not the list hangs there.
_OWN_FATE = re.compile(
    r"[我俺咱](?:们)?(?:家|屋)?(?:里)?[^，。]{0,4}(?:给|被|让|遭|着|叫)?[^，。]{0,3}"
    r"(?:划(?:掉|下|了|出)|刷|取消|停(?:了|掉)|拿(?:掉|下)|剔|踢|除名|没评上|没选上|落下|下了|掉了)"
)
_POINTS = re.compile(
    r"积分|(?:我|俺|咱|我们|咱们)家?(?:里|户)?.{0,8}(?:多少|几|啥)分|加(?:了)?(?:几|多少)?分|星级|文明户"
    r"|换(?:东西|洗衣|肥皂|盐|米|油|牙膏|毛巾)"
)
# Without any of these the classifier has often taken a trouble for points: 那笔是转到他老婆账户上的.
_OF_POINTS = re.compile(r"分|积|星|码|兑|换|榜|好事|文明|记")
_POINTS_NAMED = re.compile(r"积分|文明户|星级|[加攒]分")
# Points of others; shares of an estate; and how the scheme itself goes, which the village's rules say.
_NO_POINTS = re.compile(
    r"考|成绩|分数线|驾照|驾驶证|征信|信用分|游戏|会员|落户|入学|学位|学校|作业|银行|移动|联通|电信|话费|加油|平台|淘宝"
    r"|家产|遗产|财产|继承|分(?:到|了|过)?(?:承包)?地|份地|没分|分红|婆家|娘家|离(?:婚|了)|分钱|利息|月息"
    r"|分(?:的)?利|借(?:了|钱|款|条)|彩礼|交警"
    r"|(?:怎么|咋|如何)(?:样)?(?:才能)?(?:攒|得|挣|算|加)|哪些(?:事|能|可以)|一共分|谁定|规矩|规则|标准|办法"
)
_HELPER = re.compile(
    r"帮(?:帮|个|一?下|忙|我|俺|看|着|手)|志愿|义工|懂法|懂行|明白人|调解员|乡贤|社工|热心|退休|能人|农技|会计|心理"
    r"|妇联|儿童主任|(?:找|请|有没有|谁)[^，。]{0,10}(?:人|师傅|老师|专家|干部)|不(?:花|要|收)钱|义务|说和"
    r"|评(?:评)?理|搭把手|识法|明事理|和事佬|调解|法律顾问|委员|[求托寻].{0,8}人|懂|教我|转给"
)
_LAWYER = re.compile(r"[找见约请想]{1,2}[^，。]{0,4}律师|约[^。]{0,14}(?:调解员|司法所)")
# Who wishes for nobody isn't told that nobody fits: 跟商家讲他不理, 才两瓶啤酒，没碰着人.
_WISHES = re.compile(
    r"[找请帮叫喊搵寻托派求]|介绍|联系|有没有|有冇|有没得|谁|哪[个位]|边个|来(?:一)?趟|懂|回话|名[册单]|能人"
    r"|志愿|义工|来个人|明白人|妇联|社工|师傅|有个人|上门"
)
_HELPER_NAMED = re.compile(
    r"志愿者|义工|法律明白人|懂法|调解员|社工|帮手|乡贤|农技|技术员|心理(?:老师|医生)|明白人|说和"
)
_NO_HELPER = re.compile(
    r"(?:想|要|怎么|咋)(?:报名|当)|招(?:不招|聘|人)|工资|补贴|多少钱一"
    r"|摔|[砸压烫]伤|断(?:了)?(?:腿|腰|骨|手)|掉下来|骗|赔|交警|起诉|被告|判"
)
_EVENT = re.compile(
    r"活动|电影|放(?:个)?片|(?:看|唱|演)(?:大|场)?戏|戏班|戏台|村晚|晚会|联欢|故事会|讲故事|说书"
    r"|手工|剪纸|刺绣|编(?:筐|织)|书屋|普法|讲座|讲课|上课|培训|课|公开日|恳谈会|听证会|接待日|志愿"
    r"|义诊|诊所|节目|演出|庙会|灯会|秧歌|广场舞|比赛|场地|活动室"
    r"|报(?:个|上|了)?名|热闹|(?:宪法日|丰收节|重阳|元宵|端午|中秋|过年|腊八).{0,8}(?:啥|什么|搞|办|有|演|耍)|候补"
)
_NO_EVENT = re.compile(
    r"五保|低保|危房|护林员|入伍|报名费|驾校|招工|中考|高考|学校|幼儿园|考试|成绩|退费|退款|骗|征地|拆迁"
    r"|诉讼|开庭|行政处罚|噪音|吵|扰民|补课|网课"
    r"|政审|当兵|征兵|参军|拘留|案底"
    r"|办证|执照|摆摊|卖(?:春联|对联|菜|炮|烟花)|领鸡蛋|保健|推销|床垫|会销|卖(?:药|货)的|转让|跑路|(?:拿|收|交|花"
    r"|骗)(?:走|了|去)[^，。]{0,4}(?:万|千|百)"
    r"|新农合|医保|社保|养老保险|学费|工资|受伤|摔伤"
)
# After a question a fact of one's own life goes on with it: 我骑的是国标电瓶车，才两瓶啤酒, after 喝了酒骑车咋罚.
_OF_SOMEBODY = re.compile(r"[我俺咱他她]|人家|娃|[爸妈爹娘]|老[公婆板人]")
_OF_PAPERS = re.compile(r"[纸条证卡签字钱块万]|合同|录音|微信|照片")  # 嘴巴讲的咧，一张纸冇得，工资卡是打卡上的
_WANTS_DONE = re.compile(
    r"打开|放(?:一|首|个|点)|念|来一|叫我|发(?:邮|短)|[要想](?:看|听|玩|买)|[帮替]我|给我(?:讲|唱|写|放|推|来)|推荐"
    r"|[写画唱]|讲个|翻译|导航|订|查|搜|天气|股票|[车机]票|新闻|你"
)
_OF_OTHERS = re.compile(r"公司|厂里|老板|单位|工资|辞|社保|保险|离婚|彩礼|学校|物业")  # whose steps no list of ours has
_PLACE = re.compile(r"(?:村|湾|沟|坪|屯|寨|庄|社区|小区)(?:的|人)?[。!！]*$|换.{0,4}村|选错|搬(?:到|去|来)")


@dataclass(frozen=True)
class Open:
    """What stands open in the conversation."""

    has_case: bool
    has_booking: bool
    is_awaited: bool  # the last thing we said asked for a yes, a mark, a number, or offered to file
    has_question: bool  # a question was answered before, which may be followed
    has_topic: bool = False  # the village asks for opinions on something


@dataclass(frozen=True)
class Row:
    """`stands`: the classifier's word is enough; else what we know is told from a score of `answer_from` on.
    `is_hollow`: without anything to rate, look up or reckon, the intent means nothing, and the words are a matter.
    """

    intents: frozenset[str]
    stands: Callable[[Turn, Open], bool]
    answer_from: float
    is_hollow: bool
    is_by_words: bool = False  # nothing but words of its own makes it what the classifier takes it for


def _row(intents: str, answer_from: float, stands: Callable[[Turn, Open], bool], *, is_hollow: bool = False) -> Row:
    return Row(frozenset(intents.split()), stands, answer_from, is_hollow)


def _of_village(intent: str, stands: Callable[[Turn, Open], bool]) -> Row:
    """Village affairs: 我家路灯坏了要修 is a report, whatever else it resembles; elections aren't held here."""
    return Row(
        frozenset({intent}),
        lambda turn, held: stands(turn, held) and not _ELECTION.search(turn.text),
        ANSWER_FROM,  # it is a matter then, and told as one
        is_hollow=True,
        is_by_words=True,
    )


def _means(turn: Turn, words: re.Pattern[str], named: re.Pattern[str], never: re.Pattern[str]) -> bool:
    """Of what the village does for its people many say no word that only it is called by (下雨还演不演啊): where the
    classifier is sure, that is enough. A told story has a matter of its own, unless it names the thing.
    """
    if never.search(turn.text):
        return False
    if len(turn.text) >= _TALE:
        return bool(named.search(turn.text))
    return turn.sure >= _GUESSED or bool(words.search(turn.text))


def _holds_against_steps(turn: Turn, held: Open) -> bool:
    asks, is_listed = asks_of_procedure(turn.text), names_a_list(turn.text)
    if held.has_question and not is_listed and not asks_in_so_many_words(turn.text):
        return False  # 没有写合同，在村口大槐树下面讲的, after a tenant who pays nothing
    if len(turn.text) >= _TALE:  # a told story hears the rule, unless the list itself is asked for
        return is_listed and asks_in_so_many_words(turn.text)
    if not is_listed and _OF_OTHERS.search(turn.text):
        return False
    return asks or (is_listed and turn.sure >= _GUESSED)


def _names_case(turn: Turn) -> bool:
    return bool(numbers.find(turn.text)[0] or _OUR_CASE.search(turn.text))


def _may_be_a_word(turn: Turn) -> bool:
    """Whether what was taken for a yes, a no or a stop may be one: 我赌气回了句不干就不干，这算我自己辞的不 asks."""
    return len(turn.text) < _LONG or (turn.sure >= _GUESSED and not phrases.is_question(turn.text))


def _is_of_case(turn: Turn, held: Open) -> bool:
    """An offer to file is none: 种子袋子烧火了，只有给老板转的微信 looked up a case that nobody had filed."""
    if turn.intent == "withdraw_case" and not held.has_case and phrases.is_question(turn.text):
        # 多久之内去撤 is asked of an IOU that was written under pressure
        return bool(numbers.find(turn.text)[0] or _FILED.search(turn.text))
    return _names_case(turn) or (held.has_case and (held.is_awaited or len(turn.text) < _CASE_WORDS))


ROWS = (
    _row(
        "check_case confirm_case rate_case supplement_case withdraw_case consent_mediation",
        0.4,
        _is_of_case,
        is_hollow=True,
    ),
    _row(
        "check_booking cancel_booking",
        0.4,
        lambda turn, held: held.has_booking or bool(_BOOKED.search(turn.text) and not _AGREED.search(turn.text)),
        is_hollow=True,
    ),
    _row("ask_follow_up", 0.4, lambda turn, held: held.has_question, is_hollow=True),
    _row(
        "feedback_bad",
        0.4,
        lambda turn, held: held.has_question and bool(len(turn.text) < _TOLD or _UNCLEAR.search(turn.text)),
        is_hollow=True,
    ),
    _row(
        "affirm deny stop",
        0.4,
        lambda turn, held: (
            (held.is_awaited and _may_be_a_word(turn)) or phrases.is_drop(turn.text) or len(turn.text) < 5
        ),
        is_hollow=True,
    ),
    _row("book_consultation", 0.5, lambda turn, held: bool(_BOOKING.search(turn.text))),
    _row("human_handoff", 0.5, lambda turn, held: bool(_PERSON.search(turn.text)) or len(turn.text) < 4),
    _row("ask_deadline", 0.6, lambda turn, held: bool(_DEADLINE.search(turn.text)), is_hollow=True),
    _row("check_legal_aid", 0.5, lambda turn, held: bool(_AID.search(turn.text))),
    _row("change_place", 0.5, lambda turn, held: bool(_PLACE.search(turn.text)), is_hollow=True),
    _row("ask_grid_worker", 0.6, lambda turn, held: "网格" in turn.text, is_hollow=True),
    _row(
        "greet thanks goodbye chitchat ask_capabilities",
        0.6,
        lambda turn, held: len(turn.text) < 4 or (len(turn.text) < _STORY and is_pleasantry(turn.text)),
    ),
    _of_village("ask_affairs", lambda turn, held: bool(_AFFAIRS.search(turn.text))),
    _of_village("give_opinion", lambda turn, held: held.has_topic or bool(_AFFAIRS.search(turn.text))),
    # 荷塘边能不能搭棚子卖凉粉 asks whether one may.
    _of_village("raise_topic", lambda turn, held: bool(_PROPOSED.search(turn.text)) or is_for_all(turn.text)),
    _of_village("ask_decision", lambda turn, held: bool(_DECIDED.search(turn.text))),
    _of_village(
        "call_meeting", lambda turn, held: bool(_MEETING.search(turn.text)) and not _NO_MEETING.search(turn.text)
    ),
    _of_village(
        "ask_disclosure",
        lambda turn, held: (
            bool(_POSTED.search(turn.text))
            and not _NOT_POSTED_HERE.search(turn.text)
            and not _OWN_FATE.search(turn.text)
            and (not held.has_question or bool(_OF_VILLAGE.search(turn.text)))
        ),
    ),
    _of_village(
        "check_points",
        lambda turn, held: bool(_OF_POINTS.search(turn.text)) and _means(turn, _POINTS, _POINTS_NAMED, _NO_POINTS),
    ),
    _of_village(
        "find_helper",
        lambda turn, held: bool(_WISHES.search(turn.text)) and _means(turn, _HELPER, _HELPER_NAMED, _NO_HELPER),
    ),
    _of_village("ask_event", lambda turn, held: _means(turn, _EVENT, _EVENT, _NO_EVENT)),
    _of_village("check_procedure", _holds_against_steps),
    _row("out_of_scope", 0.5, lambda turn, held: False),
)
_BY_INTENT = {intent: row for row in ROWS for intent in row.intents}


# Where a rule begins with an intent of the table; what comes later in a rule is never rerouted.
ENTRIES = frozenset(
    {
        "action_check_case",
        "action_confirm_case",
        "action_rate_case",
        "action_supplement_case",
        "action_withdraw_case",
        "action_consent_mediation",
        "action_grid_worker",
        "action_start_booking",
        "action_check_booking",
        "action_cancel_booking",
        "action_answer_follow_up",
        "action_explain_plainly",
        "action_affirm",
        "action_deny",
        "action_stop",
        "action_request_handoff",
        "action_start_deadline",
        "action_start_legal_aid",
        "action_change_place",
        "action_greet",
        "action_thanks",
        "action_goodbye",
        "action_chitchat",
        "action_ask_capabilities",
        "action_decline",
        "action_ask_affairs",
        "action_raise_topic",
        "action_give_opinion",
        "action_ask_decision",
        "action_call_meeting",
        "action_ask_disclosure",
        "action_check_points",
        "action_find_helper",
        "action_ask_event",
        "action_check_procedure",
    }
)


def row_of(intent: str) -> Row | None:
    """None for intents that are answered from our sources anyway, or that report."""
    return _BY_INTENT.get(intent)


class Routed(CustomAction):
    """An action that a rule begins with, behind the table. Inside a form, and between two actions, it isn't asked."""

    def __init__(self, services: Services, action: CustomAction, matter: CustomAction) -> None:
        """matter: what answers a trouble or a question."""
        super().__init__(services, action.name())
        self._action, self._matter = action, matter
        self._answers = Answering(services)

    def do(self, turn: Turn) -> Said:
        return with_sheet(self.services, turn, self._done(turn))

    def _done(self, turn: Turn) -> Said:
        if not turn.form and (done := pressed(self.services, turn)) is not None:
            return done
        if not turn.form and (friendly_word := aside(turn.text, turn.message)) is not None:
            return self._action.do(turn) if turn.intent in _CHAT else say(friendly_word)
        if not turn.form and (listed_matters(turn.text) or reckoned(self.services, turn) is not None):
            return self._matter.do(turn)
        if not turn.form and person.is_asked_for(turn.text):
            return person.called()
        if not turn.form and turn.intent == "find_helper" and _LAWYER.search(turn.text):
            return StartBooking(self.services).do(turn)  # has a place and an hour; the village's list has neither
        row = None if turn.form else row_of(turn.intent)
        if row is None:
            return self._action.do(turn)
        held = self._open(turn)
        if row.stands(turn, held):
            return self._asked_in_so_many_words(turn, row, held) or self._action.do(turn)
        if _THANKS.search(turn.text) and not phrases.is_question(turn.text):
            return say(friendly("thanks", turn.message))
        if row.is_by_words:  # a trouble is offered to be filed, whichever part of the village it was taken for
            said = self._matter.do(replace(turn, intent="report_dispute"))
            return said + checkup.offer(turn) if turn.intent == "check_procedure" and len(turn.text) >= _TALE else said
        return self._matter.do(turn) if _goes_on(row, turn, held) else self._weighed(row, turn)

    def _weighed(self, row: Row, turn: Turn) -> Said:
        """By what our sources say to the words, where the classifier's word isn't enough."""
        found = self._answers.look_up(turn, turn.text, intent="ask_law", threshold=row.answer_from)
        if isinstance(found, Answer):
            before = _ELSEWHERE if turn.intent == "check_case" and _asks_how_far(turn.text) else ""
            return say(reply_of(found, before=before), events=remembered(turn, found))
        if _is_near(row, found, turn):
            return self._matter.do(turn)
        is_asked = turn.intent.startswith("ask_") or phrases.is_question(turn.text)
        is_matter = row.is_hollow and len(turn.text) >= (_ASKED if is_asked else _LONG)
        if not is_matter and _may_have_been_asked(turn):
            self._answers.keep_unanswered(turn, turn.text, reason="brushed_off")
        return (self._matter if is_matter else self._action).do(turn)

    def _asked_in_so_many_words(self, turn: Turn, row: Row, held: Open) -> Said | None:
        """我想离婚 is short enough for a yes, and the very title of an answer of ours."""
        if not row.intents & _SHORT_WORDS or held.is_awaited or len(turn.text) < _NAMED:
            return None
        found = self._answers.look_up(turn, turn.text, intent="ask_law", threshold=_WORD_FOR_WORD)
        return say(reply_of(found), events=remembered(turn, found)) if isinstance(found, Answer) else None

    def _open(self, turn: Turn) -> Open:
        with self.services.sessions() as session:
            return open_in(session, turn)


def _may_have_been_asked(turn: Turn) -> bool:
    """Put off with a friendly word, and long enough for a matter that we lack: legal workers see what it was."""
    is_put_off = turn.intent == "chitchat" or turn.intent in _NOT_MINE
    return is_put_off and len(letters(turn.text)) >= _ASKED and not is_pleasantry(turn.text)


def _goes_on(row: Row, turn: Turn, held: Open) -> bool:
    """Whether words that were taken for chat, for nothing of ours or for a complaint go on with the question before."""
    if not held.has_question:
        return False
    if row.intents & _CHAT and turn.sure < _GUESSED:
        return len(turn.text) >= _NAMED and thread.leans(turn)  # 可她那时候已经认不得人了呀
    return bool(row.intents & (_NOT_MINE | _COMPLAINT)) and _tells_a_fact(turn.text)


def _tells_a_fact(text: str) -> bool:
    is_told = len(letters(text)) >= _TOLD and bool(_OF_SOMEBODY.search(text) or _OF_PAPERS.search(text))
    return is_told and not _WANTS_DONE.search(text) and not phrases.is_question(text)


def _asks_how_far(text: str) -> bool:
    """Something that was applied for elsewhere: 低保报上去两个月了还没批."""
    return len(text) < _TALE and bool(_PROGRESS.search(text) and _APPLIED.search(text))


def _is_near(row: Row, found: Abstention, turn: Turn) -> bool:
    """Not sure enough to be told here, and yet no chat and nothing foreign."""
    text = turn.text
    is_asked = phrases.is_question(text) and len(text) >= _ASKED and not _GREETING.search(text)
    if turn.intent in _NO_QUESTION and is_asked:
        return True  # 公共厕所夜里关门吗
    if row.intents & (_ANSWERS | _CHAT):
        is_guessed = turn.sure < _GUESSED and bool(found.near)
        is_named = len(text) >= _NAMED and (is_guessed or found.raw >= _NAMES_A_MATTER)
        is_long = is_named or len(text) >= (_ASKED if row.intents & _ANSWERS else _LONG)
        return is_long and (found.raw >= _NOT_MINE_RAW or found.confidence >= _CHAT_SCORE)
    if not row.intents & _NOT_MINE or len(text) < _NAMED:
        return False
    # A trouble told, however the classifier takes it: who sits before a rival's shop with shaking hands heard that this
    # is nothing that we do.
    return len(text) >= _TALE or found.raw >= _NOT_MINE_RAW


def open_in(session: Session, turn: Turn) -> Open:
    return Open(
        has_case=bool(finding.of_person(session, turn.conversation_id)),
        has_booking=bool(held_by(session, turn)),
        is_awaited=bool(turn.awaited or turn.slot("dispute_offer") or turn.slot("pending_question")),
        has_question=bool(turn.slot("last_question")),
        # asked for where a row looks at it, and not at every message
        has_topic=turn.intent == "give_opinion" and _has_topic(session, turn),
    )


def _has_topic(session: Session, turn: Turn) -> bool:
    village = village_of(session, turn)
    return village is not None and bool(open_topics(session, village.id, datetime.now(UTC)))
