"""The company's folder is read again while the bot runs: checked as a whole, shown, and put in place at one moment."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
import yaml

from bizaiops_bot.adapters.known_models import KnownModels
from bizaiops_bot.app import own_content
from bizaiops_bot.app.company import Contents, contents, what_holds
from bizaiops_bot.app.ports import read_kpis
from bizaiops_bot.company_files.environments import read_environments
from bizaiops_bot.company_files.folder import FILE, KINDS
from bizaiops_bot.domain.cards import Card, Diff, Text
from bizaiops_bot.domain.company_changes import CompanyChanges, between, parted
from bizaiops_bot.domain.environments import Environments
from bizaiops_bot.domain.errors import BotError, Conflict
from bizaiops_bot.domain.kpi import Kpi
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.notices import NoticeSettings
from bizaiops_bot.domain.recognition import Named
from bizaiops_bot.domain.rules import Rule
from bizaiops_bot.domain.values import Value
from bizaiops_bot.domain.yaml_files import Unusable
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.news import notices
from bizaiops_bot.engine.policy.budgets import Budgets
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.engine.policy.windows import FreezeWindow, FreezeWindows
from bizaiops_bot.engine.runs import workers
from bizaiops_bot.engine.store import company_edition
from bizaiops_bot.engine.store.company_edition import Edition
from bizaiops_bot.engine.store.store import after_commit
from bizaiops_bot.settings import Person, Settings

log = logging.getLogger("bizaiops.company")
ACTOR = "signal"
FOLLOW_S = 2.0
BEHIND = timedelta(minutes=3)
"""A folder that is copied to every worker may reach some of them so much later."""
NOT_RELOADED = "The company was not reloaded"
PERSON = "people."
KNOWN_BY = (".email", ".subject")
BUILT_WITH = ("cluster", "namespace")
"""What adapters were given of an environment."""
AT_ONCE = (
    PERSON,
    "notices.",
    "model ",
    "environment ",
    "rule ",
    "KPI ",
    "policy ",
    "freeze window ",
    "budgets",
    "kpis",
)
"""How the names of what can be reloaded begin; all else was built at the start and stays."""


class Directory(Protocol):
    """Knows people by their accounts."""

    def rename(self, conn: sa.Connection, named: Sequence[Named]) -> None:
        """From the end of the caller's transaction on these are the people that the settings name."""


class Alone(Protocol):
    """Lets nothing be answered meanwhile."""

    def alone(self) -> AbstractAsyncContextManager[None]: ...

    def stale(self) -> None:
        """Names are to be read again."""


@dataclass(frozen=True)
class Parts:
    """What a reload changes. kpis: the list that the warehouse was built with. served: what serving says of its own."""

    core: Core
    desk: Alone
    directory: Directory
    models: KnownModels
    kpis: list[Kpi]
    served: Sequence[ModelSpec]


@dataclass(frozen=True)
class Reading:
    """The folder, read once and checked: all that a reload puts in place."""

    people: list[Named]
    notices: NoticeSettings
    policy: Policy
    budgets: Budgets
    freezes: FreezeWindows
    rules: list[Rule]
    specs: list[ModelSpec]
    environments: Environments
    kpis: list[Kpi]
    values: dict[str, str]
    digest: str


