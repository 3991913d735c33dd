"""Stage 2: which intent a sentence is, learned from the intents' examples, kept between starts."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from zipfile import BadZipFile

import numpy as np

from bizaiops_bot.router import doubt, fitting
from bizaiops_bot.router import encoder as encoders
from bizaiops_bot.router import head as heads
from bizaiops_bot.router.reading import Reading

_LOG = logging.getLogger(__name__)
_FORMAT = 2
BUILT = Path(__file__).parent / "learned"
"""What was learned at installation (see `learn`), by content: changed intents are learned at the next start."""


@dataclass(frozen=True)
class Guess:
    """An intent and how sure: `p` its probability among the intents, `near` the cosine to its nearest example, `sure`
    the chance that it is what was meant, the chance that nothing of the bot's was meant included. Calibrated on
    sentences kept aside.
    """

    intent: str
    p: float
    near: float
    sure: float


class Classifier:
    """Learns from (text, intent) pairs at first use, or reads what it learned before from `cache_dir`.

    Without a working encoder it goes on with TF-IDF alone, and says so in the log and in `degraded`.
    """

    def __init__(
        self,
        pairs: list[tuple[str, str]],
        cache_dir: Path | None,
        folder: Path = encoders.FOLDER,
        *,
        outside: frozenset[str] = frozenset(),
    ) -> None:
        """outside: the intents that stand for what the bot does not do."""
        self._pairs, self._cache_dir, self._folder, self._outside = pairs, cache_dir, folder, outside
        self._lock = Lock()
        self._head: heads.Head | None = None
        self._encoder: encoders.Encoder | None = None
        self.degraded = ""

    def rank(self, text: str, top: int = 5) -> list[Guess]:
        """The likeliest intents, best first."""
        head = self._head or self.warm()
        vector = self._encoder([text])[0] if self._encoder else None
        reading = head.read(text, vector)
        p = head.probabilities(reading)
        return [self._guess(head, reading, p, int(i)) for i in p.argsort()[::-1][:top]]

    def _guess(self, head: heads.Head, reading: Reading, p: heads.Floats, i: int) -> Guess:
        _, sure = head.doubt.chances(doubt.signals(reading, i, head.heat))
        return Guess(head.labels[i], float(p[i]), float(reading.near[i]), sure)

    def sentences(self, texts: list[str]) -> heads.Floats:
        """Unit sentence embeddings, shape (n, SENTENCE); of no width where no encoder works."""
        if self._head is None:
            self.warm()
        found = self._encoder(texts) if self._encoder else np.zeros((len(texts), 0), np.float32)
        return found[:, : encoders.SENTENCE]

    def warm(self) -> heads.Head:
        """Loads or trains now; safe from any thread."""
        with self._lock:
            if self._head is None:
                self._encoder = self._load_encoder()
                self._head = self._load_or_train()
            return self._head

    def _load_encoder(self) -> encoders.Encoder | None:
        try:
            return encoders.Encoder(self._folder)
        except Exception as error:  # any failure of a native library must not take the bot down
            self.degraded = f"sentence encoder not available ({type(error).__name__}: {error}); words alone decide"
            _LOG.warning("%s", self.degraded)
            return None

    def _load_or_train(self) -> heads.Head:
        name = f"router-{self._key()}.npz"
        path = self._cache_dir / name if self._cache_dir else None
        for known in (BUILT / name, path):
            if known and known.exists():
                try:
                    return heads.load(known)
                except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
                    _LOG.warning("router cache %s cannot be read (%s), training again", known.name, error)
        texts, labels = [text for text, _ in self._pairs], [label for _, label in self._pairs]
        rows = fitting.Rows(texts, labels, self._encoder(texts) if self._encoder else None)
        head = fitting.train(rows, outside=self._outside & set(labels))
        if path:
            try:
                head.save(path)
            except OSError as error:
                _LOG.warning("router cache %s cannot be written (%s)", path, error)
        return head

    def _key(self) -> str:
        content = {
            "format": _FORMAT,
            "pairs": self._pairs,
            "outside": sorted(self._outside),
            "settings": fitting.SETTINGS,
            "encoder": encoders.fingerprint(self._folder) if self._encoder else "",
        }
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:16]
