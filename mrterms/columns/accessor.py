"""``frame.mrterms.normalize("dx")`` on pandas frames; ``mrterms.pandas_hook`` brings it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

__all__ = ["MrtermsAccessor"]


@pd.api.extensions.register_dataframe_accessor("mrterms")
class MrtermsAccessor:
    """The calls of mrterms on a frame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def normalize(self, columns: str | Sequence[str], **options: Any) -> pd.DataFrame:
        """The frame with the ``mrterms_*`` columns of one or several columns; options as of ``normalize_columns``.

        >>> frame = pd.DataFrame({"dx": ["mod mitral insuff.", "hypertension"]})
        >>> frame.mrterms.normalize("dx")["mrterms_concept_id"].tolist()
        ['mitral_regurgitation', None]
        """
        from mrterms.columns.cleaning import normalize_columns

        names = [columns] if isinstance(columns, str) or not isinstance(columns, Iterable) else list(columns)
        return normalize_columns(self._frame, names, **options).frame
