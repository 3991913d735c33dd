"""Why is a model as it is? Everything that was looked at in, the likeliest cause with its evidence and time out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from bizaiops_bot.domain.beginnings import baseline, began, blamed, grown, last_before, level
from bizaiops_bot.domain.changes import Change, changes
from bizaiops_bot.domain.facts import Fact, Facts, Look
from bizaiops_bot.domain.health import (
    HealthLimits,
    HealthVerdict,
    VersionHealth,
    assess_health,
    latency_limit,
    pace_words,
)
from bizaiops_bot.domain.look_words import (
    alert_list,
    at_words,
    drift_words,
    quality_words,
    release_list,
    run_list,
    series_words,
    traffic_words,
)
from bizaiops_bot.domain.monitoring import LABEL_MINUTES, DriftReport, HealthSample, PerformanceDrift, SeriesData
from bizaiops_bot.domain.records import Alert, Release, RunRecord, Trial
from bizaiops_bot.domain.services import TrafficState
from bizaiops_bot.domain.suspects import Arm, Metric, Suspicion, suspicion
from bizaiops_bot.domain.trials import all_held_against, trial_words
from bizaiops_bot.domain.values import NoData, Value
from bizaiops_bot.domain.wording import release_words

Kind = Literal["paused", "errors", "latency", "missing values", "quality", "drift", "unknown", "nothing"]
LOOK_BACK = timedelta(hours=2)
POINTS = 120
_FEW = 20
LOADED = 1.5
"""So many times the requests of before are load."""


class Evidence(Value):
    """All looks at one model at `now`. Series are of the last two hours, a point a minute; runs have not ended."""

    model: str
    limits: HealthLimits = HealthLimits()
    now: datetime
    health: tuple[HealthSample, ...] | NoData
    latency: SeriesData | NoData
    errors: SeriesData | NoData
    load: SeriesData | NoData
    traffic: TrafficState
    releases: tuple[Release, ...]
    alerts: tuple[Alert, ...]
    report: DriftReport | NoData
    labels: PerformanceDrift | NoData
    runs: tuple[RunRecord, ...]
    changes: tuple[Change, ...] = ()
    """What touched the traffic, newest first."""
    trials: tuple[Trial, ...] = ()
    """What was found of versions that were tried, newest first."""


class Cause(Value):
    """One thing that is wrong. `because` is the likeliest reason; `say` what one may say to mend it, "" for nothing."""

    kind: Kind
    what: str
    because: str
    since: datetime | None = None
    version: str = ""
    say: str = ""
    value: float | None = None


class Diagnosis(Value):
    """What was found: causes, worst first; one of kind `nothing` or `unknown` when there is none."""

    model: str
    causes: tuple[Cause, ...]
    looks: tuple[Look, ...]

    @property
    def worst(self) -> Cause:
        return self.causes[0]

    @property
    def title(self) -> str:
        if self.worst.kind == "nothing":
            return f"{self.model}: nothing is wrong"
        if self.worst.kind == "unknown":
            return f"{self.model}: cannot be told"
        since = f" since {at_words(self.worst.since)}" if self.worst.since else ""
        return f"{self.model}: {self.worst.kind}{since}"

    @property
    def summary(self) -> str:
        """What is wrong and why, worst first."""
        said = [f"{cause.what} {cause.because}".strip() for cause in self.causes]
        return " ".join(said)


def diagnose(seen: Evidence) -> Diagnosis:
    """Decides by rules over the evidence alone: the same evidence gives the same answer."""
    verdict = assess_health(
        list(seen.health) if not isinstance(seen.health, NoData) else seen.health,
        seen.limits,
        baseline_p95_ms=baseline(seen.latency),
    )
    service = _service(seen, verdict) or _early(seen, verdict)
    found = [*_paused(seen), *service, *_requests(seen), *_quality(seen)]
    return Diagnosis(model=seen.model, causes=tuple(found) or (_no_cause(seen, verdict),), looks=_looks(seen, verdict))


# -- causes ------------------------------------------------------------------------------------------


def _paused(seen: Evidence) -> list[Cause]:
    if not seen.traffic.paused:
        return []
    what, because = f"{seen.model} is paused and serves no requests.", "Somebody paused it; its history tells who."
    return [Cause(kind="paused", what=what, because=because, say=f"resume {seen.model}")]


def _service(seen: Evidence, verdict: HealthVerdict) -> list[Cause]:
    """Of versions that get requests: one that was taken back cannot be why the model is slow now."""
    erring = [v for v in verdict.erring if v.version in seen.traffic.weights]
    slow = [v for v in verdict.slow if v.version in seen.traffic.weights]
    return [_erring(seen, v, verdict) for v in erring[:1]] + [_slow(seen, v, verdict) for v in slow[:1]]


def _early(seen: Evidence, verdict: HealthVerdict) -> list[Cause]:
    """A version on too few requests to be judged that breaks a limit so far: that is said, not "nothing is wrong"."""
    enough = seen.limits.min_requests
    doubtful = [v for v in verdict.versions if v.version in seen.traffic.weights and _FEW <= v.requests < enough]
    found = [_erring(seen, v, verdict) for v in doubtful if v.error_rate > seen.limits.error_rate][:1]
    found += [_slow(seen, v, verdict) for v in doubtful if _is_slow(seen, v)][:1]
    few = f"That is on few requests: {enough} are needed to be sure."
    return [cause.model_copy(update={"because": f"{few} {cause.because}"}) for cause in found]


def _erring(seen: Evidence, v: VersionHealth, verdict: HealthVerdict) -> Cause:
    since = began(seen.errors, seen.limits.error_rate)
    said = f"{v.error_rate:.1%} of {v.requests:,} requests{_since(since)}, limit {100 * seen.limits.error_rate:g}%"
    what = f"{seen.model} {v.version} fails on {said}."
    because, say = _why(seen, "errors", v.version, since, verdict)
    return Cause(kind="errors", what=what, because=because, since=since, version=v.version, say=say, value=v.error_rate)


def _slow_limit(seen: Evidence) -> float:
    return latency_limit(seen.limits, baseline(seen.latency))


def _is_slow(seen: Evidence, v: VersionHealth) -> bool:
    return v.latency_p95_ms is not None and v.latency_p95_ms > _slow_limit(seen)


def _slow(seen: Evidence, v: VersionHealth, verdict: HealthVerdict) -> Cause:
    limit = _slow_limit(seen)
    since = began(seen.latency, limit)
    before = level(seen.latency, None, since)
    told = f", {before:.0f} ms before" if before is not None and since is not None else ""
    pace = f"latency p95 {pace_words(v.latency_p95_ms)}{told}, limit {limit:.0f} ms"
    what = f"{seen.model} {v.version} is slow{_since(since)}: {pace}."
    because, say = _why(seen, "latency", v.version, since, verdict)
    return Cause(
        kind="latency", what=what, because=because, since=since, version=v.version, say=say, value=v.latency_p95_ms
    )


def _why(
    seen: Evidence, metric: Metric, version: str, since: datetime | None, verdict: HealthVerdict
) -> tuple[str, str]:
    """The likeliest reason for errors or slowness, and what one may say."""
    onset = since or seen.now
    suspected = suspicion(metric, version, onset, _changes(seen), _arms(seen, metric, verdict))
    if suspected is not None and suspected.change.kind != "promote":
        return f"Likeliest cause: {suspected.because}.", _against(seen, suspected)
    release = last_before(seen.releases, onset)
    if release is not None and blamed(release, onset, version):
        say = _say(seen, "roll_back_model", f"roll back {seen.model}") if release.previous else ""
        return f"Likeliest cause: the release of {release.version}. {release_words(onset, release)}", say
    words = release_words(onset, release)
    if (times := grown(seen.load, since)) is not None and times >= LOADED:
        return (
            f"Likeliest cause: load, with {times:.1f} times the requests of before. {words}",
            _say(seen, "scale_model", f"scale {seen.model} to {min(50, seen.traffic.replicas.desired * 2)} replicas"),
        )
    return f"Likeliest cause: the serving infrastructure, as requests are as many as before. {words}", ""


def _changes(seen: Evidence) -> tuple[Change, ...]:
    """A canary that no run on record has sent out is suspected all the same."""
    return seen.changes or changes((), seen.traffic)


def _arms(seen: Evidence, metric: Metric, verdict: HealthVerdict) -> list[Arm]:
    """Every version that gets requests; one on few requests is held to the same limit, as far as it goes."""
    return [
        Arm(
            version=v.version,
            requests=v.requests,
            error_rate=v.error_rate,
            latency_p95_ms=v.latency_p95_ms,
            bad=v.error_rate > seen.limits.error_rate if metric == "errors" else _is_slow(seen, v),
            sure=v.requests >= seen.limits.min_requests,
        )
        for v in verdict.versions
        if v.version in seen.traffic.weights
    ]


def _against(seen: Evidence, suspected: Suspicion) -> str:
    """What one may say against the suspect: a canary's own run is stopped, which restores the traffic."""
    if suspected.who not in ("version", "unknown") or suspected.change.version != seen.traffic.canary:
        return ""
    if suspected.change.open and suspected.change.run is not None:
        return f"cancel run {suspected.change.run}"
    return _say(seen, "roll_back_model", f"roll back {seen.model}")


