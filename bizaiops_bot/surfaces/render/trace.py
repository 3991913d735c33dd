"""A trace of the router in a terminal: a block a stage, the one that decided in front."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bizaiops_bot.router.trace import Trace
from bizaiops_bot.surfaces.render.clean import one_line

STYLES = {"command": "green", "question": "yellow", "refusal": "red", "remark": "cyan"}
BAND_STYLES = {"act": "green", "clarify": "yellow", "refuse": "red"}
DOUBTS = {
    "supposed": "it only supposes",
    "rambling": "it is long or tells more",
    "mixed": "it has several lines",
    "misspelt": "a word of it was misspelt",
    "against": "a word speaks against it",
    "unused_values": "it has a value that would be left out",
    "unsaid_who": "it names somebody, or does not say for whom",
}


def trace_rich(found: Trace) -> RenderableType:
    """All stages under each other."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(ratio=1)
    for name, told in (
        ("decision", _decision(found)),
        ("guards", _guards(found.guards)),
        ("exact", _exact(found.exact)),
        ("local", _local(found.local)),
        ("doubts", _doubts(found.doubts)),
        ("language", _language(found.language)),
        ("values", _slots(found.slots)),
    ):
        table.add_row(name, told)
    return table


def _decision(found: Trace) -> RenderableType:
    decision = found.decision
    head = Text(f"{decision['kind']} {decision['playbook']}".strip(), style=STYLES[decision["kind"]])
    head.append(f"   from the stage {decision['stage'] or 'memory'}, {found.ms:.1f} ms", "bright_black")
    lines: list[RenderableType] = [head]
    if decision["inputs"]:
        lines.append(Text(one_line(_json(decision["inputs"]), 400)))
    if decision["told"]:
        lines.append(Text(one_line(decision["told"], 400)))
    if decision["choices"]:
        lines.append(Text("  ".join(f"[{one_line(label)}]" for label in decision["choices"])))
    return Group(*lines)


def _guards(stage: dict[str, Any]) -> RenderableType:
    if stage["refused"]:
        return Text(one_line(stage["refused"], 400), style="red")
    lines = [Text(one_line(stage["kept"], 400))]
    lines += [Text(f"cut out: {one_line(part, 200)}", style="yellow") for part in stage["cut"]]
    lines += [
        Text(f"read {one_line(a)!r} as {one_line(str(b))!r}", style="yellow") for a, b in stage["corrected"].items()
    ]
    lines += [Text("a dry run", style="yellow")] if stage["dry_run"] else []
    return Group(*lines)


def _exact(stage: dict[str, Any]) -> RenderableType:
    if not stage["intent"]:
        return Text("no wording of the intents' formats", style="bright_black")
    unknown = f", but for {stage['unknown']!r}, which is no model" if stage["unknown"] else ""
    return Text(f"a wording of {stage['intent']}{unknown}", style="green" if stage["matched"] else "yellow")


def _local(stage: dict[str, Any]) -> RenderableType:
    if not stage["guesses"]:
        return Text("-", style="bright_black")
    guesses = Table(box=None, pad_edge=False, header_style="bright_black", padding=(0, 2, 0, 0))
    for name, justify in (("guess", "left"), ("risk", "left"), ("p", "right"), ("near", "right"), ("sure", "right")):
        guesses.add_column(name, justify="right" if justify == "right" else "left")
    for guess in stage["guesses"]:
        scores = (f"{guess['p']:.3f}", f"{guess['near']:.2f}", f"{guess['sure']:.3f}")
        guesses.add_row(guess["intent"], guess["risk"], *scores)
    limits = "; ".join(f"to {name}: sure >= {limit:g}" for name, limit in stage["limits"].items())
    band = Text(stage["band"], style=BAND_STYLES[stage["band"]])
    band.append(f"   {limits}; out of scope {stage['out_of_scope']:.3f}", "bright_black")
    return Group(Text(f"read as: {one_line(stage['read_as'], 300)}", style="bright_black"), guesses, band)


def _doubts(stage: dict[str, Any]) -> RenderableType:
    if not stage:
        return Text("-", style="bright_black")
    lines = [f"mood: {stage['mood']}"] + [words for name, words in DOUBTS.items() if stage.get(name)]
    lines += ["none of the intent's own words"] if stage.get("own_words") is False else []
    lines += ["not built like an order"] if stage.get("built_as_order") is False else []
    lines += [f"several requests: {len(stage['several'])}"] if stage["several"] else []
    about = f"about {stage['intent']}: " if stage["intent"] else ""
    return Text(f"{about}{'; '.join(lines)}")


def _language(stage: dict[str, Any]) -> RenderableType:
    told = f"{stage['state']}   {_json(stage['heard'])}" if stage["heard"] else stage["state"]
    return Text(one_line(told, 400), style="" if stage["heard"] else "bright_black")


def _slots(slots: tuple[dict[str, Any], ...]) -> RenderableType:
    if not slots:
        return Text("none in the words", style="bright_black")
    table = Table.grid(padding=(0, 2))
    for slot in slots:
        value = slot["problem"] or _value(slot["value"])
        into = slot["slot"] or ("for nothing" if slot["sure"] else "if asked for")
        table.add_row(
            slot["kind"], f"{one_line(slot['said'])!r}", one_line(value, 120), Text(into, style="bright_black")
        )
    return table


def _value(value: Any) -> str:
    """Times as people say them."""
    return str(value["label"]) if isinstance(value, dict) and "label" in value else _json(value)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
