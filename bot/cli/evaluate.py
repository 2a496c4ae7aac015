"""`linli eval`: the figures of search, dialogue, topics and the console's checkers.

Each ends with one line of JSON; details go to stderr.
"""

import argparse
import asyncio
import collections
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cli.commands import Commands, rows
from bot.emergency import examples
from bot.run.setup import SetupFailed, say
from bot.settings import ROOT, Settings

if TYPE_CHECKING:
    from bot.emergency.guidance import Emergency
    from knowledge.evaluation.contradictions.texts import Told

Figures = dict[str, Any]
_IDLE = frozenset(
    "greet thanks goodbye chitchat out_of_scope affirm deny stop ask_capabilities human_handoff rate_case confirm_case "
    "check_case check_booking cancel_booking change_place supplement_case withdraw_case".split()
)


def evaluate(settings: Settings, args: argparse.Namespace) -> int:
    args.file = args.file or args.given
    print(json.dumps(WHAT[args.what](settings, args), ensure_ascii=False))
    return 0


def _bank(settings: Settings, args: argparse.Namespace) -> Figures:
    from bot.parts import build_parts
    from knowledge.clock import today
    from knowledge.evaluation.runs import bank_set_aside

    parts = build_parts(settings)
    with parts.sessions() as session:
        return bank_set_aside(session, parts.searcher, day=today(), limit=args.limit)


def _answers(settings: Settings, args: argparse.Namespace) -> Figures:
    from bot.parts import build_parts
    from knowledge.clock import today
    from knowledge.evaluation.runs import answers_set_aside

    parts = build_parts(settings)
    with parts.sessions() as session:
        return answers_set_aside(session, parts.searcher, day=today(), limit=args.limit, told=say)


def _answer_texts(settings: Settings, args: argparse.Namespace) -> Figures:
    """Needs no database and no embedding model."""
    from knowledge.evaluation.answer_texts import report

    return report(settings.corpus, say=say)


def _contradictions(settings: Settings, args: argparse.Namespace) -> Figures:
    """Needs no database and no embedding model."""
    from knowledge.evaluation.contradictions.decisions import read_decisions
    from knowledge.evaluation.contradictions.report import confused_pairs, report
    from knowledge.evaluation.contradictions.texts import read_texts

    texts = [*read_texts(settings.corpus), *deadline_texts()]
    return report(texts, read_decisions(), confused=confused_pairs(), say=say)


def deadline_texts() -> "list[Told]":
    from actions.tools.matters import MATTERS
    from knowledge.evaluation.contradictions.texts import Told, source_name

    return [
        Told(
            id=f"matter-{matter.id}",
            kind="matter",
            title=matter.title_zh,
            asked=matter.title_zh,
            says=(f"{matter.title_zh}，{matter.starts_zh}起{matter.span_zh}内", *matter.caveats_zh),
            rests_on=frozenset(
                source_name(f"{law} {article}") for law, article in [(matter.law, matter.article), *matter.see]
            ),
        )
        for matter in MATTERS.values()
    ]


def _statutes(settings: Settings, args: argparse.Namespace) -> Figures:
    from bot.parts import build_parts
    from knowledge.clock import today
    from knowledge.evaluation.runs import statute_questions

    asked = _rows_with_golds(args.file)
    parts = build_parts(settings)
    with parts.sessions() as session:
        return statute_questions(session, parts.searcher, asked, day=today())


def _rows_with_golds(path: Path | None) -> list[dict[str, Any]]:
    if not path:
        raise SetupFailed("请用 --file 给出问题文件。")
    return [r for r in rows(path, ("id", "question")) if r]


def _golden(settings: Settings, args: argparse.Namespace) -> Figures:
    from bot.parts import build_parts
    from knowledge.clock import today
    from knowledge.evaluation import golden

    parts = build_parts(settings)
    with parts.sessions() as session:
        questions = golden.active(session) or golden.read(settings.corpus / "golden.yml")
        outcomes = golden.evaluate(session, parts.golden, questions, day=today())
        failed = [question.ask for question, outcome in outcomes if not outcome.passed]
    for ask in failed:
        say(f"failed: {ask}")
    return {"passed": len(outcomes) - len(failed), "failed": len(failed), "left_out": len(questions) - len(outcomes)}


