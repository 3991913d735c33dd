"""A week of corrections, replayed: what learning from people's clicks and thumbs does to sentences nobody said.

`python -m tests.eval.week`. Half of the groups of groups.yaml are talked about in the week, with half of their
sentences. A person clicks the right button where it is offered, presses 👎 behind what is wrong, and says which of the
next likely requests was meant, if it is among them. Each night a reviewer accepts what was clicked into a copy of the
intents, by the product's own review, and the router learns that copy. Measured before and after: what was said, said
again; sentences that were not said (paraphrases of these, other requests); near misses, never to be acted on.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

import typer
import yaml

from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.feedback import Decided, Example, Source
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.routing import Command, Decision, Question
from bizaiops_bot.engine.audit import examples, pseudonyms
from bizaiops_bot.engine.store.store import Store
from bizaiops_bot.evaluation.cases import Case, checked
from bizaiops_bot.evaluation.company import COMPANY, NOW, own_router, specs
from bizaiops_bot.evaluation.outcomes import judge, offered
from bizaiops_bot.evaluation.review import Review
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.router.marking import marked
from bizaiops_bot.router.router import Router
from tests.support import stores

RISK = {spec.name: spec.risk for spec in specs()}
PERSON = "engineer"
OWN_SET = Path("tests/eval")


def halves(cases: Sequence[Case]) -> tuple[list[Case], list[Case], list[Case]]:
    """(said in the week, paraphrases of these, other requests); a group's number and place decide."""
    names = list(dict.fromkeys(case.group for case in cases))
    talked = [[case for case in cases if case.group == name] for name in names[::2]]
    others = [case for name in names[1::2] for case in cases if case.group == name]
    return [c for group in talked for c in group[::2]], [c for group in talked for c in group[1::2]], others


def said_of(router: Router, case: Case, decision: Decision) -> tuple[Source, str] | None:
    """What the bot keeps of what a person does: (source, label), label "" where nothing offered was meant."""
    if isinstance(decision, Question) and case.playbook in {one.bind.get("playbook") for one in decision.choices}:
        return "choice", case.playbook
    wrong = set(offered(decision))
    if case.playbook in wrong:
        return None  # right, or only a value is not, or a button of a refusal, which the bot keeps nothing of
    likely = {one.bind["playbook"] for one in router.likely(case.say, COMPANY, beside=wrong)}
    return "bad", case.playbook if case.playbook in likely else ""


async def day(store: Store, router: Router, cases: Iterable[Case], at: int) -> Counter[str]:
    """Keeps what people said of the answers, as the bot keeps it."""
    told: Counter[str] = Counter()
    for case in cases:
        decision = router.route(case.say, None, COMPANY)
        if (said := said_of(router, case, decision)) is None:
            told["nothing to learn"] += 1
            continue
        source, label = said
        kind = (
            "request" if isinstance(decision, Command) else "question" if isinstance(decision, Question) else "refusal"
        )
        one = Example(
            at=NOW + timedelta(days=at),
            message=f"m-{case.say}",
            who=PERSON,
            source=source,
            text=case.say,
            label=label,
            shape=marked(Hearing(case.say, COMPANY)),
            decided=Decided(kind=kind, offered=tuple(offered(decision))),
        )
        await store.write(lambda conn, one=one: examples.keep(conn, one))  # type: ignore[misc]
        told[source if label else "not offered"] += 1
    return told


async def night(review: Review) -> Counter[str]:
    """The reviewer accepts what people named, and drops the rest."""
    done: Counter[str] = Counter()
    for example in await review.open():
        try:
            label = review.suggested(example)
            await (review.accept(example.id, label) if label else review.drop(example.id))
            done["accepted" if label else "dropped"] += 1
        except BotError:  # the files would not be usable with it
            await review.drop(example.id)
            done["refused by the review"] += 1
    return done


def score(router: Router, cases: Sequence[Case]) -> dict[str, float]:
    """Shares of the sentences, groups of any size counting alike for `by group`."""
    found = [(case, judge(router.route(case.say, None, COMPANY), case, RISK, COMPANY.time_zone)) for case in cases]
    count = Counter(outcome for _, outcome in found)
    groups: dict[str, list[bool]] = {}
    for case, outcome in found:
        groups.setdefault(case.group, []).append(outcome == "right")
    return {
        "sentences": len(found),
        "right": count["right"] / len(found),
        "right or offered": (count["right"] + count["offered"]) / len(found),
        "by group": sum(sum(right) / len(right) for right in groups.values()) / len(groups),
        "wrong reads": count["wrong read"],
        "wrong changes": count["wrong change"],
    }


def acted_on(router: Router, texts: Sequence[str]) -> int:
    return sum(isinstance(router.route(text, None, COMPANY), Command) for text in texts)


def places(length: int, count: int) -> list[int]:
    return [i * length // count for i in range(count)] if length > count else list(range(length))


def young(folder: Path, count: int) -> None:
    """Leaves the intents `count` of their examples, evenly: a bot that has not met its company yet."""
    for path in folder.rglob("*.yaml"):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        data["examples"] = [data["examples"][i] for i in places(len(data["examples"]), count)]
        path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")


async def week(nights: int, count: int | None) -> None:
    told = checked(OWN_SET)
    said, paraphrases, others = halves(told.commands["groups.yaml" if "groups.yaml" in told.commands else "groups"])
    others += [case for name, cases in told.commands.items() if "groups" not in name for case in cases]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "intents"
        shutil.copytree(content_folder("intents"), folder)
        if count is not None:
            young(folder, count)
        router = own_router(load_intents(folder), Path(place) / "learned")
        before = [score(router, part) for part in (said, paraphrases, others)]
        misses = [acted_on(router, told.near_misses)]
        store = stores.open_store(Path(place))
        await store.read(lambda conn: pseudonyms.know(conn, {PERSON: Actor(id=PERSON, name="Erin")}))
        for number in range(nights):
            people = await day(store, router, said[number::nights], number)
            reviewed = await night(Review(store, folder, specs()))
            router = own_router(load_intents(folder), Path(place) / "learned")
            typer.echo(f"day {number + 1}: {dict(people)}; at night {dict(reviewed)}")
        await store.aclose()
    misses.append(acted_on(router, told.near_misses))
    after = [score(router, part) for part in (said, paraphrases, others)]
    for name, one, other in zip(
        ("what was said, again", "paraphrases of what was said", "other requests"), before, after, strict=True
    ):
        typer.echo(f"{name}:")
        for measure in one:
            typer.echo(f"  {measure:18} {one[measure]:8.4g} -> {other[measure]:.4g}")
    typer.echo(f"near misses acted on: {misses[0]} -> {misses[1]} of {len(told.near_misses)}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--nights", type=int, default=7)
    arguments.add_argument("--examples", type=int, help="begin with so many examples of each intent, at least 20")
    given = arguments.parse_args()
    asyncio.run(week(given.nights, given.examples))
