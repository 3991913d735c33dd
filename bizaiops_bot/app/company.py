"""A company in files, examined without a bot: its mistakes, and what holds with where each value comes from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, SecretStr

from bizaiops_bot.adapters.kpi_files import load_kpis
from bizaiops_bot.app import own_content
from bizaiops_bot.company_files.environments import FOLDER as ENVIRONMENTS
from bizaiops_bot.company_files.environments import EnvironmentFile, read_environments
from bizaiops_bot.company_files.folder import FILE, CompanyFile
from bizaiops_bot.company_files.judging import Margins, Slo
from bizaiops_bot.company_files.models import FOLDER, ModelFile
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.environments import Environment
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.rule_files import Place
from bizaiops_bot.domain.rules import Rule
from bizaiops_bot.domain.yaml_files import Document, Unusable, read_document
from bizaiops_bot.embedded.settings import EMBEDDED_KPIS, MODELS
from bizaiops_bot.engine.policy import budgets, windows
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.playbook import Playbook
from bizaiops_bot.settings import UNTOLD, Person, Settings, company_file, groups, load_settings, variable

T = TypeVar("T")
HIDDEN = "(hidden)"
USUAL = "as the playbook says"


class Line(NamedTuple):
    """One value that holds: "home", "ml-ops", "company.yaml:3"."""

    name: str
    value: str
    origin: str


@dataclass
class Contents:
    """What one reading of a company's folder gave; None for what could not be used, as `mistakes` say."""

    mistakes: list[str]
    settings: Settings | None = None
    files: dict[str, ModelFile] | None = None
    policy: Policy | None = None
    freezes: windows.FreezeWindows | None = None
    budgets: budgets.Budgets | None = None
    rules: list[Rule] | None = None
    environments: list[Environment] | None = None


def mistakes_in(company: Path) -> list[str]:
    """Every mistake of the folder; of policy and of the rules the first one."""
    return contents(company).mistakes


def contents(
    company: Path,
    started: Settings | None = None,
    playbooks: Iterable[Playbook] | None = None,
    environment: str | None = None,
) -> Contents:
    """Everything in the folder, read once. started, playbooks, environment: those of a bot that runs on it."""
    found = Contents([])

    def read(what: Callable[[], T]) -> T | None:
        try:
            return what()
        except Unusable as exc:
            found.mistakes.extend(exc.mistakes)
        except BotError as exc:
            found.mistakes.append(f"{exc.what} {exc.why}".strip())
        return None

    settings = found.settings = read(lambda: load_settings(company=company))
    if not (company / FILE).is_file():
        return found
    people = [] if settings is None else [person.actor() for person in settings.people]
    asked = Playbooks.load(content_folder("playbooks")) if playbooks is None else playbooks
    acting = environment or ("demo" if settings is None else settings.environment)
    known = started or settings
    served = MODELS if known is None else known.serves()
    files = found.files = read(lambda: own_content.model_files(company, served))
    found.policy = read(lambda: own_content.read_policy(company, people, asked, acting))
    found.freezes = read(lambda: own_content.read_windows(company))
    found.budgets = read(lambda: own_content.read_budgets(company))
    found.rules = read(lambda: own_content.read_rules(company))
    if (kpis := company / "kpis").is_dir():
        read(lambda: load_kpis(kpis))
    if settings is not None:
        named, names = files or {}, served or [*(files or {})]
        ids = {actor.id: actor for actor in people}
        places = read(lambda: read_environments(company)) or {}
        there = own_content.environments(places, acting)
        found.environments = there
        bare = [ModelSpec(name=name, title=name) for name in names]
        specs = read(lambda: own_content.told(named, bare, places, acting))
        if specs is not None:
            read(lambda: own_content.notices(settings.notices, specs, there).check(names, ids))
        found.mistakes += [] if found.policy is None else _unreachable(company, there, found.policy)
    return found


def _unreachable(company: Path, there: Iterable[Environment], policy: Policy) -> Iterator[str]:
    """A quorum that no change could ever reach."""
    for environment in there:
        able = policy.who_may("approve", environment=environment.name)
        if environment.quorum is not None and len(able) < environment.quorum:
            source = f"{ENVIRONMENTS}/{environment.name}.yaml"
            document = read_document(company / source, source) or Document(source, {}, {(): 1})
            who = " and ".join(able) if able else "nobody"
            words = f"{environment.quorum} people must agree, and policy lets only {who} approve"
            yield document.mistake(("quorum",), words)


