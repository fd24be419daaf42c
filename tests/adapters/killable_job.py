"""A slow job in a process of its own, for the test that kills it: INPUT OUTPUT [resume]."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from mrterms.adapters.jobs import annotate_sources, annotate_to_file
from mrterms.adapters.readers import read_notes
from mrterms.adapters.writers import choose_format
from mrterms.records import Note


def annotate(pairs: Iterable[tuple[str, str]]) -> Iterator[Note]:
    for note_id, text in pairs:
        time.sleep(0.001)
        found = [{"start": 0, "end": 2, "text": text[:2], "concept_id": "mitral_regurgitation"} for _ in range(int(note_id) % 3)]
        yield Note(note_id=note_id, annotations=tuple(found))


if __name__ == "__main__":
    source, output = Path(sys.argv[1]), Path(sys.argv[2])
    job = partial(annotate_sources, read_notes([source]), annotate, report=print)
    annotate_to_file(job, output, choose_format(output, None), resume="resume" in sys.argv)