def _requests(seen: Evidence) -> list[Cause]:
    if isinstance(seen.report, NoData):
        return []
    found, report = [], seen.report
    onset = report.onset or report.start
    if report.missing:
        named = ", ".join(f"{f.name} {f.missing_share:.0%}" for f in report.missing[:3])
        what = f"Requests to {seen.model} {report.version} have missing values{_since(onset)}: {named}."
        because = f"Likeliest cause: a broken data feed. {release_words(onset, last_before(seen.releases, onset))}"
        found.append(Cause(kind="missing values", what=what, because=because, since=onset, version=report.version))
    if report.drifted:
        named = ", ".join(f"{f.name} ({f.change}, PSI {f.psi:.2f})" for f in report.drifted[:3])
        what = f"Requests to {seen.model} {report.version} are not as at training{_since(onset)}: {named}."
        # Learning from rows with holes in them would do harm.
        say = "" if report.missing else _say(seen, "retrain_model", f"retrain {seen.model}")
        because = (
            "Likeliest cause: the requests have changed, by new customers, season or something upstream. "
            f"{release_words(onset, last_before(seen.releases, onset))}"
        )
        found.append(Cause(kind="drift", what=what, because=because, since=onset, version=report.version, say=say))
    return found


def _quality(seen: Evidence) -> list[Cause]:
    if isinstance(seen.labels, NoData) or not seen.labels.drifted:
        return []
    p, version = seen.labels, seen.traffic.stable or ""
    what = (
        f"Quality of {seen.model} {version} is below its gate{_since(p.onset)}: {p.metric} {p.current:.3f} "
        f"({p.low:.3f} to {p.high:.3f}), {p.expected:.3f} at the gate."
    )
    onset = p.onset or seen.now - timedelta(minutes=LABEL_MINUTES)
    because = (
        f"Likeliest cause: what the inputs mean has changed. {release_words(onset, last_before(seen.releases, onset))}"
    )
    say = _say(seen, "retrain_model", f"retrain {seen.model}")
    return [Cause(kind="quality", what=what, because=because, since=p.onset, version=version, say=say)]


