"""`bizaiops policy`: asks the policy of this folder and these settings, with or without a running bot."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import TypeAdapter, ValidationError

from bizaiops_bot.app import own_content
from bizaiops_bot.app.ports import read_kpis
from bizaiops_bot.cli.given import CompanyDir
from bizaiops_bot.cli.lazy import typer_app
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import BadInput, BotError, NotFound
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.routing import Catalogue, Decision, Question, Refusal, Remark
from bizaiops_bot.embedded.company import make_streams
from bizaiops_bot.engine.policy.explained import explain
from bizaiops_bot.engine.policy.explained_words import explained_words
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.playbook import Playbook
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.router.router import Router
from bizaiops_bot.settings import Settings, load_settings

app = typer_app(no_args_is_help=True, help="Who may do what, and which rule says so; needs no running bot.")

NOT_ALLOWED, USAGE = 1, 2
Environment = Annotated[str | None, typer.Option(help="Another BIZAIOPS_ENVIRONMENT, such as production.")]


@app.command("explain")
def policy_explain(
    text: Annotated[str, typer.Argument(help="What the person says, in quotes; empty with --playbook.")] = "",
    as_: Annotated[
        str, typer.Option("--as", help="Who asks: a person's id, rule:NAME or schedule:NUMBER.")
    ] = "engineer",
    playbook: Annotated[str | None, typer.Option(help="A playbook's name instead of words.")] = None,
    given: Annotated[
        list[str] | None, typer.Option("--input", help="An input of --playbook, as model=churn; repeatable.")
    ] = None,
    environment: Environment = None,
    company: CompanyDir = None,
    requester: Annotated[str, typer.Option(help="Who asked for the run that the request is about.")] = "",
    frozen: Annotated[bool, typer.Option("--frozen", help="As if changes were frozen.")] = False,
    over_budget: Annotated[bool, typer.Option("--over-budget", help="As if the budget were used up.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell whether a person may do something, which rule decides, who else may, and who may approve it.

    Exit code 0: allowed, 1: not allowed, 2: the question is not understood.
    """
    if bool(text) == bool(playbook):
        _fail("Give either words in quotes or --playbook NAME.", code=USAGE)
    if given and not playbook:
        _fail("--input goes with --playbook NAME; words in quotes say their inputs themselves.", code=USAGE)
    settings, playbooks, policy = _open(environment, company)
    try:
        actor = _actor(as_, settings)
        if playbook is not None:
            meant = playbooks.get(playbook)
            inputs, asks = _typed(meant, given or []), ""
        else:
            name, inputs, asks = _meant(text, settings, playbooks)
            meant = playbooks.get(name)
    except BotError as exc:
        _fail(str(exc), code=USAGE)
    found = explain(policy, actor, meant, inputs, requester=requester, frozen=frozen, over_budget=over_budget)
    assumed = _assumed(meant, settings, frozen=frozen, over_budget=over_budget, requester=requester)
    whole = found.model_dump() | {"asks_first": asks, "assumed": assumed}
    typer.echo(json.dumps(whole, indent=2) if as_json else explained_words(found, asks, assumed))
    raise typer.Exit(0 if found.ok else NOT_ALLOWED)


@app.command("check")
def policy_check(environment: Environment = None, company: CompanyDir = None) -> None:
    """Read all files of policy as the start does: rules, schema, freeze windows, budgets.

    Exit code 1 names the first mistake with file and line.
    """
    settings, playbooks, policy = _open(environment, company)
    try:
        windows = own_content.read_windows(settings.company_dir)
        limits = own_content.read_budgets(settings.company_dir).limits
    except BotError as exc:
        _fail(str(exc), code=NOT_ALLOWED)
    forbids = sum(written.effect == "forbid" for written in policy.policies)
    open_now = windows.active(datetime.now(UTC))
    typer.echo(f"Rules: {len(policy.policies)}, {forbids} of them forbid; all fit the {len(playbooks)} playbooks.")
    names = ", ".join(window.name for window in windows.windows) or "none"
    typer.echo(f"Freeze windows: {names}.{f' Now: {open_now}.' if open_now else ''}")
    typer.echo(f"Budgets: {_limit_words(limits.model_dump()) or 'none'}.")


def _open(environment: str | None, company: Path | None) -> tuple[Settings, Playbooks, Policy]:
    try:
        settings = load_settings(company=company)
    except BotError as exc:
        _fail(str(exc), code=USAGE)
    try:
        playbooks = Playbooks.load(content_folder("playbooks"))
        people = [person.actor() for person in settings.people]
        place = environment or settings.environment
        return settings, playbooks, own_content.read_policy(settings.company_dir, people, playbooks, place)
    except BotError as exc:
        _fail(str(exc), code=NOT_ALLOWED)


