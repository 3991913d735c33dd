"""One utterance with everything the extractors find in it, found when first asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.router import blame, moods
from bizaiops_bot.router.slots import (
    ahead,
    cron,
    moments,
    names,
    namespaces,
    numbers,
    people,
    strategies,
    until,
    versions,
    windows,
    words,
    zones,
)
from bizaiops_bot.router.slots.mention import Mention
from bizaiops_bot.router.slots.moments import Local, Span

_IT = re.compile(
    r"\b(?:it|that|this|its|them|that one|this one|the model|the run|the schedule|the digest|again|the same)\b"
)
_FILLER = re.compile(
    r"[\s,.!?:;()'\"-]+|\b(?:the|a|an|of|to|at|as|for|on|in|with|and|model|models|version|number|"
    r"please|pls|now|one|it|is|was|run|schedule|kpi|from|only|just|"
    r"share|traffic|instead|rather|then|ok|okay|s)\b"
)


_SCALED = re.compile(r"\b(?:scal\w*|replicas?|pods?|instances?)\b")
_FROM_TO = re.compile(r"from \d+ to \d+(?![\w:.])")
_DOUBLED = re.compile(r"\b(the|our|my|a) the\b(?= (?:model|kpi))|(?<=the )(model|kpi)s? (?:model|kpi)s?\b")


def lower(text: str) -> str:
    """Lower case of the same length, so that positions hold."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