def _calibration(settings: Settings, args: argparse.Namespace) -> Figures:
    """The fit learned on half of what is set aside, and the table of today's scores over the other half; with --file
    over questions with golds too.
    """
    from bot.parts import build_parts
    from knowledge.answering.compose import ANSWER_FROM
    from knowledge.clock import today
    from knowledge.evaluation import calibration
    from knowledge.evaluation.runs import bank_trials, idle_trials, statute_trials

    parts = build_parts(settings)
    with parts.sessions() as session:
        half = bank_trials(session, parts.searcher, day=today(), is_even=True, limit=args.limit)
        tables = {"bank": bank_trials(session, parts.searcher, day=today(), is_even=False, limit=args.limit)}
        if args.file:
            tables["file"] = statute_trials(session, parts.searcher, _rows_with_golds(args.file), day=today())
        idle = idle_trials(session, parts.searcher, _idle(), day=today())
        tables["idle"] = idle[1::2]
    for name, trials in tables.items():
        say(name)
        for row in calibration.reliability(trials):
            say(
                f"  {row['from']:.1f}-{row['to']:.1f}  {row['questions']:5d} questions, mean score "
                f"{row['mean_score']:.2f}, right {row['right']:.2f}"
            )
    return {
        "fit": calibration.learn(half, idle[::2]),
        **{name: calibration.answered(trials, ANSWER_FROM) for name, trials in tables.items()},
    }


def _idle() -> list[str]:
    """What people say to the dialogue part that asks nothing of our sources, from its training data."""
    return [text for intent, text in examples.read() if intent in _IDLE]


def _topics(settings: Settings, args: argparse.Namespace) -> Figures:
    """Rows with `text` (and `detail`) and `topics`, the topics of ours that count as right; rows without any are
    left out.
    """
    from knowledge.encoder.exported import load_embedder
    from knowledge.encoder.topic_classifier import TopicClassifier

    if not args.file:
        raise SetupFailed("请用 --file 给出带 text、topics 的文件。")
    told = [r for r in rows(args.file, ("text",)) if r and r.get("topics")]
    embedder = load_embedder(settings.cache, model=settings.model, learned=settings.learned)
    found = TopicClassifier.load(settings.topics).predict(
        [f"{r['text']}。{r['detail']}" if r.get("detail") else r["text"] for r in told], embedder
    )
    right: collections.Counter[str] = collections.Counter()
    asked = collections.Counter(str(r.get("source", "all")) for r in told)
    for row, topic in zip(told, found, strict=True):
        right[str(row.get("source", "all"))] += topic in row["topics"]
    return {"messages": len(told), "accuracy": {s: round(right[s] / n, 4) for s, n in asked.items()}}


def _anonymity(settings: Settings, args: argparse.Namespace) -> Figures:
    """Figures only, never a sentence: those of d stay unseen while the finder is tuned."""
    from knowledge.anonymity.names import features, training
    from knowledge.evaluation.anonymity import Tally, judge_file

    features.use(lambda: training.learned(settings.cache))
    total, files = Tally(), {}
    for path in _labelled(args.file, "anonymity/anonymity_[a-d].yml"):
        tally = judge_file(path)
        for kind in sorted(tally.gold | tally.marked):
            say(
                f"{path.name}  {kind:14s} found {tally.recalled[kind]:3d} of {tally.gold[kind]:3d}, marks right "
                f"{tally.right[kind]:3d} of {tally.marked[kind]:3d}"
            )
        total, files[path.stem] = total + tally, tally.figures()
        say(f"{path.name}: {json.dumps(files[path.stem])}")
    return {**total.figures(), "files": files}


def _danger(settings: Settings, args: argparse.Namespace) -> Figures:
    """Rows of `text`, `label` (a kind of danger, or none): by the rules alone, and with the second opinion; alone, an
    alarm, or shown, which counts what is only feared and stands behind an answer where one is found.
    """
    from bot.emergency.recognising import recognise
    from bot.parts import build_parts
    from knowledge.normalise import normalise

    told = [r for r in rows(_labelled(args.file, "../bot/emergency/exam_d.jsonl")[0], ("text", "label")) if r]
    parts = build_parts(settings)
    ruled = [_is_alarm(recognise(r["text"])) for r in told]
    both = [parts.turns.danger_in(normalise(r["text"])) for r in told]
    shown = [_is_alarm(found) or (found is not None and found.is_feared) for found in both]
    figures: Figures = {"messages": len(told)}
    for name, alarms in (("rules", ruled), ("alone", [_is_alarm(found) for found in both]), ("shown", shown)):
        heard = [(str(r["label"]), alarm) for r, alarm in zip(told, alarms, strict=True)]
        figures[name] = {
            "recall": _share(alarm for label, alarm in heard if label != "none"),
            "false_alarms": _share(alarm for label, alarm in heard if label == "none"),
            "recall_self_harm": _share(alarm for label, alarm in heard if label == "self_harm"),
        }
    for row, found in zip(told, both, strict=True):
        if _is_alarm(found) is not (row["label"] != "none"):
            say(f"{row['label']}{'（担心）' if found and found.is_feared else ''}: {row['text']}")
    return figures


def _share(told: Iterable[bool]) -> float:
    heard = list(told)
    return round(sum(heard) / max(1, len(heard)), 4)


def _is_alarm(found: "Emergency | None") -> bool:
    return found is not None and not found.soft


