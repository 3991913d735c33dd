"""What one can say to the bot."""

import re
from dataclasses import dataclass

from pydantic import Field

from bizaiops_bot.playbook import (
    Block,
    BotError,
    Button,
    Card,
    Context,
    Fields,
    FreeText,
    Inputs,
    Kpi,
    Link,
    Links,
    Passage,
    Run,
    Table,
    Term,
    Text,
    find_term,
    playbook,
)
from playbooks._handbook import from_handbook, glossary_link, passage_buttons
from playbooks._numbers import kpi_now, numbers_of


@dataclass(frozen=True)
class Group:
    """One family of requests: phrases a person can type, what each does, and who may.

    reads: how many of the phrases, from the first on, only read: these are buttons, the others are there to be typed.
    """

    title: str
    words: str
    who: str
    phrases: tuple[tuple[str, str], ...]
    reads: int


GROUPS = (
    Group(
        "See",
        "status look health drift alerts models list what",
        "everyone",
        (
            ("what models do we have?", "all models with traffic, health and drift"),
            ("status churn", "traffic, health, drift, alerts, latency"),
            ("list alerts", "what needs care, time to detect and to recover"),
            ("compare churn v1 and v2", "two versions side by side"),
        ),
        reads=4,
    ),
    Group(
        "Release",
        "deploy canary promote release roll back rollback retrain version traffic percent",
        "engineers and SREs; another person with the role approver agrees",
        (
            ("who deployed churn last?", "the releases of a model"),
            ("deploy churn v2 as a 10% canary", "build, test, canary, judge, promote"),
            ("roll back churn", "all traffic to the version before"),
            ("retrain churn", "train on recent labelled rows, then release"),
        ),
        reads=1,
    ),
    Group(
        "Operate",
        "pause resume scale replicas freeze unfreeze fault faults inject operate",
        "engineers and SREs; pausing and scaling are approved like a release",
        (
            ("who may deploy churn?", "the rules for a model"),
            ("pause churn", "turn its requests away; `resume churn` serves again"),
            ("scale demand to 3", "change the replicas"),
            ("freeze deploys", "no release until `unfreeze deploys`"),
            ("inject latency into churn", "demo only: break something, see it healed"),
        ),
        reads=1,
    ),
    Group(
        "Business",
        "kpi kpis revenue digest schedule effect business week numbers analyst",
        "everyone",
        (
            ("how did churn do this week?", "KPIs against the week before"),
            (
                "what did the last churn release do to revenue at risk?",
                "effect with interval, or why it cannot be told",
            ),
            ("show schedules", "what is sent when; stop it or send it now"),
            ("send the churn KPI digest here every Monday at 9:00 Berlin time", "a digest by schedule"),
        ),
        reads=3,
    ),
    Group(
        "Runs and approvals",
        "run runs approve reject approval approvals delegate delegation cancel audit plan",
        "approvers decide, never on their own request; every decision is audited",
        (
            ("list approvals", "what waits for a decision"),
            ("show run 7", "its steps, plan and decisions"),
            ("show audit", "the last entries of the audit log"),
            ("delegate my approvals to sam for 3 days", "let somebody decide in your place; `stop delegating` ends it"),
            ("cancel run 7", "stop it; what it changed is undone"),
        ),
        reads=3,
    ),
)


_LETTERS = frozenset({"psi", "auc", "kpi", "wape"})
_MEANING = re.compile(r"what (.+) means")


class Help(Inputs):
    """Answer a question about the bot from its handbook, say what a word or a KPI means, or show what can be asked."""

    topic: FreeText | None = Field(None, description="a question, a word, or a topic such as deploy or digest")


