"""Where news go, when they wait, and when a repeat is no news: rules that are read from settings, without I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from bizaiops_bot.domain.environments import parted
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.values import Value, spoken_duration
from bizaiops_bot.domain.zones import TimeZone

What = Literal["alert", "approval", "digest"]
Severity = Literal["info", "warning", "danger"]
Day = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
OWNER = "owner"
_RANK: dict[str, int] = {"info": 0, "warning": 1, "danger": 2, "nothing": 3}
_DAYS: tuple[Day, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HARM = frozenset({"errors_detected", "latency_detected"})
_TO = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.:@# -]{0,79}$")
_MOST_WINDOWS = 14  # of a week, one after the other


def severity_of(kind: str) -> Severity:
    """Of an alert: requests that fail or are slow are a danger now; a model that gets worse slowly is a warning."""
    return "danger" if kind in _HARM else "warning"


def destination(name: str) -> str:
    """The name, of a place where news may go. Raises ValueError."""
    if not _TO.match(name):
        raise ValueError(f'{name!r} is not a place such as "ml-ops", "slack:#ml-ops", "teams:@lead" or "owner"')
    return name


class NoticeRule(Value):
    """Sends one sort of news to more conversations than it goes to anyway."""

    what: What
    model: str | None = None
    """Only news of this model, or of "churn in staging"; None: of all."""
    at_least: Severity = "info"
    """Only alerts that are as severe, and approvals that such an alert led to; those that a person asked for always."""
    to: tuple[Annotated[str, AfterValidator(destination)], ...] = Field(min_length=1)
    """A conversation ("ml-ops", "slack:C0123"), a channel by its title ("slack:#ml-ops"), a person's own conversation
    ("slack:@lead"), or "owner": the own conversation of the model's owner.
    """

    def spoken(self) -> str:
        """ "alert of churn to slack:#ml-ops", as errors name the rule."""
        return f"{self.what}{f' of {self.model}' if self.model else ''} to {', '.join(self.to)}"

    def covers(self, what: What, model: str | None, severity: Severity | None) -> bool:
        """severity: None for what has none, such as a digest or a person's own request."""
        severe = severity is None or _RANK[severity] >= _RANK[self.at_least]
        return self.what == what and self.model in (None, model) and severe


def _clock_time(value: Any) -> Any:
    found = re.fullmatch(r"([01]?\d|2[0-4]):([0-5]\d)", str(value))
    minutes = int(found[1]) * 60 + int(found[2]) if found else 24 * 60 + 1
    if minutes > 24 * 60:
        raise ValueError(f'{value!r} is not a time of day such as "22:00"')
    return minutes


DayMinute = Annotated[int, BeforeValidator(_clock_time)]


class QuietHours(Value):
    """A time of the day in which news that can wait do so."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    from_: DayMinute = Field(alias="from")
    """Time of day, "22:00"."""
    to: DayMinute
    """Time of day, "07:00" for the next morning when it is the earlier one; "24:00" is the end of the day."""
    time_zone: TimeZone | None = None
    """IANA zone of both; None: the bot's."""
    days: tuple[Day, ...] = _DAYS
    """On which it begins."""
    let_through: Literal["warning", "danger", "nothing"] = "danger"
    """News that are as severe are told all the same."""

    @model_validator(mode="after")
    def _lasts(self) -> QuietHours:
        if self.from_ == self.to:
            raise ValueError("from and to are the same time of day")
        return self

    def lets(self, severity: Severity) -> bool:
        return _RANK[severity] >= _RANK[self.let_through]

    def end(self, now: datetime, zone: str) -> datetime | None:
        """When the quiet time that holds at `now` is over, UTC; None when none holds. zone: the bot's."""
        there = ZoneInfo(self.time_zone or zone)
        today = datetime.combine(now.astimezone(there).date(), time())
        for midnight in (today, today - timedelta(days=1)):
            if _DAYS[midnight.weekday()] not in self.days:
                continue
            to = self.to if self.to > self.from_ else self.to + 24 * 60
            start, end = (midnight + timedelta(minutes=minutes) for minutes in (self.from_, to))
            # A time that the clock has twice or skips is two instants: quiet begins with the first, ends with the last.
            first, last = min(_instants(start, there)), max(_instants(end, there))
            if first <= now < last:
                return last
        return None


