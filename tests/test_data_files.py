"""Data files that people of other trades edit: each has a schema, is packaged, and names articles that exist."""

import fnmatch
import re
import tomllib
from pathlib import Path

import pytest

from actions.checkup.templates import Template as CheckupFile
from actions.decisions.bodies import BodiesFile
from actions.decisions.matters import MattersFile as BodyMattersFile
from actions.demands.certificates import CertificatesFile
from actions.dialogue.affairs.how import HowFile
from actions.dialogue.hearing.asides import AsidesFile
from actions.dialogue.smalltalk import SmallTalkFile
from actions.disclosure.duties import DutiesFile
from actions.events.kinds import EventsFile
from actions.exchange.mapping import MappingsFile
from actions.helpers.kinds import KindsFile
from actions.motions.learned import ExamplesFile
from actions.motions.rules import GateFile
from actions.points.forbidden import ForbiddenFile
from actions.projects.stages import ChecklistFile
from actions.rulings.rulings import QuestionsFile
from actions.tools.legal_aid import LegalAidFile
from actions.tools.matter_words import WordsFile
from actions.tools.matters import MattersFile
from actions.topics.lists import ListsFile
from bot.channels.wechat.wire.menu import MenuFile
from bot.cli.wechat.commands import RemediesFile
from bot.conversations.queue import ReasonsFile
from bot.emergency.guidance import GuidanceFile
from bot.privacy.columns import ColumnsFile
from knowledge.anonymity.names.frames import FramesFile
from knowledge.answering.named import ReplacedFile
from knowledge.data_files import DataModel, read
from knowledge.documents.reading_ease import PlainerWordsFile
from knowledge.documents.sources.doors import DoorsFile
from knowledge.documents.sources.opposites import OppositesFile
from knowledge.documents.sources.other_sources import OtherSourcesFile
from knowledge.documents.topics import TopicsFile
from knowledge.errors import DataFileInvalid
from knowledge.evaluation.contradictions.decisions import DecisionsFile
from knowledge.statutes.moves import MovesFile
from knowledge.village_rules import words as rule_words
from knowledge.village_rules.patterns import PatternsFile
from tests.test_architecture import columns

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS: dict[str, type[DataModel]] = {
    **{
        f"actions/checkup/lists/{name}.yml": CheckupFile
        for name in ("land", "houses", "demolition", "collective", "rules", "works", "purchase", "handover")
    },
    "actions/decisions/bodies.yml": BodiesFile,
    "actions/decisions/matters.yml": BodyMattersFile,
    "actions/dialogue/hearing/asides.yml": AsidesFile,
    "actions/dialogue/affairs/how.yml": HowFile,
    "actions/dialogue/smalltalk.yml": SmallTalkFile,
    "actions/motions/examples.yml": ExamplesFile,
    "actions/motions/gate.yml": GateFile,
    "actions/demands/certificates.yml": CertificatesFile,
    "actions/disclosure/duties.yml": DutiesFile,
    "actions/points/forbidden.yml": ForbiddenFile,
    "actions/helpers/kinds.yml": KindsFile,
    "actions/events/events.yml": EventsFile,
    "actions/exchange/mappings.yml": MappingsFile,
    "actions/projects/checklist.yml": ChecklistFile,
    "actions/rulings/questions.yml": QuestionsFile,
    "actions/tools/legal_aid.yml": LegalAidFile,
    "actions/tools/matters.yml": MattersFile,
    "actions/tools/matter_words.yml": WordsFile,
    "actions/topics/lists.yml": ListsFile,
    "bot/channels/wechat/wire/menu.yml": MenuFile,
    "bot/cli/wechat/remedies.yml": RemediesFile,
    "bot/conversations/reasons.yml": ReasonsFile,
    "bot/emergency/guidance.yml": GuidanceFile,
    "bot/privacy/columns.yml": ColumnsFile,
    "knowledge/anonymity/names/frames.yml": FramesFile,
    "knowledge/answering/replaced.yml": ReplacedFile,
    "knowledge/documents/plainer_words.yml": PlainerWordsFile,
    "knowledge/documents/sources/doors.yml": DoorsFile,
    "knowledge/documents/sources/opposites.yml": OppositesFile,
    "knowledge/documents/sources/other_sources.yml": OtherSourcesFile,
    "knowledge/documents/topics.yml": TopicsFile,
    "knowledge/evaluation/contradictions/decided.yml": DecisionsFile,
    "knowledge/statutes/moves.yml": MovesFile,
    "knowledge/village_rules/patterns.yml": PatternsFile,
    "knowledge/village_rules/words.yml": rule_words.WordsFile,
}
# What isn't read by a schema: Rasa's own files, our corpus (read by knowledge/exchange), clauses to learn from.
OTHERS = (
    "bot/domain/*",
    "bot/data/*",
    "bot/nlu/*",
    "bot/credentials.yml",
    "bot/endpoints.yml",
    "knowledge/corpus/*",
    "knowledge/village_rules/examples/*",
)
_PATTERN = re.compile(r"\(\?|\[\^|\.\{\d|\|.*\|")


