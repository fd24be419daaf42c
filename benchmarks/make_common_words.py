"""Makes lexicons/clinical/common_words.txt: the words that most notes hold, commonest first.

    python benchmarks/make_common_words.py NOTES.jsonl[.gz] ...

Counted are documents, not uses; words alone are written, no text. Scan mode hangs a form on its rarest word, so an order that is
a little wrong costs time and nothing else.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter
from pathlib import Path

from mrterms.text.normal_form import normal_word

WORD = re.compile(r"[^\W\d_]+")
OUT = Path(__file__).parents[1] / "lexicons" / "clinical" / "common_words.txt"
MOST = 1_600
HEAD = """\
# Words of clinical notes by the number of notes that hold them, commonest first (benchmarks/make_common_words.py; counted in
# ACI-Bench and MTS-Dialog, CC BY 4.0). Scan mode asks them which word of a form is the rarest.
"""


def main() -> None:
    counts: Counter[str] = Counter()
    for name in sys.argv[1:]:
        with (gzip.open if name.endswith(".gz") else open)(name, "rt", encoding="utf-8") as lines:
            for line in lines:
                counts.update({normal_word(word, {}) for word in WORD.findall(json.loads(line)["text"])})
    common = sorted(counts, key=lambda word: (-counts[word], word))[:MOST]
    lines = [" ".join(common[place : place + 16]) for place in range(0, MOST, 16)]
    OUT.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
