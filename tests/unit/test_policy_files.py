"""Mistakes in the files of policy are found at the start, with file, line and the name that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.engine.policy.files import read_policies
from bizaiops_bot.engine.policy.schema import FILE
from tests.support.policies import checked, policy, shipped, written

GOOD = policy('permit (principal, action in Action::"read", resource);', name="good")
FIRST_LINE_OF_SECOND = 5  # GOOD has three lines, then one is blank


@pytest.mark.parametrize(
    ("text", "said", "meant"),
    [
        ('permit (principal, action == Action::"deploy_modle", resource);', "deploy_modle", "deploy_model"),
        ('permit (principal in Role::"enginer", action, resource);', 'no Role::"enginer"', "engineer"),
        ('permit (principal, action == Action::"deploy_model", resource) when { context.frozn };', "frozn", "frozen"),
        (
            'permit (principal, action == Action::"deploy_model", resource) when { context.inputs has canry };',
            "attribute `canry`",
            "canary",
        ),
        ('permit (principal, action in Action::"chnge", resource);', "chnge", "change"),
    ],
)
def test_a_misspelt_name_is_told_with_its_place_and_the_name_that_is_near(
    tmp_path: Path, text: str, said: str, meant: str
) -> None:
    folder = written(tmp_path, GOOD, policy(text))
    with pytest.raises(Permanent) as caught:
        checked(folder)
    message = str(caught.value)
    assert f"own.cedar:{FIRST_LINE_OF_SECOND}: policy own: " in message
    assert said in message
    assert f"Did you mean {meant}?" in message
    assert "nothing is allowed until then" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("permit (principal, action, resource)", "is not Cedar"),
        ("permitt (principal, action, resource);", "is not Cedar"),
        ('@id("x")\npermit (principal, action, resource);', 'has no @why("...")'),
        ('@why("x")\npermit (principal, action, resource);', 'has no @id("...")'),
        (policy("permit (principal == ?principal, action, resource);"), "has a blank such as ?principal"),
        (GOOD, "the id 'good' is also at own.cedar:1"),
        (
            policy(
                'permit (principal, action == Action::"deploy_model", resource) when { context.inputs.canary > 5 };'
            ),
            "canary",
        ),
        (
            policy('permit (principal, action == Action::"deploy_model", resource) when { context.environment > 5 };'),
            "policy own:",
        ),
    ],
)
def test_what_is_no_usable_policy_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    folder = written(tmp_path, GOOD, text)
    with pytest.raises(Permanent) as caught:
        checked(folder)
    assert f"own.cedar:{FIRST_LINE_OF_SECOND}: " in str(caught.value)
    assert said in str(caught.value)


def test_semicolons_and_quotes_in_words_and_comments_do_not_shift_the_lines(tmp_path: Path) -> None:
    odd = '// first; "second\n' + policy("permit (principal, action, resource);", why=r"a \"; b // c")
    folder = written(tmp_path, odd, GOOD)
    assert [(p.id, p.source) for p in read_policies(folder)] == [("own", "own.cedar:2"), ("good", "own.cedar:6")]


def test_no_policy_at_all_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="There is no policy in"):
        read_policies(tmp_path)
    (tmp_path / "empty.cedar").write_text("// nothing yet\n")
    with pytest.raises(Permanent, match=r"There is no policy in empty\.cedar"):
        read_policies(tmp_path)


def test_a_file_that_is_no_text_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "odd.cedar").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Permanent, match=r"The policy file odd\.cedar cannot be read"):
        read_policies(tmp_path)


def test_a_missing_or_broken_schema_stops_the_start(tmp_path: Path) -> None:
    folder = written(tmp_path, GOOD)
    (folder / FILE).write_text("entity Actor in [Role;")
    with pytest.raises(Permanent, match=r"The schema of policy cannot be used: bizaiops\.cedarschema"):
        checked(folder)
    (folder / FILE).unlink()
    with pytest.raises(Permanent, match="The schema of policy cannot be used"):
        checked(folder)


def test_the_policy_of_the_bot_fits_its_playbooks_and_its_examples_are_right(tmp_path: Path) -> None:
    shipped()
    text = (content_folder("policy") / "bizaiops.cedar").read_text(encoding="utf-8")
    lines = text[text.index("// Examples.") :].splitlines()[1:]
    examples = "\n".join(line.removeprefix("//").removeprefix(" ") for line in lines)
    assert [p.id for p in checked(written(tmp_path, examples)).policies] == [
        "small_canaries_in_production",
        "analysts_scale_demand",
    ]