@dataclass(frozen=True)
class Hearing:
    """`text` as cleaned by the guards; every list is in order of the text."""

    text: str
    catalogue: Catalogue

    @cached_property
    def lower(self) -> str:
        return lower(self.text)

    @cached_property
    def reason(self) -> Mention | None:
        return words.reason(self.text)

    @cached_property
    def core(self) -> str:
        """Lower case, the reason left out."""
        return self.lower[: self.reason.start] if self.reason else self.lower

    @cached_property
    def models(self) -> list[Mention]:
        return names.models(self.core, self.catalogue)

    @cached_property
    def kpis(self) -> list[Mention]:
        return names.kpis(self.core, self.catalogue)

    @cached_property
    def odd_versions(self) -> list[Mention]:
        """Those that are called otherwise than "v2" or "2"."""
        found = versions.odd(self.core, self.catalogue, self._named)
        return [m for m in found if not any(_inside(m, o) for o in self.models)]

    @cached_property
    def counted(self) -> str:
        """`core`, where numbers and times are looked for: without the digits of odd versions ("1.4.0", a date)."""
        text = self.core
        for m in self.odd_versions:
            text = f"{text[: m.start]}{'x' * (m.end - m.start)}{text[m.end :]}"
        return text

    @property
    def _named(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(str(m.value) for m in self.models))

    @cached_property
    def versions(self) -> list[Mention]:
        """By the registry's names as far as it has them, but not what is part of a model's name ("demand-v2-eu")."""
        odd = self.odd_versions
        found = [m for m in numbers.versions(self.core) if not any(m.overlaps(o) for o in odd)]
        heard = sorted((m for m in [*odd, *found] if not any(_inside(m, o) for o in self.models)), key=_start)
        return versions.as_called(heard, self.catalogue, self._named)

    @cached_property
    def bare_versions(self) -> list[Mention]:
        """Numbers where a version is said: "deploy churn 7"."""
        taken = [*self.percents, *self.schedules, *self.alerts, *([self.window] if self.window else [])]
        found = numbers.bare_versions(self.core, self.models)
        heard = [m for m in found if not any(m.overlaps(other) for other in taken)]
        return versions.as_called(heard, self.catalogue, self._named)

    @cached_property
    def sides(self) -> blame.Sides:
        """Which of the versions are to be gone to and which are blamed, also those in the reason."""
        models = names.models(self.lower, self.catalogue)
        behind = versions.odd(self.lower, self.catalogue, {str(m.value) for m in models})
        behind += [m for m in numbers.versions(self.lower) if not any(m.overlaps(o) for o in behind)]
        behind = versions.as_called(behind, self.catalogue, {str(m.value) for m in models})
        heard = [*self.of_kind("version"), *(m for m in behind if m.start >= len(self.core))]
        digits = [m for m in heard if re.search(r"\d", self.lower[m.start : m.end])]
        return blame.sides(
            self.lower, [(m.start, m.end, str(m.value)) for m in digits], [(m.start, m.end) for m in models]
        )

    @cached_property
    def percents(self) -> list[Mention]:
        return [m for m in numbers.percents(self.counted) if not any(m.overlaps(o) for o in self.strategies)]

    @cached_property
    def strategies(self) -> list[Mention]:
        """One strategy, in every place where words of it stand."""
        return strategies.find(self.counted)

    @cached_property
    def replicas(self) -> list[Mention]:
        found = numbers.replicas(self.counted)
        return [m for m in found if not any(m.overlaps(o) for o in [*self.percents, *self.versions, *self.runs])]

    @cached_property
    def runs(self) -> list[Mention]:
        return numbers.runs(self.counted) or numbers.last_run(self.counted, self.catalogue.last_run)

    @cached_property
    def schedules(self) -> list[Mention]:
        return numbers.schedules(self.counted)

    @cached_property
    def alerts(self) -> list[Mention]:
        return numbers.alerts(self.counted)

    @cached_property
    def faults(self) -> list[Mention]:
        return names.faults(self.core)

    @cached_property
    def window(self) -> Mention | None:
        """In the time zone that is named with it ("between 3 and 5 pm london time"), else the company's."""
        found = windows.find(self.counted, self.catalogue.now, self._time_zone)
        return None if found and _SCALED.search(self.core) and _FROM_TO.match(self.core, found.start) else found

    @cached_property
    def spans(self) -> list[Span]:
        """Every day and period that is named; `window` is the one that counts."""
        return moments.spans(self.counted, Local(self.catalogue.now.astimezone(ZoneInfo(self._time_zone))))

    @property
    def _time_zone(self) -> str:
        return str(self.zone.value) if self.zone and not self.zone.problem else self.catalogue.time_zone

    @cached_property
    def cron(self) -> Mention | None:
        named = [*self.models, *self.kpis, *self.versions, *([self.zone] if self.zone else [])]
        return cron.find(self.counted, [(m.start, m.end) for m in named])

    @cached_property
    def zone(self) -> Mention | None:
        return zones.find(self.core)

    @cached_property
    def people(self) -> list[Mention]:
        return people.find(self.core, self.catalogue)

    @cached_property
    def namespaces(self) -> list[Mention]:
        return namespaces.find(self.core, self.catalogue.namespaces)

    @cached_property
    def until(self) -> Mention | None:
        return until.find(self.counted, self.catalogue.now, self._time_zone)

    @cached_property
    def period(self) -> Mention | None:
        return ahead.period(self.counted, self.catalogue.now, self._time_zone)

    @cached_property
    def moment(self) -> Mention | None:
        return ahead.moment(self.counted, self.catalogue.now, self._time_zone)

    @cached_property
    def reminders(self) -> list[Mention]:
        return numbers.reminders(self.counted)

    @cached_property
    def reminded(self) -> list[Mention]:
        return people.reminded(self.core, self.people)

    @cached_property
    def later(self) -> Mention | None:
        """The period, if it does not begin at once."""
        found = self.period
        return found if found and found.value and (found.value["begin"] or found.value["weekly"]) else None

    def bare(self, kind: str) -> list[Mention]:
        """Bare numbers that nothing else claims, read as `kind`."""
        taken = [*self.models, *self.versions, *self.percents, *self.runs, *([self.window] if self.window else [])]
        taken += [self.until] if self.until else []
        taken += [] if kind == "schedule" else self.schedules  # "cancel schedule 3" is not about run 3
        taken += [] if kind == "alert" else self.alerts
        taken += [] if kind == "reminder" else self.reminders
        return [m for m in numbers.bare(self.counted, kind) if not any(m.overlaps(other) for other in taken)]

    @property
    def points_back(self) -> bool:
        """Whether "it" or the like stands in for a name."""
        return bool(_IT.search(self.core))

    def of_kind(self, kind: str) -> list[Mention]:
        """Mentions for a slot kind."""
        if kind in {"version", "blamed"}:
            return self.versions or self.bare_versions
        if kind in _MANY:
            many: list[Mention] = getattr(self, _MANY[kind])
            return many or (self.bare(kind) if kind in _NUMBERS else [])
        one: Mention | None = getattr(self, _ONE[kind]) if kind in _ONE else None
        return [one] if one else []

    @cached_property
    def _task(self) -> list[Mention]:
        """What somebody is to be reminded of, which says nothing of what is asked for here."""
        if "remind" not in self.core or self.moment is None or self.moment.problem:
            return []
        found = words.task(self.text, self.moment)
        return [found] if found and not numbers.alerts(found.value.lower()) else []

    def residue(self, kinds: set[str]) -> str:
        """What is left of the words when mentions of `kinds` and fillers are taken out."""
        spans = [(m.start, m.end) for kind in kinds for m in self.of_kind(kind)]
        kept = "".join(" " if any(a <= i < b for a, b in spans) else char for i, char in enumerate(self.lower))
        return _FILLER.sub("", kept)

    def around_name(self, mention: Mention) -> bool:
        """Whether a name stands within `mention` ("daily churn digest at 9:00"), so that it cannot be swapped whole."""
        return any(mention.start < m.start and m.end < mention.end for m in self.models)

    def canonical(self) -> str:
        """The words with values replaced by the stand-ins the classifier was trained with, so that names do not
        matter.
        """
        swaps: list[tuple[Mention, str]] = []
        for mentions, stand_in in (
            (self._task, STAND_INS["what"]),
            ([self.reason] if self.reason else [], " because the sale"),
            ([self.cron] if self.cron and not self.around_name(self.cron) else [], STAND_INS["cron"]),
            ([self.window] if self.window else [], STAND_INS["window"]),
            (self.kpis, STAND_INS["kpi"]),
            (self.models, STAND_INS["model"]),
            ([m for m in self.versions if any(c.isdigit() for c in self.core[m.start : m.end])], STAND_INS["version"]),
            (self.strategies, STAND_INS["strategy"]),
            (self.percents, STAND_INS["percent"]),
            (self.runs, STAND_INS["run"]),
            (self.schedules, STAND_INS["schedule"]),
            (self.alerts, STAND_INS["alert"]),
            (self.reminders, STAND_INS["reminder"]),
            ([m for m in self.people if people.takes_part(self.core, m)], STAND_INS["person"]),
        ):
            for mention in mentions:
                if not any(mention.overlaps(other) for other, _ in swaps):
                    swaps.append((mention, stand_in))
        text = self.lower
        for mention, stand_in in sorted(swaps, key=lambda swap: -swap[0].start):
            text = text[: mention.start] + stand_in + text[mention.end :]
        return moods.bare(plainly(text))