def data_files() -> set[str]:
    found = {str(p.relative_to(ROOT)) for top in ("bot", "actions", "knowledge") for p in (ROOT / top).rglob("*.yml")}
    return {name for name in found if not any(fnmatch.fnmatch(name, other) for other in OTHERS)}


def test_every_data_file_has_a_schema() -> None:
    assert data_files() == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_data_file_is_read_by_its_schema(name: str) -> None:
    assert read(ROOT / name, SCHEMAS[name])


@pytest.mark.parametrize("name", SCHEMAS)
def test_no_pattern_is_wider_than_who_edits_it_can_read(name: str) -> None:
    """Texts are as long as they are; a doctor reads 120 columns of pattern at most, who knows patterns 200."""
    widest = 120 if name == "bot/emergency/guidance.yml" else 200
    lines = enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), start=1)
    assert [at for at, line in lines if _PATTERN.search(line) and columns(line) > widest] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_data_file_is_packaged(name: str) -> None:
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
        "package-data"
    ]
    path = Path(name)
    assert any(fnmatch.fnmatch(path.name, glob) for glob in packaged[".".join(path.parent.parts)])


@pytest.mark.parametrize(
    ("name", "right", "wrong", "said"),
    [
        (
            "bot/emergency/guidance.yml",
            "\n  fraud:\n",
            "\n  frauds:\n",
            "“frauds”只能写",
        ),
        ("bot/emergency/guidance.yml", 'call: ["12356"]', 'call: ["12399"]', "numbers 下面没有写 12399 的名字。"),
        ("bot/emergency/guidance.yml", "    source: 福建消防", "    seen: 福建消防", "不认得“seen”这一项"),
        ("bot/emergency/guidance.yml", "{站上}", "{站在上面}", "words 和 parts 里没有“站在上面”"),
        ("bot/emergency/guidance.yml", "{有毒气的坑}[^。]", "{heights}[^。]", "words 和 parts 里没有“heights”"),
        ("bot/emergency/guidance.yml", "- 挂在[", "- (挂在[", "看看括号配成对没有"),
        ("bot/emergency/guidance.yml", "|安全账户|", "||", "什么话都对得上"),
        ("bot/emergency/guidance.yml", "- 站 坐 爬", "- 站、坐 爬", "“站、坐”里有符号"),
        ("bot/emergency/guidance.yml", "传销|窝点", "传销｜窝点", "“｜”是全角的"),
        ("bot/emergency/guidance.yml", "  要跳:\n", "  用不上的: [跳]\n  要跳:\n", "“用不上的”没有一处用到"),
        ("bot/emergency/guidance.yml", '      without: "{喝药的人走了}"', "      unless: 走了", "不认得“unless”这一项"),
        ("actions/tools/matters.yml", "counting: criminal", "counting: crimes", "counting 下面没有写 crimes 怎么数。"),
        (
            "actions/tools/matters.yml",
            "交警开了罚单 我不服: reconsideration",
            "交警开了罚单 我不服: recon",
            "没有 recon 这一件事",
        ),
        ("actions/tools/matter_words.yml", "means: [retrial]", "means: [retry]", "matters.yml 里没有 retry"),
        ("actions/tools/matter_words.yml", "says: '仲裁'", "says: '(仲裁'", "“(仲裁”读不懂，看看括号配成对没有"),
        ("actions/tools/matter_words.yml", "{收信的人}[^，。]", "{收信}[^，。]", "words 和 parts 里没有“收信”"),
        ("actions/tools/matter_words.yml", "says: '{问日}", "says: '<问日>", "“<问日>”现在写成 {问日}"),
        ("actions/tools/matter_words.yml", "    - '会计|老板'", "    - '会计|老板|'", "什么话都对得上"),
        ("actions/tools/matters.yml", "id: retrial", "id: civil_appeal", "civil_appeal 写了两遍。"),
        (
            "actions/tools/matters.yml",
            "unit: months",
            "unit: moon",
            "“unit”只能写 'days', 'months'",
        ),
        ("actions/motions/gate.yml", "  9:\n", "  12:\n", "没有第 12 类"),
        ("actions/motions/gate.yml", "    is_preparation: true", "    is_preparation: false", "只有第 11 类写"),
        ("actions/motions/gate.yml", "宪法 第四十一条", "宪法41条", "要写成“法律简称 空格 第几条”"),
        ("actions/motions/gate.yml", "    say: 这件事由法院", "    says: 这件事由法院", "不认得“says”这一项"),
        ("actions/motions/gate.yml", '- "请.', '- "(请.', "看看括号配成对没有"),
        ("actions/motions/gate.yml", '- "[老小]{姓}', '- "([老小]{姓}', "看看括号配成对没有"),
        ("actions/motions/gate.yml", "{姓}[某家]", "{姓氏}[某家]", "words 和 parts 里没有“姓氏”"),
        ("actions/motions/gate.yml", "(?:{上学}|", "(?:{去上学}|", "words 和 parts 里没有“去上学”"),
        ("actions/motions/examples.yml", "preparation:", "preparations:", "不认得“preparations”这一项"),
        ("actions/tools/legal_aid.yml", "option: pension", "option: pensions", "pensions 不是这个问题的答案。"),
        ("actions/tools/legal_aid.yml", "- 改判无罪", "- 改判(无罪", "“says”里的写法读不懂，是不是括号没配成对？"),
        ("actions/dialogue/hearing/asides.yml", "  bring:", "  brings:", "“brings”只能写"),
        ("bot/channels/wechat/wire/menu.yml", "name: 问一问", "name: 问一问吧您", "“name”最多 4 个字。"),
        ("bot/channels/wechat/wire/menu.yml", "key: book", "key: books", "“key”只能写"),
        ("bot/cli/wechat/remedies.yml", "  48001:", "  四八: ", "“四八”要写成整数。"),
        ("bot/conversations/reasons.yml", "  rule: 规则要求", "  rules: 规则要求", "不认得“rules”这一项"),
        ("actions/decisions/bodies.yml", "share: 1/10, of: adults", "share: 一成, of: adults", "要写成 2/3"),
        ("actions/decisions/matters.yml", "bodies: [{body: members}]", "bodies: [{body: villagers}]", "只能由集体"),
        ("knowledge/documents/topics.yml", "name: 医疗卫生", "name: 教育文体", "“教育文体”写了两遍。"),
        ("knowledge/documents/plainer_words.yml", "  于每年: 在每年", "  于每年:", "“于每年”要写成文字"),
        ("knowledge/village_rules/words.yml", '- "争做|争当', '- "争做(争当', "看看括号配成对没有"),
        ("knowledge/village_rules/words.yml", '|人人"', '||人人"', "什么话都对得上"),
        ("knowledge/village_rules/patterns.yml", "words: 查账|查阅|账", "words: (查账", "“words”里的写法读不懂"),
    ],
)
def test_a_slip_is_told_with_its_line(tmp_path: Path, name: str, right: str, wrong: str, said: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    changed = text.replace(right, wrong, 1)
    path = tmp_path / Path(name).name
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(DataFileInvalid) as error:
        read(path, SCHEMAS[name])
    told = next(line for line in str(error.value).splitlines() if said in line)
    place = int(told.removeprefix(f"{path.name} 第 ").partition(" ")[0])
    assert wrong.strip().splitlines()[0] in changed.splitlines()[place - 1]
