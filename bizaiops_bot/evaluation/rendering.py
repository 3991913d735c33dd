"""The report of the domain set for people."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.table import Table

from bizaiops_bot.evaluation.report import DomainReport, LeftAlone

WIDTH = 120
SHOWN = 15


def render(report: DomainReport) -> str:
    """Plain text, WIDTH columns."""
    out = StringIO()
    console = Console(file=out, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    for table in (_sets(report), _left_alone(report), _slots(report), _confusion(report), _wrong(report)):
        if table.row_count:
            console.print(table)
    console.print(_cost(report), highlight=False, soft_wrap=True)
    return out.getvalue()


def _sets(report: DomainReport) -> Table:
    table = Table(
        *("Commands", "said", "new", "intent", "command", "by group", "offered", "asked wrong", "refused"),
        *("wrong reads", "wrong changes"),
        title="Understood (new: no example of an intent word for word; the rest is of these)",
    )
    for name, part in report.sets.items():
        shares = (part.intent, part.command, part.by_group, part.offered, part.asked_wrong, part.refused)
        row = [name, str(part.said), str(part.said - part.seen), *(f"{share:.1%}" for share in shares)]
        table.add_row(*row, str(part.wrong_reads), str(part.wrong_changes))
    return table


def _left_alone(report: DomainReport) -> Table:
    table = Table("Not ours", "said", "refused", "asked", "reads", "changes", title="Must not be acted on")
    rows: dict[str, LeftAlone] = {f"near-misses {half}": part for half, part in report.near_misses.items()}
    for name, part in {**rows, "beside the bot": report.beside}.items():
        table.add_row(name, *(str(n) for n in (part.said, part.refused, part.asked, part.reads, part.changes)))
    return table


def _slots(report: DomainReport) -> Table:
    table = Table("Value", "said", "read as meant", title="Values")
    for score in report.slots:
        table.add_row(score.kind, str(score.said), f"{score.right / score.said:.1%}")
    return table


def _confusion(report: DomainReport) -> Table:
    table = Table("Meant", "Became", "Times", "Sentences", title="Most confused")
    for row in report.confusion[:SHOWN]:
        table.add_row(row.meant, row.became, str(row.count), "\n".join(row.sentences))
    return table


def _wrong(report: DomainReport) -> Table:
    table = Table("Said", "Meant", "Became", title="Acted on wrongly")
    for miss in report.wrong:
        table.add_row(miss.say, miss.meant, miss.became)
    return table


def _cost(report: DomainReport) -> str:
    asked, cost, timing = report.incomplete, report.cost, report.timing
    ece = "" if report.ece is None else f" Calibration error: {report.ece:.1%}."
    return (
        f"Missing values asked for: {asked.right} of {asked.said}.{ece}\n"
        f"A language model would be asked about {cost.asked:.1%} of the commands: about {cost.tokens_in} tokens in and "
        f"{cost.tokens_out} out each, ${cost.usd:.3f} for 1,000 utterances with {cost.model} "
        f"(${cost.prices[0]:g} and ${cost.prices[1]:g} for a million tokens).\n"
        f"Local stages: {timing.cpu:.1f} ms of processor time an utterance; p50 {timing.p50:.1f} ms, "
        f"p95 {timing.p95:.1f} ms.\n"
    )
