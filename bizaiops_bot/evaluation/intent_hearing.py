"""What is wrong with intent files that only the router can tell: their exact wordings, and what it hears of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bizaiops_bot.domain.routing import Command, Decision, Question
from bizaiops_bot.evaluation.company import COMPANY
from bizaiops_bot.evaluation.intent_files import Finding, Source
from bizaiops_bot.evaluation.intent_rules import Book
from bizaiops_bot.evaluation.samples import filled, kinds_of, sentences
from bizaiops_bot.router.formats import Formats
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.router import Router

_QUOTED = re.compile(r"`([^`]+)`")


class Worded:
    """The exact wordings of a book; nothing is learned."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._formats = Formats([source.intent for source in book.sources if source.intent.playbook], book.specs)

    def findings(self, source: Source) -> Iterator[Finding]:
        yield from self._of_formats(source)
        yield from self._of_aliases(source)
        yield from self._of_examples(source)

    def _of_formats(self, source: Source) -> Iterator[Finding]:
        """Formats of which a sentence is another intent's exact wording."""
        kinds = kinds_of(self._book.spec(source))
        for i, form in enumerate(source.intent.formats):
            for sentence in sentences(form):
                other = self._exact(filled(sentence, kinds))
                if other not in {"", source.intent.name}:
                    what = f"{filled(sentence, kinds)!r} of this format is taken for {other}"
                    do = f"Make the formats of {other} and this one differ."
                    yield source.finding(("formats", i), "ambiguous-format", what, do)
                    break

    def _of_aliases(self, source: Source) -> Iterator[Finding]:
        for i, name in enumerate(source.intent.aliases):
            for other in self._book.sources:
                if other is not source and name in other.intent.aliases:
                    what, do = f"{name!r} is an alias of {other.intent.name} too", "Give it to one of them."
                    yield source.finding(("aliases", i), "alias", what, do)
            heard = self._exact(name)
            if heard not in {"", source.intent.name}:
                what = f"{name!r} is taken for {heard}"
                yield source.finding(("aliases", i), "alias", what, "Choose another name.")

    def _of_examples(self, source: Source) -> Iterator[Finding]:
        kinds = kinds_of(self._book.spec(source))
        for i, example in enumerate(source.intent.examples):
            said = filled(example, kinds, i)
            exact = self._exact(said)
            if exact not in {"", source.intent.name}:
                what, do = f"{said!r} is an exact wording of {exact}", "Move the example, or change that format."
                yield source.finding(("examples", i), "format", what, do)

    def _exact(self, text: str) -> str:
        exact = self._formats.match(Hearing(text, COMPANY))
        return exact.intent.name if exact and not exact.unknown else ""


class Heard:
    """A book as the router takes it: it learns the files and hears their own sentences."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._router = Router([source.intent for source in book.sources], list(book.specs.values()), None)

    def findings(self, source: Source) -> Iterator[Finding]:
        yield from self._of_examples(source)
        yield from self._of_must_not(source)
        yield from self._of_help(source)

    def _of_examples(self, source: Source) -> Iterator[Finding]:
        kinds, playbook = kinds_of(self._book.spec(source)), source.intent.playbook
        for i, example in enumerate(source.intent.examples):
            said = filled(example, kinds, i)
            decision = self._hear(said)
            if isinstance(decision, Command) and decision.playbook != playbook:
                if decision.heard.get("stage") in {"exact", "asked"}:
                    continue  # told as `format`; what is read as a composed question is no matter of the examples
                what = f"{said!r} is taken for {decision.playbook}"
                do = "Look at `bizaiops intents confusion`: one of both needs other or more examples."
                yield source.finding(("examples", i), "misread", what, do)
            elif playbook and playbook not in _offered(decision):
                what, do = f"{said!r} is not understood", "Write more examples that are alike, or leave it out."
                yield source.finding(("examples", i), "not-understood", what, do, "warning")

    def _of_must_not(self, source: Source) -> Iterator[Finding]:
        kinds = kinds_of(self._book.spec(source))
        for phrase in source.intent.must_not:
            said = filled(phrase, kinds)
            decision = self._hear(said)
            if isinstance(decision, Command) and decision.playbook == source.intent.playbook:
                what = f"{said!r} is taken for this intent all the same"
                do = "Add examples like it to the intent that it is."
                yield source.finding(("must_not", phrase), "must-not", what, do)

    def _of_help(self, source: Source) -> Iterator[Finding]:
        """The help that is shown must work when it is typed."""
        if not source.intent.playbook:
            return
        quoted = _QUOTED.findall(source.intent.help)
        if not quoted:
            what, do = "the help has no example", "Put one in backticks: `status churn`."
            yield source.finding(("help",), "help", what, do, "warning")
        for text in (text for text in quoted if "..." not in text):
            if source.intent.playbook not in _offered(self._hear(text)):
                what, do = f"{text!r} of the help is not taken for this intent", "Use one of the formats."
                yield source.finding(("help",), "help", what, do)

    def _hear(self, text: str) -> Decision:
        return self._router.route(text, None, COMPANY)


def _offered(decision: Decision) -> set[str]:
    """The playbooks that the decision is, asks for, or has a button for."""
    if isinstance(decision, Command):
        return {decision.playbook}
    buttons = {choice.bind.get("playbook", "") for choice in decision.choices}
    asked = {decision.pending.playbook} if isinstance(decision, Question) else set()
    return buttons | asked | {str(decision.heard.get("intent", ""))}
