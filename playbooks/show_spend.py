"""What the language model cost."""

from collections import defaultdict
from collections.abc import Callable

from pydantic import Field

from bizaiops_bot.playbook import (
    Block,
    Card,
    Context,
    Fields,
    Inputs,
    LanguageSpend,
    Link,
    Links,
    Run,
    Table,
    Text,
    Use,
    WindowSlot,
    playbook,
)
from playbooks._kpis import span_of
from playbooks._words import local_day

DAYS_SHOWN = 7
ABOUT = Links(
    links=(
        Link(label="Handbook: what a language model costs", to="/handbook/how-to/use-a-language-model#what-it-costs"),
    )
)


class ShowSpend(Inputs):
    """Tell what the language model was asked and what it cost, by day and by conversation."""

    window: WindowSlot | None = Field(None, description="the span, such as this month; all that is kept if left out")


@playbook(title="Show what the language model cost", risk="read")
async def show_spend(run: Run, ask: ShowSpend) -> Card:
    spent = await run.read(run.records.language_spend)
    when = "in all, as far as it is kept (400 days)"
    if ask.window is not None:
        span = span_of(ask.window, local_day(run.clock.now(), run.time_zone), run.time_zone)
        spent = [one for one in spent if span.start <= one.day <= span.end]
        when = f"{ask.window.label}, {span.start:%-d %b} to {span.end:%-d %b}"
    if not spent:
        return _nothing(when)
    total = sum((one.use for one in spent), Use())
    blocks: tuple[Block, ...] = (
        Fields(
            fields=(
                ("Spent", usd(total)),
                ("Calls", f"{total.calls:,}"),
                ("Tokens", f"{total.tokens_in:,} in, {total.tokens_out:,} out"),
            )
        ),
        _by("Day", spent, lambda one: f"{one.day:%a %-d %b}"),
        _by("Conversation", sorted(spent, key=lambda one: -one.use.micro_usd), lambda one: one.channel or "none"),
        Context(text=f"Days are of {run.time_zone}, by the clock of the machine. Prices are those of the settings."),
        ABOUT,
    )
    said = f"The language model cost {usd(total)} {when}: {total.calls:,} calls, {total.tokens:,} tokens."
    return Card(title=f"Language model: {usd(total)}", summary=said, blocks=blocks)


def usd(use: Use) -> str:
    """ "$0.0123"; a known zero is "$0"."""
    if not use.micro_usd:
        return "$0"
    return f"${use.usd:,.2f}" if use.usd >= 1 else f"${use.usd:.4f}"


def _nothing(when: str) -> Card:
    said = f"Nothing was spent on a language model {when}: none was asked."
    more = "Without one the bot understands people with its own classifier, which costs nothing."
    return Card(
        title="Language model: nothing spent", summary=f"{said} {more}", blocks=(Text(text=f"{said} {more}"), ABOUT)
    )


def _by(name: str, spent: list[LanguageSpend], key: Callable[[LanguageSpend], str]) -> Table:
    sums: dict[str, Use] = defaultdict(Use)
    for one in spent:
        sums[key(one)] += one.use
    rows = tuple(
        (label, usd(use), f"{use.calls:,}", f"{use.tokens:,}") for label, use in list(sums.items())[:DAYS_SHOWN]
    )
    return Table(columns=(name, "Cost", "Calls", "Tokens"), rows=rows, align="lrrr")
