"""Marked sentences as the room takes them: a sentence and its targets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import spacy

from mrterms.attributes import Describer, Description, Target
from mrterms.evaluation.markup import parse_markup
from mrterms.text.tokenizer import make_tokenizer
from mrterms.text.view import Sentence, View

HERE = Path(__file__).parent
NLP = spacy.blank("en")
NLP.tokenizer = make_tokenizer(NLP)
DESCRIBER = Describer()


def one_sentence(text: str) -> Sentence:
    """The whole text as one sentence, however many full stops it has."""
    doc = NLP(text)
    for token in doc:
        token.is_sent_start = token.i == 0
    return View(doc).sentence(0)


def target(sentence: Sentence, mention: dict[str, Any]) -> Target:
    """A marked mention as target: the words that its characters touch."""
    touched = [
        number
        for number, (start, word) in enumerate(zip(sentence.starts, sentence.words, strict=True))
        if start < mention["end"] and start + len(word) > mention["start"]
    ]
    return Target(touched[0], touched[-1] + 1, mention["concept_id"])


def describe(marked: str) -> tuple[str, list[dict[str, Any]], list[Description]]:
    """The plain text of a marked sentence, its mentions and what the room says about them."""
    text, mentions = parse_markup(marked)
    sentence = one_sentence(text)
    targets = [target(sentence, mention) for mention in mentions]
    return text, mentions, DESCRIBER.describe(sentence, targets, text=text)


def marked_lines(path: Path) -> list[str]:
    """The first column of a table of marked sentences, header left out."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
    return [line.split("\t")[0] for line in lines[1:]]