@playbook(title="Help", risk="read")
async def help(run: Run, ask: Help) -> Card:  # noqa: A001 - a playbook is named like the word people type
    topic = ask.topic or ""
    groups = matching(topic)
    meant = _MEANING.fullmatch(topic)
    term = find_term(meant[1] if meant else topic) if meant or len(groups) > 1 else None
    if term is None and (kpi := await _kpi_called(run, meant[1] if meant else topic)):
        term = Term((kpi.title,), kpi.description, f"kpis {kpi.model}")
        return _meaning_card(term, await _now(run, kpi), f"/handbook/reference/kpis#{kpi.id}")
    if term is not None:
        return _meaning_card(term, await numbers_of(run, term.names[0]), glossary_link(term.names[0]))
    if topic and (told := await from_handbook(run, topic, alone=len(groups) == 1)):
        return told
    if len(groups) == 1:
        return _topic_card(groups[0])
    near = (await run.read(run.handbook.look_up, topic)).passages if topic else ()
    return _overview(ask.topic, near)


async def _kpi_called(run: Run, topic: str) -> Kpi | None:
    """None too while the KPIs cannot be read: help waits for no system."""
    said = topic.lower().strip(" ?.!").replace("_", " ")
    try:
        kpis = await run.read(run.warehouse.kpis) if said else []
    except BotError:
        return None
    for kpi in kpis:
        if kpi.description and said in {kpi.id.replace("_", " "), kpi.title.lower()}:
            return kpi
    return None


async def _now(run: Run, kpi: Kpi) -> Fields | None:
    try:
        return await kpi_now(run, kpi)
    except BotError:
        return None


def _meaning_card(term: Term, numbers: Fields | None, link: str) -> Card:
    """What one word means, how it stands here, and what to say to see more."""
    name = term.names[0]
    title = name.upper() if name in _LETTERS else f"{name[0].upper()}{name[1:]}"
    buttons = (Button(label=term.see, command=term.see),) if term.see else ()
    blocks: list[Block] = [Text(text=term.meaning), *([numbers] if numbers else [])]
    told = "; ".join(f"{label}: {value}" for label, value in numbers.fields) if numbers else ""
    return Card(
        title=title,
        summary=f"{title}: {term.meaning} {told}".strip(),
        blocks=(*blocks, Links(links=(Link(label=f"Handbook: {title}", to=link),))),
        buttons=buttons,
    )


def matching(topic: str) -> list[Group]:
    """The one group that shares most words with `topic`; all of them when none does."""
    words = {word.strip("?.,!").lower() for word in topic.split()}
    scored = [(len(words & {*g.words.split(), *g.title.lower().split()}), g) for g in GROUPS]
    best = max(score for score, _ in scored)
    return list(GROUPS) if best == 0 else [next(g for score, g in scored if score == best)]


def _overview(topic: str | None, near: tuple[Passage, ...]) -> Card:
    rows = tuple((g.title, "\n".join(phrase for phrase, _ in g.phrases[:3]), g.who) for g in GROUPS)
    blocks: tuple[Block, ...] = (
        Text(text="I run your machine-learning models from this conversation. Say it in your own words; for example:"),
        Table(columns=("For", "Say", "Who may"), rows=rows),
        Context(
            text="A change shows its plan first and waits for an approver. `help deploy` tells more about one topic."
        ),
    )
    if topic:
        blocks = (
            Text(
                text="I have no help on that topic, and the handbook has none. The nearest pages are the first "
                "buttons. This is what I can do:"
            ),
            *blocks,
        )
    examples = " · ".join(g.phrases[0][0] for g in GROUPS)
    return Card(
        title="What I can do",
        summary=f"Say for example: {examples}",
        blocks=blocks,
        buttons=(*passage_buttons(near[:3]), *_buttons(GROUPS)),
    )


def _buttons(groups: tuple[Group, ...]) -> tuple[Button, ...]:
    return tuple(Button(label=g.phrases[0][0], command=g.phrases[0][0]) for g in groups)


def _topic_card(group: Group) -> Card:
    said = "; ".join(f"{phrase} ({does})" for phrase, does in group.phrases)
    return Card(
        title=f"Help: {group.title}",
        summary=f"{group.title}: {said}. Who may: {group.who}.",
        blocks=(Table(columns=("Say", "What it does"), rows=group.phrases), Context(text=f"Who may: {group.who}.")),
        buttons=tuple(Button(label=phrase, command=phrase) for phrase, _ in group.phrases[: group.reads]),
    )
