"""Byte-level BPE against `tokenizers`, token for token, and against brute force."""

import json
import pickle
import random
from collections import Counter
from itertools import islice

import numpy as np
import pytest
import tokenizers
from tokenizers import Regex, models, pre_tokenizers, trainers

from llmbook.data.prose import source_files, topics
from llmbook.data.tokenizers import GPT2_PATTERN, LLAMA3_PATTERN, QWEN2_PATTERN, BPETokenizer
from llmbook.data.tokenizers.bpe import count_words, learn_merges
from llmbook.data.tokenizers.chains import Chains, pair_of, symbols_of
from llmbook.data.tokenizers.formats import printable
from llmbook.data.tokenizers.word_bpe import count_pairs, merge_pair
from llmbook.data.world import World
from llmbook.errors import ReaderError

END = "<|endoftext|>"
CODE = [file["text"] for file in islice(source_files(), 12)]
MARKET = [record["text"] for kind in ("encyclopedia", "dialogue") for record in World(0).records(kind, 150)]
PROSE = topics()[:500]
HARD = [
    "", " ", "\n\n",
    "a" * 3000, "=" * 500 + "ab" * 400, "中文分词" * 60, "龙龍🙂👩‍👩‍👧 ½ 12345", "\x00\x7f\u200b\ufeff",
    "DON'T  don't\t\tſ\r\n \r\n", "𠀀𠀁 naïve cafe\u0301", END, f"a{END}{END} b{END[:-1]}",
]  # fmt: skip


def theirs_trained(texts, vocab_size, special_tokens, pattern):
    theirs = tokenizers.Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(pattern), "isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    theirs.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    options = {"initial_alphabet": alphabet, "show_progress": False}
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=special_tokens, **options)
    theirs.train_from_iterator(texts, trainer)
    theirs.decoder = tokenizers.decoders.ByteLevel()
    return theirs


@pytest.fixture(scope="module")
def ours():
    return BPETokenizer.train(PROSE + MARKET, 3000, [END, "<pad>"], QWEN2_PATTERN)


@pytest.fixture(scope="module")
def theirs():
    return theirs_trained(PROSE + MARKET, 3000, [END, "<pad>"], QWEN2_PATTERN)


# ---------------------------------------------------------------- training


@pytest.mark.parametrize(
    ("texts", "vocab_size", "special_tokens", "pattern"),
    [
        (CODE, 2000, [END], GPT2_PATTERN),
        (MARKET, 1500, [], LLAMA3_PATTERN),
        (PROSE[:300], 1000, [END, "<pad>"], QWEN2_PATTERN),
        (["aaaa aaa aaaaa aaaaaaa abab ababab bababa"] * 3, 400, [], GPT2_PATTERN),  # runs, and too little text
        (["".join(random.Random(0).choices("ab", k=4000))], 900, [], r"[\s\S]+"),  # one word, thousands of ties
        (["x"], 300, [], GPT2_PATTERN),
    ],
)
def test_training_gives_the_merges_and_ids_of_tokenizers(texts, vocab_size, special_tokens, pattern):
    ours = BPETokenizer.train(iter(texts), vocab_size, special_tokens, pattern)
    theirs = json.loads(theirs_trained(texts, vocab_size, special_tokens, pattern).to_str())["model"]
    assert [[printable(left), printable(right)] for left, right in ours.merges] == theirs["merges"]
    assert {printable(t): n for t, n in ours.vocabulary.items()} | ours.special_tokens == theirs["vocab"]


def test_the_counts_stay_those_of_a_rescan():
    draw = random.Random(1)
    words = {tuple(draw.choices("abc", k=draw.randint(1, 12))): draw.randint(1, 9) for _ in range(200)}
    symbols = ["a", "b", "c"]
    flat = [symbols.index(letter) for word in words for letter in word]
    chains = Chains(flat, [len(word) for word in words], words.values())
    for _ in range(60):
        expected = count_pairs(words)
        found = {tuple(symbols[number] for number in symbols_of(pair)): n for pair, n in chains.counts.items()}
        assert found == expected
        pair = max(chains.counts, key=lambda pair: (chains.counts[pair], pair))
        first = {name: place for place, name in reversed(list(enumerate(expected)))}  # in order of first occurrence
        by_place = sorted(chains.counts, key=chains.first_place)
        assert [first[tuple(symbols[n] for n in symbols_of(p))] for p in by_place] == sorted(first.values())
        left, right = (symbols[number] for number in symbols_of(pair))
        chains.merge(pair, len(symbols))
        symbols.append(left + right)
        words = merge_pair(words, (left, right))


def test_a_pair_is_one_number_in_order():
    pairs = [(0, 5), (1, 0), (1, 70000), (200000, 3)]
    numbers = [pair_of(*pair) for pair in pairs]
    assert numbers == sorted(numbers) and [symbols_of(number) for number in numbers] == pairs


def test_learning_stops_when_nothing_is_left():
    assert list(learn_merges(Chains([0, 1, 0, 1], [2, 2], [1, 1]), 2, 10)) == [(0, 1)]
    assert list(learn_merges(Chains([], [], []), 2, 10)) == []


def test_words_are_counted_from_a_stream_and_side_by_side():
    texts = [f"{text}{END}" for text in MARKET]
    counted = count_words(iter(texts), GPT2_PATTERN, [END])
    split = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str
    assert {printable(word.encode()): n for word, n in counted.items()} == Counter(
        word for text in MARKET for word, _ in split(text)
    )
    assert count_words(iter(texts * 4), GPT2_PATTERN, [END], num_workers=2) == {w: 4 * n for w, n in counted.items()}


