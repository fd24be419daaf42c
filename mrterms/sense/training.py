"""Fitting the sense model: a log-linear model in which a sense shares the weights of its ancestors.

Needs the extra ``train`` (scikit-learn, which brings SciPy); nothing here is imported at run time.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrterms.errors import MissingExtraError
from mrterms.records import SenseEntry
from mrterms.sense.examples import Example, ancestors
from mrterms.sense.model import Model
from mrterms.sense.resolve import SenseLexicon, is_outside, log_priors

__all__ = ["LABELLED", "TrainingOptions", "fit", "held_out", "predict"]

Floats = NDArray[np.float64]
LABELLED = ("masked", "defined")
"""Kinds of examples that somebody labelled: these are what is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """How to fit. ``own`` and ``shared``: strength of the pull to zero on a sense's own weights and on shared ones.
    ``bias_outside``: on the bias of a sense outside the subject, which is weighted up among the examples; a free bias would take
    its low prior back, so that of "first MI" a middle initial was made.
    ``least``: documents in which a feature must stand; ``rare``: examples under which a sense has only shared weights;
    ``reach``: how freely features of a level gain weight; ``floor``, ``power``, ``stretch``: see
    :func:`_weights`; ``pooled``: weight of the task of telling all senses of all forms apart; ``unlabelled``: weight of a
    form that nobody labelled, where others are: its long forms are mostly those of the labelled ones over again;
    ``leans``: log-odds given to a concept whose miss costs more than another: a missed infarct harms most. They are added after
    fitting, since words take back what is added before (a weight of 1.5 cost mitral lesions more and won fewer infarcts).
    """

    own: float = 1.0
    shared: float = 0.3
    bias: float = 0.3
    bias_outside: float = 8.0
    least: int = 5
    rare: int = 6
    iterations: int = 40
    kinds: Mapping[str, float] = field(
        default_factory=lambda: {"masked": 1.0, "defined": 1.0, "long form": 0.6, "sister": 0.3, "written": 2.0}
    )
    reach: Mapping[str, float] = field(
        default_factory=lambda: {"a": 0.5, "s": 0.8, "n": 1.3, "l": 1.8, "r": 1.8, "L": 2.6, "R": 2.6, "*": 1.5}
    )
    floor: float = 0.05
    power: float = 0.4
    stretch: float = 8.0
    pooled: float = 0.3
    unlabelled: float = 0.1
    leans: Mapping[str, float] = field(default_factory=lambda: {"myocardial_infarction": 0.4})


@dataclass(slots=True)
class _Group:
    """The examples of one short form: features (those ``used`` by it alone), candidates, right ones, starts and weights."""

    form: str
    used: NDArray[np.int32]
    x: Any
    xt: Any
    columns: NDArray[np.int64]
    right: NDArray[np.bool_]
    starts: Floats
    weights: Floats
    bias: slice


def families(lexicon: SenseLexicon, senses: Sequence[str]) -> Floats:
    """Which sense has which of the ancestors that senses share (a row an ancestor, a column a sense)."""
    kin = {sense: _ancestors(lexicon, sense) for sense in senses}
    counts = Counter(name for names in kin.values() for name in names)
    # Ancestors of exactly the same senses would only share one weight between them.
    rows = {tuple(float(name in kin[sense]) for sense in senses) for name, count in counts.items() if count > 1}
    return np.array(sorted(rows, reverse=True)).reshape(len(rows), len(senses))


def _ancestors(lexicon: SenseLexicon, concept_id: str) -> set[str]:
    concept = lexicon.concepts.get(concept_id)
    side = "outside the subject" if concept is None or is_outside(lexicon, concept_id) else f"type: {concept.semantic_type}"
    return {*ancestors(lexicon, concept_id), side}


