"""docs/reference/kpis.md"""

from __future__ import annotations

import inspect
import re

from bizaiops_bot.adapters.kpi_files import load_kpis
from bizaiops_bot.domain.kpi import Kpi
from bizaiops_bot.embedded.settings import EMBEDDED_KPIS
from tools.reference.markdown import code, page, table

INTRO = """\
A KPI is `numerator / denominator * scale` over the measures that the company books for every request once its outcome
is known. Each is a file
`<id>.yaml`; `BIZAIOPS_KPIS` names a folder with your own definitions. A day with fewer than `min_n` observations has
no value, rather than a
wrong one. Several days are pooled from their sums, never averaged. A day is whole when it is over and its data did not
stop hours before that source's days usually end; only whole days are compared. A change is told as a share where one
can be given, and in the KPI's unit where it cannot: from a base below or near zero, over a change of sign, or over more
than ten times as much. A target is met or missed by the number as it is shown. Days begin at midnight in the time zone
of the [settings](settings.md)."""
FIELDS = {
    "id": "Name, the same as the file's.",
    "model": "The model it belongs to.",
    "title": "As cards show it.",
    "unit": "Unit of the value.",
    "direction": "`up_is_good` or `down_is_good`.",
    "numerator": "Measure above the line.",
    "denominator": "Measure below the line.",
    "scale": "Factor, 100 for percent.",
    "target": "The value that is wanted; none means no target.",
    "min_n": "Observations a day needs to have a value.",
    "decimals": "Digits after the point on cards.",
    "aliases": "Other words people use for it.",
    "description": "One sentence for people.",
    "matures_after": "How long after its end a day still changes, because outcomes come late: `3d`, `12h`. Until then "
    "it is told as provisional, and neither judged as unusual nor used for the effect of a release; none: not at all.",
    "control": "Id of a KPI that shares its ups and downs and that no release of the model can move; it makes "
    "the effect of a release much clearer.",
}


def render() -> str:
    """The page."""
    kpis = load_kpis(EMBEDDED_KPIS)
    rows = [(f"[`{k.id}`](#{k.id})", k.title, k.model, k.unit, _target(k)) for k in kpis]
    overview = table(("KPI", "Title", "Model", "Unit", "Target"), rows)
    return page("KPIs", INTRO, [overview, *map(_one, kpis), _fields()])


def _target(kpi: Kpi) -> str:
    return "none" if kpi.target is None else f"{kpi.target:g}"


def _one(kpi: Kpi) -> str:
    good = "Up is good." if kpi.direction == "up_is_good" else "Down is good."
    formula = f"{code(kpi.numerator)} / {code(kpi.denominator)}" + ("" if kpi.scale == 1 else f" * {kpi.scale:g}")
    facts = f"{formula}, in {kpi.unit}. {good} Target: {_target(kpi)}. At least {kpi.min_n} observations a day."
    return "\n\n".join([f"## {kpi.id}", kpi.description, facts, f"Also called: {', '.join(kpi.aliases)}."])


def _fields() -> str:
    missing = set(Kpi.model_fields) ^ set(FIELDS)
    assert not missing, f"say what these fields of a KPI mean, in {inspect.getfile(render)}: {missing}"
    rows = [
        (code(name), "required" if Kpi.model_fields[name].is_required() else "optional", note)
        for name, note in FIELDS.items()
    ]
    example = re.sub(r"\n{2,}", "\n", (EMBEDDED_KPIS / "churn_rate.yaml").read_text(encoding="utf-8")).strip()
    table_of = table(("Field", "", "Meaning"), rows)
    return f"## Fields of a KPI file\n\n{table_of}\n\nFor example `churn_rate.yaml`:\n\n```yaml\n{example}\n```"
