"""``mrterms`` with a stand-in for the pipeline, so that the command line is tested for itself."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

from mrterms.cli import main
from mrterms.records import Note


def annotate_many(items: Iterable[tuple[str, str]], **_: Any) -> Iterator[Note]:
    for note_id, text in items:
        if "EXPLODE" in text:
            raise ZeroDivisionError(text)
        yield Note(note_id=note_id, annotations=())


if __name__ == "__main__":
    stand_in: Any = SimpleNamespace(load=lambda **_: None, annotate_many=annotate_many, candidates=lambda text, **_: [])
    sys.modules["mrterms.pipeline"] = stand_in
    main()
