"""Text, fields, steps, changes and small print as Block Kit.

Why rich text and not mrkdwn: in a rich text block every piece is literal and carries its style beside it, so words from
outside cannot become bold, a link or a mention whatever they hold. mrkdwn is left where Slack has nothing else: fields
in two columns and the small print.
"""

from __future__ import annotations

from bizaiops_bot.domain.cards import Context, Diff, Fields, StepLine, Steps, Text
from bizaiops_bot.surfaces.render.blockkit_escape import bare, escape, fitted, line
from bizaiops_bot.surfaces.render.blockkit_limits import FIELD, FIELDS
from bizaiops_bot.surfaces.render.blockkit_sheet import Json, Sheet, bullets, mrkdwn, rich, section, small, word, words
from bizaiops_bot.surfaces.render.clean import clean, one_line
from bizaiops_bot.surfaces.render.html import took

TEXT_MAX, CONTEXT_MAX, VALUE_MAX = 3_000, 1_500, 400
FIELDS_MAX, STEPS_MAX, CHANGES_MAX = 40, 40, 30
NARROW = 60
"""Longer values do not fit into half of a message."""
SIGNS = {
    "planned": "○",
    "running": "⏳",
    "waiting": "✋",
    "done": "✅",
    "failed": "❌",
    "skipped": "⏭️",
    "undone": "↩️",
}


def draw_text(block: Text, sheet: Sheet) -> list[Json]:
    text, most = clean(block.text).strip(), sheet.most(TEXT_MAX, 80)
    if not text:
        return []
    if len(text) <= most:
        return [rich(section(words(text)))]
    cut = text.rfind(" ", most - most // 8, most)
    shown = words(text[: cut if cut > 0 else most].rstrip() + " … ")
    return [rich(section([*shown, word(f"({_without_marks(sheet.more)})", italic=True)]))]


def draw_fields(block: Fields, sheet: Sheet) -> list[Json]:
    most = sheet.most(FIELDS_MAX, 2)
    pairs = [(one_line(label, 80), one_line(value, VALUE_MAX)) for label, value in block.fields[:most]]
    if not pairs:
        return []
    more = sheet.cut(len(block.fields) - most, "values")
    if any(len(value) > NARROW for _, value in pairs):
        return [rich(bullets([word(f"{label}: ", bold=True), *words(value)] for label, value in pairs)), *more]
    cells = [mrkdwn(f"*{line(label, 90, bare)}*\n{fitted(value, FIELD - 200, escape)}") for label, value in pairs]
    rows = [cells[i : i + FIELDS] for i in range(0, len(cells), FIELDS)]
    return [*({"type": "section", "fields": row} for row in rows), *more]


def draw_steps(block: Steps, sheet: Sheet) -> list[Json]:
    """The steps around the current one, when there are too many for all."""
    most, count = sheet.most(STEPS_MAX, 3), len(block.steps)
    if not count:
        return []
    ended = ("done", "skipped", "undone")
    current = next((i for i, step in enumerate(block.steps) if step.status not in ended), count - 1)
    first = max(0, min(current - most // 2, count - most))
    lines = [_step(step) for step in block.steps[first : first + most]]
    before = sheet.cut(first, "steps before these")
    return [*before, rich(*map(section, _broken_lines(lines))), *sheet.cut(count - first - most, "steps after these")]


def _broken_lines(lines: list[list[Json]]) -> list[list[Json]]:
    """One section of several lines: sections of their own would have the space of paragraphs between them."""
    return [[piece for i, pieces in enumerate(lines) for piece in ([word("\n")] if i else []) + pieces]]


def _step(step: StepLine) -> list[Json]:
    name = word(one_line(step.name, 120) or "–", **({"bold": True} if step.status in ("running", "failed") else {}))
    spent = f" · {took(step)}" if took(step) else ""
    detail = [word(" – "), *words(one_line(step.detail, 300))] if step.detail.strip() else []
    return [word(f"{SIGNS[step.status]} "), name, *([word(spent, italic=True)] if spent else []), *detail]


def draw_diff(block: Diff, sheet: Sheet) -> list[Json]:
    most = sheet.most(CHANGES_MAX, 3)
    if not block.lines:
        return []
    lines = [
        [
            *words(f"{one_line(change.what)}: "),
            word(one_line(change.before) or "nothing", strike=True),
            word(" → "),
            word(one_line(change.after) or "nothing", bold=True),
        ]
        for change in block.lines[:most]
    ]
    heading = section([word("What changes", bold=True)])
    return [rich(heading, bullets(lines)), *sheet.cut(len(block.lines) - most, "changes")]


def draw_context(block: Context, sheet: Sheet) -> list[Json]:
    text = clean(block.text).strip()
    return [small(fitted(text, sheet.most(CONTEXT_MAX, 80), str))] if text else []


def _without_marks(text: str) -> str:
    return text.replace("`", "")
