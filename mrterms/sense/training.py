"""Fitting the sense model: a log-linear model in which a sense shares the weights of its ancestors.

Needs the extra ``train`` (scikit-learn, which brings SciPy); nothing here is imported at run time.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrterms.errors import MissingExtraError
from mrterms.sense.examples import Example
from mrterms.sense.model import Model
from mrterms.sense.resolve import SenseLexicon, log_priors

__all__ = ["TrainingOptions", "fit", "predict", "scale_by_form"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """How to fit. ``own`` and ``shared``: strength of the pull to zero on a sense's own weights and on shared ones.
    ``least``: documents in which a feature must stand; ``rare``: examples under which a sense has only shared weights.
    """

    own: float = 0.5
    shared: float = 0.15
    bias: float = 0.01
    least: int = 5
    rare: int = 12
    iterations: int = 60
    kinds: Mapping[str, float] = field(default_factory=lambda: {"masked": 1.0, "defined": 1.0, "long form": 0.5, "written": 2.0})
    balance: float = 0.8


@dataclass(slots=True)
class _Group:
    """The examples of one short form: features, candidates, right ones, starts and weights."""

    form: str
    x: Any
    xt: Any
    columns: NDArray[np.int64]
    right: NDArray[np.bool_]
    starts: Floats
    weights: Floats
    bias: slice


def families(lexicon: SenseLexicon, senses: Sequence[str]) -> Floats:
    """Which sense has which of the ancestors that senses share (a row an ancestor, a column a sense)."""
    ancestors = {sense: _ancestors(lexicon, sense) for sense in senses}
    counts = Counter(name for names in ancestors.values() for name in names)
    # Ancestors of exactly the same senses would only share one weight between them.
    rows = {tuple(float(name in ancestors[sense]) for sense in senses) for name, count in counts.items() if count > 1}
    return np.array(sorted(rows, reverse=True)).reshape(len(rows), len(senses))


def _ancestors(lexicon: SenseLexicon, concept_id: str) -> set[str]:
    found: set[str] = set()
    waiting = [concept_id]
    while waiting:
        concept = lexicon.concepts.get(waiting.pop())
        for parent in concept.parents if concept else ():
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    concept = lexicon.concepts.get(concept_id)
    return found | {"outside the subject" if concept is None or concept.other_sense else f"type: {concept.semantic_type}"}


def fit(examples: Sequence[Example], names: Sequence[str], lexicon: SenseLexicon, *, options: TrainingOptions | None = None) -> Model:
    """Fit a model. ``names``: the feature names by id. Scales are 1 until :func:`scale_by_form` has seen held-out scores."""
    try:
        from scipy.optimize import minimize
    except ImportError:
        raise MissingExtraError("scikit-learn", "train") from None
    options = options or TrainingOptions()
    kept = _kept_features(examples, options.least)
    senses = sorted({entry.concept_id for form in {e.short_form for e in examples} for entry in lexicon.senses[form]})
    groups, bias_names = _groups(examples, kept, senses, lexicon, options)
    tree = families(lexicon, senses)
    # Row by row: first the senses with weights of their own, then what senses share.
    counts = Counter(sense for example in examples for sense in example.senses)
    frequent = np.array([counts[sense] >= options.rare for sense in senses])
    tree = np.vstack([np.eye(len(senses))[frequent], tree])
    pull = np.where(np.arange(len(tree)) < frequent.sum(), options.own, options.shared)[:, None]
    shape = (len(tree), len(kept))
    size = shape[0] * shape[1]

    def loss(flat: Floats) -> tuple[float, Floats]:
        parts, bias = flat[:size].reshape(shape), flat[size:]
        weights = tree.T @ parts
        total = 0.5 * float((pull * parts**2).sum() + options.bias * bias @ bias)
        slopes = np.zeros(weights.shape)
        bias_slopes = options.bias * bias
        for group in groups:
            scores = group.x @ np.ascontiguousarray(weights[group.columns].T) + group.starts + bias[group.bias]
            cost, error = _cost(group, scores)
            total += cost
            slopes[group.columns] += (group.xt @ error).T
            bias_slopes[group.bias] += error.sum(axis=0)
        return total, np.concatenate([(tree @ slopes + pull * parts).ravel(), bias_slopes])

    result = minimize(
        loss, np.zeros(size + len(bias_names)), jac=True, method="L-BFGS-B", options={"maxiter": options.iterations, "maxcor": 6}
    )
    flat = result.x
    weights = flat[:size].reshape(shape).T
    ids = sorted(kept, key=kept.__getitem__)
    return Model(
        {names[i]: row for row, i in enumerate(ids)},
        {sense: column for column, sense in enumerate(senses)},
        weights.astype(np.float32),
        tree.astype(np.float32),
        dict(zip(bias_names, map(float, flat[size:]), strict=True)),
        {"*": 1.0},
    )


def _kept_features(examples: Sequence[Example], least: int) -> dict[int, int]:
    """Feature ids seen in at least so many documents, by row."""
    seen: dict[int, set[str]] = defaultdict(set)
    for example in examples:
        needed = 1 if example.kind == "written" else 0
        for i in example.features:
            docs = seen[i]
            if len(docs) < least:
                docs.add(example.doc)
                if needed:
                    docs.add(example.doc + "+")  # a sentence was written to teach: it counts twice
    return {i: row for row, i in enumerate(sorted(i for i, docs in seen.items() if len(docs) >= least))}


def _matrix(examples: Sequence[Example], kept: Mapping[int, int]) -> Any:
    from scipy.sparse import csr_matrix

    columns = array("i")
    ends = [0]
    for example in examples:
        columns.extend(row for i in example.features if (row := kept.get(i)) is not None)
        ends.append(len(columns))
    return csr_matrix((np.ones(len(columns)), np.frombuffer(columns, dtype=np.int32), ends), shape=(len(examples), len(kept)))


def _groups(
    examples: Sequence[Example], kept: Mapping[int, int], senses: Sequence[str], lexicon: SenseLexicon, options: TrainingOptions
) -> tuple[list[_Group], list[tuple[str, str]]]:
    place = {sense: column for column, sense in enumerate(senses)}
    by_form: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_form[example.short_form].append(example)
    groups, bias_names = [], []
    for form, members in sorted(by_form.items()):
        entries = lexicon.senses[form]
        candidates = [entry.concept_id for entry in entries]
        x = _matrix(members, kept)
        starts = {setting: log_priors(entries, setting) for setting in {member.setting for member in members}}
        right = np.array([[candidate in member.senses for candidate in candidates] for member in members])
        groups.append(
            _Group(
                form,
                x,
                x.T.tocsr(),
                np.array([place[candidate] for candidate in candidates]),
                right,
                np.array([starts[member.setting] for member in members]),
                _weights(members, options),
                slice(len(bias_names), len(bias_names) + len(candidates)),
            )
        )
        bias_names.extend((form, candidate) for candidate in candidates)
    return groups, bias_names


def _weights(members: Sequence[Example], options: TrainingOptions) -> Floats:
    """Weights by kind; the senses of a form drawn together by the power ``balance`` of their counts."""
    weights = np.array([options.kinds.get(member.kind, 1.0) * member.weight for member in members])
    mass: Counter[tuple[str, ...]] = Counter()
    for member, weight in zip(members, weights, strict=True):
        mass[member.senses[:1]] += float(weight)
    mean = sum(mass.values()) / len(mass)
    return weights * np.array([(mean / mass[member.senses[:1]]) ** options.balance for member in members])


def _cost(group: _Group, scores: Floats) -> tuple[float, Floats]:
    """The loss of a form's examples, and its slope by score."""
    scores = scores - scores.max(axis=1, keepdims=True)
    powers = np.exp(scores)
    total = powers.sum(axis=1)
    hit = np.where(group.right, powers, 0.0)
    right = np.maximum(hit.sum(axis=1), 1e-300)
    cost = float((group.weights * (np.log(total) - np.log(right))).sum())
    error = powers / total[:, None] - hit / right[:, None]
    return cost, error * group.weights[:, None]


