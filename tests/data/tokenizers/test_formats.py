"""Files of tokenizers: what we write, others read; what others write, we read; what we cannot, we say."""

import base64
import json
import random

import pytest
import tiktoken
import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from llmbook.data.prose import topics
from llmbook.data.tokenizers import GPT2_PATTERN, LLAMA3_PATTERN, QWEN2_PATTERN, BPETokenizer
from llmbook.data.world import World
from llmbook.errors import ReaderError

END = "<|endoftext|>"
TEXTS = [record["text"] for kind in ("encyclopedia", "dialogue") for record in World(1).records(kind, 80)]
TEXTS += topics()[:60]
SAMPLES = [*TEXTS, "", " \n", f"a{END} b", "e\u0301ﬁ½ 2024年 龍🙂 don't DON'T", "def f(x):\n\n\n        return 1000000"]


@pytest.fixture(scope="module")
def ours():
    return BPETokenizer.train(TEXTS, 1200, [END, "<pad>"], QWEN2_PATTERN)


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behavior, invert)


BYTE_LEVEL = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def trained(steps, special_tokens=(), **options):
    theirs = tokenizers.Tokenizer(models.BPE(**options))
    theirs.pre_tokenizer = steps
    theirs.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    options = {"initial_alphabet": alphabet, "show_progress": False}
    trainer = trainers.BpeTrainer(vocab_size=1000, special_tokens=list(special_tokens), **options)
    theirs.train_from_iterator(TEXTS, trainer)
    return theirs


# ---------------------------------------------------------------- written


def test_tokenizers_reads_what_is_saved(ours, tmp_path):
    ours.save(tmp_path / "tokenizer.json")
    theirs = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    expected = [ours.encode(text) for text in SAMPLES]
    assert [encoding.ids for encoding in theirs.encode_batch(SAMPLES)] == expected
    assert [theirs.decode(ids, skip_special_tokens=False) for ids in expected] == SAMPLES
    assert theirs.get_vocab_size() == len(ours)


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, LLAMA3_PATTERN, [r"\p{N}", GPT2_PATTERN]])
def test_what_is_saved_comes_back(pattern, tmp_path):
    ours = BPETokenizer.train(TEXTS, 700, [END], pattern, normalization="NFC")
    ours.save(tmp_path / "tokenizer.json")
    back = BPETokenizer.from_file(tmp_path)
    assert back.__getstate__() == ours.__getstate__()
    theirs = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert back.encode_batch(SAMPLES) == [encoding.ids for encoding in theirs.encode_batch(SAMPLES)]


def test_transformers_reads_a_saved_folder(ours, tmp_path):
    template = "{% for m in messages %}{{ m['content'] }}<|endoftext|>{% endfor %}"
    ours.save_pretrained(tmp_path, bos_token=END, eos_token=END, pad_token="<pad>", chat_template=template)
    for theirs in (AutoTokenizer.from_pretrained(tmp_path), PreTrainedTokenizerFast.from_pretrained(tmp_path)):
        assert theirs(SAMPLES)["input_ids"] == ours.encode_batch(SAMPLES)
        assert (theirs.eos_token_id, theirs.pad_token_id, len(theirs)) == (0, 1, len(ours))
        assert theirs.decode(ours.encode(SAMPLES[0])) == SAMPLES[0]
        chat = theirs.apply_chat_template([{"role": "user", "content": "hello"}], tokenize=False)
        assert chat == f"hello{END}"
    assert BPETokenizer.from_file(tmp_path).encode_batch(SAMPLES) == ours.encode_batch(SAMPLES)


def test_a_part_that_is_no_special_token_is_refused(ours, tmp_path):
    with pytest.raises(ReaderError, match="eos_token '</s>' is no special token"):
        ours.save_pretrained(tmp_path, eos_token="</s>")


# ---------------------------------------------------------------- read

