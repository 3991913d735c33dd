"""What a conversation has open: what is named, what it spoke of last, what a button was offered for, what runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bizaiops_bot.domain.routing import Memory, OpenRun
from bizaiops_bot.router.turn import Turn, bound

QUESTION = "answer_question"
_KINDS = {
    "run": "deploy_model roll_back_model scale_model pause_model resume_model "
    "approve_run reject_run cancel_run show_run list_approvals list_runs",
    "retraining": "retrain_model",
    "alert": "list_alerts show_alert investigate_model mute_alerts snooze_alert",
    "model": "show_status describe_model list_models check_safety show_limits",
    "kpi": "show_kpis explain_effect export_kpis send_digest schedule_digest list_schedules",
    "freeze": "show_freeze freeze_deploys extend_freeze unfreeze_deploys",
    "verdict": "compare_versions explain_verdict",
    "history": "show_history show_changes show_audit",
}
_BY_PLAYBOOK = {playbook: kind for kind, playbooks in _KINDS.items() for playbook in playbooks.split()}
_BY_SUBJECT = {
    **{"run": "run", "approval": "run", "alert": "alert", "freeze": "freeze", "kpi": "kpi", "release": "history"},
    **{"model": "model", "version": "model", "cost": "kpi"},
}
"""Of a typed question (domain/questions.py)."""
_RETRAINS = re.compile(r"\bretrain", re.IGNORECASE)


@dataclass(frozen=True)
class Topic:
    """What is open: its kind (a key of answers.yaml), and what is known of it by the names of inputs."""

    kind: str
    known: dict[str, Any]


def named(turn: Turn) -> Topic | None:
    """The model, or its version, that the words name; None for none or several, or for a version that is not there."""
    hearing = turn.hearing
    models, versions = {str(m.value) for m in hearing.models}, {str(m.value) for m in hearing.versions}
    model = next(iter(models), turn.memory.model if turn.memory else None)
    if len(models) > 1 or len(versions) > 1 or not (models or versions) or model is None:
        return None
    if not versions:
        return Topic("model", {"model": model})
    version = versions.pop()
    there = version in hearing.catalogue.versions.get(model, ())
    return Topic("verdict", {"model": model, "version": version}) if there else None


def topics(turn: Turn) -> list[Topic]:
    """What the words name, what the thread spoke of last, the only run under way here, what was just offered; in the
    end what can be asked of anything.
    """
    memory, found = turn.memory, [topic for topic in (named(turn),) if topic]
    known: dict[str, Any] = {}
    if memory is not None:
        known = {name: value for name, value in (("model", memory.model), ("run", memory.run)) if value}
    if memory is not None and memory.last is not None:
        inputs = {name: value for name, value in memory.last.inputs.items() if value is not None}
        asked = memory.last.playbook == QUESTION
        kind = _BY_SUBJECT.get(str(inputs.get("subject"))) if asked else _BY_PLAYBOOK.get(memory.last.playbook)
        found += [Topic(kind, {**known, **inputs})] if kind else []
    under_way = turn.hearing.catalogue.open_runs or ()
    spoken = [run for run in under_way if run.number == known.get("run")]
    found += [_of_run(turn, run) for run in spoken or (under_way if len(under_way) == 1 else ())]
    found += _offered(memory)
    if "model" in known:
        found.append(Topic("model", {"model": known["model"]}))
    return [*found, Topic("anything", {})]


def _of_run(turn: Turn, run: OpenRun) -> Topic:
    models = [model.name for model in turn.hearing.catalogue.models if model.name in run.title.split()]
    about = {"model": models[0]} if models else {}
    return Topic("retraining" if _RETRAINS.search(run.title) else "run", {"run": run.number, **about})


def _offered(memory: Memory | None) -> list[Topic]:
    offered = memory.pending.choices[:1] if memory and memory.pending else ()
    kinds = [(_BY_PLAYBOOK.get(choice.bind.get("playbook", "")), bound(choice.bind)) for choice in offered]
    return [Topic(kind, inputs) for kind, inputs in kinds if kind and inputs is not None]
