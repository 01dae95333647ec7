"""Writes the scores of reference implementations, which the tests of this crate compare with.

    pip install jsonpath-rfc9535==1.0.1 rapidfuzz==3.14.6 rouge-score==0.1.2 sacrebleu==2.6.0
    python make.py evaluate-v2.0.py     # the official evaluation script of SQuAD 2.0

Every file holds cases: a scorer's configuration, an item's `expected`, an answer, and the score.
"""

import copy
import importlib.util
import itertools
import json
import pathlib
import random
import sys

import jsonpath_rfc9535
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


# JSON documents: no package computes this likeness, so it is computed here once more, by trying every alignment.


def leaves(value, ignored):
    if isinstance(value, dict):
        kept = [v for k, v in value.items() if k not in ignored]
        return sum(leaves(v, ignored) for v in kept) or 1
    if isinstance(value, list):
        return sum(leaves(v, ignored) for v in value) or 1
    return 1


def kind(value):
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def alignments(one, other, unordered):
    """Every way to pair elements: as pairs of places."""
    shorter = min(len(one), len(other))
    for size in range(shorter + 1):
        for left in itertools.combinations(range(len(one)), size):
            choose = itertools.permutations if unordered else itertools.combinations
            for right in choose(range(len(other)), size):
                yield list(zip(left, right))


def common(one, other, unordered, ignored):
    if kind(one) != kind(other):
        return 0
    if isinstance(one, dict):
        one, other = [{k: v for k, v in side.items() if k not in ignored} for side in (one, other)]
        both = one.keys() & other.keys()
        return sum(common(one[k], other[k], unordered, ignored) for k in both) if one or other else 1
    if isinstance(one, list):
        if not one and not other:
            return 1
        return max(
            sum(common(one[i], other[j], unordered, ignored) for i, j in pairs)
            for pairs in alignments(one, other, unordered)
        )
    return int(one == other)


def likeness(config):
    unordered, ignored = config.get("unordered", False), config.get("ignored_keys", [])

    def score(answer, references):
        weights = leaves(answer, ignored) + leaves(references[0], ignored)
        return 2 * common(answer, references[0], unordered, ignored) / weights

    return score


def document(depth):
    choice = random.random()
    if depth == 0 or choice < 0.25:
        return random.choice([None, True, False, 0, 1, 1.0, 2.5, -3, "", "a", "1", "東京", [], {}])
    if choice < 0.6:
        return [document(depth - 1) for _ in range(random.randrange(5))]
    return {key: document(depth - 1) for key in random.sample(["a", "b", "c", "d/e", "id"], random.randrange(5))}


def disturbed(value):
    if random.random() < 0.15:
        return document(1)
    if isinstance(value, dict):
        kept = {k: disturbed(v) for k, v in value.items() if random.random() > 0.1}
        return kept | ({"z": document(1)} if random.random() < 0.1 else {})
    if isinstance(value, list):
        kept = [disturbed(v) for v in value if random.random() > 0.1]
        if random.random() < 0.3:
            random.shuffle(kept)
        return kept
    return copy.deepcopy(value)


references = [{"a": document(3), "b": document(2), "id": document(1)} for _ in range(60)]
pairs = [(disturbed(reference), reference) for reference in references] + [
    (document(3), [document(3), document(2)]) for _ in range(60)
]
write("json_diff", [
    (config, False, likeness(config))
    for config in [{}, {"unordered": True}, {"ignored_keys": ["a", "id"]}, {"unordered": True, "ignored_keys": ["b"]}]
])

# JSONPath: each path finds what the other implementation finds, or nothing.
STORE = {
    "store": {
        "book": [
            {"category": "reference", "author": "Nigel Rees", "title": "Sayings", "price": 8.95},
            {"category": "fiction", "author": "Evelyn Waugh", "title": "Sword", "price": 12.99},
            {"category": "fiction", "author": "Herman Melville", "title": "Moby Dick", "isbn": "0-553", "price": 8.99},
        ],
        "bicycle": {"color": "red", "price": 399},
    },
    "o": {"j": 1, "k": 2, "ключ": [5, 3], "'": {"@": 3}, "": None},
    "a": [3, 5, 1, 2, 4, 6, {"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}, [], [1, [2, [3]]]],
}
PATHS = """$ $.store $.store.book[*].author $..author $.store.* $.store..price $..book[2] $..book[-1] $..book[0,1] $..book[:2]
$..book[1:] $..book[::-1] $..book[5:1:-2] $..book[?@.isbn] $..book[?@.price<10] $..book[?@.price>=8.99&&@.category=='fiction']
$..book[?!@.isbn] $..book[?@.isbn||@.price>12] $.o['j','k'] $.o["'"]['@'] $.o[''] $.o['ключ'][1] $.a[?@.b=='kilo'] $.a[?@>3.5]
$.a[?@.b] $.a[?@<2||@.b=="k"] $.a[?length(@)==2] $.a[?count(@.*)==1] $.a[?value(@.b)=='j'] $.nowhere $.a[99] $.a.b $.o[*]
$..[1] $.a[-1][1][1][0] $.a[?@.b!=null] $.a[?@==$.o.j] $.a[1:5:2] $.a[5:1] $.a[::0]""".split()
cases = []
for path in PATHS:
    found = jsonpath_rfc9535.find(path, STORE).values()
    other = {"path": path, "equals": "something else"}
    same = all(value == found[0] for value in found)
    right = {"path": path, "equals": found[0]} if found and same else {"path": path, "exists": bool(found)}
    for assertion, value in [(right, 1), ({"path": path, "exists": not found}, 0), (other, 0)]:
        scorer = {"type": "json_path", "assertions": [assertion]}
        cases.append({"scorer": scorer, "expected": 0, "answer": STORE, "value": float(value)})
(HERE / "json_path.json").write_text("[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]\n")
