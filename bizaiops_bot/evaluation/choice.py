"""Choosing a tool for a request with no examples at all, by what the tools say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from bizaiops_bot.evaluation.labelled import Tool, ToolCase
from bizaiops_bot.router import features
from bizaiops_bot.router.encoder import SENTENCE, Encoder

Floats = npt.NDArray[np.float32]
_PARTS = re.compile(r"[_./:\s-]+|(?<=[a-z0-9])(?=[A-Z])")
# What each view of a tool weighs, beside the whole one: the description alone, the name alone, the letters shared.
DESCRIBED, NAMED, LETTERS = 0.5, 0.3, 0.5
_MOST_PARAMETERS = 12


class ChoiceReport(BaseModel):
    """accuracy: share of the requests with an expected tool for which it scored best; mean_tools: among how many.

    irrelevance_auroc: how well the best score tells requests that have a tool from those that have none; None when the
    file holds only one kind.
    """

    model_config = ConfigDict(frozen=True)

    cases: int
    with_tool: int
    mean_tools: float
    accuracy: float | None
    irrelevance_auroc: float | None
    ms_p50: float
    ms_p95: float


class Chooser:
    """Scores tools against requests; a tool's own vectors are kept, as the same tools come again."""

    def __init__(self, encoder: Encoder, cases: Sequence[ToolCase]) -> None:
        self._encoder = encoder
        tools = {tool.model_dump_json(): tool for case in cases for tool in case.tools}
        self._idf = features.idf([features.counted(whole(tool)) for tool in tools.values()])
        self._views = lru_cache(maxsize=50_000)(self._see)

    def scores(self, text: str, tools: Sequence[Tool]) -> Floats:
        """One per tool, higher is likelier; shape (len(tools),)."""
        asked, letters = self._encoder([text])[0, :SENTENCE], self._letters(text)
        return np.array([self._score(asked, letters, tool) for tool in tools], np.float32)

    def _score(self, asked: Floats, letters: Floats, tool: Tool) -> float:
        vectors, own_letters = self._views(tool.name, tool.description, whole(tool))
        in_all, described, named = (float(cosine) for cosine in vectors @ asked)
        return in_all + DESCRIBED * described + NAMED * named + LETTERS * float(own_letters @ letters)

    def _see(self, name: str, description: str, said: str) -> tuple[Floats, Floats]:
        vectors = self._encoder([said, description or words(name), words(name)])[:, :SENTENCE]
        return vectors, self._letters(said)

    def _letters(self, text: str) -> Floats:
        columns, values = features.weighed(features.counted(text), self._idf)
        full = np.zeros(features.SIZE, np.float32)
        full[columns] = values
        return full


def whole(tool: Tool) -> str:
    """The tool in words: its name, what it does, and what it takes."""
    takes = ", ".join(list(_parameters(tool.parameters))[:_MOST_PARAMETERS])
    return f"{words(tool.name)}: {tool.description}{f' ({takes})' if takes else ''}"


def words(name: str) -> str:
    """`getCurrentWeather`, `weather.get_current` as words."""
    return " ".join(part.lower() for part in _PARTS.split(name) if part)


def _parameters(schema: object) -> Iterator[str]:
    properties = schema.get("properties", schema) if isinstance(schema, dict) else {}
    for name in properties if isinstance(properties, dict) else ():
        yield words(str(name))


def measure(cases: Sequence[ToolCase], encoder: Encoder) -> ChoiceReport:
    """Every case; the time of one is with its tools known already."""
    import time

    from sklearn.metrics import roc_auc_score

    chooser = Chooser(encoder, cases)
    right, best, took = [], [], []
    for case in cases:
        chooser.scores(case.text, case.tools)
        begun = time.perf_counter()
        scores = chooser.scores(case.text, case.tools)
        took.append((time.perf_counter() - begun) * 1000)
        best.append(float(scores.max()))
        if case.expected is not None:
            right.append(case.tools[int(scores.argmax())].name == case.expected)
    meant = np.array([case.expected is not None for case in cases])
    both = meant.any() and not meant.all()
    return ChoiceReport(
        cases=len(cases),
        with_tool=int(meant.sum()),
        mean_tools=round(float(np.mean([len(case.tools) for case in cases])), 2),
        accuracy=round(float(np.mean(right)), 4) if right else None,
        irrelevance_auroc=round(float(roc_auc_score(meant, best)), 4) if both else None,
        ms_p50=round(float(np.quantile(took, 0.5)), 2),
        ms_p95=round(float(np.quantile(took, 0.95)), 2),
    )
