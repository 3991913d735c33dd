"""Which adapter serves each port, does it answer, and what to do when not."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import typer

from bizaiops_bot.adapters.openai.settings import OpenAiSettings
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.engine.budgets import Budgets
from bizaiops_bot.engine.freezes import FreezeWindows
from bizaiops_bot.engine.policy import Policy
from bizaiops_bot.engine.registry import Playbooks
from bizaiops_bot.engine.rule_book import load_rule_book
from bizaiops_bot.router.encoder import Encoder
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.settings import Settings

FREE_BYTES = 500_000_000


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    part: str
    ok: bool
    says: str
    do: str = ""


async def examine(settings: Settings, url: str) -> int:
    """Prints the report; 0 when everything that is configured can work, else 1."""
    findings = [*_ports(settings), await _language(settings), *_content(settings), _folder(settings.data)]
    findings += await _slack(settings)
    findings += await _teams(settings)
    findings.append(await _running(url))
    for f in findings:
        typer.echo(f"{'ok  ' if f.ok else 'FAIL'}  {f.part:<14} {f.says}{f'  -> {f.do}' if f.do else ''}")
    return 0 if all(f.ok for f in findings) else 1


def _ports(settings: Settings) -> Iterator[Finding]:
    company = settings.company
    source = f"{company.kind} company, seed {company.seed}, {company.speed:g} x world speed"
    for port in ("pipelines", "serving", "metrics", "drift", "faults"):
        yield Finding(port, True, source)
    for name, file in (("churn data", company.churn_data), ("demand data", company.demand_data)):
        if file is not None:
            yield Finding(name, file.is_file(), str(file), "" if file.is_file() else "Give a file that exists.")
    where = settings.registry.tracking_uri or "SQLite file in the data folder"
    yield Finding("registry", True, f"{settings.registry.kind}: {where}")
    yield Finding(
        "warehouse", True, f"{settings.warehouse.kind}: {settings.warehouse.path or 'file in the data folder'}"
    )
    yield _store(settings)
    yield _cache(settings)


def _store(settings: Settings) -> Finding:
    """Opens it when something is there: an answer is worth more than a setting."""
    says = f"{settings.store.kind}: {settings.store.place(settings.data)}"
    if not settings.store.exists(settings.data):
        return Finding("store", True, f"{says}, made at the first start")
    try:
        settings.store.open(settings.data).close()
    except BotError as exc:
        return Finding("store", False, f"{exc.what} {exc.why}", exc.do)
    return Finding("store", True, f"{says}, answers")


def _cache(settings: Settings) -> Finding:
    problem = settings.cache.answers()
    says = f"{settings.cache.kind}: live updates between workers"
    if not problem:
        return Finding("cache", True, says)
    do = "Check BIZAIOPS_CACHE__URL; without it news are a second late."
    return Finding("cache", False, f"{says}; {problem}", do)


async def _language(settings: Settings) -> Finding:
    """Asks it one small thing, in up to three ways."""
    chosen = settings.language
    if not isinstance(chosen, OpenAiSettings):
        return Finding("language", True, "none: the local router and templates do all the work")
    from bizaiops_bot.adapters.openai.client import LanguageClient
    from bizaiops_bot.adapters.openai.meter import MemoryBook

    method, says = await LanguageClient(chosen, MemoryBook(), None).check()
    where = f"{chosen.kind}: {chosen.model} at {chosen.base_url}"
    if method is not None:
        return Finding("language", True, f"{where}, answers by {method}")
    do = "Check BIZAIOPS_LANGUAGE__BASE_URL, __MODEL and __API_KEY; the bot works without it meanwhile."
    return Finding("language", False, f"{where}: {says}", do)


async def _teams(settings: Settings) -> list[Finding]:
    if not settings.teams.on:
        return []
    from bizaiops_bot.surfaces.teams.checkup import examine_teams

    return [Finding("teams", *await examine_teams(settings.teams, settings.host))]


async def _slack(settings: Settings) -> list[Finding]:
    """Asked of Slack itself."""
    if not settings.slack.on:
        return []
    from bizaiops_bot.surfaces.slack.checkup import examine_slack

    places = [settings.home, *(to for rule in settings.notices.rules for to in rule.to)]
    return [Finding("slack", ok, says, do) for ok, says, do in await examine_slack(settings.slack, places)]


def _content(settings: Settings) -> Iterator[Finding]:
    playbooks: list[Playbooks] = []

    def load_playbooks() -> str:
        playbooks.append(Playbooks.load(content_folder("playbooks")))
        return f"{len(playbooks[0])} playbooks"

    def load_policy() -> str:
        people, folder = [person.actor() for person in settings.people], content_folder("policy")
        found = Policy.checked(folder, people, playbooks[0], environment=settings.environment)
        windows, _ = FreezeWindows.load(folder), Budgets.load(folder)
        return f"{len(found.policies)} rules and {len(windows.windows)} freeze windows, valid for {len(people)} people"

    yield _try("playbooks", load_playbooks)
    if playbooks:
        yield _try("policy", load_policy)
    yield _try("rules", lambda: f"{len(load_rule_book(content_folder('playbooks') / 'rules'))} rules")
    yield _try("intents", lambda: f"{len(load_intents(content_folder('intents')))} intents")
    yield _encoder()


def _encoder() -> Finding:
    try:
        numbers = Encoder()(["status churn"]).shape[1]
    except Exception as exc:  # native libraries have errors of their own
        return Finding("encoder", False, f"{type(exc).__name__}: {str(exc)[:120]}", "Install the bot again.")
    return Finding("encoder", True, f"local, answers with {numbers} numbers a sentence")


def _try(part: str, work: Callable[[], str]) -> Finding:
    try:
        return Finding(part, True, work())
    except BotError as exc:
        return Finding(part, False, f"{exc.what} {exc.why}".strip(), exc.do)


def _folder(data: Path) -> Finding:
    here = data if data.exists() else data.absolute().parent
    try:
        free = shutil.disk_usage(here).free
    except OSError as exc:
        return Finding("data folder", False, f"{data}: {exc.strerror}", "Give another one: --data DIR")
    if free < FREE_BYTES:
        return Finding("data folder", False, f"{data}: {free / 1e6:.0f} MB free", "Make room: 500 MB are needed.")
    return Finding("data folder", True, f"{data}: {free / 1e9:.0f} GB free")


async def _running(url: str) -> Finding:
    try:
        # A proxy from the environment must not stand between two programs of one machine.
        async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
            answer = await client.get(f"{url}/readyz")
    except httpx.HTTPError:
        return Finding("running bot", True, f"none at {url}", "Start one: bizaiops demo")
    return Finding("running bot", answer.status_code == 200, f"{url} answers {answer.status_code} {answer.text[:80]}")