def fit(
    examples: Sequence[Example],
    names: Sequence[str],
    lexicon: SenseLexicon,
    *,
    options: TrainingOptions | None = None,
    base: Model | None = None,
) -> Model:
    """Fit a model. ``names``: the feature names by id. Scales are 1 until held-out scores calibrate them.

    With ``base``, what that model says is the start, and only the difference is learned: so a few notes adapt it.
    """
    try:
        from scipy.optimize import minimize
        from scipy.sparse import csr_matrix
    except ImportError:
        raise MissingExtraError("scikit-learn", "train") from None
    options = options or TrainingOptions()
    kept = _kept_features(examples, options.least)
    senses = sorted({entry.concept_id for form in {e.short_form for e in examples} for entry in lexicon.senses[form]})
    counts = Counter(sense for example in examples if len(example.senses) == 1 for sense in example.senses)
    frequent = np.array([counts[sense] >= options.rare for sense in senses])
    reaches = _reaches(kept, names, options)
    groups, bias_names = _groups(examples, kept, reaches, senses, lexicon, options)
    if base is None:
        groups.append(_pooled(examples, kept, reaches, senses, frequent, len(bias_names), options))
        bias_names.extend(("*", sense) for sense, is_frequent in zip(senses, frequent, strict=True) if is_frequent)
    else:
        _start_from(base, groups, examples, names, lexicon)
    tree = families(lexicon, senses)
    # Row by row: first the senses with weights of their own, then what senses share.
    tree = np.vstack([np.eye(len(senses))[frequent], tree])
    pull = np.where(np.arange(len(tree)) < frequent.sum(), options.own, options.shared)[:, None].astype(np.float32)
    down = csr_matrix(tree.astype(np.float32))
    up = down.T.tocsr()
    bias_pull = np.array(
        [options.bias_outside if form != "*" and is_outside(lexicon, sense) else options.bias for form, sense in bias_names]
    )
    shape = (len(tree), len(kept))
    size = shape[0] * shape[1]

    def loss(flat: Floats) -> tuple[float, Floats]:
        # Single precision and few numbers: a sense has a handful of the parts, and a form a share of the features.
        parts, bias = flat[:size].astype(np.float32).reshape(shape), flat[size:]
        weights = up @ parts
        total = 0.5 * float((pull * parts**2).sum(dtype=np.float64) + bias_pull * bias @ bias)
        slopes = np.zeros_like(weights)
        bias_slopes = bias_pull * bias
        for group in groups:
            own = np.ix_(group.columns, group.used)
            scores = group.x @ np.ascontiguousarray(weights[own].T) + group.starts + bias[group.bias]
            cost, error = _cost(group, scores)
            total += cost
            slopes[own] += (group.xt @ error.astype(np.float32)).T
            bias_slopes[group.bias] += error.sum(axis=0)
        return total, np.concatenate([(down @ slopes + pull * parts).ravel().astype(np.float64), bias_slopes])

    result = minimize(
        loss, np.zeros(size + len(bias_names)), jac=True, method="L-BFGS-B", options={"maxiter": options.iterations, "maxcor": 6}
    )
    flat = result.x
    weights = flat[:size].reshape(shape).T * reaches[:, None]
    ids = sorted(kept, key=kept.__getitem__)
    learned = Model(
        {names[i]: row for row, i in enumerate(ids)},
        {sense: column for column, sense in enumerate(senses)},
        weights.astype(np.float32),
        tree.astype(np.float32),
        {name: float(bias) + options.leans.get(name[1], 0.0) * (base is None) for name, bias in zip(bias_names, flat[size:], strict=True)},
    )
    return learned if base is None else _joined(base, learned)


def _start_from(base: Model, groups: Sequence[_Group], examples: Sequence[Example], names: Sequence[str], lexicon: SenseLexicon) -> None:
    by_form: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_form[example.short_form].append(example)
    for group in groups:
        group.starts = np.array([parts.sum(axis=0) for parts in predict(base, by_form[group.form], names, lexicon)])


def _joined(base: Model, learned: Model) -> Model:
    """The model whose scores are the sum of both."""
    features = {name: row for row, name in enumerate({**base.features, **learned.features})}
    senses = {name: column for column, name in enumerate({**base.senses, **learned.senses})}
    parts = base.weights.shape[1]
    weights = np.zeros((len(features), parts + learned.weights.shape[1]), dtype=np.float32)
    tree = np.zeros((weights.shape[1], len(senses)), dtype=np.float32)
    for model, at in ((base, 0), (learned, parts)):
        columns = slice(at, at + model.weights.shape[1])
        weights[[features[name] for name in model.features], columns] = model.weights
        tree[columns, [senses[name] for name in model.senses]] = model.tree
    keys = {**base.biases, **learned.biases}
    biases = {key: base.biases.get(key, 0.0) + learned.biases.get(key, 0.0) for key in keys}
    return Model(features, senses, weights, tree, biases, dict(base.scales), clusters=base.clusters)


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


def _reaches(kept: Mapping[int, int], names: Sequence[str], options: TrainingOptions) -> Floats:
    """How freely each feature may gain weight, by its level: the words beside the form before those far away."""
    return np.array([options.reach.get(names[i][0], 1.0) for i in sorted(kept, key=kept.__getitem__)])


def _matrices(examples: Sequence[Example], kept: Mapping[int, int], reaches: Floats) -> tuple[NDArray[np.int32], Any, Any]:
    """The features that some examples have, the examples by these, and the reverse."""
    from scipy.sparse import csr_matrix

    columns = array("i")
    ends = [0]
    for example in examples:
        columns.extend(row for i in example.features if (row := kept.get(i)) is not None)
        ends.append(len(columns))
    rows = np.frombuffer(columns, dtype=np.int32)
    used, own = np.unique(rows, return_inverse=True)
    x = csr_matrix((reaches[rows].astype(np.float32), own, ends), shape=(len(examples), len(used)))
    return used, x, x.T.tocsr()


