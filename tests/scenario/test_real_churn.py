"""The whole conversation on real customers: IBM's public Telco-Customer-Churn.csv, when the file is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.talk import Talk

FILE = Path(__file__).parents[3] / "shared" / "data" / "churn" / "Telco-Customer-Churn.csv"

pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason="the file Telco-Customer-Churn.csv is not beside the checkout"
)


async def test_real_customers_are_served_a_release_is_judged_and_their_drift_is_healed(tmp_path: Path) -> None:
    # given a company whose churn model lives on the rows of the file
    talk = await Talk.begin(tmp_path / "data", churn_data=FILE)
    await talk.settle_first()
    try:
        mapping = dict(talk.bot.told)
        assert mapping["churn label"].startswith("Churn")
        status = await talk.says("status churn", by="analyst")
        status.shows("v1", "no drift", "auc")
        # when v2 is deployed as a canary and approved by another person
        plan = await talk.starts("deploy churn v2 as a 10% canary", by="engineer")
        assert not (await plan.click("Approve", by="engineer")).accepted
        await plan.click("Approve", by="lead")
        record = await talk.finished(plan.run)
        # then it was tested on held-out customers, judged on live ones, and serves
        assert record.status == "succeeded", record.error
        assert await talk.traffic("churn") == {"v2": 100}
        (await plan.now()).shows("held-out rows", "AUC", "error rate", "score distribution")
        # and the bad release is stopped
        bad = await talk.starts("deploy churn v3", by="engineer")
        await bad.click("Approve", by="lead")
        assert (await talk.finished(bad.run)).status == "failed"
        assert await talk.traffic("churn") == {"v2": 100}
        # when other customers begin to ask
        await talk.inject("churn", "covariate_drift")
        alert = await talk.alert("churn", "drift_detected", minutes=15)
        (retrain,) = await talk.runs("waiting")
        assert retrain.actor == "rule:drift_retrains"
        await (await talk.card(f"run-{retrain.id}")).click("Approve", by="sre")
        healed = await talk.finished(retrain.id, minutes=240)
        # then a version trained on them serves and the alert is over
        assert healed.status == "succeeded", healed.error
        assert (await talk.traffic("churn")) == {"v4": 100}
        assert (await talk.over(alert, minutes=60)).recover_s is not None
        (await talk.says("how did churn do this week?", by="analyst")).shows("churn rate")
    finally:
        await talk.end()