def _deadlines(settings: Settings, args: argparse.Namespace) -> Figures:
    """Rows as actions/tools/exam.py tells them; each wrong one is shown. Needs no database and no model."""
    from actions.tools.exam import judge

    path = args.file or ROOT / "tests" / "actions" / "tools" / "deadline_phrases.jsonl"
    if not path.exists():
        raise SetupFailed(f"没有文件 {path}。")
    outcomes = judge([r for r in rows(path, ("text",)) if r])
    for outcome in outcomes:
        if not outcome.is_right:
            kind = "WRONG SPAN" if outcome.is_wrong_span else "wrong"
            say(f"{kind}: {outcome.text}\n    want {outcome.wanted}, got {outcome.got}")
    return {
        "phrases": len(outcomes),
        "right": _share(outcome.is_right for outcome in outcomes),
        "wrong_spans": sum(outcome.is_wrong_span for outcome in outcomes),
    }


def _decisions(settings: Settings, args: argparse.Namespace) -> Figures:
    """The reckoning against a table made by other rules, and the body that residents' words lead to; each wrong one is
    shown. Needs no database and no model.
    """
    from actions.decisions.exam import bodies_heard, reckoned

    folder = ROOT / "tests" / "actions" / "decisions"
    told = {
        "reckoning": list(reckoned(folder / "reckoning.csv")),
        "bodies": list(bodies_heard(args.file or folder / "matter_questions.jsonl")),
    }
    for name, outcomes in told.items():
        for outcome in outcomes:
            if not outcome.is_right:
                say(f"{name}: {outcome.asked}\n    want {outcome.wanted}, got {outcome.got}")
    return {
        name: {"rows": len(outcomes), "right": _share(o.is_right for o in outcomes)} for name, outcomes in told.items()
    }


def _village_rules(settings: Settings, args: argparse.Namespace) -> Figures:
    """Needs no database and no embedding model."""
    from knowledge.evaluation.village_rules import report

    result = report(_labelled(args.file, "village_rules/village_rule_clauses_*.yml"), say=say)
    for name, figures in result.pop("files").items():
        say(f"{name}: {json.dumps(figures)}")
    return result


def _motions(settings: Settings, args: argparse.Namespace) -> Figures:
    """Rows of `text`, `hostile` and `g`; without --file our own examples, cross-validated. Needs no database."""
    from actions.motions import figures
    from knowledge.anonymity.names import features, training
    from knowledge.errors import CorpusError

    features.use(lambda: training.learned(settings.cache))
    try:
        outcomes = figures.by_the_gate(figures.read_motions(args.file)) if args.file else figures.cross_validated()
    except CorpusError as error:
        raise SetupFailed(str(error)) from error
    return figures.report(outcomes, say=say)


def _labelled(path: Path | None, pattern: str) -> Sequence[Path]:
    """The file given, else our own under tests/. Raises SetupFailed."""
    own = ROOT / "tests" / "knowledge"
    found = [path] if path else sorted(own.glob(pattern))
    if not found or not found[0].exists():
        raise SetupFailed(f"没有文件 {path or own / pattern}。")
    return found


def _nlu(settings: Settings, args: argparse.Namespace) -> Figures:
    import yaml

    from bot.rasa_client import RasaClient
    from bot.run.stack import running

    wanted = [
        (line[2:], group["intent"])
        for group in yaml.safe_load((ROOT / "tests" / "nlu" / "test_messages.yml").read_text(encoding="utf-8"))["nlu"]
        for line in group["examples"].splitlines()
        if line.startswith("- ")
    ]
    wrong: collections.Counter[tuple[str, str]] = collections.Counter()
    with running(settings), asyncio.Runner() as runner:
        client = RasaClient(settings.rasas, settings.secret("rasa"), timeout_s=60)
        for text, intent in wanted:
            found = runner.run(client.parse(text))["intent"]["name"]
            if found != intent:
                wrong[intent, found] += 1
    for (intent, found), count in wrong.most_common(20):
        say(f"{count:3d}  {intent} -> {found}")
    return {"messages": len(wanted), "accuracy": round(1 - sum(wrong.values()) / len(wanted), 4)}


WHAT: dict[str, Callable[[Settings, argparse.Namespace], Figures]] = {
    "bank": _bank,
    "answers": _answers,
    "answer-texts": _answer_texts,
    "contradictions": _contradictions,
    "statutes": _statutes,
    "nlu": _nlu,
    "topics": _topics,
    "calibration": _calibration,
    "golden": _golden,
    "anonymity": _anonymity,
    "danger": _danger,
    "village-rules": _village_rules,
    "motions": _motions,
    "deadlines": _deadlines,
    "decisions": _decisions,
}


def add(commands: Commands) -> None:
    parser = commands.add(
        "eval",
        evaluate,
        "figures of search, dialogue, topics, danger, deadlines, our answers and the checkers (README has the list)",
    )
    parser.add_argument("what", choices=list(WHAT))
    parser.add_argument("given", nargs="?", type=Path, metavar="FILE", help="the same as --file FILE")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--limit", type=int)
