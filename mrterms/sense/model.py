"""The weights of the sense step: a log-linear model over contexts, kept as one ``.npz`` of plain arrays.

``score(sense | context, form)`` is the sum of four parts, each times a scale of its form: the weights of near words, of far words
and of facts about the mention, and ``bias(form, sense) + log prior``; the probability is the softmax of the scores over the senses
of the form.  The weights of a sense include those of its ancestors in the lexicon, which is how all valve lesions teach the mitral one.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrterms.errors import ConfigError
from mrterms.sense.features import Word, word_features

__all__ = ["UNSCALED", "Model", "Scales", "empty_model", "load_model", "save_model", "scales_of"]

_WEIGHTS, _CARD = "weights.npz", "model.json"
FORMAT = "mrterms-sense-2"
Scales = tuple[float, float, float, float]
"""How much the parts count for a form: near words, far words, facts about the mention, bias and prior."""
UNSCALED: Scales = (1.0, 1.0, 1.0, 1.0)


def scales_of(short_form: str, found: Mapping[str, Scales]) -> Scales:
    """The scales of a form among those that were fitted, or those of forms with too few examples for scales of their own."""
    return found.get(short_form) or found.get("*", UNSCALED)


@dataclass(slots=True)
class Model:
    """The model's parts: ``weights`` (a row a feature, a column a part), ``tree`` (a row a part, a column a sense).

    A part is a sense with weights of its own or an ancestor that senses share; ``weights @ tree`` are the weights of the
    senses. ``biases`` and ``scales`` go by short form (``*``: any other); ``clusters`` are words of like
    company. ``card`` says what the model was made of and how good it is.
    """

    features: dict[str, int]
    senses: dict[str, int]
    weights: NDArray[np.float32]
    tree: NDArray[np.float32]
    biases: dict[tuple[str, str], float] = field(default_factory=dict)
    scales: dict[str, Scales] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    clusters: Mapping[str, int] = field(default_factory=dict)

    @property
    def thresholds(self) -> Mapping[str, float]:
        """From the card, where a person can read and change them."""
        found: Mapping[str, float] = self.card.get("thresholds", {})
        return found

    def columns(self, senses: Sequence[str]) -> NDArray[np.float32]:
        """The weights of some senses side by side; a sense that the model never saw has none."""
        columns: NDArray[np.float32] = self.weights @ self.tree_of(senses)
        return columns

    def tree_of(self, senses: Sequence[str]) -> NDArray[np.float32]:
        """The columns of the tree for some senses."""
        tree = np.zeros((self.tree.shape[0], len(senses)), dtype=np.float32)
        for place, sense in enumerate(senses):
            if (column := self.senses.get(sense)) is not None:
                tree[:, place] = self.tree[:, column]
        return tree

    def word_rows(self, word: Word, code: int) -> list[int]:
        """The rows of a word's features under a code, as far as they have weights."""
        return [row for name in word_features(word, code) if (row := self.features.get(name)) is not None]

    def fact_rows(self, fact: str) -> list[int]:
        """The row of a fact, if it has weights."""
        row = self.features.get(f"*|{fact}")
        return [] if row is None else [row]


def empty_model() -> Model:
    """A model without weights: the priors alone decide."""
    return Model({}, {}, np.zeros((0, 0), dtype=np.float32), np.zeros((0, 0), dtype=np.float32))


def save_model(model: Model, folder: Path) -> None:
    """Write ``weights.npz`` and ``model.json``; the same model gives the same bytes of arrays."""
    folder.mkdir(parents=True, exist_ok=True)
    forms = sorted(model.biases)
    arrays: dict[str, Any] = {
        "features": _pack(sorted(model.features, key=model.features.__getitem__)),
        "senses": _pack(sorted(model.senses, key=model.senses.__getitem__)),
        # Steps of 1/64 and the long tail of nothings taken out: a third of the size, and no decision changes.
        "weights": (np.round(model.weights * 64) / 64).astype(np.float16),
        "tree": model.tree.astype(np.uint8),
        "bias_names": _pack(f"{form}\t{sense}" for form, sense in forms),
        "biases": np.array([model.biases[form] for form in forms], dtype=np.float32),
        "cluster_words": _pack(model.clusters),
        "clusters": np.array(list(model.clusters.values()), dtype=np.uint16),
        "scale_names": _pack(sorted(model.scales)),
        "scales": np.array([model.scales[form] for form in sorted(model.scales)], dtype=np.float32).reshape(-1, len(UNSCALED)),
    }
    np.savez_compressed(folder / _WEIGHTS, allow_pickle=False, **arrays)
    card = {"format": FORMAT, **model.card}
    (folder / _CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def load_model(folder: Traversable) -> Model:
    """Read a model folder. Raises :class:`ConfigError` where it is none or was written for another format."""
    try:
        card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
        data = (folder / _WEIGHTS).read_bytes()
    except FileNotFoundError:
        raise ConfigError("no sense model", file=str(folder), fix="write one with `mrterms train`") from None
    if card.get("format") != FORMAT:
        raise ConfigError(f"sense model of format {card.get('format')!r}", file=str(folder), fix=f"this version reads {FORMAT}")
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        names = [tuple(name.split("\t")) for name in _unpack(arrays["bias_names"])]
        return Model(
            {name: row for row, name in enumerate(_unpack(arrays["features"]))},
            {name: column for column, name in enumerate(_unpack(arrays["senses"]))},
            arrays["weights"].astype(np.float32),
            arrays["tree"].astype(np.float32),
            {(name[0], name[1]): float(value) for name, value in zip(names, arrays["biases"], strict=True)},
            dict(zip(_unpack(arrays["scale_names"]), map(tuple, arrays["scales"].tolist()), strict=True)),
            card,
            dict(zip(_unpack(arrays["cluster_words"]), arrays["clusters"].tolist(), strict=True)),
        )


def _pack(names: Iterable[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(names).encode(), dtype=np.uint8)


def _unpack(packed: NDArray[np.uint8]) -> list[str]:
    text = packed.tobytes().decode()
    return text.split("\n") if text else []