class CompanyFolder:
    """Implements engine.context.core.Company. What holds at first is read once more at the start."""

    @classmethod
    async def open(cls, started: Settings, folder: Path, parts: Parts) -> CompanyFolder:
        """started: the settings that the bot was built with, command line included. Raises BadInput as reading does."""
        made = cls(started, folder, parts)
        made._held = reading = await asyncio.to_thread(made._read)
        made._edition = await parts.core.store.write(lambda conn: company_edition.started_with(conn, reading.digest))
        return made

    def __init__(self, started: Settings, folder: Path, parts: Parts) -> None:
        self._started, self._folder, self._parts, self._core = started, folder, parts, parts.core
        self._held: Reading | None = None
        self._edition = Edition()
        self._behind: tuple[int, datetime] | None = None

    async def changes(self) -> CompanyChanges:
        """What the folder says now, against what holds; its mistakes when it cannot be used."""
        try:
            return self._changes(await asyncio.to_thread(self._read))
        except Unusable as exc:
            mistakes = tuple(exc.mistakes)
        except BotError as exc:
            mistakes = (f"{exc.what} {exc.why}".strip(),)
        return CompanyChanges(folder=str(self._folder), digest="", mistakes=mistakes)

    async def reload(self, seen: str, *, actor: str) -> CompanyChanges:
        """Puts in place what was shown as `seen`, at one moment between two messages, and audits it with that.

        Raises Conflict when the folder is not what was seen, BadInput when it cannot be used.
        """
        reading = await asyncio.to_thread(self._read)
        if reading.digest != seen:
            raise Conflict(
                "The company was not reloaded.",
                "Its folder has changed since the plan was shown.",
                "Say `reload the company` to see what would change now.",
            )
        async with self._parts.desk.alone():
            told = await self._core.store.write(lambda conn: self._take_over(conn, reading, actor))
        self._parts.desk.stale()
        return told

    async def follow(self) -> None:
        """Takes over what another worker has reloaded, until cancelled."""
        while True:
            await asyncio.sleep(FOLLOW_S)
            try:
                await self.catch_up()
            except (BotError, OSError) as exc:  # a folder that is swapped just now is looked at again
                log.warning("what another worker has reloaded was not taken over: %s", exc)

    async def catch_up(self) -> None:
        """Puts the edition that another worker has reloaded in place, once this one's folder says the same.

        A copy of the folder may come later: home is told of one that does not come.
        """
        wanted = await self._core.store.read(company_edition.current)
        if wanted.number == self._edition.number:
            return
        if await asyncio.to_thread(_digest, self._folder) != wanted.digest:
            await self._tell_behind(wanted)
            return
        reading = await asyncio.to_thread(self._read)
        if reading.digest != wanted.digest:
            return
        async with self._parts.desk.alone():
            await self._core.store.write(lambda conn: self._hold(conn, reading, wanted))
        self._parts.desk.stale()
        log.info("the company is as another worker has reloaded it")

    async def _tell_behind(self, wanted: Edition) -> None:
        """Once for each edition, as a copy may be minutes late."""
        core, now = self._core, self._core.clock.now()
        if self._behind is None or self._behind[0] != wanted.number:
            self._behind = (wanted.number, now)
        since = self._behind[1]
        if now - since < BEHIND:
            return
        worker = core.lead.worker
        said = (
            f"{worker} goes on with the company as it was: {self._folder} there is not what holds elsewhere since "
            f"{since:%H:%M} UTC. It takes it over as soon as it is."
        )
        card = Card(title="A worker is behind", tone="danger", blocks=(Text(text=said),))
        card_id = f"behind-{wanted.number}-{worker}"
        await core.store.write(lambda conn: notices.put(core, conn, card_id, card, core.home))

    def _take_over(self, conn: sa.Connection, reading: Reading, actor: str) -> CompanyChanges:
        """People, audit and all else at once: who works beside the messages sees all of it or nothing."""
        core = self._core
        others = workers.others(conn, core.lead.worker)
        told = self._changes(reading).model_copy(update={"others": others})
        core.note(conn, actor, "reload_company", told.folder, **_noted(told))
        self._hold(conn, reading, company_edition.reloaded(conn, reading.digest))
        return told

    def _hold(self, conn: sa.Connection, reading: Reading, edition: Edition) -> None:
        self._parts.directory.rename(conn, reading.people)
        after_commit(conn, lambda: self._put_in_place(reading, edition))

    def _put_in_place(self, reading: Reading, edition: Edition) -> None:
        """Reads nothing and cannot fail."""
        self._edition, self._behind = edition, None
        core = self._core
        reading.policy.people = core.people.values()
        core.policy, core.budgets, core.freezes = reading.policy, reading.budgets, reading.freezes
        core.rules, core.notices, core.environments = reading.rules, reading.notices, reading.environments
        self._parts.models.replace(reading.specs)
        self._parts.kpis[:] = reading.kpis
        self._held = reading

    def _changes(self, reading: Reading) -> CompanyChanges:
        held = {} if self._held is None else self._held.values
        now, later = parted(between(held, reading.values), AT_ONCE)
        return CompanyChanges(folder=str(self._folder), digest=reading.digest, now=now, later=later)

    def _read(self) -> Reading:
        """Raises Unusable with all mistakes, and Conflict when somebody writes in the folder meanwhile."""
        digest = _digest(self._folder)
        try:
            return self._checked(digest)
        finally:
            # Whatever was found, right or wrong, may be half of one folder and half of another.
            if _digest(self._folder) != digest:
                raise Conflict(
                    "The company was not read.",
                    "Its folder was changed while it was read.",
                    "Say `reload the company` again when all of it is written.",
                )

    def _checked(self, digest: str) -> Reading:
        folder, started, core = self._folder, self._started, self._core
        found = contents(folder, started, core.playbooks, core.policy.environment)
        settings, files, policy, rules = found.settings, found.files, found.policy, found.rules
        freezes, budgets = found.freezes, found.budgets
        if found.mistakes or not (settings and policy and freezes and budgets) or files is None or rules is None:
            raise Unusable("The company's folder", found.mistakes)
        kpis, _ = read_kpis(started.model_copy(update={"kpis": settings.kpis}))
        specs = own_content.told(files, self._parts.served, read_environments(folder), started.environment)
        environments = core.environments.told(found.environments or ())
        told = own_content.notices(settings.notices, specs, environments.known)
        told.check([spec.name for spec in specs], [p.id for p in settings.people])
        people = [Named(actor=p.actor(), email=p.email, subject=p.subject) for p in settings.people]
        reading = Reading(people, told, policy, budgets, freezes, rules, specs, environments, kpis, {}, digest)
        reading.values.update(_values(folder, started, found, reading))
        return reading


