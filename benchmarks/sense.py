"""The held-out tables of the sense step, and its cost: ``python benchmarks/sense.py [FOLDER OF ../shared/data]``.

Trains on every fold anew (some ten minutes), writes nothing and prints two tables: that of ``mrterms train``, which is of the
model alone, and the same of the whole step as it is used: the matcher finds the short form, and definitions, neighbours and the
sentence's own lead are heard, with the model of the fold that never saw the document.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Set
from pathlib import Path

from spacy.language import Language

import mrterms
from mrterms.cli.train import cues_of, gather, tokenizing
from mrterms.components.shared import work_of
from mrterms.lexicon import Lexicon, load_lexicon
from mrterms.records import Sense
from mrterms.sense import Resolver
from mrterms.sense.building import Answer, Trained, Training, report, table, train
from mrterms.sense.calibration import OUTSIDE
from mrterms.sense.examples import LabelledForm
from mrterms.sense.model import Model

ROOT = Path(__file__).parents[1]


def _matcher() -> Language:
    nlp = mrterms.load()
    for name in ("mrterms_attributes", "mrterms_assertion", "mrterms_sense"):
        nlp.remove_pipe(name)
    return nlp


def _held_out(data: Path) -> None:
    lexicon = load_lexicon("valve")
    texts = [data / f"{name}.jsonl.gz" for name in ("casereports", "consumer", "notes")]
    training = gather(texts, [data / "senses.jsonl.gz"], [ROOT / "corpora/sense_training/sentences.txt"], lexicon)
    folds: list[tuple[Model, Set[str]]] = []

    def say(step: str) -> None:
        print(step, file=sys.stderr)

    trained = train(
        training, lexicon, cues_of(lexicon), tokenizing(), progress=say, on_fold=lambda model, unseen: folds.append((model, unseen))
    )
    print(f"The model alone\n{table(trained.report)}")
    answers = list(_answers(training, trained, folds, lexicon))
    print(f"\nThe whole step as it is used\n{table(report(answers))}")


def _answers(training: Training, trained: Trained, folds: list[tuple[Model, Set[str]]], lexicon: Lexicon) -> Iterator[Answer]:
    nlp, cues = _matcher(), cues_of(lexicon)
    for model, unseen in folds:
        model.scales.update(trained.model.scales)
        model.clusters = trained.model.clusters
        resolver = Resolver(lexicon, cues=cues, model=model)
        for place in training.labelled:
            if place.doc in unseen and place.short_form in lexicon.senses:
                yield _answer(place, nlp, resolver, lexicon)


def _answer(place: LabelledForm, nlp: Language, resolver: Resolver, lexicon: Lexicon) -> Answer:
    doc = nlp(place.text)
    work = work_of(doc)
    _, senses = resolver.resolve(work.view, work.mentions)
    found = next((sense for mention, sense in zip(work.mentions, senses, strict=True) if mention.start <= place.start < mention.end), None)
    return Answer(place.short_form, place.kind, place.doc, _outcome(place.sense, lexicon), _chances(found, lexicon))


def _chances(sense: Sense | None, lexicon: Lexicon) -> dict[str, float]:
    """The probability of each outcome; what the matcher does not even mention is none of the subject."""
    chances: dict[str, float] = defaultdict(float)
    for candidate in sense.candidates if sense else ():
        chances[_outcome(candidate.concept_id, lexicon)] += candidate.probability
    return chances or {OUTSIDE: 1.0}


def _outcome(concept_id: str, lexicon: Lexicon) -> str:
    concept = lexicon.concepts.get(concept_id)
    return OUTSIDE if concept is None or concept.other_sense else concept.report_as or concept_id


def _cost() -> None:
    """Processor time of the step for each ambiguous mention of corpora/notes, least of several rounds, words known."""
    start = time.process_time()
    resolver = Resolver(load_lexicon("valve"))
    print(f"load: {1e3 * (time.process_time() - start):.0f} ms (with the lexicon)")
    nlp = _matcher()
    docs = [nlp(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "corpora" / "notes").glob("*.txt"))]
    works = [work_of(doc) for doc in docs]
    count = sum(mention.short_form is not None for work in works for mention in work.mentions)
    best = 1e9
    for _ in range(20):
        start = time.process_time()
        for work in works:
            resolver.resolve(work.view, work.mentions)
        best = min(best, time.process_time() - start)
    print(f"{count} ambiguous mentions, {1e6 * best / count:.0f} microseconds each")


if __name__ == "__main__":
    _cost()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    if folder.is_dir():
        _held_out(folder)
    else:
        print(f"no development data at {folder}: no held-out table")
