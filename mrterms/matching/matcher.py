"""From a Doc to its mentions: forms found, overlaps settled, valves and lesions joined."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.resources.abc import Traversable

from spacy.vocab import Vocab

from mrterms.lexicon import Lexicon
from mrterms.lexicon.tables import read_table
from mrterms.matching.composing import LABELLED_SENTENCES, Carried, Composed, Composer, Item, carried_site, is_label
from mrterms.matching.descriptions import DESCRIBED, Described, Descriptions
from mrterms.matching.finder import Finder, Hit
from mrterms.matching.forms import Form, FormTable, Part
from mrterms.matching.gates import FormGate
from mrterms.matching.infarcts import InfarctSigns
from mrterms.matching.low_forms import LowForms
from mrterms.matching.overlaps import longest_first
from mrterms.matching.words import GLUE, Vocabulary, WordMemo
from mrterms.records import Attribute, Match, MatchKind, Mention
from mrterms.text.view import Sentence, View
from mrterms.text.words_in_use import words_in_use

__all__ = ["Matcher"]

_UNSPECIFIED = "heart_valve_regurgitation"
_PROSTHESIS = "heart_valve_prosthesis"
_INFARCT = "myocardial_infarction"
_HYPHENS = frozenset({"-", "–"})
_LEAKY_DEFAULT = "mitral"
_SITE_WORDS = {"mitral": "mitral", "aortic": "aortic", "tricuspid": "tricuspid", "pulmonary": "pulmonary", "pulmonic": "pulmonary"}
_NAMED = "named"
"""The lesion of a concept that names a valve but shares no lesion with the valves beside it."""
_SURE_PRIOR, _SHORTEST_SURE = 0.8, 3
_FUZZY_PENALTY = 0.06
_SYLLABLES = 3
"""Behind a stressed one, from which on a chain is a word respelled; "MR-follow-up" has two words behind it."""
_ORGAN_REACH = 4
"""Words beside an infarct in which another organ tells whose it is, and of a label before it."""
_BARE_INFARCT, _INFARCT_REACH = "bare_infarct", 2
"""The role of a bare "infarct", and the sentences before it that may tell whose it is."""
_SCORES: Mapping[str, float] = {"exact": 1.0, "abbreviation": 1.0, "variant": 0.98, "pattern": 0.9}


def _is_word(text: str) -> bool:
    return text[0].isalnum()


class Matcher:
    """Finds the mentions of a lexicon's concepts. Build it once; :meth:`match` keeps no state of the text."""

    def __init__(self, lexicon: Lexicon, vocab: Vocab, tokenize: Callable[[str], list[str]], *, fuzzy: bool = True) -> None:
        self._lexicon = lexicon
        self._vocabulary = Vocabulary(spelling=_spelling(), in_use=words_in_use, fuzzy=fuzzy)
        self._table = FormTable(self._vocabulary, tokenize)
        self._table.add_lexicon(lexicon)
        self._site_lesions: dict[tuple[str, str], str] = {}
        self._full_sites: set[str] = set()
        self._words: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
        self._lay = frozenset(term.text for term in lexicon.terms if term.kind == "lay")
        self._described = frozenset(term for term in self._lay if " of " in term)
        """Lay terms that tell what a lesion is, as descriptions do: ``leakage of the mitral valve``."""
        self._descriptions: Descriptions | None = None
        self._low_forms: LowForms | None = None
        self._infarct_signs: InfarctSigns | None = None
        if lexicon.folder is not None:
            self._read_parts(lexicon.folder)
        self._table.close()
        # A concept of several valves (endocarditis) tells none of them.
        told: dict[str, list[tuple[str, str]]] = {}
        for pair, concept_id in self._site_lesions.items():
            told.setdefault(concept_id, []).append(pair)
        self._parts_of = {concept_id: pairs[0] for concept_id, pairs in told.items() if len(pairs) == 1}
        self._short_parts = self._parts_of_short_forms()
        self._short_sites = self._sites_of_short_forms()
        self._grades = self._words["grade"]
        self._open_words = self._words["open"] | self._grades | self._words["valvular"]
        self._composer = Composer(self._site_lesions, self._words)
        keys = self._table.forms.keys() | self._table.parts.keys()
        self._opening, self._closing = map(vocab.strings.add, "()")
        self._finder = Finder(keys, WordMemo(self._vocabulary))

    def match(self, view: View) -> tuple[list[Mention], list[Mention]]:
        """The mentions of a text in order, and the overlap losers."""
        hits = self._finder.find(view.words)
        if not hits:
            return [], []
        hits = [hit for hit in hits if self._is_whole(view, hit)]
        forms = [hit for hit in hits if hit.key in self._table.forms and self._allowed(view, hit)]
        kept, lost = longest_first(forms, rank=lambda hit: hit.edits)
        mentions = [self._mention(view, hit) for hit in kept]
        parts = [hit for hit in hits if hit.key in self._table.parts]
        if parts:
            mentions += self._describe(view, mentions, parts)
            composed = self._compose(view, mentions, parts)
            mentions = [mention for mention in mentions if not self._is_placed_in(mention, composed)] + composed
        mentions = [self._placed(view, mention, mentions) for mention in mentions]
        mentions += self._bare_infarcts(view, mentions, parts)
        mentions.sort(key=lambda mention: (mention.start, -mention.end))
        mentions = [one for place, one in enumerate(mentions) if not place or not self._explains(view, mentions[place - 1], one)]
        return mentions, [self._mention(view, hit) for hit in lost]

    def gate(self, *, every: bool) -> FormGate:
        """What tells from words alone whether a text can hold a mention that is published; ``every``: or any other."""
        return FormGate(
            forms={key for key, form in self._table.forms.items() if every or self._is_published(form)},
            table=self._table,
            vocabulary=self._vocabulary,
            descriptions=self._descriptions,
            site_lesions=self._site_lesions,
            low_forms=self._low_forms,
            roles=self._words,
        )

    def _is_published(self, form: Form) -> bool:
        """Whether a mention of a form is ever published, or says of what kind the text is: not one that is surely of another subject."""
        if len(form.concept_ids) > 1 or (form.short and form.term.text in self._lexicon.senses):
            return True
        return not self._lexicon.concepts[form.concept_ids[0]].other_sense

    # -- forms ------------------------------------------------------------------------------------------------------

    def _is_whole(self, view: View, hit: Hit) -> bool:
        """In one sentence, and no bracket half inside."""
        if hit.token_end - hit.token_start == 1:
            return True
        if not view.in_one_sentence(hit.token_start, hit.token_end):
            return False
        words = view.orths[hit.token_start : hit.token_end]
        return words.count(self._opening) == words.count(self._closing)

    def _allowed(self, view: View, hit: Hit) -> bool:
        form = self._table.forms[hit.key]
        if hit.edits and self._is_double_name(view, hit):
            return False
        if form.inverted:
            return self._is_inversion(view.sentence_at(hit.token_start), hit, comma=form.comma)
        if self._names_no_organ(form) and self._is_of_another_organ(view.sentence_at(hit.token_start), hit):
            return False
        if form.told:
            return self._is_believed(view.sentence_at(hit.token_start), hit)
        if form.short and self._is_respelled(view, hit):
            return False
        return not form.needs_grade or self._graded(view.sentence_at(hit.token_start), hit)

    def _names_no_organ(self, form: Form) -> bool:
        return not self._words["organless"].isdisjoint(form.words) and self._words["named_heart"].isdisjoint(form.words)

    def _is_of_another_organ(self, sentence: Sentence, hit: Hit) -> bool:
        """``splenic and posterior infarcts``, ``transmural infarction of the small bowel``: no heart is named, but another organ."""
        first, last = sentence.locate(hit.token_start, hit.token_end)
        before = list(itertools.takewhile(_is_word, reversed(sentence.lower[max(0, first - _ORGAN_REACH) : first])))
        after = list(itertools.takewhile(_is_word, sentence.lower[last : last + 1 + _ORGAN_REACH]))
        near = before + (after if not self._words["inside"].isdisjoint(after[:1]) else [])
        if ":" in (label := sentence.lower[:_ORGAN_REACH]):
            near += label[: label.index(":")]  # "Head CT: old anterior infarct"
        return not self._words["other_organ"].isdisjoint(near) and self._words["named_heart"].isdisjoint(near)

    def _bare_infarcts(self, view: View, mentions: Sequence[Mention], parts: Sequence[Hit]) -> Iterator[Mention]:
        """A bare "infarct" where the text about it tells of the heart, and of no other organ."""
        hits = [hit for hit in parts if self._table.parts[hit.key].role == _BARE_INFARCT]
        if not hits or self._infarct_signs is None:
            return
        taken = {token for mention in mentions for token in range(mention.token_start, mention.token_end)}
        told = {view.sentence_number(mention.token_start) for mention in mentions if mention.concept_ids == (_INFARCT,)}
        for hit in hits:
            number = view.sentence_number(hit.token_start)
            sentence = view.sentence(number)
            first, last = sentence.locate(hit.token_start, hit.token_end)
            if hit.token_start in taken or self._is_part_of_a_name(sentence, first, last):
                continue
            before = [view.sentence(earlier) for earlier in range(max(0, number - _INFARCT_REACH), number)]
            near = not told.isdisjoint(range(number - _INFARCT_REACH, number + 1))
            if self._infarct_signs.is_of_the_heart(sentence, before, told=near):
                yield self._pattern_mention(view, sentence, first, last, _INFARCT, "an infarct where the heart is told of")

    def _is_part_of_a_name(self, sentence: Sentence, first: int, last: int) -> bool:
        """``infarct-related | artery``, ``multi-|infarct``."""
        before, after = sentence.lower[max(0, first - 2) : first], sentence.lower[last : last + 2]
        if _HYPHENS.isdisjoint(before[-1:]):
            after = after[1:] if not _HYPHENS.isdisjoint(after[:1]) else after
            return not self._words["part_of_infarct"].isdisjoint(after[:1])
        return self._words["beside_infarct"].isdisjoint(before[:1])

    def _is_double_name(self, view: View, hit: Hit) -> bool:
        """``Miller-| Dresler syndrome``: the misspelt word is the second half of another name."""
        words = list(map(view.word, range(max(0, hit.token_start - 2), hit.token_start + 1)))
        return words[1:2] == ["-"] and words[0].istitle() and words[2].istitle()

    def _is_respelled(self, view: View, hit: Hit) -> bool:
        """``myocarditis (MI|-o-kar-DI-tis)``: a leaflet says how a word is spoken, its stressed syllables in capitals."""
        last = hit.token_end + 2 * _SYLLABLES
        if last > view.length or view.word(hit.token_end) not in _HYPHENS or not view.word(hit.token_end + 1).islower():
            return False
        joined = all(view.word(token) in _HYPHENS for token in range(hit.token_end, last, 2))
        return joined and not any(map(str.isspace, view.text_of(hit.token_start, last)))

    def _is_inversion(self, sentence: Sentence, hit: Hit, *, comma: bool) -> bool:
        """``Insufficiency, mitral valve`` is a title; in running text a comma parts two findings, and ``regurgitation of
        the aortic | bioprosthesis`` goes on."""
        first, last = sentence.locate(hit.token_start, hit.token_end)
        if sentence.lower[first] in self._words["not_inverted"]:
            return False
        following = sentence.lower[last] if last < len(sentence.lower) else ""
        if following == "(" and not sentence.lower[last - 1].startswith("valve"):
            return False  # "leakage of aortic (bifurcation) graft"
        if comma:
            return first == 0 and not following[:1].isalpha()
        return not following[:1].isalpha() or following in GLUE or following in self._open_words or following.endswith("ed")

    def _graded(self, sentence: Sentence, hit: Hit) -> bool:
        first, last = sentence.locate(hit.token_start, hit.token_end)
        before, after = sentence.lower[max(0, first - 1) : first], sentence.lower[last : last + 1]
        own = sentence.lower[first:last]  # "TR tr": the first is the lesion, the second its grade
        if (before != own and self._grades.intersection(before)) or any(word[:1].isdigit() and word.endswith("+") for word in after):
            return True
        return self._is_believed(sentence, hit)

    def _is_believed(self, sentence: Sentence, hit: Hit) -> bool:
        return self._low_forms is not None and self._low_forms.is_believed(sentence.lower, *sentence.locate(hit.token_start, hit.token_end))

    def _mention(self, view: View, hit: Hit) -> Mention:
        form = self._table.forms[hit.key]
        text = view.text_of(hit.token_start, hit.token_end)
        start = view.doc[hit.token_start].idx
        kind, reason = _kind(form, text, hit)
        score = _SCORES.get(kind, 1.0 - _FUZZY_PENALTY * hit.edits)
        senses = self._lexicon.senses.get(form.term.text, ()) if form.short else ()
        return Mention(
            start=start,
            end=start + len(text),
            text=text,
            token_start=hit.token_start,
            token_end=hit.token_end,
            match=Match(kind=kind, term=form.term.text, score=round(score, 3), reason=reason),
            concept_ids=tuple(dict.fromkeys([*(sense.concept_id for sense in senses), *form.concept_ids])),
            short_form=form.term.text if senses else None,
        )

    def _explains(self, view: View, name: Mention, mention: Mention) -> bool:
        """``endocarditis (an | infection of a heart valve)``: what a bracket says of the name before it is said once."""
        if not (mention.match.term in self._described or mention.match.reason.startswith(DESCRIBED)):
            return False
        between = view.orths[name.token_end : mention.token_start]
        if between[:1] != [self._opening] or self._reported(name) != self._reported(mention):
            return False
        return all(view.word(token).lower() in self._words["article"] for token in range(name.token_end + 1, mention.token_start))

    def _reported(self, mention: Mention) -> list[str]:
        return [self._lexicon.concepts[one].report_as or one for one in mention.concept_ids]

    # -- descriptions in words ----------------------------------------------------------------------------------------

    def _describe(self, view: View, mentions: Sequence[Mention], parts: Sequence[Hit]) -> list[Mention]:
        if self._descriptions is None:
            return []
        numbers = {view.sentence_number(hit.token_start) for hit in parts if hit.key in self._descriptions.triggers}
        if numbers:
            places = {view.sentence_number(hit.token_start) for hit in parts if hit.key in self._descriptions.places}
            numbers &= places | {place + 1 for place in places}
        found: list[Mention] = []
        for number in sorted(numbers):
            sentence = view.sentence(number)
            for one in self._descriptions.find(sentence):
                if one.site is None and (self._of_other_valve(sentence, one) or self._of_something_told(view, number, one)):
                    continue
                site = one.site or self._site_told(view, number, one.last)
                tokens = range(sentence.tokens[one.first], sentence.tokens[one.last - 1] + 1)
                if any(mention.token_start in tokens or mention.token_end - 1 in tokens for mention in mentions):
                    continue
                concept_id = self._site_lesions.get((site, one.lesion)) if site else None
                if concept_id is None and one.lesion == "regurgitation" and "valve" in sentence.lower[one.first : one.last]:
                    concept_id = _UNSPECIFIED
                if concept_id is not None:
                    found.append(self._pattern_mention(view, sentence, one.first, one.last, concept_id, one.reason))
        return found

    def _of_other_valve(self, sentence: Sentence, one: Described) -> bool:
        """``the gas | valve leaks``: a word before the valve that no heart valve has."""
        if not one.first or not sentence.lower[one.first].startswith("valve"):
            return False
        before = sentence.lower[one.first - 1]
        return before[:1].isalpha() and before not in self._open_words and before not in GLUE and before not in self._words["cardiac"]

    def _of_something_told(self, view: View, number: int, one: Described) -> bool:
        """``The aorta may stretch; | it may tear and leak``: "it" is a valve only where a valve was spoken of."""
        sentence = view.sentence(number)
        if sentence.lower[one.first] not in self._words["pronoun"]:
            return False
        told = sentence.lower[: one.first]
        if "," not in told and ";" not in told and number:
            told = [*view.sentence(number - 1).lower, *told]
        return self._words["valve_noun"].isdisjoint(told)

    def _site_told(self, view: View, number: int, last: int) -> str | None:
        """The valve that the sentence (not beyond the list item that ends after ``last``), or one of the two before it, speaks of;
        the word alone may be the vessel's or the lung's."""
        for earlier in range(number, max(-1, number - 3), -1):
            words = view.sentence(earlier).lower
            if earlier == number and "-" in words[last:]:
                words = words[: words.index("-", last)]
            named = [
                _SITE_WORDS[word]
                for word, following in zip(words, [*words[1:], ""], strict=False)  # a sentence may be mere white space
                if word in _SITE_WORDS and (word not in ("aortic", "pulmonary") or following in self._words["valve_noun"])
            ]
            if named:
                return named[-1]
        return None

    # -- valve and lesion apart ---------------------------------------------------------------------------------------

    def _compose(self, view: View, mentions: Sequence[Mention], parts: Sequence[Hit]) -> list[Mention]:
        fixed = [mention for mention in mentions if mention.concept_ids != (_PROSTHESIS,)]
        taken = {token for mention in fixed for token in range(mention.token_start, mention.token_end)}
        joinable = [hit for hit in parts if self._table.parts[hit.key].role in ("site", "lesion")]
        free, _ = longest_first([hit for hit in joinable if taken.isdisjoint(range(hit.token_start, hit.token_end))])
        if not free:
            return []
        inside = {hit.token_start: hit for hit in joinable if hit.token_start in taken}  # the longest of each beginning
        places: dict[int, list[Hit | Mention]] = {}
        every: list[Hit | Mention] = [*free, *mentions]
        for where in every:
            places.setdefault(view.sentence_number(where.token_start), []).append(where)
        bare = [number for number, found in places.items() if any(self._has_role(one, "lesion") for one in found)]
        shared = [number for number, found in places.items() if self._may_share(found)]
        if not bare and not shared:
            return []
        # A valve is carried to a bare lesion over some sentences only.
        near = [number for number in places if any(number <= other < number + LABELLED_SENTENCES for other in bare)]
        site_of = {number: site for number in near if (site := self._site_named(view, places[number], inside))}
        made: list[Mention] = []
        for number in sorted({*bare, *shared}):
            sentence = view.sentence(number)
            carried = carried_site(number, site_of, partial(self._begins_anew, view), partial(self._in_its_line, view, sentence))
            hinted = {self._short_sites.get(one.short_form or "", "") for one in places[number] if isinstance(one, Mention)} - {""}
            composed, unplaced = self._composer.compose(sentence, self._items(view, number, places[number], inside), carried, hinted=hinted)
            made += [self._composed_mention(view, sentence, one) for one in composed]
            made += self._lone_lesions(view, sentence, unplaced, mentions, told=carried is not None)
        return made

    def _is_placed_in(self, mention: Mention, composed: Sequence[Mention]) -> bool:
        """Whether a valve's prosthesis is one of a named valve."""
        return mention.concept_ids == (_PROSTHESIS,) and any(
            one.token_start <= mention.token_start and mention.token_end <= one.token_end for one in composed
        )

    def _has_role(self, one: Hit | Mention, role: str) -> bool:
        return isinstance(one, Hit) and self._table.parts[one.key].role == role

    def _may_share(self, found: Sequence[Hit | Mention]) -> bool:
        """Whether a valve stands beside a concept that may share its lesion with it."""
        return len(found) > 1 and any(self._has_role(one, "site") for one in found) and any(isinstance(one, Mention) for one in found)

    def _site_named(self, view: View, found: Sequence[Hit | Mention], inside: Mapping[int, Hit]) -> Carried | None:
        """The valve that a sentence names last; a heading "Pulmonary:" may be of the lungs."""
        sites, leaks, label = [], False, None
        for where in sorted(found, key=lambda one: -one.token_start):
            item = self._part_item(view, where) if isinstance(where, Hit) else self._concept_item(view, where, inside)
            lungs = isinstance(where, Hit) and view.text_of(where.token_start, where.token_end).lower() == "pulmonary"
            if item is not None and item.site and (item.full or item.lesion) and not lungs:
                sites.append(item.site)
                label = self._label_of(view, where) if isinstance(where, Hit) else None
                leaks = leaks or item.lesion == "regurgitation"
        return Carried(sites[0], alone=len(set(sites)) == 1, leaks=leaks, label=label) if sites else None

    def _label_of(self, view: View, hit: Hit) -> int | None:
        """The last token of a label or title that is a valve's name."""
        sentence = view.sentence_at(hit.token_start)
        first, last = sentence.locate(hit.token_start, hit.token_end)
        if not is_label(sentence, first, last) or not self._words["intact"].isdisjoint(sentence.lower):
            return None  # "Mitral valve: normal. The prosthesis ..." is another one's
        return sentence.tokens[min(last, len(sentence.tokens) - 1)]

    def _in_its_line(self, view: View, sentence: Sentence, label: int) -> bool:
        """Whether a sentence stands in the line of a label that ends with a token, or in the one below a title."""
        breaks = sum(view.word(token).count("\n") for token in range(label + 1, sentence.token_start))
        return breaks == 0 or (breaks == 1 and "\n" in view.word(label + 1))

    def _items(self, view: View, number: int, found: Sequence[Hit | Mention], inside: Mapping[int, Hit]) -> list[Item]:
        sentence = view.sentence(number)
        items = []
        for where in found:
            item = self._part_item(view, where) if isinstance(where, Hit) else self._concept_item(view, where, inside)
            if item is not None:
                first, last = sentence.locate(where.token_start, where.token_end)
                items.append(replace(item, first=first, last=last))
        return sorted(items, key=lambda item: item.first)

    def _parts_reported(self, concept_id: str) -> tuple[str, str] | None:
        """The valve and the lesion of a concept, or of the one that it is reported as."""
        return self._parts_of.get(concept_id) or self._parts_of.get(self._lexicon.concepts[concept_id].report_as or "")

    def _part_item(self, view: View, hit: Hit) -> Item:
        part = self._table.parts[hit.key]
        if part.role == "site":
            full = part.full or view.text_of(hit.token_start, hit.token_end).lower() in self._full_sites
            return Item(0, 0, part.value, None, full=full or self._is_heading(view, hit))
        return Item(0, 0, None, part.value, adjective=part.part == "adjective")

    def _is_heading(self, view: View, hit: Hit) -> bool:
        """``AV: ...``, ``Aortic - ...``, ``; AV sclerotic``: at the head of a clause a bare name is the valve."""
        sentence = view.sentence_at(hit.token_start)
        first, last = sentence.locate(hit.token_start, hit.token_end)
        begins = first == 0 or sentence.words[first - 1] in (";", ".", ":", "-", "•", "*", ")")
        followed = last < len(sentence.words) and sentence.words[last] in (":", "-", "–", "=")
        return begins and (followed or sentence.words[first].isupper())

    def _concept_item(self, view: View, mention: Mention, inside: Mapping[int, Hit]) -> Item | None:
        """A concept found as a whole, with the valve that it names; None where it tells of no valve."""
        if mention.short_form:
            return Item(0, 0, *pair) if (pair := self._short_parts.get(mention.short_form)) else None
        if len(mention.concept_ids) != 1:
            return None
        parts = [hit for place in range(mention.token_start, mention.token_end) if (hit := inside.get(place))]
        sites = [self._part_item(view, hit) for hit in parts if self._table.parts[hit.key].role == "site"]
        concept = self._lexicon.concepts[mention.concept_ids[0]]
        pair = self._parts_reported(concept.concept_id)
        if pair is None:
            # "mixed mitral valve disease with mild stenosis": a kind of a valve's lesion at least names the valve
            named = {self._parts_of[parent][0] for parent in concept.parents if parent in self._parts_of}
            if len(named) == 1:
                pair = (named.pop(), "disease")
            else:
                # "aortic valve endocarditis": the words say of which valve
                named = {site.site for site in sites if site.site and site.full}
                if len(named) != 1:
                    return None
                pair = (named.pop(), _NAMED)
        ends = [hit.token_end for hit in parts if self._table.parts[hit.key].role == "site"]
        return Item(0, 0, pair[0], pair[1], site_first=max(ends) < mention.token_end if ends else None)

    def _begins_anew(self, view: View, number: int) -> bool:
        """Whether a sentence begins a paragraph or a section: nothing is carried over its start."""
        start = view.sentence_starts[number]
        blank = start > 0 and (before := view.word(start - 1)).isspace() and before.count("\n") > 1
        section = view.section_at(start)
        return blank or (section is not None and section.token_start == start)

    def _composed_mention(self, view: View, sentence: Sentence, one: Composed) -> Mention:
        concept_id = self._site_lesions[one.site, one.lesion]
        return self._pattern_mention(view, sentence, one.first, one.last, concept_id, one.reason)

    def _pattern_mention(self, view: View, sentence: Sentence, first: int, last: int, concept_id: str, reason: str) -> Mention:
        start, end = sentence.span(first, last)
        term = self._lexicon.concepts[concept_id].preferred_name
        return Mention(
            start=start,
            end=end,
            text=view.text_of(sentence.tokens[first], sentence.tokens[last - 1] + 1),
            token_start=sentence.tokens[first],
            token_end=sentence.tokens[last - 1] + 1,
            match=Match(kind="pattern", term=term, score=_SCORES["pattern"], reason=reason),
            concept_ids=(concept_id,),
        )

    def _lone_lesions(
        self, view: View, sentence: Sentence, unplaced: Sequence[Item], mentions: Sequence[Mention], *, told: bool
    ) -> Iterator[Mention]:
        """Regurgitation of a valve that the text does not name, where the text speaks of the heart or has ``told`` of a valve."""
        if _UNSPECIFIED not in self._lexicon.concepts:
            return
        here = view.sentence_number(sentence.token_start)
        near = told or any(abs(view.sentence_number(mention.token_start) - here) <= 1 for mention in mentions)
        for item in unplaced:
            before = sentence.lower[item.first - 1] if item.first else ""
            word = sentence.lower[item.last - 1]
            valvular = before in self._words["valvular"]
            lone = word in self._words["lone"] and (near or not self._words["cardiac"].isdisjoint(sentence.lower))
            if item.lesion == "regurgitation" and not item.adjective and (valvular or lone):
                yield self._pattern_mention(view, sentence, item.first, item.last, _UNSPECIFIED, "no valve named")

    def _placed(self, view: View, mention: Mention, mentions: Sequence[Mention]) -> Mention:
        """A "leaky valve" without a name: the valve that the text names elsewhere, else the mitral (the user's decision).

        It stays a valve's without a name where the text says that the valve is not known, another one, or not the mitral.
        """
        if mention.concept_ids != (_UNSPECIFIED,) or mention.match.term not in self._lay:
            return mention
        number = view.sentence_number(mention.token_start)
        sentence = view.sentence(number)
        words = [*sentence.lower, *(view.sentence(number + 1).lower if number + 1 < len(view.sentence_starts) else ())]
        place = sentence.locate(mention.token_start, mention.token_end)[0]
        if self._is_unknown(words) or not self._words["other_one"].isdisjoint(sentence.lower[max(0, place - 1) : place]):
            return mention
        called = sentence.lower[place : place + mention.token_end - mention.token_start]
        if "valves" in called and "one" not in called:
            return mention  # valves in general
        denied = {_SITE_WORDS[word] for at, word in enumerate(words) if word in _SITE_WORDS and self._is_denied(words[:at])}
        spoken = words if words[len(sentence.lower) :][:1] == ["it"] else sentence.lower  # "... leaks. It is the tricuspid."
        here = [_SITE_WORDS[word] for at, word in enumerate(spoken) if word in _SITE_WORDS and self._is_valve(spoken, at)]
        told = [pair[0] for other in mentions if len(other.concept_ids) == 1 and (pair := self._parts_reported(other.concept_ids[0]))]
        named = [site for site in (*here, *told) if site not in denied]
        site = named[0] if named else _LEAKY_DEFAULT
        if site in denied:
            return mention
        concept_id = self._site_lesions.get((site, "regurgitation"), _UNSPECIFIED)
        inferred = Attribute(kind="site", value="inferred", extra={"site": site})
        match = replace(mention.match, score=0.8 if named else 0.7, reason="valve inferred")
        return mention._replace(concept_ids=(concept_id,), match=match, attributes=(*mention.attributes, inferred))

    def _is_valve(self, words: Sequence[str], at: int) -> bool:
        """Whether the name of a valve means one: the aortic and the pulmonary are vessels too ("a valve leak, pulmonary embolism")."""
        after = words[at + 1] if at + 1 < len(words) else ""
        return words[at] in ("mitral", "tricuspid") or not after.isalpha() or after == "one" or after in self._words["valve_noun"]

    def _is_unknown(self, words: Sequence[str]) -> bool:
        """``not sure which one``, ``they do not know which``."""
        return "which" in words and not self._words["unknown"].isdisjoint(words)

    def _is_denied(self, before: Sequence[str]) -> bool:
        """``not | mitral``, ``other than the | mitral``."""
        nearest = [word for word in before[-4:] if word not in self._words["article"]]
        return not self._words["denial"].isdisjoint(nearest[-2:])

    def _parts_of_short_forms(self) -> dict[str, tuple[str, str]]:
        """The valve and likeliest lesion of short forms that nearly always speak of one valve, whatever they mean: MVP, MVR, AVR."""
        found = {}
        for form, senses in self._lexicon.senses.items():
            told = [one for one in senses if one.concept_id in self._parts_of]
            sites = {self._parts_of[one.concept_id][0] for one in told}
            sure = all(sum(one.priors[setting] for one in told) >= _SURE_PRIOR for setting in senses[0].priors)
            if len(form) >= _SHORTEST_SURE and len(sites) == 1 and sure:
                found[form] = self._parts_of[max(told, key=lambda one: sum(one.priors.values())).concept_id]
        return found

    def _sites_of_short_forms(self) -> dict[str, str]:
        """The one valve of which a short form may speak, though it may mean something else: MR, TR, TEER."""
        sites = {
            form: {pair[0] for one in senses if (pair := self._parts_reported(one.concept_id))}
            for form, senses in self._lexicon.senses.items()
        }
        return {form: next(iter(named)) for form, named in sites.items() if len(named) == 1}

    # -- tables ---------------------------------------------------------------------------------------------------------

    def _read_parts(self, folder: Traversable) -> None:
        for row in read_table(folder / "modifiers.tsv", ("word", "role"), ("source",)):
            self._words[row["role"]] |= {row["word"]}
        self._low_forms = LowForms(folder, self._words["grade"])
        self._infarct_signs = InfarctSigns(folder, self._words["other_organ"])
        for row in read_table(folder / "site_lesions.tsv", ("site", "lesion", "concept_id"), None):
            self._site_lesions[row["site"], row["lesion"]] = row["concept_id"]
        # Weak forms first: "pulmonic" is full, but read as a spelling of "pulmonary", which is not.
        for row in sorted(read_table(folder / "sites.tsv", ("form", "site"), None), key=lambda row: row["strength"] == "full"):
            if row["strength"] == "full":
                self._full_sites.add(row["form"].lower())
            self._table.add_part(row["form"], lambda words, row=row: Part("site", row["site"], words, full=row["strength"] == "full"))  # type: ignore[misc]
        self._descriptions = Descriptions(folder)
        for row in read_table(folder / "lesions.tsv", ("form", "lesion"), None):
            self._table.add_part(row["form"], lambda words, row=row: Part("lesion", row["lesion"], words, part=row["part"]))  # type: ignore[misc]
        for word in sorted(self._descriptions.triggers | self._descriptions.places):
            self._table.add_part(word, lambda words: Part("trigger", "", words))
        for word in sorted(self._words["bare_infarct"]):
            self._table.add_part(word, lambda words: Part(_BARE_INFARCT, "", words))


def _kind(form: Form, text: str, hit: Hit) -> tuple[MatchKind, str]:
    if form.short:
        return "abbreviation", "" if text == form.term.text else "written otherwise"
    if hit.edits:
        return "fuzzy", f"{hit.edits} edit{'s' if hit.edits > 1 else ''}"
    if text == form.term.text:
        return "exact", ""
    return "variant", "word order" if form.inverted else "case, spelling or spacing"


def _spelling() -> dict[str, str]:
    from mrterms.lexicon.resources import lexicon_folder

    rows = read_table(lexicon_folder("clinical") / "spelling.tsv", ("form", "normal"), None)
    return {row["form"]: row["normal"] for row in rows}
