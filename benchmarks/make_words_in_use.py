"""Makes lexicons/clinical/words.txt.gz, the words that are nobody's misspelling.

    python benchmarks/make_words_in_use.py [CASE_REPORTS.jsonl.gz ...]

Sources: SCOWL (Debian packages wamerican and wbritish; free to use, copy, modify, distribute), the titles of ICD-10-CM
(package simple-icd-10-cm, US public domain), and the words (no text) that stand in at least eight documents of open-licence
case reports, unless a word one edit away stands in thirty times as many, which makes them misspellings.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import simple_icd_10_cm
from rapidfuzz.distance import OSA

from mrterms.text.normal_form import fold

WORD = re.compile(r"[a-z]{4,}")
DICTIONARIES = ("/usr/share/dict/american-english", "/usr/share/dict/british-english")
OUT = Path(__file__).parents[1] / "lexicons" / "clinical" / "words.txt.gz"
MIN_DOCUMENTS, RARER = 8, 30


def dictionary_words() -> set[str]:
    found: set[str] = set()
    for path in DICTIONARIES:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            if line.islower() and WORD.fullmatch(word := fold(line)):
                found.add(word)
    return found


def classification_words() -> set[str]:
    codes = simple_icd_10_cm.get_all_codes(with_dots=True)
    texts = (text for code in codes for text in [simple_icd_10_cm.get_description(code), *simple_icd_10_cm.get_inclusion_term(code)])
    return {word for text in texts for word in WORD.findall(fold(text))}


def document_words(paths: list[str], known: set[str]) -> set[str]:
    counts: Counter[str] = Counter()
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                counts.update(set(WORD.findall(fold(json.loads(line)["text"]))))
    common = defaultdict(list)
    for word, count in counts.items():
        if count >= MIN_DOCUMENTS * RARER:
            common[len(word)].append(word)

    def misspelt(word: str) -> bool:
        near = (other for size in (len(word) - 1, len(word), len(word) + 1) for other in common[size])
        return any(counts[other] >= RARER * counts[word] and OSA.distance(word, other, score_cutoff=1) == 1 for other in near)

    return {word for word, count in counts.items() if count >= MIN_DOCUMENTS and word not in known and not misspelt(word)}


def main() -> None:
    words = dictionary_words() | classification_words()
    words |= document_words(sys.argv[1:], words)
    OUT.write_bytes(gzip.compress("\n".join(sorted(words)).encode(), 9, mtime=0))
    print(len(words), "words,", OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
