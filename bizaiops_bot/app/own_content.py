"""Policy, rules and words about models as the company keeps them in its folder, else as they are shipped."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from bizaiops_bot.company_files.environments import EnvironmentFile, read_environments
from bizaiops_bot.company_files.models import ModelFile, read_models
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.environments import Environment, spoken_service
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.notices import NoticeSettings
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.rules import Rule
from bizaiops_bot.embedded.settings import EMBEDDED_FILES
from bizaiops_bot.engine.policy.budgets import FILE as BUDGETS
from bizaiops_bot.engine.policy.budgets import Budgets
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.engine.policy.windows import FILE as WINDOWS
from bizaiops_bot.engine.policy.windows import FreezeWindows
from bizaiops_bot.engine.watch.rule_book import load_rule_book
from bizaiops_bot.playbook import Playbook
from bizaiops_bot.router import naming
from bizaiops_bot.settings import Settings


def policy_folder(company: Path | None, files: str = "*.cedar") -> Path:
    """The company's own when it has such files: each kind takes the place of the shipped one by itself."""
    own = company is not None and any((company / "policy").glob(files))
    return company / "policy" if company is not None and own else content_folder("policy")


def rules_folder(company: Path | None) -> Path:
    """The company's own when there is one: empty, it has no rules."""
    own = company is not None and (company / "rules").is_dir()
    return company / "rules" if company is not None and own else content_folder("playbooks") / "rules"


def read_policy(
    company: Path | None, people: Collection[Actor], playbooks: Iterable[Playbook], environment: str
) -> Policy:
    """Checked against the bot's own schema. Raises Permanent naming file and line."""
    schema = content_folder("policy")
    return Policy.checked(policy_folder(company), people, playbooks, environment=environment, schema_in=schema)


def read_windows(company: Path | None) -> FreezeWindows:
    """Raises BadInput with file and line."""
    return FreezeWindows.load(policy_folder(company, WINDOWS))


def read_budgets(company: Path | None) -> Budgets:
    """Raises BadInput with file and line."""
    return Budgets.load(policy_folder(company, BUDGETS))


def read_rules(company: Path | None) -> list[Rule]:
    """Raises BadInput with file and line."""
    return load_rule_book(rules_folder(company))


def environment_files(settings: Settings) -> dict[str, EnvironmentFile]:
    """Those of the company's folder; without a folder the demo's, where the embedded company has them. Raises BadInput
    with file and line.
    """
    if settings.company_dir is not None:
        return read_environments(settings.company_dir)
    demo = settings.embedded.staging and settings.serves() is not None
    found = read_environments(EMBEDDED_FILES) if demo else {}
    return found if settings.environment in found else {}


def environments(files: Mapping[str, EnvironmentFile], acting: str) -> list[Environment]:
    """All of them, the default `acting` first; that one alone where there are no files."""
    found = {name: file.environment(name) for name, file in files.items()}
    first = found.pop(acting, None) or Environment(name=acting, title=acting)
    return [first, *found.values()]


def model_files(company: Path | None, served: Collection[str] | None) -> dict[str, ModelFile]:
    """What the company says of its models. served: as in `read_models`. Raises BadInput with file and line."""
    return read_models(company, served, naming.may_call, read_environments(company))


def notices(settings: NoticeSettings, specs: Iterable[ModelSpec], there: Sequence[Environment]) -> NoticeSettings:
    """Where news go, with the channels of the models, of the environments and of services in them."""
    channels: dict[str, tuple[str, ...]] = {}
    for spec in specs:
        for i, environment in enumerate(there):
            own = spec.services.get(environment.name)
            service = spoken_service(spec.name, environment.name if i else None)
            named = (spec.channel if not i else "", environment.channel, own.channel if own else "")
            channels[service] = tuple(dict.fromkeys(filter(None, named)))
    return settings.with_channels(channels)


def told(
    files: dict[str, ModelFile],
    served: Iterable[ModelSpec],
    there: Mapping[str, EnvironmentFile] = MappingProxyType({}),
    acting: str = "",
) -> list[ModelSpec]:
    """All models as the company speaks of them. served: what the serving system says of its own. there: the
    environments, with the default one `acting`.
    """
    known = {spec.name: spec for spec in served}
    bare = {name: ModelSpec(name=name, title=name) for name in files}
    nothing = ModelFile()
    return [
        files.get(name, nothing).told(spec, there, acting) if name in files or there else spec
        for name, spec in (bare | known).items()
    ]
