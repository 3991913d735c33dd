"""What a reload changes, as the approver reads it."""

from __future__ import annotations

from bizaiops_bot.domain.company_changes import MOST_LINES, CompanyChanges, between

FREEZE = '@id("freeze")\nforbid (principal, action, resource)\nwhen { context.frozen };\n'


def told(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str, str]]:
    return [(line.what, line.before, line.after) for line in between(before, after)]


def test_of_a_text_the_lines_that_differ_are_told() -> None:
    after = FREEZE.replace("frozen", "over_budget")
    assert told({"policy freeze": FREEZE}, {"policy freeze": after}) == [
        ("policy freeze", "when { context.frozen };", "when { context.over_budget };")
    ]


def test_lines_that_come_and_go_are_told_as_such() -> None:
    assert told({"rule a": "mode: ask\npage: sre\n"}, {"rule a": "mode: ask\nwhen: slow\npage: sre\n"}) == [
        ("rule a", "nothing", "when: slow")
    ]
    assert told({"rule a": "mode: ask\npage: sre\n"}, {"rule a": "mode: ask\n"}) == [("rule a", "page: sre", "gone")]
    assert told({"rule a": "mode: ask\n"}, {}) == [("rule a", "as it was", "gone")]


def test_of_a_long_text_the_first_lines_are_told_and_how_many_are_not() -> None:
    lines = told({}, {"policy wide": "".join(f"line {i}\n" for i in range(MOST_LINES + 3))})
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == ("policy wide", "not shown", "3 more lines: read them in the file")


def test_one_value_is_spoken_and_of_a_text_how_many_lines() -> None:
    now = between({"port": "1", "rule a": "b: 1\nc: 1\n"}, {"port": "2", "rule a": "b: 2\nc: 2\n"})
    assert CompanyChanges(folder="f", digest="d", now=now).spoken() == "port: 1 -> 2; rule a: 2 lines"


def test_one_other_worker_takes_it_over_later() -> None:
    said = CompanyChanges(folder="f", digest="d", others=1).elsewhere()
    assert said == (
        "It holds in this worker; 1 other takes it over within seconds, or say in home that their folder is another."
    )
    assert CompanyChanges(folder="f", digest="d").elsewhere() == ""
