"""What other surfaces fold away, as Slack shows it, which folds nothing: in small print, the steps in one line."""

from __future__ import annotations

from bizaiops_bot.domain.cards import Block, Context, Diff, Fields, StepLine, Steps, Text
from bizaiops_bot.surfaces.render.blockkit_escape import escape, fitted
from bizaiops_bot.surfaces.render.blockkit_limits import TEXT
from bizaiops_bot.surfaces.render.blockkit_sheet import Json, Sheet, small
from bizaiops_bot.surfaces.render.blockkit_text import SIGNS
from bizaiops_bot.surfaces.render.clean import clean, one_line

DETAILS_MAX, LINES_MAX, STEPS_MAX = 2_000, 15, 30


def draw_details(blocks: tuple[Block, ...], sheet: Sheet) -> list[Json]:
    """One block for all of them; charts and tables are where `sheet.more` says."""
    lines = [line for block in blocks for line in _lines(block)]
    most = sheet.most(LINES_MAX, 2)
    if not lines:
        return []
    told = fitted("\n".join(lines[:most]), min(sheet.most(DETAILS_MAX, 80), TEXT), escape)
    return [small(told), *sheet.cut(len(lines) - most, "lines")]


def _lines(block: Block) -> list[str]:
    match block:
        case Fields():
            return [f"{one_line(label, 80)}: {one_line(value, 400)}" for label, value in block.fields]
        case Diff():
            return [
                f"{one_line(c.what)}: {one_line(c.before) or 'nothing'} → {one_line(c.after) or 'nothing'}"
                for c in block.lines
            ]
        case Steps() if block.steps:
            more = len(block.steps) - STEPS_MAX
            shown = " · ".join(map(_step, block.steps[:STEPS_MAX]))
            return [shown + (f" · {more} more" if more > 0 else "")]
        case Text() | Context():
            return [one_line(clean(block.text), 600)]
        case _:
            return []


def _step(step: StepLine) -> str:
    return f"{SIGNS[step.status]} {one_line(step.name, 60)}"
