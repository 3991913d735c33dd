"""Which adapter serves each port, does it answer, and what to do when not."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import typer

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.app import own_content
from bizaiops_bot.app.chat_wiring import SURFACES, open_surface
from bizaiops_bot.app.checkup import Checkup, Ready, line
from bizaiops_bot.app.ports import bot_clock, read_kpis
from bizaiops_bot.bot_api.context import Context
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.embedded.at_rest import AtRest
from bizaiops_bot.engine.runs.playbooks import Playbooks, warn
from bizaiops_bot.router.encoder import Encoder
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.settings import PORTS, Settings

FREE_BYTES = 500_000_000
LIMIT_S = 15.0
"""For each part: opening a library for the first time takes seconds."""
Finding = tuple[str, Readiness]
"""One line of the report: (part, how it is)."""


async def examine(settings: Settings, url: str) -> int:
    """Prints the report; 0 when everything that is configured can work, else 1.

    A bot that runs on the same data folder is asked how its ports are, as what it holds cannot be opened twice.
    """
    running, told = await _running(url)
    ports = told if told and _held(settings.data) else await _ports(settings)
    findings = [*ports.items(), *_content(settings), ("data folder", _folder(settings.data))]
    findings += await _surfaces(settings)
    findings.append(("running bot", running))
    for part, found in findings:
        typer.echo(line(part, found))
    return 0 if all(found.ok for _, found in findings) else 1


async def _ports(settings: Settings) -> dict[str, Readiness]:
    """Each adapter is built and asked, all at once; the embedded company is told about and not opened."""
    built: dict[str, Ready] = {
        "store": partial(_store, settings),
        "cache": settings.cache.ready,
        "language": settings.language.ready,
    }
    wrong: dict[str, Readiness] = {}
    try:
        kpis, clock = read_kpis(settings)[0], bot_clock(settings)
    except BotError as exc:
        wrong["KPIs"], kpis, clock = _wrong(exc), [], SystemClock()
    resting = AtRest(settings.embedded, settings.data / "world")
    context = Context(settings.data, clock, kpis, embedded=lambda: resting)
    for port in PORTS:
        try:
            built[port] = getattr(settings, port).build(context).ready
        except BotError as exc:
            wrong[port] = _wrong(exc)
    checkup = Checkup(built, limit_s=LIMIT_S)
    try:
        found = wrong | await checkup.look()
    finally:
        await checkup.stop()
        await context.ends.aclose()
    order = [*PORTS, "store", "cache", "language", *wrong]
    return {part: found[part] for part in dict.fromkeys(order) if part in found}


async def _store(settings: Settings) -> Readiness:
    """Opens it when something is there: an answer is worth more than a setting."""
    says = f"{settings.store.kind}: {settings.store.place(settings.data)}"
    if not settings.store.exists(settings.data):
        return Readiness(ok=True, says=f"{says}, made at the first start")
    store = await asyncio.to_thread(settings.store.open, settings.data)
    store.close()
    return Readiness(ok=True, says=f"{says}, answers")


async def _surfaces(settings: Settings) -> list[Finding]:
    """Each chat platform that is on is asked itself."""
    places = [settings.home, *(to for rule in settings.notices.rules for to in rule.to)]
    findings: list[Finding] = []
    for name in SURFACES:
        if not getattr(settings, name).on:
            continue
        try:
            findings += [(name, found) for found in await open_surface(name, settings).checkup(places)]
        except BotError as exc:
            findings.append((name, _wrong(exc)))
    return findings


def _content(settings: Settings) -> Iterator[Finding]:
    playbooks: list[Playbooks] = []
    company = settings.company_dir

    def load_playbooks() -> str:
        playbooks.append(Playbooks.load(content_folder("playbooks")))
        warn(content_folder("playbooks"))
        return f"{len(playbooks[0])} playbooks"

    def load_policy() -> str:
        people = [person.actor() for person in settings.people]
        found = own_content.read_policy(company, people, playbooks[0], settings.environment)
        windows, _ = own_content.read_windows(company), own_content.read_budgets(company)
        return f"{len(found.policies)} rules and {len(windows.windows)} freeze windows, valid for {len(people)} people"

    yield _try("playbooks", load_playbooks)
    if playbooks:
        yield _try("policy", load_policy)
    if company is not None:
        yield _try("company", lambda: _of_company(company, settings))
    yield _try("rules", lambda: f"{len(own_content.read_rules(company))} rules")
    yield _try("intents", lambda: f"{len(load_intents(content_folder('intents')))} intents")
    yield _encoder()


def _of_company(company: Path, settings: Settings) -> str:
    return f"{company}: words and limits of {len(own_content.model_files(company, settings.serves()))} models"


def _encoder() -> Finding:
    try:
        numbers = Encoder()(["status churn"]).shape[1]
    except Exception as exc:  # native libraries have errors of their own
        says = f"{type(exc).__name__}: {str(exc)[:120]}"
        return "encoder", Readiness(ok=False, says=says, do="Install the bot again.")
    return "encoder", Readiness(ok=True, says=f"local, answers with {numbers} numbers a sentence")


def _try(part: str, work: Callable[[], str]) -> Finding:
    try:
        return part, Readiness(ok=True, says=work())
    except BotError as exc:
        return part, _wrong(exc)


def _wrong(exc: BotError) -> Readiness:
    return Readiness(ok=False, says=f"{exc.what} {exc.why}".strip(), do=exc.do)


def _folder(data: Path) -> Readiness:
    here = data if data.exists() else data.absolute().parent
    try:
        free = shutil.disk_usage(here).free
    except OSError as exc:
        return Readiness(ok=False, says=f"{data}: {exc.strerror}", do="Give another one: --data DIR")
    if free < FREE_BYTES:
        return Readiness(ok=False, says=f"{data}: {free / 1e6:.0f} MB free", do="Make room: 500 MB are needed.")
    return Readiness(ok=True, says=f"{data}: {free / 1e9:.0f} GB free")


def _held(data: Path) -> bool:
    """Whether a bot runs on this folder."""
    try:
        with (data / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


async def _running(url: str) -> tuple[Readiness, dict[str, Readiness]]:
    """Whether a bot answers there, and how it says that its ports are."""
    try:
        # A proxy from the environment must not stand between two programs of one machine.
        async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
            answer = await client.get(f"{url}/readyz")
    except httpx.HTTPError:
        return Readiness(ok=True, says=f"none at {url}", do="Start one: bizaiops demo"), {}
    try:
        body: Any = answer.json()
        told = {part: Readiness.model_validate({"says": "not told", **found}) for part, found in body["ports"].items()}
        wrong = "; ".join(f"{part}: {why}" for part, why in body["problems"].items())
    except (ValueError, KeyError, AttributeError, TypeError):
        told, wrong = {}, answer.text[:80]
    says = f"{url} answers {answer.status_code}{f' {wrong}' if wrong else ''}"
    return Readiness(ok=answer.status_code == httpx.codes.OK, says=says), told