def what_holds(company: Path, started: Settings | None = None, found: Contents | None = None) -> Iterator[Line]:
    """Every setting, what is said of each model, and which policy, rules and KPIs hold. Raises BotError.

    found: the folder where it is read already.
    """
    settings = found.settings if found is not None and found.settings is not None else load_settings(company=company)
    written = company_file(company)
    for field, models in groups():
        value = getattr(settings, field)
        if not models:
            yield _line((field,), value, written)
        for inner in type(value).model_fields if models else ():
            yield _line((field, inner), getattr(value, inner), written)
    for name, environment in read_environments(company).items():
        yield from _of_environment(name, environment, company)
    served = (started or settings).serves()
    known = None if found is None else found.files
    files = own_content.model_files(company, served) if known is None else known
    for name in [*files] if served is None else served:
        source = f"{FOLDER}/{name}.yaml"
        document = read_document(company / source, source) or Document(source, {}, {})
        yield from _of_model(
            name, files.get(name, ModelFile()), document, read_environments(company), settings.environment
        )
    for what, folder in (
        ("policy", own_content.policy_folder(company)),
        ("freeze windows", own_content.policy_folder(company, windows.FILE)),
        ("budgets", own_content.policy_folder(company, budgets.FILE)),
        ("rules", own_content.rules_folder(company)),
        ("KPI definitions", settings.kpis or EMBEDDED_KPIS),
    ):
        own = folder.is_relative_to(company)
        yield Line(what, "the company's own" if own else "as shipped", f"{folder.name}/" if own else "default")


def _of_environment(name: str, found: EnvironmentFile, company: Path) -> Iterator[Line]:
    source = f"{ENVIRONMENTS}/{name}.yaml"
    document = read_document(company / source, source) or Document(source, {}, {})

    def line(value: Any, *place: str) -> Line:
        origin = document.at(place) if place in document.lines else "default"
        return Line(".".join((ENVIRONMENTS, name, *place)), _words(value), origin)

    for field, value in found.environment(name).model_dump(exclude={"name"}).items():
        yield line(USUAL if value is None else value, field)
    for group in ("slo", "judge"):
        yield from (line(value, group, *place) for place, value in _given(getattr(found, group)))


def _given(form: BaseModel) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each key that the file says, by its place below the form."""
    for field in sorted(form.model_fields_set, key=[*type(form).model_fields].index):
        value = getattr(form, field)
        if isinstance(value, BaseModel):
            yield from (((field, *place), inner) for place, inner in _given(value))
        else:
            yield (field,), value


def _line(place: Place, value: Any, written: CompanyFile) -> Line:
    origin = _origin(place, value, written)
    hidden = origin != "default" and place[-1] in UNTOLD and not isinstance(value, dict)
    return Line(".".join(map(str, place)), HIDDEN if hidden else _words(value), origin)


def _origin(place: Place, value: Any, written: CompanyFile) -> str:
    set_ones = {name.upper() for name in os.environ}
    if (by := next((name for name in map(variable, (place, place[:1])) if name in set_ones), None)) is not None:
        return by
    if place in written.document.lines:
        return written.document.at(place)
    if place == ("kpis",) and value is not None:
        return "kpis/"
    if place == ("environment",) and (folder := written.folder / ENVIRONMENTS).is_dir():
        return f"{ENVIRONMENTS}/{value}.yaml" if any(folder.glob("*.yaml")) else "default"
    return "option" if place == ("company_dir",) else "default"


def _words(value: Any) -> str:
    """For people; a secret is not shown."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_words(inner)}" for key, inner in value.items()) or "none"
    if isinstance(value, tuple):
        return ", ".join(map(_words, value)) or "none"
    if isinstance(value, Person):
        return f"{value.id} ({', '.join(value.roles)})"
    if isinstance(value, BaseModel):
        return value.model_dump_json(exclude_none=True, by_alias=True)
    text = value.get_secret_value() and HIDDEN if isinstance(value, SecretStr) else value
    return "none" if text in (None, "") else str(text)


def _of_model(
    name: str, model: ModelFile, document: Document, there: dict[str, EnvironmentFile], acting: str
) -> Iterator[Line]:
    def line(value: Any, *place: str) -> Line:
        return Line(
            f"{name}.{'.'.join(place)}", _words(value), document.at(place) if place in document.lines else "default"
        )

    for field in ("title", "task", "owner", "aliases"):
        yield line(getattr(model, field) or "as served", field)
    spec = model.told(ModelSpec(name=name, title=name), there, acting)
    for field in Slo.model_fields:
        yield line(getattr(spec.limits, field), "slo", field)
    for field in ("hold", "must", "advisory"):
        yield line(getattr(spec.judge, field), "judge", field)
    for field in Margins.model_fields:
        yield line(getattr(spec.judge.limits, field), "judge", "margins", field)
    for field in ("min_requests", "min_labelled"):
        yield line(getattr(spec.judge.limits, field), "judge", field)
    yield line(spec.labels.delay, "labels", "delay")
    yield line(spec.labels.source, "labels", "source")
    yield line(spec.drift.columns or "all", "drift", "columns")
    yield line(spec.drift.leave_out, "drift", "leave_out")
    for field in ("channel", "registered_as", "pipeline"):
        yield line(getattr(spec, field), field)
    for environment, service in model.services.items():
        yield from (line(value, "services", environment, *place) for place, value in _given(service))