STYLES = {
    "GPT-2": lambda: trained(pre_tokenizers.ByteLevel(add_prefix_space=False), [END]),
    "LLaMA 3": lambda: trained(pre_tokenizers.Sequence([split(LLAMA3_PATTERN), BYTE_LEVEL]), ignore_merges=True),
    "Qwen 2": lambda: trained(pre_tokenizers.Sequence([split(QWEN2_PATTERN), BYTE_LEVEL])),
    "GPT-4": lambda: trained(pre_tokenizers.Sequence([split(LLAMA3_PATTERN, "removed", True), BYTE_LEVEL])),
    "DeepSeek": lambda: trained(
        pre_tokenizers.Sequence([split(r"\p{N}{1,3}"), split("[一-龥]+"), split(LLAMA3_PATTERN), BYTE_LEVEL])
    ),
    "StarCoder": lambda: trained(
        pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)])
    ),
}


@pytest.mark.parametrize("style", STYLES)
def test_tokenizers_of_known_models_are_read(style, tmp_path):
    theirs = STYLES[style]()
    if style == "Qwen 2":
        theirs.normalizer = normalizers.NFC()
    theirs.add_special_tokens([END, AddedToken("<|eot_id|>", special=True)])
    theirs.add_tokens(["<think>"])
    if style == "LLaMA 3":  # adds a token in front, unless it is told not to
        number = theirs.token_to_id(END)
        theirs.post_processor = processors.TemplateProcessing(single=f"{END} $A", special_tokens=[(END, number)])
    theirs.save(str(tmp_path / "tokenizer.json"))
    ours = BPETokenizer.from_file(tmp_path / "tokenizer.json")
    samples = [*SAMPLES, "<think>a<|eot_id|>"]
    expected = [encoding.ids for encoding in theirs.encode_batch(samples, add_special_tokens=False)]
    assert ours.encode_batch(samples) == expected
    assert [ours.decode(ids) for ids in expected] == [theirs.decode(ids, skip_special_tokens=False) for ids in expected]
    assert len(ours) == theirs.get_vocab_size()
    ours.save(tmp_path / "again.json")
    again = tokenizers.Tokenizer.from_file(str(tmp_path / "again.json"))
    assert [encoding.ids for encoding in again.encode_batch(samples)] == expected


def test_a_word_that_no_merge_leads_to(tmp_path):
    """LLaMA 3 has tokens that merging never makes; `ignore_merges` finds them as whole words, and only so."""
    content = json.loads(trained(pre_tokenizers.Sequence([split(LLAMA3_PATTERN), BYTE_LEVEL])).to_str())
    for word in ("zqxjk", "abcabcabcabcabcabcabc"):
        content["model"]["vocab"][word] = len(content["model"]["vocab"])
    for ignore_merges in (True, False):
        content["model"]["ignore_merges"] = ignore_merges
        (tmp_path / "tokenizer.json").write_text(json.dumps(content))
        theirs = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
        ours = BPETokenizer.from_file(tmp_path)
        for text in ("zqxjk", "zqxjk zqxjkk", "abcabcabcabcabcabcabc abcabcabcabcabcabcabcabc"):
            assert ours.encode(text) == theirs.encode(text).ids
        assert (len(ours.encode("zqxjk")) == 1) is ignore_merges


def test_old_files_write_merges_as_text_and_name_no_type(ours, tmp_path):
    ours.save(tmp_path / "tokenizer.json")
    content = json.loads((tmp_path / "tokenizer.json").read_text())
    content["model"]["merges"] = [" ".join(pair) for pair in content["model"]["merges"]]
    del content["model"]["type"]
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    assert BPETokenizer.from_file(tmp_path).__getstate__() == ours.__getstate__()


