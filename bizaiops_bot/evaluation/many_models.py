"""A company with 508 models, two people called Sam and one KPI of two models: where names are easily confused."""

from __future__ import annotations

from itertools import product

from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.evaluation.company import COMPANY


def _model(name: str, *aliases: str) -> ModelSpec:
    return ModelSpec(name=name, title=name.replace("-", " ").capitalize(), task="forecast", aliases=aliases)


_ALIKE = (
    *map(_model, ("churn-classifier", "churn-classifier-eu", "churn-classifier-us")),
    *map(_model, ("demand-forecast", "demand-v2-eu", "demand-v2-us")),
    _model("fraud-detector", "fraud", "card fraud"),
    *map(_model, ("fraud-detector-eu", "lead-scoring", "price-elasticity", "search", "returns")),
    _model("recs", "recommendations", "recommender"),
    _model("ltv", "customer lifetime value"),
    _model("eta", "delivery eta"),
    *map(_model, ("credit-risk-2024", "credit-risk-2025", "support-intent-v3")),
)
_TOPICS = ("inventory", "basket", "loyalty", "tickets", "parcels", "routing", "warranty")
_TASKS = ("detector", "score", "ranker", "forecast", "matcher", "planner", "pricing")
_REGIONS = ("apac", "uk", "de", "fr", "es", "it", "br", "jp", "in", "za")
_REST = tuple(_model("-".join(parts)) for parts in product(_TOPICS, _TASKS, _REGIONS))

MANY_MODELS: Catalogue = COMPANY.model_copy(
    update={"models": (*_ALIKE, *_REST), "versions": {}, "stable": {}, "previous": {}, "kpis": {}}
)

ALIKE_NAMES: Catalogue = COMPANY.model_copy(
    update={
        "models": (*COMPANY.models, ModelSpec(name="fraud", title="Card fraud", task="classification")),
        "versions": {**COMPANY.versions, "churn": ("v1", "v2", "v3", "2026-11-02"), "fraud": ("v1",)},
        "kpis": {
            "churn": (
                *COMPANY.kpis["churn"][:1],
                ("revenue_at_risk", ("Revenue at risk", "RaR")),
                ("retention_cost", ("Retention cost",)),
                ("precision", ("Precision",)),
            ),
            "demand": COMPANY.kpis["demand"],
            "fraud": (
                ("precision", ("Precision",)),
                ("chargebacks", ("Chargebacks", "charge-backs")),
                ("false_positive_rate", ("False positive rate", "false positives", "FPR")),
            ),
        },
        "called": {
            "engineer": ("erin", "erin fox"),
            "lead": ("sam", "sam lee"),
            "analyst": ("ana", "ana silva"),
            "sre": ("sam", "sam ortiz"),
        },
        "namespaces": ("ml", "fraud-prod", "serving-2"),
        "last_run": 41,
    }
)