def _instants(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    return [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, dict) else value


class NoticeSettings(Value):
    """Where news go besides home, and when they wait."""

    rules: tuple[NoticeRule, ...] = Field(
        default=(), description="Each sends alerts, approvals or digests to more conversations; home gets all alerts."
    )
    owners: dict[str, str] = Field(
        default_factory=dict, description='Model -> person, for rules that send to "owner": {"churn": "lead"}.'
    )
    quiet: Annotated[tuple[QuietHours, ...], BeforeValidator(_one_or_many)] = Field(
        default=(), description="Quiet hours, one or several: news that can wait are told together when they are over."
    )
    repeat_minutes: int = Field(
        default=30, ge=0, le=1440, description="An alert that comes again within so many minutes edits the first one."
    )

    def with_channels(self, channels: Mapping[str, Sequence[str]]) -> NoticeSettings:
        """Alerts and digests of each service go to its channels too. channels: service -> places."""
        more = [
            NoticeRule(what=what, model=service, to=tuple(places))
            for service, places in channels.items()
            for what in ("alert", "digest")
            if places
        ]
        return self.model_copy(update={"rules": (*self.rules, *more)}) if more else self

    def destinations(self, what: What, model: str | None, severity: Severity | None = None) -> tuple[str, ...]:
        """Where the rules send it, each place once, "owner" replaced by "@lead"; not yet looked up."""
        found = [to for rule in self.rules if rule.covers(what, model, severity) for to in rule.to]
        owner = self.owners.get(model or "")
        named = [f"@{owner}" if to == OWNER else to for to in found if to != OWNER or owner is not None]
        return tuple(dict.fromkeys(named))

    def quiet_until(self, now: datetime, severity: Severity, zone: str) -> datetime | None:
        """When news of this severity may be told, UTC; None for at once. Windows that join are one."""
        end: datetime | None = None
        for _ in range(_MOST_WINDOWS):
            at = end or now
            ends = [until for q in self.quiet if not q.lets(severity) and (until := q.end(at, zone)) is not None]
            if not ends:
                break
            end = max(ends)
        return end

    def repeats(self, first: datetime, now: datetime) -> bool:
        """Whether an alert at `now` only repeats the one that was first found at `first`."""
        return now - first <= timedelta(minutes=self.repeat_minutes)

    def check(self, models: Collection[str], people: Collection[str]) -> None:
        """Raises BadInput naming the first rule or owner that cannot be meant."""
        for where, kind, name, known in self._names():
            there = models if known == "models" else people
            if name not in there:
                raise BadInput(
                    f"{where} names the {kind} {name!r}, which is not there.",
                    f"There is {', '.join(sorted(there)) or 'none'}.",
                    "Change BIZAIOPS_NOTICES__RULES or BIZAIOPS_NOTICES__OWNERS.",
                )
        for rule in self.rules:
            if OWNER in rule.to and not (self.owners if rule.model is None else rule.model in self.owners):
                raise BadInput(
                    f"The notice rule {rule.spoken()!r} sends to the owner, and no owner is named.",
                    do='Name one: BIZAIOPS_NOTICES__OWNERS=\'{"churn": "lead"}\'.',
                )

    def _names(self) -> Iterator[tuple[str, str, str, str]]:
        for rule in self.rules:
            where = f"The notice rule {rule.spoken()!r}"
            if rule.model is not None:
                yield where, "model", parted(rule.model)[0], "models"
            yield from ((where, "person", to.partition("@")[2], "people") for to in rule.to if is_person(to))
        for model, person in self.owners.items():
            yield "notices.owners", "model", model, "models"
            yield "notices.owners", "person", person, "people"


def is_person(place: str) -> bool:
    """ "slack:@lead": somebody's own conversation."""
    return re.match(r"^(?:[a-z]+:)?@", place) is not None


def has_to_be_found(place: str) -> bool:
    """A title or a person: which conversation that is, only the platform knows."""
    return is_person(place) or ":#" in place


def ordinal(n: int) -> str:
    """ "2nd", "11th"."""
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def repeat_words(count: int, first: datetime, last: datetime) -> str:
    """ "4th time in 25 min, last at 14:20 UTC"; "" for what came once."""
    if count < 2:
        return ""
    return f"{ordinal(count)} time in {spoken_duration((last - first).total_seconds())}, last at {last:%H:%M} UTC"
