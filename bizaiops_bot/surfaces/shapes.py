"""The JSON that programs send and get. Everything here is documented at /docs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bizaiops_bot.domain.cards import Answer, Block, Tone
from bizaiops_bot.domain.feedback import Verdict
from bizaiops_bot.domain.monitoring import DriftReport, HealthSample
from bizaiops_bot.domain.posts import PostedCard, PostedMessage
from bizaiops_bot.domain.records import RunRecord
from bizaiops_bot.domain.values import NoData


class Strict(BaseModel):
    """A request body; a field it does not know is an error, so that a misspelt one cannot be lost silently."""

    model_config = ConfigDict(extra="forbid")


class MessageIn(Strict):
    """What someone says. The same `event_id` twice is one message; `thread` answers in a thread."""

    actor: str = Field(default="", max_length=100, description="Account that speaks, such as engineer.")
    text: str
    thread: str | None = Field(default=None, max_length=200)
    event_id: str | None = Field(default=None, max_length=200)


class MessageAccepted(BaseModel):
    """The message is stored; the reply is a card whose reply_to is this id."""

    message_id: str
    thread: str
    seq: int = Field(description="Cards after this one may answer it.")


class ClickIn(Strict):
    """A click on a button of a card."""

    actor: str = Field(default="", max_length=100)
    card_id: str = Field(max_length=200)
    button_id: str = Field(max_length=200)
    reason: str = Field(default="", max_length=500, description="For a decision: why, in words.")
    event_id: str | None = Field(
        default=None, max_length=200, description="Your own id of the click; the same one again is answered as before."
    )


class FeedbackIn(Strict):
    """Whether an answer was right."""

    actor: str = Field(default="", max_length=100)
    verdict: Verdict = Field(description="good, bad, or none to take it back; one a person and card.")
    meant: str = Field(
        default="", max_length=100, description="With bad: the playbook of one of the offered, or `something else`."
    )
    event_id: str | None = Field(
        default=None, max_length=200, description="Your own id of it; the same one again is answered as before."
    )


class DecisionIn(Strict):
    """A decision on what a run waits for."""

    actor: str = Field(default="", max_length=100)
    decision: Literal["approve", "reject"]
    reason: str = Field(default="", max_length=500, description="Why, in words; people see it on the card.")
    plan_hash: str | None = Field(
        default=None,
        max_length=64,
        description="Of the plan you have seen, 12 digits or more; left out: the one the bot last showed you, else "
        "the one the run began with.",
    )
    gate: str | None = Field(default=None, max_length=100, description="Its name; left out: the one that is open.")
    event_id: str | None = Field(
        default=None, max_length=200, description="Your own id of the decision; sent again, it counts once."
    )


class FaultIn(Strict):
    """A fault for a model of the embedded company."""

    model: str = Field(max_length=100)
    fault: str = Field(max_length=100)


class ButtonOut(BaseModel):
    """A button; `id` is opaque."""

    id: str
    label: str
    style: str
    confirm: str = ""
    ask: str = ""


class CardOut(BaseModel):
    """One version of a card. A card edited in place comes again with a higher seq and version."""

    seq: int
    id: str
    version: int
    conversation: str
    thread: str
    reply_to: str | None
    title: str
    text: str
    blocks: tuple[Block, ...]
    buttons: list[ButtonOut]
    run_id: int | None
    tone: Tone
    answer: Answer
    is_answer: bool = Field(description="Whether it answers someone's words, so that people can judge it.")
    at: datetime


class RevisionOut(BaseModel):
    """What runs, by the serving system's name, and its percent of the requests; version: null where nobody knows it."""

    name: str
    version: str | None
    weight: int
    role: str
    ready: bool
    problem: str


class ReplicasOut(BaseModel):
    """How many run, how many should, and between which bounds."""

    ready: int
    desired: int
    least: int
    most: int