def predict(model: Model, examples: Sequence[Example], names: Sequence[str], lexicon: SenseLexicon) -> list[Floats]:
    """The unscaled scores of each example by candidate of its form."""
    scores: list[Floats] = []
    rows_of = [model.features.get(name, -1) for name in names]
    prepared: dict[str, tuple[NDArray[np.float32], dict[str, Floats]]] = {}
    for example in examples:
        form = example.short_form
        entries = lexicon.senses[form]
        if form not in prepared:
            prepared[form] = (model.columns([entry.concept_id for entry in entries]), {})
        columns, starts = prepared[form]
        if example.setting not in starts:
            biases = np.array([model.biases.get((form, entry.concept_id), 0.0) for entry in entries])
            starts[example.setting] = biases + log_priors(entries, example.setting)
        rows = [row for i in example.features if (row := rows_of[i]) >= 0]
        scores.append(starts[example.setting] + columns[rows].sum(axis=0))
    return scores


def scale_by_form(examples: Sequence[Example], scores: Sequence[Floats], lexicon: SenseLexicon, *, least: int = 60) -> dict[str, float]:
    """The scale of each form's scores under which held-out probabilities are honest (temperature scaling); ``*``: of all."""
    by_form: dict[str, list[tuple[Floats, NDArray[np.bool_]]]] = defaultdict(list)
    for example, score in zip(examples, scores, strict=True):
        right = np.array([entry.concept_id in example.senses for entry in lexicon.senses[example.short_form]])
        by_form[example.short_form].append((score, right))
    everything = [pair for pairs in by_form.values() for pair in pairs]
    scales = {"*": _best_scale(everything, around=1.0, trust=0.0)}
    for form, pairs in sorted(by_form.items()):
        scales[form] = _best_scale(pairs, around=scales["*"], trust=float(least))
    return scales


def _best_scale(pairs: Sequence[tuple[Floats, NDArray[np.bool_]]], *, around: float, trust: float) -> float:
    grid = np.exp(np.linspace(math.log(0.15), math.log(4.0), 60))
    best, least = around, math.inf
    for scale in grid:
        loss = sum(_log_loss(scale * score, right) for score, right in pairs) + 0.2 * trust * math.log(scale / around) ** 2
        if loss < least:
            best, least = float(scale), loss
    return best


def _log_loss(score: Floats, right: NDArray[np.bool_]) -> float:
    powers = np.exp(score - score.max())
    return -math.log(max(float(powers[right].sum() / powers.sum()), 1e-9))


def held_out(examples: Sequence[Example], folds: int) -> Iterable[tuple[set[str], set[str]]]:
    """The documents of each fold: (to fit on, to test on), split by document."""
    docs = sorted({example.doc for example in examples})
    order = np.random.default_rng(0).permutation(len(docs))
    for fold in range(folds):
        test = {docs[i] for i in order[fold::folds]}
        yield set(docs) - test, test
