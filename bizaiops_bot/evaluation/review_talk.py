"""`bizaiops eval --review`: one example after the other, with a key for each thing one can do with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from bizaiops_bot.domain.errors import BadInput, BotError
from bizaiops_bot.domain.feedback import Example
from bizaiops_bot.evaluation.review import Review

HELP = "a [INTENT] accept · n near-miss · d drop · s skip · q quit"
Print = Callable[[str], None]


async def review(review: Review, *, read: Callable[[str], str] = input, show: Print = print) -> None:
    """Goes through what is open. read: asks for a line; it raises EOFError to leave."""
    found = await review.open()
    show(f"{len(found)} to review. {HELP}" if found else "Nothing to review.")
    for example in found:
        if not await _one(review, example, read, show):
            return


async def command(
    review_: Review, *, accept: Sequence[str] = (), drop: Sequence[int] = (), json_: bool = False, show: Print = print
) -> None:
    """All that `eval --review` does with its options: settles what is named, else lists as JSON, else asks."""
    if accept or drop:
        await settle(review_, accept, drop, show=show)
    elif json_:
        show(await as_json(review_))
    else:
        await review(review_, show=show)


async def settle(review: Review, accept: Sequence[str], drop: Sequence[int], *, show: Print = print) -> None:
    """`--accept ID=INTENT` and `--drop ID`, in their order. Raises BadInput for the first that cannot be done."""
    for given in accept:
        number, sep, label = given.partition("=")
        if not sep or not number.isdecimal() or not label:
            raise BadInput(f"{given!r} is no example and intent.", do="Write for example --accept 3=show_kpis.")
        show(await review.accept(int(number), label))
    for number_ in drop:
        show(await review.drop(number_))


async def as_json(review: Review) -> str:
    """`--review --json`: one array of what is open."""
    return json.dumps([review.as_json(example) for example in await review.open()], indent=2, ensure_ascii=False)


async def _one(review: Review, example: Example, read: Callable[[str], str], show: Print) -> bool:
    """Asks till the example is settled or skipped; False to leave."""
    suggested = review.suggested(example)
    entry = review.as_json(example)
    for line in [*review.told(example), f"   as an example: {entry['example']}"]:
        show(line)
    while True:
        try:
            words = read(f"   a = {suggested or 'name one'} > ").split()
        except (EOFError, KeyboardInterrupt):
            return False
        key, label = (words[0].lower() if words else ""), (words[1] if len(words) > 1 else suggested)
        try:
            if key in {"a", "accept"} and label:
                show(f"   {await review.accept(example.id, label)}")
                return True
            if key in {"n", "none"}:
                show(f"   {await review.accept(example.id, 'none')}")
                return True
            if key in {"d", "drop"}:
                show(f"   {await review.drop(example.id)}")
                return True
        except BotError as exc:
            show(f"   {exc}")
            continue
        if key in {"q", "quit"}:
            return False
        if key in {"s", "skip"}:
            return True
        show(f"   {HELP}")
