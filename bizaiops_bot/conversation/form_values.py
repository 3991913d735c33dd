"""What people write into a form, read as the router reads it in a sentence; what cannot be read is told in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bizaiops_bot.conversation.form_fields import NUMBERS
from bizaiops_bot.domain.forms import FormField
from bizaiops_bot.domain.routing import Catalogue, SlotSpec
from bizaiops_bot.domain.strategies import strategy
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.slots import names, strategies, versions
from bizaiops_bot.router.slots.mention import Mention

EXAMPLES = {
    "cron": "`every monday at 9:00`",
    "until": "`for 8 hours` or `until friday 18:00`",
    "period": "`until monday 8:00` or `friday 16:00 to monday 8:00`",
    "later": "`next week` or `from monday to friday`",
    "moment": "`tomorrow at 10` or `in 2 hours`",
    "window": "`last 7 days` or `this month`",
    "time_zone": "`Europe/Berlin`",
    "since": "`last 30 days` or `since monday`",
}
BEGINNINGS = {
    "cron": ("", "every ", "each "),
    "until": ("", "until ", "for "),
    "window": ("", "the ", "since "),
    "period": ("", "until ", "for ", "on "),
    "later": ("", "from ", "on "),
    "moment": ("", "at ", "in ", "on "),
    "time_zone": ("", "in "),
    "since": ("", "since ", "the "),
}
MODEL_FIRST = ("model",)


class Unusable(ValueError):
    """Why a value cannot be used, as it stands at the field."""


def in_order(slots: tuple[SlotSpec, ...]) -> list[SlotSpec]:
    """The model first: what versions and KPIs there are depends on it."""
    return sorted(slots, key=lambda slot: slot.kind not in MODEL_FIRST)


def read(slot: SlotSpec, field: FormField, text: str, known: Mapping[str, Any], catalogue: Catalogue) -> Any:
    """The value as JSON has it, known: those of the fields before. Raises Unusable."""
    if slot.kind in NUMBERS:
        return _number(field, text)
    if slot.kind in EXAMPLES or slot.name == "since":
        return _time(slot, text, catalogue)
    if slot.kind == "text":
        return text
    readers = {
        "model": _model,
        "version": _version,
        "blamed": _version,
        "kpi": _kpi,
        "person": _person,
        "reminded": _person,
        "fault": _fault,
        "strategy": _strategy,
    }
    reader = readers.get(slot.kind)
    return text if reader is None else reader(text, str(known.get("model", "")), catalogue)


def _number(field: FormField, text: str) -> int:
    plain = re.sub(r"^#\s*|\s*%$", "", text)
    span = "a whole number" if field.low is None or field.high is None else f"from {field.low:g} to {field.high:g}"
    if not re.fullmatch(r"-?\d{1,9}", plain):
        raise Unusable(f"{text[:40]!r} is not a whole number; I need {span}.")
    number = int(plain)
    if (field.low is not None and number < field.low) or (field.high is not None and number > field.high):
        raise Unusable(f"It has to be {span if field.high is not None else f'at least {field.low:g}'}.")
    return number


def _time(slot: SlotSpec, text: str, catalogue: Catalogue) -> Any:
    kind = "since" if slot.name == "since" else slot.kind
    for beginning in BEGINNINGS[kind]:
        hearing = Hearing(f"{beginning}{text.strip()}".lower() if kind != "time_zone" else text, catalogue)
        found = _heard(hearing, kind)
        if found is None:
            continue
        if found.problem:
            raise Unusable(found.problem)
        if not hearing.residue({"window" if kind == "since" else kind, *(["time_zone"] if kind == "cron" else [])}):
            return _value(kind, found)
    raise Unusable(f"I do not understand {text[:40]!r}. Write for example {EXAMPLES[kind]}.")


def _heard(hearing: Hearing, kind: str) -> Mention | None:
    return {
        "cron": hearing.cron,
        "until": hearing.until,
        "time_zone": hearing.zone,
        "period": hearing.period,
        "later": hearing.later,
        "moment": hearing.moment,
    }.get(kind, hearing.window)


def _value(kind: str, found: Mention) -> Any:
    if kind == "since":
        return found.value["start"]
    if kind != "cron":
        return found.value
    line, missing = found.value
    if missing:
        raise Unusable(f"At what time of day? Write for example {EXAMPLES['cron']}.")
    return str(line)


def _model(text: str, _model: str, catalogue: Catalogue) -> str:
    known = [model.name for model in catalogue.models]
    if text in known:
        return text
    meant = {str(m.value) for m in names.models(text.lower(), catalogue)}
    if len(meant) == 1:
        return meant.pop()
    near = names.near_models(text.lower(), catalogue)[:3] or sorted(meant)
    raise Unusable(f"There is no model {text[:60]!r}. {_hint(near, known)}")


def _version(text: str, model: str, catalogue: Catalogue) -> str:
    plain = text.lower()
    if not model:  # told at the model's own field
        return f"v{plain}" if plain.isdecimal() else plain
    known = catalogue.versions.get(model, ())
    found = [text] if text in known else versions.meant(plain, model, catalogue)
    if not known:
        raise Unusable(f"I know of no version of {model} now, so I cannot tell whether {text[:20]!r} is one.")
    if len(found) > 1:
        raise Unusable(f"{text[:20]!r} may be {' or '.join(found)}. Write the whole name.")
    if not found:
        near = versions.near(plain, known)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Known versions: {', '.join(known[-10:])}."
        raise Unusable(f"{model} has no version {text[:20]!r}. {hint}")
    return found[0]


def _kpi(text: str, model: str, catalogue: Catalogue) -> str:
    if not model:
        return text
    known = catalogue.kpis.get(model, ())
    plain = text.lower()
    for kpi, called in known:
        if plain in {kpi, *(word.lower() for word in called)}:
            return kpi
    raise Unusable(f"{model} has no KPI {text[:60]!r}. {_hint([], [kpi for kpi, _ in known])}")


def _person(text: str, _model: str, catalogue: Catalogue) -> str:
    plain = text.lower().removeprefix("@")
    if plain in catalogue.people:
        return plain
    called = [person for person, words in catalogue.called.items() if plain in words]
    if len(called) == 1:
        return called[0]
    raise Unusable(f"I know nobody called {text[:60]!r}. {_hint(called, list(catalogue.people))}")


def _fault(text: str, _model: str, _catalogue: Catalogue) -> str:
    plain = text.lower()
    for fault, called in names.FAULTS.items():
        if plain == fault or plain in called:
            return fault
    raise Unusable(f"There is no fault {text[:60]!r}. {_hint([], list(names.FAULTS))}")


def _strategy(text: str, _model: str, catalogue: Catalogue) -> str:
    plain = " ".join(text.lower().split())
    if re.fullmatch(r"\d{1,3} ?%?(?:\s*(?:[\s,/>→]|->|and|then)\s*\d{1,3} ?%?)+", plain):
        plain = f"steps {', '.join(re.findall(r'[0-9]+', plain))}"
    if re.fullmatch(r"(?:as )?(?:an? )?(?:(?:plain|simple|single) )?canary", plain):
        return "canary"
    if re.fullmatch(r"(?:canary|blue-green|steps(?: [\d, ]+)?(?:,? asked each)?)", plain):
        try:
            return str(strategy(plain)) if re.search(r"\d", plain) else plain
        except ValueError as exc:
            raise Unusable(f"Those steps cannot be: {exc}.") from exc
    found = strategies.find(plain)
    if found and found[0].problem:
        raise Unusable(found[0].problem)
    if not found or Hearing(plain, catalogue).residue({"strategy"}):
        raise Unusable("Say canary, blue-green, or steps such as 5, 25, 50; a canary's share has a field of its own.")
    return str(found[0].value)


def _hint(near: list[str], known: list[str]) -> str:
    if near:
        return f"Did you mean {' or '.join(near)}?"
    more = f" and {len(known) - 10} more" if len(known) > 10 else ""
    return f"Known: {', '.join(known[:10]) or 'none'}{more}."
