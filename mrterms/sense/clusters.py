"""Words of like company: clusters learned from raw text without labels, so that a rare word speaks with its kin's voice.

Needs the extra ``train`` (scikit-learn); at run time the clusters are a plain dict in the model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np

from mrterms.errors import MissingExtraError

__all__ = ["word_clusters"]

_WORD = re.compile(r"[A-Za-z][A-Za-z-]*[A-Za-z]|[A-Za-z]")
_REACH = 4
_DIMENSIONS = 100


def word_clusters(
    texts: Iterable[str], *, words: int = 14_000, contexts: int = 3_000, clusters: int = 300, seed: int = 0
) -> dict[str, int]:
    """The cluster of each frequent lower-case word: spherical k-means on reduced, positive pointwise mutual information."""
    try:
        from scipy.sparse import csr_matrix
        from sklearn.cluster import MiniBatchKMeans
        from sklearn.decomposition import TruncatedSVD
    except ImportError:
        raise MissingExtraError("scikit-learn", "train") from None
    streams = [[word.lower() for word in _WORD.findall(text)] for text in texts]
    counts = Counter(word for stream in streams for word in stream)
    kept = [word for word, count in counts.most_common(words) if count > 4]
    place = {word: at for at, word in enumerate(kept)}
    table = csr_matrix((len(kept), min(contexts, len(kept))))
    ids = np.concatenate([np.array([*(place.get(word, -1) for word in stream), *[-1] * _REACH], dtype=np.int64) for stream in streams])
    for step in range(1, _REACH + 1):
        for first, second in ((ids[:-step], ids[step:]), (ids[step:], ids[:-step])):
            good = (first >= 0) & (second >= 0) & (second < table.shape[1])
            table = table + csr_matrix((np.full(int(good.sum()), 1.0 / step), (first[good], second[good])), shape=table.shape)
    total = table.sum()
    rows = np.asarray(table.sum(axis=1)).ravel()
    columns = np.asarray(table.sum(axis=0)).ravel() ** 0.75
    columns *= total / columns.sum()
    table = table.tocoo()
    values = np.log(table.data * total / (rows[table.row] * columns[table.col]))
    good = values > 0
    table = csr_matrix((values[good], (table.row[good], table.col[good])), shape=table.shape)
    size = min(_DIMENSIONS, table.shape[1] - 1)
    vectors = TruncatedSVD(size, random_state=seed, n_iter=3).fit_transform(table)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    labels = MiniBatchKMeans(min(clusters, len(kept)), random_state=seed, n_init=2, batch_size=2048).fit_predict(vectors)
    return {word: int(label) for word, label in zip(kept, labels, strict=True)}
