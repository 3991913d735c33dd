"""What others did in the registry: versions that are new, aliases that point elsewhere, and the cards that tell it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from pydantic import Field

from bizaiops_bot.domain.cards import Button, Card, Context, Table, Text
from bizaiops_bot.domain.models import ModelVersion
from bizaiops_bot.domain.values import Value

_METRIC = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/@-]{0,39}")
"""Names of metrics that are shown: others could be a link, a mention or a sentence of their own."""
_SHOWN = 6
"""Metrics of a card, and further versions that it names."""


class Moved(Value):
    """An alias that points at another version than before. before: None where it is new."""

    alias: str
    before: str | None
    now: str


class Seen(Value):
    """What was there at the last look. aliases: alias -> version. since: alias -> when it was first seen there, UTC."""

    versions: frozenset[str] = frozenset()
    aliases: dict[str, str] = Field(default_factory=dict)
    since: dict[str, str] = Field(default_factory=dict)


class News(Value):
    """What has changed since, oldest first. own: versions that a rollout of a bot registered, which are no news.

    Versions that are not whole yet are in neither: they are news once they are.
    """

    by_others: tuple[ModelVersion, ...] = ()
    own: tuple[str, ...] = ()
    moved: tuple[Moved, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.by_others or self.own or self.moved)


def aliases_of(found: Sequence[ModelVersion]) -> dict[str, str]:
    """Alias -> version."""
    return {alias: version.version for version in found for alias in version.aliases}


def compare(before: Seen, found: Sequence[ModelVersion]) -> News:
    """What `found`, the versions of one model, has that was not there before."""
    new = [v for v in found if v.version not in before.versions and v.state != "pending"]
    moved = [
        Moved(alias=alias, before=before.aliases.get(alias), now=version)
        for alias, version in aliases_of(found).items()
        if before.aliases.get(alias) != version
    ]
    return News(
        by_others=tuple(v for v in new if not v.digest and v.state == "ready"),
        own=tuple(v.version for v in new if v.digest or v.state == "failed"),
        moved=tuple(moved),
    )


def title_of(version: ModelVersion) -> str:
    """ "churn 9 was registered by alice" """
    return f"{version.model} {version.version} was registered by {version.registrant}"


def registered_card(
    version: ModelVersion, others: Sequence[str], serving: ModelVersion | None, canary: int, rules: str = ""
) -> Card:
    """others: further versions that came with it. serving: what it would take the place of. rules: what they did."""
    name = f"{version.model} {version.version}"
    metrics = ", ".join(f"{metric.upper()} {value:.4g}" for metric, value in _shown(version.metrics))
    said = f"{title_of(version)}{f' with {metrics}' if metrics else ''}: deploy it as a canary?"
    more = f"Also new: {', '.join(others[-_SHOWN:])}{_and_more(len(others) - _SHOWN)}." if others else ""
    inputs = {"model": version.model, "version": version.version, "canary": canary}
    buttons = [
        Button(
            label=f"Deploy {version.version} as a {canary}% canary",
            command=f"deploy {name} as a {canary}% canary",
            style="primary",
            bind={"playbook": "deploy_model", "inputs": json.dumps(inputs)},  # whatever else may be called nearly so
        )
    ]
    if serving is not None and serving.version != version.version:
        compare = f"compare {version.model} {serving.version} and {version.version}"
        buttons.append(Button(label=f"Compare with {serving.version}", command=compare))
    return Card(
        title=title_of(version),
        tone="info",
        summary=" ".join(filter(None, [said, more])),
        blocks=(
            Text(text=" ".join(filter(None, [said, more, rules]))),
            *_side_by_side(version, serving),
            Context(
                text="It was registered outside the bot: nothing was changed, and nothing is known of it but this."
            ),
        ),
        buttons=tuple(buttons),
    )


def _side_by_side(version: ModelVersion, serving: ModelVersion | None) -> tuple[Table, ...]:
    if serving is None or serving.version == version.version:
        return ()
    names = [name for name, _ in _shown({**version.metrics, **serving.metrics})]
    if not names:
        return ()
    rows = tuple((name, _number(serving.metrics, name), _number(version.metrics, name)) for name in names)
    return (Table(columns=("", f"{serving.version}, serving", version.version), rows=rows, align="lrr"),)


def _shown(metrics: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted((name, value) for name, value in metrics.items() if _METRIC.fullmatch(name))[:_SHOWN]


def _and_more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""


def _number(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[name]:.4g}" if name in metrics else "–"


def moved_card(model: str, moved: Sequence[Moved], rules: str = "") -> Card:
    """Aliases that somebody else has moved."""
    lines = [f"`{m.alias}` of {model} is {m.now} now, before it was {m.before or 'none'}." for m in moved]
    title = f"The registry of {model} was changed outside the bot"
    said = f"{title}: {' '.join(line.replace('`', '') for line in lines)} The traffic is as it was."
    return Card(
        title=title,
        tone="warning",
        summary=said,
        blocks=(Text(text=" ".join([*lines, "The traffic is as it was.", *([rules] if rules else [])])),),
        buttons=(
            Button(label=f"Status {model}", command=f"status {model}"),
            Button(label="History", command=f"history of {model}"),
        ),
    )