def plainly(text: str) -> str:
    """Without the doubled words that stand-ins leave: "the the model", "the model model"."""
    return _DOUBLED.sub(lambda m: m[1] or m[2], text)


def _start(mention: Mention) -> int:
    return mention.start


def _inside(mention: Mention, other: Mention) -> bool:
    return other.start <= mention.start and mention.end <= other.end


_NUMBERS = frozenset({"percent", "replicas", "run", "schedule", "alert", "reminder"})
_MANY = {
    "model": "models",
    "percent": "percents",
    "replicas": "replicas",
    "run": "runs",
    "schedule": "schedules",
    "alert": "alerts",
    "reminder": "reminders",
    "kpi": "kpis",
    "fault": "faults",
    "person": "people",
    "namespace": "namespaces",
    "reminded": "reminded",
    "strategy": "strategies",
}
"""Kind -> the attribute that is heard only when it is asked for."""
_ONE = {
    "window": "window",
    "cron": "cron",
    "time_zone": "zone",
    "until": "until",
    "period": "period",
    "later": "later",
    "moment": "moment",
}
STAND_INS = {
    "model": "the model",
    "version": "version 2",
    "blamed": "version 3",
    "percent": "10%",
    "replicas": "3",
    "run": "run 7",
    "schedule": "schedule 3",
    "alert": "alert 5",
    "kpi": "the kpi",
    "cron": "every monday at 9:00",
    "time_zone": "berlin time",
    "window": "this week",
    "person": "sam",
    "what": "check the model",
    "until": "until friday",
    "period": "friday 16:00 to monday 8:00",
    "moment": "tomorrow at 10",
    "later": "next week",
    "reminder": "reminder 3",
    "reminded": "sam",
    "text": "the sale",
    "strategy": "in steps",
}