class ModelOut(BaseModel):
    """A model as it is served right now, in the words of the serving system."""

    name: str
    title: str
    task: str
    owner: str
    revisions: list[RevisionOut]
    replicas: ReplicasOut
    paused: bool
    settled: bool
    read_at: datetime
    health: dict[str, Any]
    drift: dict[str, Any]
    open_alerts: int


class StepOut(BaseModel):
    """One step of a run."""

    name: str
    status: str
    started: datetime | None
    ended: datetime | None
    detail: str


class ApprovalOut(BaseModel):
    """One decision that counted."""

    gate: str
    actor: str
    decision: str
    reason: str
    at: datetime


class RunOut(BaseModel):
    """A run: what was asked, what was approved, what happened."""

    id: int
    playbook: str
    inputs: dict[str, Any]
    actor: str
    conversation: str
    thread: str
    status: str
    summary: str
    error: str
    plan_hash: str
    plan: dict[str, Any]
    steps: list[StepOut]
    approvals: list[ApprovalOut]
    created: datetime
    ended: datetime | None


class KpiDayOut(BaseModel):
    """One local day; `value` is null where there were too few observations."""

    day: date
    value: float | None
    n: int
    complete: bool


class KpiOut(BaseModel):
    """A KPI and, asked for by id, its days."""

    id: str
    model: str
    title: str
    unit: str
    direction: Literal["up_is_good", "down_is_good"]
    target: float | None
    description: str
    day: date | None
    value: float | None
    change: float | None = Field(
        description="Relative to the same weekday a week before, 0.1 is +10%; null where a share would mislead."
    )
    difference: float | None = Field(description="From the same weekday a week before, in the KPI's unit.")
    better: bool | None = Field(description="Whether that is for the better; null for no change.")
    target_met: bool | None = Field(description="By the value as cards show it; null without a target.")
    days: list[KpiDayOut] = Field(default_factory=list)


def card_out(posted: PostedCard) -> CardOut:
    """A posted card as programs see it."""
    return CardOut(
        **posted.model_dump(include={"seq", "id", "version", "conversation", "thread", "reply_to", "at"}),
        title=posted.card.title,
        text=posted.card.text,
        blocks=posted.card.blocks,
        buttons=[ButtonOut(**button.model_dump()) for button in posted.buttons],
        run_id=posted.card.run_id,
        tone=posted.card.tone,
        answer=posted.card.answer,
        is_answer=posted.is_answer,
    )


def event_out(post: PostedCard | PostedMessage) -> tuple[str, str]:
    """(event name, JSON on one line) for a server-sent event."""
    if isinstance(post, PostedCard):
        return "card", card_out(post).model_dump_json()
    return "message", post.model_dump_json()


def run_out(run: RunRecord) -> RunOut:
    """A run as programs see it."""
    data = run.model_dump(include=set(RunOut.model_fields) - {"steps", "plan"})
    return RunOut(
        **data,
        plan_hash=run.plan.hash,
        plan=run.plan.model_dump(mode="json"),
        steps=[StepOut(**step.model_dump()) for step in run.steps],
        approvals=[ApprovalOut(**decision.model_dump()) for decision in run.decisions],
    )


def health_out(samples: list[HealthSample] | NoData) -> dict[str, Any]:
    """Per version error rate and latency, or why there is nothing to say."""
    if isinstance(samples, NoData):
        return {"status": "no_data", **samples.model_dump()}
    rows = [{**s.model_dump(mode="json"), "error_rate": s.error_rate} for s in samples]
    return {"status": "measured", "versions": rows}


def drift_out(report: DriftReport | NoData) -> dict[str, Any]:
    """Drifting and missing columns, or why there is nothing to say."""
    if isinstance(report, NoData):
        return {"status": "no_data", **report.model_dump()}
    status = "missing_values" if report.missing else "drifted" if report.drifted else "stable"
    names = {"drifted": [f.name for f in report.drifted], "missing": [f.name for f in report.missing]}
    return {"status": status, **names, "report": report.model_dump(mode="json")}