def _groups(
    examples: Sequence[Example],
    kept: Mapping[int, int],
    reaches: Floats,
    senses: Sequence[str],
    lexicon: SenseLexicon,
    options: TrainingOptions,
) -> tuple[list[_Group], list[tuple[str, str]]]:
    place = {sense: column for column, sense in enumerate(senses)}
    by_form: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_form[example.short_form].append(example)
    groups: list[_Group] = []
    bias_names: list[tuple[str, str]] = []
    labelled = {example.short_form for example in examples if example.kind in LABELLED}
    for form, members in sorted(by_form.items()):
        share = options.unlabelled if labelled and form not in labelled else 1.0
        entries = lexicon.senses[form]
        candidates = [entry.concept_id for entry in entries]
        starts = {setting: log_priors(entries, setting) for setting in {member.setting for member in members}}
        right = np.array([[candidate in member.senses for candidate in candidates] for member in members])
        groups.append(
            _Group(
                form,
                *_matrices(members, kept, reaches),
                np.array([place[candidate] for candidate in candidates]),
                right,
                np.array([starts[member.setting] for member in members]),
                share * _weights(members, entries, lexicon, options),
                slice(len(bias_names), len(bias_names) + len(candidates)),
            )
        )
        bias_names.extend((form, candidate) for candidate in candidates)
    return groups, bias_names


def _pooled(
    examples: Sequence[Example],
    kept: Mapping[int, int],
    reaches: Floats,
    senses: Sequence[str],
    frequent: NDArray[np.bool_],
    bias: int,
    options: TrainingOptions,
) -> _Group:
    """All senses against all: what sets valve lesions apart from infarcts is learned from every lesion, not from MI alone."""
    columns = np.flatnonzero(frequent)
    place = {senses[column]: at for at, column in enumerate(columns.tolist())}
    first: dict[str, str] = {}
    members = []
    for example in examples:
        sense = example.senses[0]
        if example.kind == "sister" or len(example.senses) > 1 or sense not in place:
            continue
        if first.setdefault(sense, example.short_form) == example.short_form:
            members.append(example)
    right = np.zeros((len(members), len(columns)), dtype=np.bool_)
    right[np.arange(len(members)), [place[member.senses[0]] for member in members]] = True
    mass = right.sum(axis=0)
    weights = options.pooled * (mass.mean() / mass[right.argmax(axis=1)]) ** 0.5
    starts = np.zeros(right.shape)
    return _Group("*", *_matrices(members, kept, reaches), columns, right, starts, weights, slice(bias, bias + len(columns)))


def _weights(members: Sequence[Example], entries: Sequence[SenseEntry], lexicon: SenseLexicon, options: TrainingOptions) -> Floats:
    """Weights by kind, then drawn to the same mass for each sense of the subject and for all outside ones together.

    Within each side a sense gets mass by a root of its highest prior: one that is rare everywhere must not outweigh a
    common one because raw text names it often (myocardial ischaemia).
    """
    weights = np.array([options.kinds.get(member.kind, 1.0) * member.weight for member in members])
    mass: dict[tuple[str, ...], float] = defaultdict(float)
    for member, weight in zip(members, weights, strict=True):
        mass[member.senses] += float(weight)
    wanted = {entry.concept_id: (max(entry.priors.values()) + options.floor) ** options.power for entry in entries}
    goal = {senses: float(np.mean([wanted[sense] for sense in senses])) for senses in mass}
    outside = {senses: lexicon.concepts[senses[0]].other_sense for senses in mass}
    total = sum(mass.values())
    inside = list(outside.values()).count(False)
    parts = {True: 1, False: inside}
    parts = {side: part for side, part in parts.items() if side in outside.values()}
    factors = {}
    for side, part in parts.items():
        there = [senses for senses in mass if outside[senses] is side]
        share = part / sum(parts.values()) * total / max(1e-9, sum(goal[senses] for senses in there))
        factors.update({senses: min(max(share * goal[senses] / mass[senses], 1 / options.stretch), options.stretch) for senses in there})
    drawn: Floats = weights * np.array([factors[member.senses] for member in members])
    return drawn


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
    """The unscaled scores of each example: a row a part (as :data:`mrterms.sense.model.Scales`), a column a candidate of its form."""
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
        rows = ([row for i in part if (row := rows_of[i]) >= 0] for part in example.parts)
        scores.append(np.array([*(columns[own].sum(axis=0) for own in rows), starts[example.setting]]))
    return scores


def held_out(examples: Sequence[Example], folds: int) -> Iterable[tuple[set[str], set[str]]]:
    """The documents of each fold: (to fit on, to test on), split by document."""
    docs = sorted({example.doc for example in examples})
    order = np.random.default_rng(0).permutation(len(docs))
    for fold in range(folds):
        test = {docs[i] for i in order[fold::folds]}
        yield set(docs) - test, test
