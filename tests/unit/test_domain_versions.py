"""What versions are called, and their order."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from bizaiops_bot.domain import versions
from bizaiops_bot.domain.values import Version, is_version

CALLED = (
    "v8",
    "8",
    "2026-11-29",
    "1.4.0-rc1",
    "a1b2c3d",
    "v1.10",
    "20261129",
    "1.4.0+build.7",
    "release_12",
    "deadbee",
)
NO_NAME = (
    *(
        "",
        "latest",
        "previous",
        "v8 ",
        " v8",
        "v 8",
        "v8\n",
        "<b>8</b>",
        "v8; roll back demand",
        "8%",
        "-8",
        "v8.",
        "[8](x)",
    ),
    *("../8", "v8/9", "*v8*", "`8`", "@lead8", "v\u0668", "8" * 65, "v8\u202e", "ÿ8", "_8_"),
)


@pytest.mark.parametrize("name", CALLED)
def test_what_registries_call_versions_is_a_version(name: str) -> None:
    assert TypeAdapter(Version).validate_python(name) == name
    assert is_version(name)


@pytest.mark.parametrize("name", NO_NAME)
def test_sentences_markup_paths_and_words_are_no_versions(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Version).validate_python(name)
    assert not is_version(name)


@pytest.mark.parametrize(
    ("said", "known", "found"),
    [
        ("8", ["7", "8"], ["8"]),
        ("v8", ["7", "8"], ["8"]),
        ("8", ["v7", "v8"], ["v8"]),
        ("v8", ["8", "v8"], ["8", "v8"]),
        ("1.4.0-RC1", ["1.4.0-rc1", "1.4.0"], ["1.4.0-rc1"]),
        ("a1b2c3d", ["a1b2c3d4e5", "b1b2c3d4e5"], ["a1b2c3d4e5"]),
        ("a1b2c3d", ["a1b2c3d4e5", "a1b2c3d9e5"], ["a1b2c3d4e5", "a1b2c3d9e5"]),
        ("a1b2", ["a1b2c3d4e5"], []),
        ("2026-11", ["2026-11-29"], []),
        ("1", ["v10", "11"], []),
    ],
)
def test_a_version_is_meant_by_its_name_its_number_or_the_beginning_of_its_sha(
    said: str, known: list[str], found: list[str]
) -> None:
    assert versions.meant(said, known) == found


@pytest.mark.parametrize(
    ("registered", "buildable", "order"),
    [
        (["v1"], ["v1", "v2", "v3"], ["v1", "v2", "v3"]),
        (["v1", "v3"], ["v1", "v2", "v3"], ["v1", "v2", "v3"]),
        (["v1", "v3", "v2"], ["v1", "v2", "v3"], ["v1", "v3", "v2"]),
        (["2026-11-02", "hotfix-1"], [], ["2026-11-02", "hotfix-1"]),
        (["10", "9"], ["11"], ["10", "9", "11"]),
        ([], [], []),
    ],
)
def test_the_order_is_that_of_the_registry_and_what_was_never_built_stands_where_the_pipeline_has_it(
    registered: list[str], buildable: list[str], order: list[str]
) -> None:
    assert versions.in_order(registered, buildable) == tuple(order)


def test_newer_is_what_was_registered_later_whatever_it_is_called() -> None:
    known = ("2026-11-02", "1.4.0", "1.3.9")
    assert versions.newer("1.3.9", "1.4.0", known)
    assert not versions.newer("1.4.0", "1.3.9", known)
    assert not versions.newer("9.9.9", "1.4.0", known)


def test_who_counts_goes_on_after_the_highest_of_its_own_numbers() -> None:
    assert versions.following(["v1", "v9", "v10", "2026-11-29", "77"]) == "v11"
    assert versions.following([]) == "v1"