def _actor(name: str, settings: Settings) -> Actor:
    """Raises NotFound with near names."""
    people = {person.id: person.actor() for person in settings.people}
    if name in people:
        return people[name]
    kind, _, rest = name.partition(":")
    if kind == "schedule" and rest.isdigit():
        return Actor(id=name, name=name, kind="schedule")
    if kind != "rule":
        raise NotFound("person", name, people)
    rules = {rule.name for rule in own_content.read_rules(settings.company_dir)}
    if rest not in rules:
        raise NotFound("rule", rest, rules)
    return Actor(id=name, name=rest, kind="rule")


def _typed(playbook: Playbook, given: list[str]) -> dict[str, Any]:
    """The inputs that are given; others may be missing. Raises BadInput, NotFound."""
    found: dict[str, Any] = {}
    for item in given:
        name, sep, value = item.partition("=")
        if not sep:
            raise BadInput(f"{item!r} is not an input.", do="Write for example --input model=churn.")
        info = playbook.inputs.model_fields.get(name)
        if info is None:
            raise NotFound(f"{playbook.name} input", name, playbook.inputs.model_fields)
        kind: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
        try:
            adapter = TypeAdapter[Any](kind)
            found[name] = adapter.dump_python(adapter.validate_python(value), mode="json")
        except ValidationError as exc:
            raise BadInput(f"{name} is not usable: {value!r}.", f"{exc.errors()[0]['msg']}.") from exc
    return found


def _meant(text: str, settings: Settings, playbooks: Playbooks) -> tuple[str, dict[str, Any], str]:
    """(playbook, inputs, what the bot would ask first) of words. Raises BadInput for words that are no request."""
    kept = settings.data / "router"
    router = Router(
        load_intents(content_folder("intents")), [p.spec() for p in playbooks], kept if kept.is_dir() else None
    )
    decision: Decision = router.route(text, None, _catalogue(text, settings, playbooks))
    if isinstance(decision, Remark):
        raise BadInput(f"{text!r} is no request that I know.", decision.text)
    if isinstance(decision, Refusal):
        raise BadInput(f"{text!r} is no request that I know.", decision.why, decision.help)
    if not isinstance(decision, Question):
        return decision.playbook, decision.inputs, ""
    if not decision.pending.playbook:
        raise BadInput(f"{text!r} is not clear.", decision.text)
    choices = " / ".join(choice.label for choice in decision.choices)
    asks = f"{decision.text} {choices}" if decision.slot == "playbook" else decision.text
    return decision.pending.playbook, decision.pending.inputs, asks


_LIKE_A_VERSION = re.compile(r"(?<![\w.-])(?:v\d+|\d+(?:\.\d+)+)(?:[.+-]?\w+)*(?![\w-])")


def _catalogue(text: str, settings: Settings, playbooks: Playbooks) -> Catalogue:
    """The company's names. Versions that the words name count as known: policy is asked, not the registry."""
    streams = [] if settings.serves() is None else make_streams(settings.embedded)[0]
    files = own_content.model_files(settings.company_dir, settings.serves())
    specs = own_content.told(files, [stream.info for stream in streams])
    there = own_content.environments(own_content.environment_files(settings), settings.environment)
    named = _LIKE_A_VERSION.findall(text.lower())
    kpis, _ = read_kpis(settings)
    buildable = {stream.info.name: [c.version for c in stream.buildable()] for stream in streams}
    models = {spec.name: buildable.get(spec.name, []) for spec in specs}
    return Catalogue(
        models=tuple(specs),
        versions={model: tuple(dict.fromkeys([*known, *named])) for model, known in models.items()},
        stable={model: known[0] for model, known in models.items() if known},
        previous={},
        kpis={m: tuple((k.id, (k.title, *k.aliases)) for k in kpis if k.model == m) for m in models},
        people=tuple(person.id for person in settings.people),
        called={person.id: person.actor().called for person in settings.people},
        environments=tuple((one.name, one.words) for one in there),
        playbooks=tuple(playbook.spec() for playbook in playbooks),
        now=datetime.now(UTC),
        time_zone=settings.time_zone,
    )


def _assumed(playbook: Playbook, settings: Settings, *, frozen: bool, over_budget: bool, requester: str) -> str:
    """What the answer takes for granted, and a window that is open now although --frozen was not given."""
    said = [f"changes are {'' if frozen else 'not '}frozen", f"the budget is {'' if over_budget else 'not '}used up"]
    if "run" in playbook.inputs.model_fields:
        said.append(f"the run was asked for by {requester or 'nobody named here (--requester)'}")
    try:
        now = None if frozen else own_content.read_windows(settings.company_dir).active(datetime.now(UTC))
    except BotError as exc:
        _fail(str(exc), code=NOT_ALLOWED)
    return ", ".join(said) + (f"; but now they are {now} (--frozen)" if now else "")


def _limit_words(limits: dict[str, Any]) -> str:
    return ", ".join(
        f"{limit['changes_per_hour']} changes an hour for a {who}" for who, limit in limits.items() if limit
    )


def _fail(message: str, *, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