@pytest.mark.parametrize(
    ("texts", "vocab_size", "special_tokens", "message"),
    [
        (["a"], 256, [END], "256 bytes and 1 special tokens need 257"),
        (["a"], 300, [END, END], "given twice"),
        ("one text", 300, [], "texts is one string"),
    ],
)
def test_bad_training_is_refused(texts, vocab_size, special_tokens, message):
    with pytest.raises(ReaderError, match=message):
        BPETokenizer.train(texts, vocab_size, special_tokens)


# ---------------------------------------------------------------- encoding and decoding


def test_encoding_is_that_of_tokenizers(ours, theirs):
    texts = HARD + MARKET + PROSE + CODE
    expected = [encoding.ids for encoding in theirs.encode_batch(texts)]
    assert ours.encode_batch(texts) == expected
    assert [ours.decode(ids) for ids in expected] == texts
    assert [theirs.encode(text).tokens for text in HARD] == [ours.tokenize(text) for text in HARD]


def test_text_that_was_never_seen_comes_back(ours):
    draw = random.Random(0)
    for _ in range(200):
        text = "".join(chr(draw.choice([draw.randrange(0xD800), draw.randrange(0xE000, 0x110000)])) for _ in range(30))
        assert ours.decode(ours.encode(text)) == text


def test_cutting_at_junctions_changes_nothing(ours):
    """Long words are cut where no token can reach across; the merges alone must give the same."""
    draw = random.Random(0)
    letters = sorted({letter for text in MARKET for letter in text if letter > "\u4e00"}) + list("abcdefgh")
    for _ in range(300):
        word = "".join(draw.choices(letters, k=draw.randint(1, 80)))
        assert ours._encode_word(word) == ours._encode_piece(word)


def test_special_tokens_are_parsed_only_where_they_may(ours):
    text = f"a{END}b"
    assert ours.special_tokens[END] in ours.encode(text)
    literal = ours.encode(text, parse_special_tokens=False)
    assert ours.special_tokens[END] not in literal and ours.decode(literal) == text
    assert ours.decode(ours.encode(text), skip_special_tokens=True) == "ab"


def test_of_two_special_tokens_the_longer_is_found():
    texts = ["<a><ab><a>b<"]
    ours = BPETokenizer.train(texts, 260, ["<a", "<ab>", "<a>"])
    theirs = theirs_trained(texts, 260, ["<a", "<ab>", "<a>"], GPT2_PATTERN)
    assert ours.encode(texts[0]) == theirs.encode(texts[0]).ids


def test_bytes_that_are_no_text_are_replaced_as_in_tokenizers(ours, theirs):
    draw = random.Random(0)
    for _ in range(200):
        ids = draw.choices(range(len(ours)), k=12)
        assert ours.decode(ids) == theirs.decode(ids, skip_special_tokens=False)
        assert ours.decode(ids, skip_special_tokens=True) == theirs.decode(ids)
    assert len(ours.encode("龘")) == 3 and ours.decode(np.array(ours.encode("龘"))[:2]) == "�"
    assert ours.decode_bytes(ours.encode("龘")[:2]) == "龘".encode()[:2]


@pytest.mark.parametrize("number", [3000, -1])
def test_an_id_out_of_range_is_named(ours, number):
    with pytest.raises(ReaderError, match=rf"no token {number}: ids go from 0 to 2999"):
        ours.decode([5, number])


def test_half_a_surrogate_pair_is_named(ours):
    with pytest.raises(ReaderError, match=r"'\\ud83d' is half a surrogate pair"):
        ours.encode("a \ud83d b")
    broken = "a \ud83d b"
    assert ours.encode(broken.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def test_a_copy_is_small_and_works(ours):
    ours.encode_batch(CODE)
    copy = pickle.loads(pickle.dumps(ours))
    assert pickle.dumps(copy) == pickle.dumps(ours)
    assert copy.encode_batch(HARD) == ours.encode_batch(HARD)
    assert len(pickle.dumps(ours)) < 300_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocabulary": {b"a": 0}}, r"lacks the byte b'\\x00'"),
        ({"merges": [(b"a", b"zz")]}, "merge 0 joins b'a' and b'zz', but the vocabulary lacks b'zz'"),
        ({"special_tokens": {"<s>": 7}}, "two tokens have the same id"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused(change, message):
    right = {"vocabulary": {bytes([byte]): byte for byte in range(256)}, "merges": []}
    with pytest.raises(ReaderError, match=message):
        BPETokenizer(**right | change)


# ---------------------------------------------------------------- extension


def test_an_extended_vocabulary_keeps_its_ids_and_goes_on_learning():
    chinese = [record["text"] for record in World(0).records("encyclopedia", 600) if record["language"] == "zh"]
    base = BPETokenizer.train(PROSE[:200], 600, [END])
    more = base.extended(chinese, 900)
    assert len(more) == 900 and more.merges[: len(base.merges)] == base.merges
    assert base.vocabulary.items() <= more.vocabulary.items() and more.special_tokens == base.special_tokens
    assert sum(map(len, more.encode_batch(chinese))) < 0.5 * sum(map(len, base.encode_batch(chinese)))
    assert more.decode(more.encode(chinese[0])) == chinese[0]
    with pytest.raises(ReaderError, match="there are 900 tokens already"):
        more.extended(chinese, 900)


def test_extension_by_the_same_text_is_longer_training():
    """A tokenizer that learned 300 merges and then 300 more of the same text knows what one that learned 600 knows."""
    texts = CODE[:10]
    whole, first = BPETokenizer.train(texts, 900), BPETokenizer.train(texts, 600)
    assert first.extended(texts, 900).merges == whole.merges