def _no_cause(seen: Evidence, verdict: HealthVerdict) -> Cause:
    if verdict.state == "no_data":
        what = f"Whether {seen.model} is well cannot be told: {verdict.reason}."
        return Cause(kind="unknown", what=what, because="No answer is not a good answer.")
    if seen.alerts:
        titles = "; ".join(a.title for a in seen.alerts[:3])
        what = f"{seen.model} answers as it should now, but an alert is still open: {titles}."
        return Cause(kind="unknown", what=what, because="It closes when two looks in a row find it over.")
    if gone := [v for v in (*verdict.erring, *verdict.slow) if v.version not in seen.traffic.weights]:
        v, last = gone[0], next((c for c in seen.changes if c.kind in ("restore", "pause")), None)
        what = f"{seen.model} answers as it should now. {v.version} did not: {v.reason.removeprefix(f'{v.version}: ')}."
        because = (
            f"It gets no requests any more: {last.words}." if last is not None else "It gets no requests any more."
        )
        return Cause(kind="nothing", what=what, because=because, version=v.version)
    what = f"Nothing is wrong with {seen.model} that can be seen: {verdict.reason}."
    drift = "" if isinstance(seen.report, NoData) else "There is no drift."
    tried = f" Of versions that were tried, {said}." if (said := _not_good(seen)) else ""
    return Cause(kind="nothing", what=what, because=f"{drift}{tried}".strip())


