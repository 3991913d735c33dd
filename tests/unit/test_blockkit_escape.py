"""Words from outside notify nobody in Slack, link nowhere and do not change the look."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from bizaiops_bot.surfaces.render.blockkit import escape
from bizaiops_bot.surfaces.render.blockkit_escape import JOINER, bare, fitted, line, literal, size
from tests.support.random_cards import patient, words
from tests.support.slack_shown import LIVE

MARKS = re.compile(r"[*~`]|(?<!\w)_|_(?!\w)|^\s*&gt;", re.MULTILINE)


def seen(text: str) -> str:
    """Without what has no width."""
    return text.replace(JOINER, "")


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("a & b <c>", "a &amp; b &lt;c&gt;"),
        ("&lt;!here&gt;", "&amp;lt;!here&amp;gt;"),
        ("**bold**, _italic_ and `a_b*c`", "*bold*, _italic_ and `a_b*c`"),
        ("deploy_model 2*3 ~5% `", "deploy_model 2∗3 ∼5% ˋ"),
        ("*x* ~x~ _x y z", "∗x∗ ∼x∼ ˍx y z"),
        ("a**b**c", "abc"),
        ("** b **", " b "),
        ("12:30:45 at v1.2.3", "12:30:45 at v1.2.3"),
    ],
)
def test_only_the_bots_own_three_marks_are_kept(said: str, written: str) -> None:
    assert seen(escape(said)) == written


@pytest.mark.parametrize(
    "said",
    [
        "<@U0123ABC>",
        "<!here>",
        "<!subteam^S1|ops>",
        "<#C1|x>",
        "@here",
        "@channel.",
        "(@everyone)",
        "#general",
        "https://evil.example",
        "<https://evil.example|click>",
        "www.evil.example",
        "evil.example/a",
        "ceo@corp.example",
        "mailto:x",
        "tel:112",
        "slack://open",
        ":fire:",
        "<!date^1^{date}|x>",
    ],
)
def test_no_mention_link_or_emoji_comes_alive(said: str) -> None:
    assert LIVE.search(said)
    for made in (escape(said), literal(said), bare(said), escape(f"**{said}**"), escape(f"`{said}`")):
        assert not LIVE.search(made)
    assert seen(literal(said)) == said


def test_a_quote_sign_does_not_begin_a_quote() -> None:
    assert escape("> a\n>b") == f"{JOINER}&gt; a\n{JOINER}&gt;b"


def test_unseen_characters_cannot_undo_the_break() -> None:
    assert literal(f"@{JOINER}here <\u200b@U1>") == f"@{JOINER}here <{JOINER}@{JOINER}U1>"


@patient
@given(words)
def test_any_words_are_harmless_in_every_way_out(said: str) -> None:
    assert not LIVE.search(literal(said))
    for made in (bare(said), escape(said)):
        assert not LIVE.search(made)
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", made)
    assert not MARKS.search(bare(said))


@patient
@given(words)
def test_what_is_cut_stays_under_its_limit_and_is_never_empty(said: str) -> None:
    for limit in (1, 24, 150):
        for how in (literal, escape, bare):
            assert 1 <= size(fitted(said, limit, how)) <= limit
            assert "\n" not in line(said, limit, how)


def test_a_cut_never_splits_an_entity_or_an_emoji() -> None:
    assert fitted("&" * 100, 24, escape) == "&amp;" * 4 + "…"
    assert fitted("🔥" * 100, 24) == "🔥" * 11 + "…"
