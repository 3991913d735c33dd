"""One of every card the bot posts, with numbers that look like its own."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from bizaiops_bot.domain.cards import (
    Button,
    Card,
    Chart,
    Context,
    Diff,
    DiffLine,
    Fields,
    Mark,
    Series,
    StepLine,
    Steps,
    Table,
    Text,
    sparkline,
)
from bizaiops_bot.domain.plan import GateSpec, Plan, PlanStep

NOW = datetime(2026, 3, 2, 14, 2, 11, tzinfo=UTC)
CHANGES = (
    DiffLine(what="traffic of churn", before="v1 100%", after="v1 90%, v2 10%"),
    DiffLine(what="stable version, if the canary is judged successful", before="v1", after="v2"),
)
PLAN = Plan(
    playbook="deploy_model",
    inputs={"model": "churn", "version": "v2", "canary": 10},
    steps=(
        PlanStep(name="build", kind="step", call="pipelines.build", args=("churn", "v2")),
        PlanStep(name="approval", kind="gate"),
        PlanStep(
            name="shift traffic", kind="step", call="serving.set_canary", args=("churn", "v2", "10"), changes=CHANGES
        ),
    ),
    gates=(GateSpec(name="deploy", question="Send 10% of churn to v2?"),),
)


def wave(n: int, base: float, swing: float, step: float = 0.35) -> tuple[float | None, ...]:
    return tuple(base + swing * math.sin(i * step) + swing * 0.3 * math.cos(i * 1.7) for i in range(n))


def steps(done: int, *, failed: bool = False) -> Steps:
    names = ["build", "test", "approval", "package", "register", "shift traffic", "judge", "promote"]
    notes = {
        0: "41,200 rows in 6.2 s",
        1: "AUC 0.861 against 0.848, limit 0.838",
        2: "lead approved",
        3: "sha256 9f31c0de",
        4: "churn v2, alias candidate",
        5: "reads back v1 90%, v2 10%",
        6: "error rate 0.4% against 0.5%",
        7: "v2 100%",
    }
    out = []
    for i, name in enumerate(names):
        status = "done" if i < done else ("failed" if failed else "running") if i == done else "planned"
        started = NOW + timedelta(seconds=40 * i) if i <= done else None
        ended = NOW + timedelta(seconds=40 * i + 31) if i < done else None
        detail = notes[i] if i < done else ""
        out.append(StepLine(name=name, status=status, detail=detail, started=started, ended=ended))
    return Steps(steps=tuple(out))


def plan_card() -> Card:
    table = Table(
        columns=("Step", "What", "Who"),
        rows=(
            ("1", "build and test churn v2 on held-out rows", "bot"),
            ("2", "approve: Send 10% of churn to v2?", "1 approver"),
            ("3", "shift traffic, judge for 20 min", "bot"),
            ("4", "promote, or restore v1", "bot"),
        ),
        align="rll",
    )
    return Card(
        title="Deploy churn v2 as a 10% canary",
        tone="warning",
        run_id=7,
        blocks=(
            Text(text="Nothing has changed yet. **v2** learns from 12 months, not 6; undo restores `v1`."),
            Diff(lines=CHANGES),
            table,
            Context(text=f"Plan `{PLAN.hash[:12]}` · open for 24 h · the requester cannot approve"),
        ),
        buttons=(
            Button(label="Approve", command="approve run 7", style="primary"),
            Button(label="Reject", command="reject run 7", style="danger", ask="Why do you reject run 7?"),
            Button(label="Cancel", command="cancel run 7", confirm="Cancel run 7?"),
        ),
    )


def run_card(done: int = 6) -> Card:
    return Card(
        title="Deploying churn v2", run_id=7, blocks=(steps(done), Context(text="asked by engineer · approved by lead"))
    )


def verdict_card() -> Card:
    rows = (
        ("error rate", "0.5%", "0.4%", "≤ 1.5%", "successful"),
        ("latency p95", "48 ms", "51 ms", "≤ 72 ms", "successful"),
        ("score distribution (PSI)", "–", "0.021", "≤ 0.25", "successful"),
        ("retained value per request", "€1.92", "€2.11", "≥ €1.73", "successful"),
    )
    return Card(
        title="churn v2 is promoted: 100% of traffic",
        tone="success",
        run_id=7,
        blocks=(
            Text(text="The canary did at least as well on all four checks, over **1,204** requests against 10,911."),
            Table(columns=("Check", "stable v1", "canary v2", "limit", "outcome"), rows=rows, align="lrrrl"),
        ),
    )


def drift_card() -> Card:
    values = (*wave(30, 0.06, 0.02), 0.11, 0.19, 0.26, 0.34, 0.41, 0.43)
    return Card(
        title="churn: 3 of 19 features have drifted",
        tone="danger",
        blocks=(
            Text(text="Since **13:21** customers pay more and stay shorter. Likely cause: _who asks has changed_."),
            Chart(
                title="Strongest drift (PSI)",
                x=tuple(f"{13 + i // 60}:{i % 60:02}" for i in range(10, 46)),
                series=(
                    Series(name="monthly_charges", values=values),
                    Series(name="tenure", values=wave(36, 0.09, 0.03)),
                ),
                limit=0.25,
                marks=(Mark(at=6, label="v2 promoted", kind="deploy"), Mark(at=32, label="drift found", kind="drift")),
                as_picture=True,
            ),
            Fields(
                fields=(
                    ("monthly_charges", "PSI 0.43"),
                    ("tenure", "PSI 0.31"),
                    ("contract", "PSI 0.27"),
                    ("AUC", "not known yet"),
                )
            ),
            Context(text="2,140 rows of the last 60 min against 41,200 at training"),
        ),
        buttons=(
            Button(label="Retrain churn", command="retrain churn", style="primary"),
            Button(label="Show drift report", command="show drift of churn"),
        ),
    )


def digest_card() -> Card:
    def row(title: str, value: str, change: str, target: str, base: float) -> tuple[str, ...]:
        return (title, value, change, target, sparkline(list(wave(14, base, base * 0.2))))

    return Card(
        title="Churn this week: revenue at risk fell 12%",
        blocks=(
            Table(
                columns=("KPI", "Sunday", "vs week before", "Target", "14 days"),
                rows=(
                    row("Revenue at risk", "€41,210", "▼ 12.1%", "€45,000", 41),
                    row("Churn rate", "4.2%", "▼ 0.3 pt", "4.5%", 4),
                    row("Retention cost", "€6,900", "▲ 2.0%", "€7,500", 7),
                ),
                align="lrrrl",
            ),
            Chart(
                title="Revenue at risk",
                kind="bar",
                unit="k€",
                x=tuple(f"{d} Feb" for d in range(1, 29)),
                series=(Series(name="revenue at risk", values=wave(28, 44, 5)),),
                limit=45,
                marks=(Mark(at=19, label="v2 deployed", kind="deploy"),),
            ),
            Context(text="Data until today 02:00 · churn labels arrive about 3 days late"),
        ),
    )


def alert_card() -> Card:
    values = (*wave(14, 0.6, 0.2), 1.9, 3.4, 4.1)
    return Card(
        title="churn v2: 4.1% of requests fail",
        tone="danger",
        blocks=(
            Text(text="Since **14:02** requests fail with `503 upstream reset`. v1 answers as before."),
            Chart(
                title="Requests that fail",
                unit="%",
                x=tuple(f"13:{46 + i}" if i < 14 else f"14:0{i - 14}" for i in range(17)),
                series=(
                    Series(name="v2", values=values),
                    Series(name="v1", values=wave(17, 0.4, 0.1)),
                ),
                limit=1.5,
                marks=(Mark(at=14, label="errors found", kind="fault"),),
            ),
            Fields(fields=(("Model", "churn v2"), ("Traffic", "10%"), ("Rule", "roll back"), ("Owner", "engineer"))),
        ),
        buttons=(
            Button(
                label="Roll back churn", command="roll back churn", style="danger", confirm="Send all traffic to v1?"
            ),
            Button(label="Mute for 1 h", command="mute churn for 1 hour"),
        ),
    )


def failed_card() -> Card:
    return Card(
        title="churn was not rolled back",
        tone="danger",
        run_id=8,
        answer="failed",
        blocks=(
            steps(5, failed=True),
            Text(
                text="KServe refused the patch: `409 Conflict`, the service changed at 14:02:11. Traffic is as before."
            ),
            Fields(fields=(("Asked by", "engineer"), ("Decisions", "approved by lead (the canary is worse than v1)"))),
            Context(text="Run 8 · roll_back_model model=churn · plan `9f31c0de12ab` · 2 Mar 14:01 UTC"),
        ),
        buttons=(Button(label="Try again", command="roll back churn", style="primary"),),
    )


def history_card() -> Card:
    """Too long for one screen: Slack pages it, the console folds it."""
    rows = tuple(
        (f"{1 + i} Feb", "churn" if i % 3 else "demand", f"v{1 + i // 4}", f"{0.84 + i % 5 / 100:.3f}", "`done`")
        for i in range(28)
    )
    return Card(
        title="What was done to the models in February",
        tone="muted",
        blocks=(
            Table(columns=("Day", "Model", "Version", "AUC", "Outcome"), rows=rows, align="lllrl", caption="All runs"),
            Context(text="28 runs · newest last"),
        ),
    )


def question_card() -> Card:
    return Card(
        title="Which model: churn or demand?",
        buttons=(Button(label="churn", command="status churn"), Button(label="demand", command="status demand")),
    )


def refusal_card() -> Card:
    return Card(
        answer="refused",
        title="analyst may not deploy models",
        tone="danger",
        blocks=(
            Text(text="Deploying needs the role **engineer**: ask engineer or lead. Try `how did churn do this week?`"),
        ),
    )


ALL = {
    "approval": plan_card,
    "run": run_card,
    "verdict": verdict_card,
    "failed": failed_card,
    "alert": alert_card,
    "drift": drift_card,
    "digest": digest_card,
    "history": history_card,
    "question": question_card,
    "refusal": refusal_card,
}
"""Every sort of card by its name."""


def reply_for(text: str) -> Card:
    """The card a word stands for; anything else is echoed."""
    cards = {
        "plan": plan_card,
        "run": run_card,
        "verdict": verdict_card,
        "drift": drift_card,
        "digest": digest_card,
        "ask": question_card,
        "deploy": plan_card,
        "refuse": refusal_card,
    }
    make = next((make for word, make in cards.items() if word in text.lower()), None)
    return make() if make else Card(title="I heard you", tone="muted", blocks=(Text(text=text),))
