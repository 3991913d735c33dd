"""The neutral message: one model for Slack, Teams, the console and the terminal."""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from bizaiops_bot.domain.values import Value

Answer = Literal["ok", "refused", "failed"]
Tone = Literal["info", "success", "warning", "danger", "muted"]
StepStatus = Literal["planned", "running", "waiting", "done", "failed", "skipped", "undone"]


class Text(Value):
    """A paragraph; `**bold**`, `_italic_` and `` `code` `` are understood, all else is literal."""

    type: Literal["text"] = "text"
    text: str


class Fields(Value):
    """Short label and value pairs."""

    type: Literal["fields"] = "fields"
    fields: tuple[tuple[str, str], ...]


class Table(Value):
    """Rows of text. `align` has one of l, r, c per column; empty means all left."""

    type: Literal["table"] = "table"
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str = ""
    caption: str = ""


class Series(Value):
    """One line of a chart; None marks a gap."""

    name: str
    values: tuple[float | None, ...]


class Mark(Value):
    """A vertical mark at index `at` of the x axis, such as a deploy or a drift alert.

    when: its moment as the rest of the card says it, where that is finer than the axis; "" for the label of x.
    """

    at: int
    label: str
    kind: Literal["deploy", "drift", "fault", "other"] = "other"
    when: str = ""


class Chart(Value):
    """A small picture. `x` has one label per value of every series; `limit` draws a horizontal threshold."""

    type: Literal["chart"] = "chart"
    title: str
    kind: Literal["line", "bar"] = "line"
    x: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""
    limit: float | None = None
    limit_name: Literal["limit", "target"] = "limit"
    marks: tuple[Mark, ...] = ()
    as_picture: bool = False


class StepLine(Value):
    """One step as people see it."""

    name: str
    status: StepStatus
    detail: str = ""
    started: datetime | None = None
    ended: datetime | None = None


class Steps(Value):
    """Progress of a run."""

    type: Literal["steps"] = "steps"
    steps: tuple[StepLine, ...]


class DiffLine(Value):
    """What changes, from what, to what."""

    what: str
    before: str
    after: str


class Diff(Value):
    """The changes a plan will make."""

    type: Literal["diff"] = "diff"
    lines: tuple[DiffLine, ...]


class Context(Value):
    """Small print: sources, times, hashes."""

    type: Literal["context"] = "context"
    text: str


class Link(Value):
    """to: a page of the console, such as "/handbook/glossary#psi"; never an address outside."""

    label: str
    to: str = Field(pattern=r"^/[A-Za-z0-9_][A-Za-z0-9/_.#?=&%+-]{0,400}$")


class Links(Value):
    """Where more is told. `site` is the console's address for people outside it, "" where it has none."""

    type: Literal["links"] = "links"
    links: tuple[Link, ...]
    site: str = ""


class File(Value):
    """A small text file to take away, such as a CSV. `name` is what it is saved as.

    at: its address for people outside the console, "" where it has none.
    """

    type: Literal["file"] = "file"
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,80}$")
    title: str
    text: str = Field(max_length=300_000)
    at: str = ""


class ButtonsHere(Value):
    """The card's buttons stand here; a card without this has them below all that is in the open."""

    type: Literal["buttons"] = "buttons"


class Details(Value):
    """What follows in the card is detail: folded away where the surface can, in small print or left out where not."""

    type: Literal["details"] = "details"


Block = Annotated[
    Text | Fields | Table | Chart | Steps | Diff | Context | Links | File | ButtonsHere | Details,
    Field(discriminator="type"),
]


class Layout(NamedTuple):
    """A card's blocks by where they stand: above the buttons, below them, and folded away. Without the two marks."""

    above: tuple[Block, ...]
    below: tuple[Block, ...]
    details: tuple[Block, ...]


class Button(Value):
    """A click stands for `command`, words a person could have typed.

    bind: what the click is tied to (run, gate, plan hash, or a question's filled slots); kept on the server, never
    shown. ask: what the person is asked for a reason in words, given with the click; none is an answer too.
    """

    label: str
    command: str
    style: Literal["primary", "danger", "default"] = "default"
    confirm: str = ""
    ask: str = ""
    bind: dict[str, str] = Field(default_factory=dict)


class Card(Value):
    """One message. Surfaces render it as well as they can and never fail on it."""

    title: str
    tone: Tone = "info"
    blocks: tuple[Block, ...] = ()
    buttons: tuple[Button, ...] = ()
    run_id: int | None = None
    summary: str = ""
    answer: Answer = "ok"
    """How a request ended, for programs: a card in red may well be a good answer to "list alerts"."""

    @property
    def layout(self) -> Layout:
        shown = tuple(takewhile(lambda block: not isinstance(block, Details), self.blocks))
        above = tuple(takewhile(lambda block: not isinstance(block, ButtonsHere), shown))
        return Layout(above, _unmarked(shown[len(above) :]), _unmarked(self.blocks[len(shown) :]))

    @property
    def text(self) -> str:
        """Plain-text fallback: `summary`, else the title and the text blocks."""
        if self.summary:
            return self.summary
        parts = [self.title, *(b.text for b in self.blocks if isinstance(b, Text))]
        return "\n".join(parts)


def _unmarked(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    return tuple(block for block in blocks if not isinstance(block, ButtonsHere | Details))


BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[float | None]) -> str:
    """Unicode bars, one per value; a gap is a middle dot."""
    known = [v for v in values if v is not None]
    if not known:
        return "·" * len(values)
    low, span = min(known), (max(known) - min(known)) or 1.0
    return "".join("·" if v is None else BARS[min(7, int((v - low) / span * 7.999))] for v in values)
