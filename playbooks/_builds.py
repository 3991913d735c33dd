"""What deploying and retraining share before any traffic moves: a build is ordered, waited for, gated, registered."""

from __future__ import annotations

from functools import partial

from bizaiops_bot.playbook import (
    BotError,
    BuildOrder,
    BuildQuestion,
    BuildRef,
    BuildState,
    Button,
    Card,
    DiffLine,
    GateReport,
    ModelVersion,
    NoData,
    Regression,
    Run,
    Table,
    Text,
    assess_gate,
    of_gate,
    registered,
    too_good,
)
from playbooks._cards import sentence, status_button
from playbooks._ordering import ORDER, REGISTER, Known, Ordered, called, require_free
from playbooks._trials import failed_card

LOOK_EVERY = "5s"
DEADLINE = "24h"
LINES = 8
LONGEST_LINE = 160


async def build_version(run: Run, order: BuildOrder, *, trained: str) -> ModelVersion:
    """The version as the registry has it, once it is built and has passed its gate against `order.against`.

    trained: what the plan says that it learns from. Raises Conflict when it is registered by now or another run builds
    it, Regression when the build or its gate has failed; a cancel ends the build, answered or not.
    """
    known = await require_free(run, order)
    champion = known[order.against].metrics if order.against in known else {}
    made = DiffLine(what=f"build of {called(order)}", before="none", after=trained)
    ordered = Ordered(run)
    async with run.undo("stop build", ordered.stop, order):
        ref = await run.step(ORDER, ordered.start, order, changes=[made], detail=lambda b: b.url or b.id)
        state: BuildState | NoData = await run.until(
            "build",
            run.pipelines.state,
            ref,
            done=_over,
            detail=partial(_spoken, champion=champion),
            every=LOOK_EVERY,
            deadline=DEADLINE,
            asks=_asks,
            answer=run.pipelines.answer,
        )
    built = None if run.planning else await _built(run, order, ref, state)
    if built is not None and built.report is not None:
        await _require_gate(run, built.report, stands=False)
    version = await _register(run, order, built, known)
    if built is not None and built.report is None:
        await _require_gate(
            run, assess_gate(order.model, version.version, order.against, version.metrics, champion), stands=True
        )
    return version


# -- the build -----------------------------------------------------------------------------------------


def _over(state: BuildState | NoData) -> bool:
    return isinstance(state, NoData) or state.over


def _asks(state: BuildState | NoData) -> BuildQuestion | None:
    return None if isinstance(state, NoData) else state.question


def _spoken(state: BuildState | NoData, *, champion: dict[str, float]) -> str:
    """Where it is, and where people see it; at its end what it has measured."""
    if isinstance(state, NoData):
        return f"it is not known any more: {state}"
    if state.phase == "succeeded":
        gate = "" if state.report is None else _gate_words(state.report, champion)
        return " · ".join(filter(None, [gate, state.said]))
    return " · ".join(filter(None, [state.spoken(), state.link]))


def _gate_words(report: GateReport, champion: dict[str, float]) -> str:
    said = f"{'passed' if report.passed else 'failed'}{_rows(report)}: {report.reason}"
    leaked = too_good(report.metrics, champion, report.against, rows=report.holdout_rows)
    return f"{said}. {leaked}" if leaked else said


def _rows(report: GateReport) -> str:
    return "" if report.holdout_rows is None else f" on {report.holdout_rows:,} held-out rows"


async def _built(run: Run, order: BuildOrder, ref: BuildRef, state: BuildState | NoData) -> BuildState:
    """The build that has succeeded, or one whose gate has said no. Raises Regression with where and why it failed."""
    if isinstance(state, BuildState) and (state.phase == "succeeded" or state.report is not None):
        return state
    said = f"{called(order)} was not built: {_spoken(state, champion={})}."
    stage = state.stage.name if isinstance(state, BuildState) and state.stage is not None else ""
    card = Card(
        title=f"{called(order)} was not built",
        tone="danger",
        blocks=log_blocks(await last_lines(run, ref, stage), stage),
        buttons=(status_button(order.model), Button(label=f"Show run {run.id}", command=f"show run {run.id}")),
        run_id=run.id,
        summary=said,
    )
    raise Regression(said, do="No traffic was moved.", card=card)


async def last_lines(run: Run, ref: BuildRef, stage: str, lines: int = LINES) -> str | NoData:
    """A log that cannot be read hides nothing else."""
    try:
        return await run.read(run.pipelines.log, ref, stage=stage, tail=lines)
    except BotError as exc:
        return NoData(query=f"the log of {ref}", window="its end", searched=exc.what)


def log_blocks(log: str | NoData, stage: str) -> tuple[Table | Text, ...]:
    """The last lines of a log as others wrote them; nothing where nothing was said."""
    if isinstance(log, NoData):
        return (Text(text=sentence(str(log))),)
    rows = tuple((_short(line),) for line in log.splitlines())
    return (Table(columns=(f"Last lines of {stage or 'the log'}",), rows=rows),) if rows else ()


def _short(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"


# -- the registry and the gate -------------------------------------------------------------------------


async def _register(run: Run, order: BuildOrder, built: BuildState | None, known: Known) -> ModelVersion:
    """What was packaged is registered; what the pipeline has registered by itself is found."""
    package, by_pipeline = (None, "") if built is None else (built.package, built.version)
    names = list(known)
    after = [*names, order.version or "the version that the registry names"]
    listed = DiffLine(what=f"registry of {order.model}", before=", ".join(names) or "empty", after=", ".join(after))

    def told(version: ModelVersion) -> str:
        if package is None:
            return f"{version.version} registered by the pipeline"
        return f"{version.version} registered, {package.size_bytes / 1e6:.2f} MB, {package.digest[:12]}"

    return await run.step(
        REGISTER, registered(run, package, by_pipeline), order.model, order.version, changes=[listed], detail=told
    )


async def _require_gate(run: Run, report: GateReport, *, stands: bool) -> None:
    """Raises Regression when the gate says no, or cannot tell. stands: whether the version is in the registry."""
    verdict = of_gate(report)
    name = f"{report.model} {report.version}"
    await run.note_trial(report.model, report.version, "gate", verdict)
    if report.passed:
        return
    card = failed_card(run, report.model, report.version, report.against, verdict, registered=stands)
    if report.checks:
        what = f"{name} did not pass the quality gate against {report.against}."
        raise Regression(
            what, f"{report.reason}{_rows(report).replace(' on', ', on', 1)}.", "No traffic was moved.", card=card
        )
    what = f"Whether {name} is as good as {report.against} is not known."
    why = "Its pipeline has measured no gate, and the registry has no metric of both."
    raise Regression(what, why, f"No traffic was moved. Say `deploy {name}` to try it as a canary.", card=card)
