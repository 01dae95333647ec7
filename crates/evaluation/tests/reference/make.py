"""Writes the scores of reference implementations, which the tests of this crate compare with.

    pip install rapidfuzz==3.14.6 rouge-score==0.1.2 sacrebleu==2.6.0
    python make.py evaluate-v2.0.py     # the official evaluation script of SQuAD 2.0

Every file holds cases: a scorer's configuration, an item's `expected`, an answer, and the score.
"""

import importlib.util
import itertools
import json
import pathlib
import random
import sys

from rapidfuzz import fuzz_py as fuzz  # The compiled one sees no white space in U+0085 and U+00A0 of Latin-1 texts.
from rapidfuzz.distance import Levenshtein
from rouge_score import rouge_scorer
from sacrebleu import sentence_bleu, sentence_chrf

HERE = pathlib.Path(__file__).parent
spec = importlib.util.spec_from_file_location("squad", sys.argv[1])
squad = importlib.util.module_from_spec(spec)
spec.loader.exec_module(squad)

random.seed(20)
WORDS = """the a an cat dog sat on mat Paris paris London 1,234.5 3-4 3.14 $18.00 50% U.S. e.g. don't well-known (so) [yes]
"quoted" naïve Straße ΟΔΟΣ été 東京 タワー 你好 世界 안녕 🙂 & &amp; &lt;b&gt; <skipped> a\u0301 x_y don’t … — İstanbul""".split()


def sentence(length):
    return " ".join(random.choice(WORDS) for _ in range(length))


def changed(text, share):
    """The text with some of its words left out, doubled, exchanged or moved."""
    words = text.split(" ")
    for _ in range(int(len(words) * share)):
        at, other = random.randrange(len(words)), random.randrange(len(words))
        kind = random.randrange(4)
        if kind == 0 and len(words) > 1:
            del words[at]
        elif kind == 1:
            words.insert(other, words[at])
        elif kind == 2:
            words[at] = random.choice(WORDS)
        else:
            words[at], words[other] = words[other], words[at]
    return " ".join(words)


FIXED = [
    ("", ""),
    ("", "a"),
    ("a", ""),
    ("the", "the"),
    ("the", "a"),
    (" ", "\n\t"),
    ("!?", "."),
    ("The cat sat on the mat.", "The cat sat on the mat."),
    ("The cat sat on the mat.", "The dog sat on the mat."),
    ("the quick brown fox", "The quick brown fox jumps over the lazy dog"),
    ("The quick brown fox jumps over the lazy dog", "the quick brown fox"),
    ("fuzzy wuzzy was a bear", "wuzzy fuzzy was a bear"),
    ("kitten", "sitting"),
    ("Straße", "STRASSE"),
    ("ΟΔΟΣ", "οδος"),
    ("İstanbul", "istanbul"),
    ("e\u0301te\u0301", "été"),
    ("東京タワー", "東京スカイツリー"),
    ("你好，世界。", "你好世界"),
    ("你 好 世 界", "你好世界"),
    ("🙂🙃", "🙂"),
    ("1,234.5 and 3-4", "1234.5 and 3 - 4"),
    ("$18.00", "18"),
    ("end-\nless lines\nhere", "endless lines here"),
    ("&quot;quoted&quot; &amp;amp; &lt;b&gt;", '"quoted" & <b>'),
    ("x<skipped>y", "xy"),
    ("a.b,c", "a . b , c"),
    ("..,,..1.2,3.", "., 1.2 ,3 ."),
    ("{a}[b](c)~`^_\\|@#%*+=/:;<>", "a b c"),
    ("one\x1ctwo\x85three\xa0four\u3000five", "one two three four five"),
    ("a\u0301 b the\u0301 c", "a b the c"),
    ("an _a_ the-end a.", "end"),
    ("a_the the_a", "a the"),
    ("aaaa", "aa"),
    ("ab" * 50, "ba" * 50),
    ("word " * 300, "word " * 200),
    ("non\u200bbreaking", "non breaking"),
    ("no match whatsoever", "completely different here instead"),
    ("one", "one"),
    ("one two", "one two"),
    ("one two three", "one two three"),
]
pairs = list(FIXED)
for length, share in itertools.product([1, 2, 3, 5, 10, 30, 100, 400], [0.1, 0.3, 0.6, 1.0]):
    reference = sentence(length)
    pairs.append((changed(reference, share), reference))
several = [
    ("the cat sat", ["a dog lay", "the cat sat down", "the cat"]),
    ("the cat sat", ["the cat sat", ""]),
    ("", ["", "a"]),
    ("the the the the", ["the cat the", "the the dog"]),
    ("东京", ["東京", "东京都"]),
]
for length in [2, 5, 20, 60]:
    reference = sentence(length)
    several.append((changed(reference, 0.4), [changed(reference, 0.4) for _ in range(3)]))


def write(name, scorers):
    """`scorers`: the configuration, whether it knows several references, and the score of an answer and references."""
    cases = []
    for config, knows_several, score in scorers:
        cases += [(config, reference, answer, score(answer, [reference])) for answer, reference in pairs]
        if knows_several:
            cases += [(config, references, answer, score(answer, references)) for answer, references in several]
    lines = [
        json.dumps({"scorer": {"type": name, **c}, "expected": e, "answer": a, "value": float(v)}, ensure_ascii=False)
        for c, e, a, v in cases
    ]
    (HERE / f"{name}.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


def edits(words, lower):
    def score(answer, references):
        sides = [side.lower() if lower else side for side in (answer, references[0])]
        return Levenshtein.normalized_similarity(*[side.split() if words else side for side in sides])

    return score


def rouge(variant, measure):
    scorer = rouge_scorer.RougeScorer([variant], use_stemmer=False)
    return lambda answer, references: getattr(scorer.score_multi(references, answer)[variant], measure)


def sort_ratio(answer, references):
    return fuzz.token_sort_ratio(answer, references[0]) / 100


write("levenshtein", [
    ({}, False, edits(False, False)),
    ({"unit": "words"}, False, edits(True, False)),
    ({"case_sensitive": False}, False, edits(False, True)),
])
write("fuzzy", [
    ({}, False, sort_ratio),
    ({"case_sensitive": False}, False, lambda a, r: sort_ratio(a.lower(), [r[0].lower()])),
])
write("bleu", [
    ({}, True, lambda a, r: sentence_bleu(a, r).score / 100),
    ({"case_sensitive": False}, True, lambda a, r: sentence_bleu(a, r, lowercase=True).score / 100),
])
write("chrf", [
    ({}, True, lambda a, r: sentence_chrf(a, r).score / 100),
    ({"case_sensitive": False}, True, lambda a, r: sentence_chrf(a.lower(), [t.lower() for t in r]).score / 100),
])
write("rouge", [
    ({"variant": variant, "measure": measure}, True, rouge(variant, {"f1": "fmeasure"}.get(measure, measure)))
    for variant in ["rouge1", "rouge2", "rougeL"]
    for measure in ["f1", "precision", "recall"]
])
write("token_f1", [({}, True, lambda a, r: max(squad.compute_f1(t, a) for t in r))])
