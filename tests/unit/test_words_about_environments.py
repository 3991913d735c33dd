"""However staging is said, it is staging that is meant; what cannot be told apart is asked back."""

from __future__ import annotations

import pytest

from bizaiops_bot.router.slots.environments import find

KNOWN = (
    ("production", ("production", "prod", "prd", "live")),
    ("staging", ("staging", "stage", "stg", "pre-prod", "vorstufe")),
    ("qa", ("qa", "quality check")),
)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("deploy churn v8 to staging", "deploy churn v8"),
        ("deploy churn v8 on staging", "deploy churn v8"),
        ("deploy churn v8 to stage", "deploy churn v8"),
        ("deploy churn v8 to the staging environment", "deploy churn v8"),
        ("deploy churn v8 to pre-prod", "deploy churn v8"),
        ("deploy churn v8 to preprod please", "deploy churn v8 please"),
        ("deploy churn v8 to pre prod", "deploy churn v8"),
        ("staging first: deploy churn v8", ": deploy churn v8"),
        ("deploy churn v8, staging first", "deploy churn v8"),
        ("deploy churn v8 into our staging cluster", "deploy churn v8"),
        ("deploy churn v8 (staging)", "deploy churn v8 ( )"),
        ("Deploy churn v8 in der Staging-Umgebung", "Deploy churn v8"),
        ("bring churn v8 auf Staging", "bring churn v8"),
        ("churn v8 auf der Stagingumgebung ausrollen", "churn v8 ausrollen"),
        ("status of staging's churn", "status churn"),
        ("how is churn doing in STAGING?", "how is churn doing?"),
        ("what models do we have in staging", "what models do we have"),
        ("roll back churn in `staging`", "roll back churn"),
        ("déploie churn v8 sur staging", "déploie churn v8"),
    ],
)
def test_staging_is_heard(said: str, left: str) -> None:
    found = find(said, KNOWN)
    assert (found.target, found.source, found.problem) == ("staging", "", "")
    assert found.text == left


@pytest.mark.parametrize(
    "said", ["deploy churn v8 to production", "push churn v8 to prod", "put churn v8 live", "is churn ok in prod?"]
)
def test_the_default_one_is_heard_and_its_words_stay(said: str) -> None:
    found = find(said, KNOWN)
    assert (found.target, found.text) == ("production", said)


@pytest.mark.parametrize(
    ("said", "source", "target", "left"),
    [
        ("promote churn from staging to production", "staging", "production", "promote churn"),
        ("promote churn from stage to prod", "staging", "production", "promote churn"),
        ("promote churn staging -> production", "staging", "production", "promote churn"),
        ("promote churn to production from staging", "staging", "production", "promote churn"),
        ("move churn v2 from qa into staging", "qa", "staging", "move churn v2"),
        ("bring churn von staging nach production", "staging", "production", "bring churn"),
    ],
)
def test_from_one_to_another(said: str, source: str, target: str, left: str) -> None:
    found = find(said, KNOWN)
    assert (found.source, found.target, found.text, found.problem) == (source, target, left, "")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("deploy churn v8 to stagign", "There is no environment 'stagign'. Did you mean staging?"),
        ("deploy churn v8 to stging", "Did you mean staging?"),
        ("deploy churn v8 to prodution", "Did you mean production?"),
        ("deploy churn v8 to uat", "There is no environment 'uat'. There is production and staging and qa."),
        ("deploy churn v8 in the sandbox environment", "There is no environment 'sandbox'."),
        ("deploy churn v8 to dev", "There is no environment 'dev'."),
        ("deploy churn v8 to non-prod", "There is no environment 'non-prod'."),
        ("deploy churn v8 to the canary environment", "There is no environment 'canary'."),
        ("deploy churn v8 to staging and production", "That names staging and production"),
        ("deploy churn v8 to staging, not production", "one environment at a time"),
        ("deploy churn v8 to staging and qa", "one environment at a time"),
    ],
)
def test_what_cannot_be_told_is_never_guessed(said: str, told: str) -> None:
    found = find(said, KNOWN)
    assert told in found.problem
    assert (found.target, found.source) == ("", "")


@pytest.mark.parametrize(
    "said",
    [
        "deploy churn v8",
        "what is stable in churn",
        "roll out churn v8 in stages",
        "is the test set of churn large enough",
        "the tests of churn v8 passed, deploy it",
        "deploy churn v8 to 10% of users",
        "how did churn do in the last week",
    ],
)
def test_other_words_name_none(said: str) -> None:
    found = find(said, KNOWN)
    assert (found.text, found.target, found.problem) == (said, "", "")


def test_with_one_environment_nothing_is_read() -> None:
    said = "deploy churn v8 to staging"
    assert find(said, KNOWN[:1]).text == said