def _not_good(seen: Evidence) -> str:
    return "; ".join(trial_words(trial) for trial in all_held_against(seen.trials)[:2])


def _say(seen: Evidence, playbook: str, command: str) -> str:
    """The command, or a look at the run that is about to do it."""
    begun = next((record.id for record in seen.runs if record.playbook == playbook), None)
    return command if begun is None else f"show run {begun}"


def _since(when: datetime | None) -> str:
    return f" since about {at_words(when)}" if when else ""


# -- what was looked at ------------------------------------------------------------------------------


def _looks(seen: Evidence, verdict: HealthVerdict) -> tuple[Look, ...]:
    return tuple(
        Look(question=question, finding=finding)
        for question, finding in (
            ("Does it answer, in time and without errors?", verdict.reason),
            ("How was latency in the last 2 hours?", series_words(seen.latency)),
            ("How were errors in the last 2 hours?", series_words(seen.errors)),
            ("Are there more requests than before?", series_words(seen.load)),
            ("Which versions get requests?", traffic_words(seen.traffic)),
            ("What changed in its traffic?", "; ".join(c.words for c in seen.changes[:3]) or "nothing on record"),
            ("Which versions were tried and not good?", _not_good(seen) or "none on record"),
            ("What was released?", release_list(seen.releases)),
            ("Are the requests as at training?", drift_words(seen.report)),
            ("Are its predictions as good as at its gate?", quality_words(seen.labels)),
            ("Which alerts are open?", alert_list(seen.alerts, seen.now)),
            ("What is at work on it?", run_list(seen.runs, seen.now)),
        )
    )


# -- for words ---------------------------------------------------------------------------------------

_MUST = {
    "paused": ("paused",),
    "errors": ("errors", "error rate", "fail", "fails", "failing"),
    "latency": ("latency", "slow", "slower", "slowly", "p95"),
    "missing values": ("missing",),
    "quality": ("quality", "auc", "wape"),
    "drift": ("drift", "drifted", "requests"),
    "unknown": ("cannot", "not known", "alert"),
    "nothing": ("nothing", "healthy", "normal", "no sign", "well"),
}
_ROSE = {"latency": ("latency", "p95", "ms"), "errors": ("error rate", "errors", "share")}


def investigation_facts(found: Diagnosis, others: tuple[str, ...] = ()) -> Facts:
    """What an answer may speak of: every look, every cause. others: models it is not about."""
    facts = [Fact(words=f"{look.question} {look.finding}") for look in found.looks]
    for cause in found.causes:
        facts.append(Fact(words=f"{cause.what} {cause.because}"))
        if cause.kind in _ROSE and cause.value is not None:
            *names, unit = _ROSE[cause.kind]
            value = {"value": cause.value, "unit": unit, "words": cause.kind}
            facts += [Fact.model_validate(value | {"name": name}) for name in names]
            facts += [Fact(name=name, words=cause.kind, move=1, good=False) for name in names]
    return Facts(
        about=f"why {found.model} is as it is",
        facts=tuple(facts),
        otherwise=found.summary,
        names=(found.model,),
        others=tuple(name for name in others if name != found.model),
        must=_MUST[found.worst.kind],
        sentences=4,
    )