async def reload_by_signal(core: Core) -> None:
    """Who may send signals runs the bot: nobody is asked, home is told what came of it."""
    try:
        found = await core.folder.changes()
        if not found.mistakes and found.now:
            found = await core.ports.controls.reload_company(found.digest, actor=ACTOR)
        card = _told(found)
    except BotError as exc:
        card = Card(title=NOT_RELOADED, tone="danger", summary=f"{NOT_RELOADED}. {exc}", answer="failed")
    log.info("%s", card.text)
    card_id = f"reload-{secrets.token_hex(4)}"
    await core.store.write(lambda conn: notices.put(core, conn, card_id, card, core.home))


def _noted(told: CompanyChanges) -> dict[str, Any]:
    """For the audit: that an account changed, and never which it is, as entries are kept when a person is forgotten."""
    kept = tuple(
        line.model_copy(update={"before": "not kept", "after": "not kept"})
        if line.what.startswith(PERSON) and line.what.endswith(KNOWN_BY)
        else line
        for line in told.now
    )
    return told.model_copy(update={"now": kept}).model_dump(mode="json", exclude={"mistakes"})


def _told(found: CompanyChanges) -> Card:
    if found.mistakes:
        said = f"{NOT_RELOADED}, and stays as it was read: {'; '.join(found.mistakes)}."
        return Card(title=NOT_RELOADED, tone="danger", summary=said, answer="failed")
    later = " ".join(filter(None, [found.elsewhere(), found.after_a_restart()]))
    title = "The company is reloaded" if found.now else "There was nothing to reload"
    said = f"{title}: {found.spoken()}." if found.now else f"{title}."
    return Card(
        title=title,
        tone="warning" if later else "muted",
        summary=f"{said} {later}".strip(),
        blocks=(Diff(lines=found.now),) if found.now else (),
    )


def _values(folder: Path, started: Settings, found: Contents, reading: Reading) -> dict[str, str]:
    """All that can change, by its name; what people decide by comes first. A text ends a line."""
    people = [] if found.settings is None else found.settings.people
    values = dict(line for person in people for line in _person(person))
    values |= {f"policy {written.id}": f"{written.text}\n" for written in reading.policy.policies}
    values |= {f"freeze window {window.name}": _window(window) for window in reading.freezes.windows}
    values |= {"budgets": _text(reading.budgets.limits)}
    values |= {f"rule {rule.name}": _text(rule, "name", "source") for rule in reading.rules}
    values |= {f"KPI {kpi.id}": _text(kpi, "id") for kpi in reading.kpis}
    names = {spec.name for spec in reading.specs}, {one.name for one in reading.environments.known}
    return values | dict(_settings(folder, started, found, *names))


def _settings(
    folder: Path, started: Settings, found: Contents, models: set[str], environments: set[str]
) -> Iterator[tuple[str, str]]:
    """Every setting and what is said of each model and environment, by its name; people are told one by one."""
    for line in what_holds(folder, started, found):
        head, *rest = line.name.split(".")
        if head == "environments" and rest[0] in environments and rest[1] not in BUILT_WITH:
            yield f"environment {'.'.join(rest)}", line.value
        elif head in models:
            yield f"model {line.name}", line.value
        elif line.name not in ("people", "policy", "freeze windows", "budgets", "rules", "KPI definitions"):
            yield line.name, line.value


def _person(person: Person) -> Iterator[tuple[str, str]]:
    """With what they are recognised by: whoever has that e-mail has these roles."""
    yield f"{PERSON}{person.id}", f"{person.name} ({', '.join(person.roles)})"
    for what, value in zip(KNOWN_BY, (person.email, person.subject), strict=True):
        if value:
            yield f"{PERSON}{person.id}{what}", value


def _text(value: Value, *leave_out: str) -> str:
    return _lines(value.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={*leave_out}))


def _window(window: FreezeWindow) -> str:
    said = window.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"name"})
    if window.weekly is not None:
        said["weekly"] = f"{window.weekly.from_} to {window.weekly.to}"
    return _lines(said)


def _lines(said: dict[str, Any]) -> str:
    return str(yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=1_000_000))


def _digest(folder: Path) -> str:
    """Of all files that mean something."""
    found = hashlib.sha256()
    for file in [folder / FILE, *(f for kind in KINDS for f in sorted((folder / kind).glob("*")) if f.is_file())]:
        if file.exists():
            found.update(f"{file.relative_to(folder)}\n".encode() + file.read_bytes())
    return found.hexdigest()[:16]
