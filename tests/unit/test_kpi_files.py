"""KPI definitions from files: what is shipped, and what is wrong is told with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bizaiops_bot.adapters.kpi_files import load_kpis
from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.embedded.settings import EMBEDDED_KPIS


def test_the_shipped_kpis_load_and_cover_both_models() -> None:
    kpis = load_kpis(EMBEDDED_KPIS)
    assert {kpi.id for kpi in kpis if kpi.model == "churn"} == {
        "churn_rate",
        "revenue_at_risk",
        "retention_cost",
        "offers_share",
    }
    assert {kpi.id for kpi in kpis if kpi.model == "demand"} == {"stock_out_rate", "inventory_cost", "forecast_error"}
    names = [alias for kpi in kpis for alias in kpi.aliases]
    assert len(names) == len(set(names)), "an alias must mean one KPI"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("numeratr: churned", r"churn_rate\.yaml:2: numeratr: there is no such field; did you mean numerator"),
        ("direction: sideways", r"churn_rate\.yaml:2: direction"),
        ("matures_after: soon", r"churn_rate\.yaml:2: matures_after"),
        ("unit: [", r"churn_rate\.yaml:\d"),
    ],
)
def test_a_wrong_definition_names_its_file_and_line(tmp_path: Path, line: str, says: str) -> None:
    good = {"model": "churn", "title": "T", "denominator": "labelled", "numerator": "churned"}
    lines = ["id: churn_rate", line, *(f"{name}: {value}" for name, value in good.items())]
    if not line.startswith("direction"):
        lines.append("direction: up_is_good")
    if not line.startswith("unit"):
        lines.append("unit: EUR")
    (tmp_path / "churn_rate.yaml").write_text("\n".join(lines) + "\n")
    with pytest.raises(Permanent, match=says):
        load_kpis(tmp_path)