def change(**parts):
    def apply(content):
        for path, value in parts.items():
            *folders, last = path.split("__")
            place = content
            for folder in folders:
                place = place[folder]
            place[last] = value

    return apply


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (change(model__type="Unigram"), "holds a Unigram model: only byte-level BPE"),
        (change(model__byte_fallback=True), "is BPE with byte_fallback"),
        (change(model={}), r"holds a \? model"),
        (change(pre_tokenizer=None), "does not end in ByteLevel"),
        (change(pre_tokenizer={"type": "Metaspace"}), "does not end in ByteLevel"),
        (change(pre_tokenizer={"type": "ByteLevel", "add_prefix_space": True}), "ByteLevel with add_prefix_space"),
        (change(normalizer={"type": "Lowercase"}), "the normalizer Lowercase"),
        (change(added_tokens=[{"id": 0, "content": "<m>", "lstrip": True}]), "an added token with lstrip, '<m>'"),
        (change(model__vocab={"中": 0}), "the token '中', whose '中' stands for no byte"),
        (change(model__merges=[["a"]]), r"is damaged \(ValueError"),
        (change(model__vocab=3), r"is damaged \(AttributeError"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_line(ours, tmp_path, spoil, message):
    ours.save(tmp_path / "tokenizer.json")
    content = json.loads((tmp_path / "tokenizer.json").read_text())
    spoil(content)
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(ReaderError, match=message) as error:
        BPETokenizer.from_file(tmp_path)
    assert "\n" not in str(error.value) and "tokenizer.json" in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"{", "is no tokenizer.json"), (b"[]", "is no tokenizer.json"), (b"\xff\xfe", "no UTF-8"), (None, "cannot read")],
)
def test_a_damaged_or_missing_file_is_named(tmp_path, content, message):
    if content is not None:
        (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(ReaderError, match=message):
        BPETokenizer.from_file(tmp_path)


# ---------------------------------------------------------------- tiktoken


def test_a_rank_file_gives_the_tokens_of_tiktoken(ours, tmp_path):
    ranks = {token: number for number, token in enumerate(ours.vocabulary)}
    path = tmp_path / "ours.tiktoken"
    path.write_bytes(b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items()))
    special = {END: len(ranks) + 5}
    theirs = tiktoken.Encoding("ours", pat_str=QWEN2_PATTERN, mergeable_ranks=ranks, special_tokens=special)
    read = BPETokenizer.from_tiktoken(path, QWEN2_PATTERN, special)
    draw = random.Random(0)
    noise = ["".join(draw.choices("aba中龙 the1", k=draw.randint(1, 60))) for _ in range(300)]
    samples = SAMPLES + noise + ["a" * 999, "ab" * 300]
    assert read.encode_batch(samples) == [theirs.encode(text, allowed_special="all") for text in samples]
    assert read.encode(END, parse_special_tokens=False) == theirs.encode(END, disallowed_special=())
    assert read.decode([special[END]]) == END and len(read) == theirs.n_vocab


def test_equal_ranks_merge_from_the_left(tmp_path):
    """`aba` is both ab + a and a + ba: where the two overlap, tiktoken takes the left one."""
    tokens = [bytes([byte]) for byte in range(256)] + [b"ba", b"ab", b"aba"]
    ranks = {token: number for number, token in enumerate(tokens)}
    path = tmp_path / "x.tiktoken"
    path.write_bytes(b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items()))
    theirs = tiktoken.Encoding("x", pat_str=".+", mergeable_ranks=ranks, special_tokens={})
    read = BPETokenizer.from_tiktoken(path, ".+")
    draw = random.Random(0)
    for text in ("".join(draw.choices("ab", k=40)) for _ in range(500)):
        assert read.encode(text) == theirs.encode(text)


@pytest.mark.parametrize("line", ["YQ== x", "YQ==", "!!! 3"])
def test_a_damaged_rank_file_is_named_with_its_line(tmp_path, line):
    (tmp_path / "x.tiktoken").write_text(f"YQ== 0\n{line}\n")
    with pytest.raises(ReaderError, match="line 2"):
        BPETokenizer.from_tiktoken(tmp_path / "x.tiktoken", GPT2_PATTERN)
