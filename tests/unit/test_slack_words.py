"""What people write in Slack, as the plain words they meant."""

from __future__ import annotations

import pytest

from bizaiops_bot.surfaces.slack.words import mentioned, plain, with_marks


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("<@UBOT> deploy churn v2", "deploy churn v2"),
        ("hey <@UBOT|bizaiops>, status churn", "hey , status churn"),
        ("delegate to <@ULEE> until friday", "delegate to lead until friday"),
        ("ask <@UX1|olaf>", "ask @olaf"),
        ("ask <@UX1>", "ask @UX1"),
        ("see <#C012|ml-ops> and <#C013>", "see #ml-ops and #C013"),
        ("<!here> and <!subteam^S1|@ml-leads>", "@here and @ml-leads"),
        ("look at <https://ex.com/a?b=1&amp;c=2|the page>", "look at https://ex.com/a?b=1&c=2"),
        ("mail <mailto:lee@example.com|lee@example.com>", "mail lee@example.com"),
        ("on <!date^1392734382^{date}|Feb 18>", "on Feb 18"),
        ("if p &lt; 0.05 &amp;&amp; x &gt; 2", "if p < 0.05 && x > 2"),
        ("say &lt;@ULEE&gt; as it is", "say <@ULEE> as it is"),
        ("say “drift” and it’s ‘bad’", "say \"drift\" and it's 'bad'"),
        ("deploy `churn` to\u00a0`v2`", "deploy `churn` to `v2`"),
        ("<@UBOT>", ""),
        ("<@UBOT>   \n", ""),
        ("first\n  <@UBOT> second  third", "first\nsecond third"),
    ],
)
def test_slacks_marks_become_what_was_meant(written: str, meant: str) -> None:
    assert plain(written, own="UBOT", names={"ULEE": "lead"}) == meant


def test_a_quoted_block_stays_a_quote() -> None:
    assert plain("&gt; deploy churn v9\nwhat is that?") == "> deploy churn v9\nwhat is that?"


def test_everybody_who_is_mentioned_is_found_once() -> None:
    assert mentioned("<@U1> <@W2|x> <@U1> &lt;@U3&gt;") == ["U1", "W2"]


def _rich(*pieces: dict[str, object]) -> list[dict[str, object]]:
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(pieces)}]}]


def test_what_is_struck_out_keeps_its_mark_for_the_router() -> None:
    assert plain("~deploy churn v3~ status churn") == "~deploy churn v3~ status churn"
    struck = {"type": "text", "text": "deploy churn & v3", "style": {"strike": True}}
    blocks = _rich(struck, {"type": "text", "text": " status churn"})
    assert with_marks("deploy churn &amp; v3 status churn", blocks) == "~deploy churn &amp; v3~ status churn"
    assert with_marks("~deploy churn &amp; v3~ status churn", blocks) == "~deploy churn &amp; v3~ status churn"
