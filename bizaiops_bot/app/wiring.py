"""Parts of a bot that are made from the settings: what people wrote, the engine's middle, ports, a language model."""

from __future__ import annotations

import asyncio
import fcntl
import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bizaiops_bot.app import own_content
from bizaiops_bot.company_files.environments import EnvironmentFile
from bizaiops_bot.company_files.models import ModelFile
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.environments import Environment, Environments
from bizaiops_bot.domain.errors import BotError, Permanent
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.rules import Rule
from bizaiops_bot.engine.approvals.run_cards import RunCards
from bizaiops_bot.engine.audit import pseudonyms
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.policy.budgets import Budgets
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.engine.policy.windows import FreezeWindows
from bizaiops_bot.engine.runs.language_use import LanguageUse
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.ports.clock import Clock
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.router.router import Router
from bizaiops_bot.settings import Settings

if TYPE_CHECKING:
    from bizaiops_bot.adapters.openai.client import LanguageClient

log = logging.getLogger("bizaiops")


@dataclass(frozen=True)
class Content:
    """What people wrote: playbooks, policy, rules and intents, checked before anything is trained."""

    people: list[Actor]
    playbooks: Playbooks
    policy: Policy
    budgets: Budgets
    freezes: FreezeWindows
    rules: list[Rule]
    models: dict[str, ModelFile]
    places: dict[str, EnvironmentFile]
    environments: list[Environment]
    router: Router


def open_language(settings: Settings, core: Core, router: Router) -> LanguageClient | None:
    """The language model that the settings choose, made known to the router; nothing is asked before it is started."""
    opened = settings.language.open(LanguageUse(core.store), settings.data, settings.time_zone)
    if opened is None:
        return None
    router.ask_also(opened.proposes)
    core.ports.words = opened.words(core.ports, partial(_note_words, core))
    return opened.client


async def _note_words(core: Core, about: str, detail: dict[str, Any]) -> None:
    """What a language model was asked to word, and what came of it, for the audit."""
    try:
        await core.store.write(lambda conn: core.note(conn, "words", "worded", about, **detail))
    except BotError as exc:
        log.warning("the audit has nothing of a text: %s", exc)


async def open_core(settings: Settings, content: Content, clock: Clock) -> Core:
    """The engine's middle on the store that the settings choose. Raises Permanent when that cannot be used."""
    store = await asyncio.to_thread(settings.store.open, settings.data, settings.cache.build())
    core = Core(
        store,
        clock,
        content.policy,
        content.playbooks,
        content.people,
        cards=RunCards,
        home=settings.home,
        time_zone=settings.time_zone,
        budgets=content.budgets,
        freezes=content.freezes,
        environments=Environments(content.environments),
    )
    core.rules = content.rules
    await store.read(lambda conn: pseudonyms.know(conn, core.people))
    return core


def read_content(settings: Settings) -> Content:
    """Raises BotError naming file and line of the first mistake."""
    people = [person.actor() for person in settings.people]
    playbooks = Playbooks.load(content_folder("playbooks"))
    company = settings.company_dir
    policy = own_content.read_policy(company, people, playbooks, settings.environment)
    budgets, freezes = own_content.read_budgets(company), own_content.read_windows(company)
    rules, models = own_content.read_rules(company), own_content.model_files(company, settings.serves())
    places = own_content.environment_files(settings)
    environments = own_content.environments(places, settings.environment)
    router = Router(load_intents(content_folder("intents")), [p.spec() for p in playbooks], settings.data / "router")
    return Content(people, playbooks, policy, budgets, freezes, rules, models, places, environments, router)


def lock_folder(folder: Path) -> IO[str]:
    """One bot a folder. Raises Permanent when another one holds it or it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / "lock").open("w")
    except OSError as exc:
        raise Permanent(
            f"The data folder {str(folder)!r} cannot be written.", f"{exc.strerror}.", "Give another one: --data DIR"
        ) from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        handle.close()
        raise Permanent(
            f"Another bot is running on the data folder {str(folder)!r}.",
            do="Stop it, or give another folder: --data DIR",
        ) from exc
    return handle
