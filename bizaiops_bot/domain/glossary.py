"""The bot's own words, each in a sentence or two, and where it shows what is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """names: as people say it, singular, the first one is shown. see: what to say to see it."""

    names: tuple[str, ...]
    meaning: str
    see: str = ""


TERMS = (
    Term(
        ("drift", "data drift", "model drift", "drifting"),
        "The world a model sees is no longer the one it learned from. Data drift: its inputs changed (a "
        "column has other values than in training). Concept drift: the same inputs now lead to other "
        "outcomes, so that its predictions get worse.",
        "list alerts",
    ),
    Term(
        ("covariate drift", "input drift", "feature drift", "covariate shift"),
        "The inputs of a model changed: some columns have other values than in training. Its predictions may "
        "still be right; retraining helps when not.",
        "inject covariate drift into churn",
    ),
    Term(
        ("concept drift", "label drift"),
        "The same inputs lead to other outcomes than in training, so that predictions get worse although the "
        "inputs look as before. It shows once the true outcomes are known.",
        "inject concept drift into churn",
    ),
    Term(
        ("psi", "population stability index"),
        "Population stability index: how far the values of a column have moved from training, 0 when not at "
        "all. Under 0.1 little, from 0.25 much; the two marks are a rule of thumb.",
        "status churn",
    ),
    Term(
        ("canary", "canary release", "canary deployment", "canary rollout"),
        "A new version gets a small share of the traffic first, beside the stable one. Only when its checks "
        "pass is it promoted to all of the traffic; when they fail, everything goes back.",
        "deploy churn v2 as a 10% canary",
    ),
    Term(
        ("A/B test", "a/b test", "ab test", "experiment", "split test"),
        "Two versions answer side by side for days, each a fixed share of the requests, and what their requests were "
        "worth decides. The interval of the difference holds however often it is looked at; harm that is shown ends "
        "it.",
        "how is the ab test doing",
    ),
    Term(
        ("blue-green", "blue green", "blue/green", "blue-green deployment"),
        "The new version is started beside the stable one without requests and tried out; then it gets everything at "
        "once, and the old one stays up while it is watched.",
        "deploy churn v2 blue-green",
    ),
    Term(
        ("stepwise rollout", "staged rollout", "phased rollout", "progressive rollout"),
        "A canary whose share grows while no harm is seen, such as 5%, 25% and 50%; the last share has to rule harm "
        "out before everything follows.",
        "deploy churn v2 in steps",
    ),
    Term(
        ("stable version", "stable", "champion"),
        "The version that serves all traffic, or all but the canary's share.",
        "status churn",
    ),
    Term(
        ("challenger",),
        "A version that is tried against the stable one, the champion. While it gets a share of the traffic it is "
        "called the canary here.",
        "compare churn v1 and v2",
    ),
    Term(
        ("promotion", "promote"),
        "A canary whose checks passed becomes the stable version and gets all traffic.",
        "history of churn",
    ),
    Term(
        ("rollback", "roll back", "rolling back"),
        "All traffic goes back to the version that served before. It goes first: no freeze and no waiting "
        "plan holds it up.",
        "roll back churn",
    ),
    Term(
        ("rollout", "roll out", "deploy", "deployment", "release"),
        "A version is built, tested, tried as a canary, judged and promoted, each step in one run.",
        "deploy churn v2",
    ),
    Term(
        ("gate", "quality gate"),
        "What a version must reach on held-out data before any traffic goes to it, such as an AUC no worse "
        "than the stable version's.",
        "compare churn v1 and v2",
    ),
    Term(
        ("verdict", "canary verdict"),
        "What the checks of a canary come to: successful, failed, or not enough evidence; then a person is asked.",
        "list runs",
    ),
    Term(
        ("judge", "judging", "judgement"),
        "The step of a rollout in which the canary's checks are held against the stable version at the same time; what "
        "comes out is the verdict.",
        "compare churn v1 and v2",
    ),
    Term(
        ("inconclusive",),
        "Too little evidence for a yes or a no. It never counts as a pass: a person is asked.",
        "list runs",
    ),
    Term(
        ("guard rail", "guardrail"),
        "A number that must not get worse while another one is to get better, such as errors and latency during a "
        "canary.",
        "compare churn v1 and v2",
    ),
    Term(
        ("run",),
        "One piece of work with a number, such as a rollout: its plan, approvals, steps and result on one card.",
        "list runs",
    ),
    Term(
        ("plan",),
        "What a change is going to do, with what it changes from and to. It is shown, and waits for an "
        "approval, before anything happens.",
        "list approvals",
    ),
    Term(
        ("dry run", "dry-run"),
        "The plan of a change, shown and not carried out.",
        "dry run: deploy churn v2",
    ),
    Term(
        ("approval", "approver", "approvals"),
        "Another person with the role says yes to a plan before it is carried out; nobody approves their own.",
        "list approvals",
    ),
    Term(
        ("quorum",),
        "How many people have to agree before a plan is carried out; each counts once.",
        "list approvals",
    ),
    Term(
        ("delegation",),
        "Somebody else decides about plans in your place for a while.",
        "delegate my approvals to sam for 3 days",
    ),
    Term(
        ("freeze", "deploy freeze", "change freeze", "code freeze"),
        "No change begins until it is lifted; rolling back and resuming a model stay possible.",
        "freeze deploys",
    ),
    Term(
        ("alert",),
        "Something about a model that needs care: errors, latency, drift, missing values. It has a number and "
        "is told again while open.",
        "list alerts",
    ),
    Term(
        ("snooze", "snoozing"),
        "One alert is not told for a while.",
        "snooze alert 5 for 1 hour",
    ),
    Term(
        ("mute", "muting"),
        "No alert of a model is told for a while.",
        "mute churn alerts until tomorrow 8:00",
    ),
    Term(
        ("replica", "replicas"),
        "How many copies of a model serve at the same time.",
        "scale demand to 3",
    ),
    Term(
        ("latency",),
        "How long a model takes to answer a request.",
        "status churn",
    ),
    Term(
        ("p95", "95th percentile", "p95 latency"),
        "The time within which 95 of 100 requests are answered; the slowest 5 take longer.",
        "status churn",
    ),
    Term(
        ("auc", "roc auc", "roc-auc"),
        "How well a classifier ranks: the chance that it gives a case with the outcome a higher score than "
        "one without. 0.5 is guessing, 1 is perfect.",
        "compare churn v1 and v2",
    ),
    Term(
        ("error budget",),
        "How many requests may still fail before the promised share of good answers is missed. `is it safe to deploy "
        "now?` tells how much of it is spent.",
        "is it safe to deploy now",
    ),
    Term(
        ("wape", "weighted absolute percentage error"),
        "Weighted absolute percentage error of a forecast: all errors without their signs, as a share of what "
        "was really there. 0 is perfect.",
        "kpis demand",
    ),
    Term(
        ("kpi", "key performance indicator", "kpis"),
        "A number of the business that a model is there for, such as the churn rate, with a direction and a target.",
        "how did churn do this week?",
    ),
    Term(
        ("target", "kpi target"),
        "The value that a KPI is to reach, or to stay under; its card says how far away it is.",
        "how did churn do this week?",
    ),
    Term(
        ("digest", "kpi digest"),
        "A card with a model's KPIs, sent to a conversation by schedule.",
        "show schedules",
    ),
    Term(
        ("schedule",),
        "When a digest is sent again and again, and where.",
        "show schedules",
    ),
    Term(
        ("effect", "release effect"),
        "What a release did to a KPI: the change against what was to be expected without it, with an "
        "interval; or why it cannot be told.",
        "what did the last churn release do to revenue at risk?",
    ),
    Term(
        ("confidence interval", "interval"),
        "The range in which the true value lies in 95 of 100 such cases. One that holds zero means that it "
        "may be no change at all.",
        "compare churn v1 and v2",
    ),
    Term(
        ("baseline", "reference"),
        "What a value is compared with: for drift the training data, for a canary the stable version at the same time.",
        "status churn",
    ),
    Term(
        ("label", "labels", "true outcome"),
        "What really happened to a case that a model predicted. Labels come late, and only with them can it "
        "be told how right it was.",
        "status churn",
    ),
    Term(
        ("retraining", "retrain"),
        "A model learns anew from recent rows with known outcomes; the new version then goes the way of every release.",
        "retrain churn",
    ),
    Term(
        ("fault", "fault injection"),
        "Something broken on purpose in the demo, to see it found and healed.",
        "inject latency into churn",
    ),
    Term(
        ("audit", "audit log", "audit trail"),
        "Who asked for what, who decided and what was done, in a chain in which a changed entry shows.",
        "show audit",
    ),
    Term(
        ("policy",),
        "The rules of who may do what; they are asked before anything is done.",
        "who may deploy churn?",
    ),
)
_BY_NAME = {name: term for term in TERMS for name in term.names}
_NAME = "|".join(sorted(map(re.escape, _BY_NAME), key=len, reverse=True))
_LEAD = (
    r"(?:(?:please|so|and|hey|sorry|um|hm+|wait|ok|okay|oh|ah),? )*(?:what(?:'s| is| are| does| do)|"
    r"whats|define|explain|meaning of|what is (?:meant by|the meaning of)|what do you mean by|tell me what|what means|"
    r"(?:can|could) you (?:please )?explain(?: what)?|(?:i|we) (?:don't|do not) know what)"
    r"(?: me)? (?:an? |the (?:term|word) )?"
)
_SHOWN = r"(?: in (?:this|that|the|your) (?:plan|card|message|answer|list|table|chart))?"
_TAIL = r"(?: is| are| means?| stands? for| mean(?: here)?| exactly| anyway| please| here| again| actually)*"
_ASKED = re.compile(
    rf"(?:{_LEAD}['\"`]?(?P<name>{_NAME})s?['\"`]?{_TAIL}{_SHOWN}|"
    rf"[^?.!]{{0,40}}\b(?P<name3>{_NAME})s?['\"`]?[,;:.]? what (?:does|do|is) (?:that|it|this|they|people|you) means?"
    rf"(?: by (?:that|it))?|"
    rf"['\"`]?(?P<name2>{_NAME})['\"`]?,? (?:meaning|definition|explained|what is (?:that|it)))[ ?.!]*"
)


def find(name: str) -> Term | None:
    """The term that people call so, in any case, also in the plural."""
    said = name.strip(" ?.!'\"`").lower()
    return _BY_NAME.get(said) or _BY_NAME.get(said.removesuffix("s"))


def asked(text: str) -> str:
    """The term that lower-case `text` asks the meaning of and nothing else ("what is drift"), "" for all else."""
    m = _ASKED.fullmatch(text.strip())
    return (m["name"] or m["name2"] or m["name3"]) if m else ""
