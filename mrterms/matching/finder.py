"""Finding the forms of the lexicon in a Doc: spaCy's PhraseMatcher over the text's normal words.

The PhraseMatcher sees a small Doc that holds only the stretches where words of the lexicon stand, in normal form, without
hyphens and line breaks; so spelling, plural, wraps and slips of the pen cost nothing in the matcher, and most of a note
never reaches it.  Every word of the small Doc knows its token in the note: that is the map back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from mrterms.matching.words import WordMemo

__all__ = ["Finder", "Hit"]

_BARRIER = "\x1e"


@dataclass(frozen=True, slots=True)
class Hit:
    """A form found: its key (normal words joined by spaces), the tokens it covers, and how many edits it took."""

    key: str
    token_start: int
    token_end: int
    edits: int


class Finder:
    """Finds keys (normal words joined by single spaces) in Docs; longest and shorter ones, overlapping ones too."""

    def __init__(self, vocab: Vocab, keys: Iterable[str], memo: WordMemo) -> None:
        self._vocab = vocab
        self._memo = memo
        self._matcher = PhraseMatcher(vocab, attr="ORTH")
        sequences = [key.split(" ") for key in keys]
        self._lone = {words[0] for words in sequences if len(words) == 1}
        # One label for all: the key is read off the small text, and a label of its own would cost a lexeme each.
        self._matcher.add("form", [Doc(vocab, words=words) for words in sequences])

    def find(self, doc: Doc) -> list[Hit]:
        """All hits in the Doc, in the order of their ends."""
        orths: list[int] = doc.to_array("ORTH").tolist()
        codes = list(map(self._memo.__getitem__, orths))
        anchors = [place for place, code in enumerate(codes) if code > 0]
        if not anchors:
            return []
        heads = self._join_broken_words(orths, codes, anchors)
        words, tokens, edits = self._small_text(codes, anchors)
        if not words:
            return []
        small = Doc(self._vocab, words=words)
        return [
            Hit(" ".join(words[first:last]), heads.get(tokens[first], tokens[first]), tokens[last - 1] + 1, sum(edits[first:last]))
            for _, first, last in self._matcher(small)
        ]

    def _join_broken_words(self, orths: list[int], codes: list[int], anchors: list[int]) -> dict[int, int]:
        """Give ``re - gurgitation`` the code of its word; returns where such words begin."""
        heads: dict[int, int] = {}
        for anchor in anchors:
            if not self._memo.decode(codes[anchor]).tail_of:
                continue
            head = anchor - 1
            hyphen = head > 0 and codes[head] < 0 and not self._memo.decode(codes[head]).words
            head -= hyphen
            codes[anchor] = code = self._memo.joined(orths[head], orths[anchor], hyphen=hyphen) if head >= 0 else 0
            if code:
                heads[anchor] = head
        return heads

    def _small_text(self, codes: list[int], anchors: list[int]) -> tuple[list[str], list[int], list[int]]:
        words: list[str] = []
        tokens: list[int] = []
        edits: list[int] = []
        decode, lone, length, done = self._memo.decode, self._lone, len(codes), 0
        for anchor in anchors:
            if anchor < done or not codes[anchor]:
                continue
            first, last = anchor, anchor + 1
            while first > done and codes[first - 1]:
                first -= 1
            while last < length and codes[last]:
                last += 1
            done = last
            if last - first == 1:
                word = decode(codes[anchor])
                if len(word.words) == 1 and word.words[0] not in lone:
                    continue
            for place in range(first, last):
                word = decode(codes[place])
                for part in word.words:
                    words.append(part)
                    tokens.append(place)
                    edits.append(word.edits)
            words.append(_BARRIER)
            tokens.append(-1)
            edits.append(0)
        return words, tokens, edits
