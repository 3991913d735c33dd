"""Random cards and forms for property tests of renderers: ordinary, hostile and far too big ones."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from bizaiops_bot.domain.cards import (
    Button,
    ButtonsHere,
    Card,
    Chart,
    Context,
    Details,
    Diff,
    DiffLine,
    Fields,
    Mark,
    Series,
    StepLine,
    Steps,
    Table,
    Text,
)
from bizaiops_bot.domain.forms import Form, FormField
from bizaiops_bot.domain.posts import PostedButton, PostedCard

NOW = datetime(2026, 3, 2, 14, 2, 11, tzinfo=UTC)
patient = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

HOSTILE = (
    "<@U0123ABC>",
    "<!here>",
    "<!channel>",
    "<!everyone>",
    "<!subteam^S012345|ops>",
    "<#C0123|ml-ops>",
    "@here",
    "@channel",
    "@everyone",
    "<https://evil.example/x|click here>",
    "see https://evil.example/a?b=1&c=2 now",
    "http://10.0.0.1:80/x",
    "evil.example/pay",
    "www.evil.example",
    "mail ceo@corp.example",
    "mailto:ceo@corp.example",
    "javascript:alert(1)",
    "<at>CEO</at>",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    ":smile: :rotating_light:",
    "**b** _i_ `c`",
    "*b* ~s~ `c` ```x```",
    "> quote\n# head\n- item\n1. item",
    "<b>&\"'</b> &amp; &lt;",
    "{{DATE(x,SHORT)}}",
    "<!date^1392734382^{date}|x>",
    "a\x00b\x1b[2Jc",
    "\u202eabc",
    "\u200b\u2060\ufeff",
    "**" * 40,
    "▁▂▃█",
    "$x$ ${x} %s {}",
    "👩‍👩‍👧‍👦 é ß 漢字",
    "",
    " ",
    "\n\n",
    "a\r\nb",
)

letters = st.characters(exclude_categories=["Cs"])
short = st.text(letters, max_size=40) | st.sampled_from(HOSTILE)
long_ = st.builds(lambda piece, times: (piece or "x") * times, short, st.integers(1, 400))
"""Up to 16,000 characters."""
words = st.one_of(short, short, short, long_)

values = st.none() | st.floats() | st.floats(-100, 100) | st.just(0.0)
times = st.none() | st.datetimes(timezones=st.just(UTC) | st.none())
series = st.builds(
    Series, name=words, values=st.lists(values, max_size=30).map(tuple) | st.just(tuple(float(i) for i in range(500)))
)
charts = st.builds(
    Chart,
    title=words,
    kind=st.sampled_from(["line", "bar"]),
    x=st.lists(words, max_size=30).map(tuple) | st.just(tuple(str(i) for i in range(500))),
    series=st.lists(series, max_size=14).map(tuple),
    unit=short,
    limit=st.none() | st.floats(),
    marks=st.lists(
        st.builds(
            Mark, at=st.integers(-5, 600), label=words, kind=st.sampled_from(["deploy", "drift", "fault", "other"])
        ),
        max_size=5,
    ).map(tuple),
    as_picture=st.booleans(),
)
step_lines = st.builds(
    StepLine,
    name=words,
    status=st.sampled_from(["planned", "running", "waiting", "done", "failed", "skipped", "undone"]),
    detail=words,
    started=times,
    ended=times,
)
steps = st.builds(
    lambda lines, times: Steps(steps=tuple(lines) * times),
    st.lists(step_lines, max_size=5),
    st.sampled_from([1, 1, 40]),
)
fields = st.builds(
    lambda pairs, times: Fields(fields=tuple(pairs) * times),
    st.lists(st.tuples(words, words), max_size=12),
    st.sampled_from([1, 1, 10]),
)
row = st.lists(words, max_size=6).map(tuple)
tables = st.builds(
    lambda columns, rows, times, align, caption: Table(
        columns=columns, rows=tuple(rows) * times, align=align, caption=caption
    ),
    row | st.just(tuple(f"column {i}" for i in range(25))),
    st.lists(row, max_size=8),
    st.sampled_from([1, 1, 50]),
    st.text("lrcx", max_size=8),
    words,
)
diff_lines = st.builds(DiffLine, what=words, before=words, after=words)
diffs = st.builds(
    lambda lines, times: Diff(lines=tuple(lines) * times), st.lists(diff_lines, max_size=5), st.sampled_from([1, 1, 30])
)
marks = st.sampled_from([ButtonsHere(), Details()])
blocks = st.one_of(
    st.builds(Text, text=words), fields, tables, charts, steps, diffs, st.builds(Context, text=words), marks
)

styles = st.sampled_from(["primary", "danger", "default"])
asks = st.sampled_from(["", "", "Why do you reject run 7?"]) | words
buttons = st.builds(Button, label=words, command=words, style=styles, confirm=st.just("") | words, ask=asks)
cards = st.builds(
    lambda card, times: card.model_copy(update={"blocks": card.blocks * times}),
    st.builds(
        Card,
        title=words,
        tone=st.sampled_from(["info", "success", "warning", "danger", "muted"]),
        blocks=st.lists(blocks, max_size=5).map(tuple),
        buttons=st.lists(buttons, max_size=6).map(tuple)
        | st.just(tuple(Button(label=f"b{i}", command="help") for i in range(60))),
        run_id=st.none() | st.integers(1, 10**9),
        summary=words,
        answer=st.sampled_from(["ok", "refused", "failed"]),
    ),
    st.sampled_from([1, 1, 1, 20]),
)
"""Cards as playbooks could write them: up to 100 blocks and 60 buttons."""


def posted(card: Card, *, card_id: str = "c-7", version: int = 1, reply_to: str | None = "m-1") -> PostedCard:
    """The card as a surface gets it; buttons are called k0, k1, …"""
    buttons = tuple(
        PostedButton(id=f"k{i}", label=b.label, style=b.style, confirm=b.confirm, ask=b.ask)
        for i, b in enumerate(card.buttons)
    )
    return PostedCard(
        seq=1,
        id=card_id,
        version=version,
        conversation="slack:C0123",
        thread="m-1",
        reply_to=reply_to,
        at=NOW,
        card=card,
        buttons=buttons,
    )


posted_cards = st.builds(
    posted,
    cards,
    card_id=st.sampled_from(["c-7", "r-12", "f-9", "a" * 300]),
    version=st.integers(1, 99),
    reply_to=st.sampled_from([None, "m-1"]),
)

names = st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True)
choices = st.lists(st.tuples(words, words), max_size=8).map(tuple) | st.just(
    tuple((str(i), f"choice {i}") for i in range(150))
)
form_fields = st.builds(
    FormField,
    name=names,
    label=words,
    kind=st.sampled_from(["text", "number", "choice", "time"]),
    required=st.booleans(),
    hint=words,
    value=words,
    choices=choices,
    low=st.none() | st.floats(-1e6, 1e6),
    high=st.none() | st.floats(-1e6, 1e6),
)
forms = st.builds(
    Form,
    playbook=st.sampled_from(["deploy_model", "roll_back_model"]),
    title=words,
    text=words,
    submit=words,
    fields=st.lists(form_fields, max_size=8, unique_by=lambda f: f.name).map(tuple),
)
