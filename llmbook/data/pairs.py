"""Sentence pairs for translation: reading the reader's own, tokenizing, and batching them (section 2.2.5)."""

import gettext
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from llmbook.errors import ReaderError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, BOS, EOS, UNK = range(4)
SPECIAL_TOKENS = ["<pad>", "<bos>", "<eos>", "<unk>"]

Pair = tuple[str, str]


def read_pairs(path: str | Path, malformed: str = "refuse") -> tuple[list[Pair], list[str]]:
    """Read sentence pairs: a text file with one `source<TAB>target` per line, or a gettext catalogue (`.mo`).

    Args:
        path: a UTF-8 file; a byte-order mark and Windows line ends are accepted, empty lines are passed over.
        malformed: "refuse" stops at the first bad line; "skip" leaves bad lines out and tells them.

    Returns:
        The pairs in order, and one message per skipped line, with its number.

    Raises:
        ReaderError: file missing or without pairs, unknown `malformed`, or a bad line when refusing.
    """
    path = Path(path).expanduser()
    if malformed not in ("refuse", "skip"):
        raise ReaderError(f"malformed must be 'refuse' or 'skip', not {malformed!r}")
    try:
        pairs, problems = _read_catalogue(path) if path.suffix == ".mo" else _read_tsv(path)
    except OSError as error:
        raise ReaderError(f"cannot read {path}: {error.strerror or error}") from None
    if problems and malformed == "refuse":
        raise ReaderError(f"{path.name}, {problems[0]}: mend the line, or skip such lines with MALFORMED=skip")
    if not pairs:
        raise ReaderError(f"{path.name} holds no sentence pairs: one source<TAB>target per line is expected")
    return pairs, problems


def _read_tsv(path: Path) -> tuple[list[Pair], list[str]]:
    pairs: list[Pair] = []
    problems = []
    with open(path, "rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                problems.append(f"line {number}: not UTF-8")
                continue
            if not line.strip():
                continue
            fields = [field.strip() for field in line.split("\t")]
            if len(fields) != 2:
                problems.append(f"line {number}: {len(fields)} tab-separated fields where 2 are expected")
            elif not all(fields):
                problems.append(f"line {number}: the {'source' if not fields[0] else 'target'} is empty")
            else:
                pairs.append((fields[0], fields[1]))
    return pairs, problems


def _read_catalogue(path: Path) -> tuple[list[Pair], list[str]]:
    with open(path, "rb") as file:
        try:
            catalogue = gettext.GNUTranslations(file)._catalog  # the only place where gettext keeps all messages
        except (OSError, ValueError, LookupError) as error:
            raise ReaderError(f"{path.name} is not a gettext catalogue: {error}") from None
    # Plural forms are keyed by (message, form); the first form stands for the message.
    messages = {(key[0] if isinstance(key, tuple) else key): text for key, text in reversed(catalogue.items())}
    pairs = [(" ".join(source.split()), " ".join(target.split())) for source, target in reversed(messages.items())]
    return [pair for pair in pairs if all(pair)], []


def split_pairs(pairs: Sequence[Pair], num_held_out: int, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Drop repeated pairs and set some aside, so that no held-out source is among the training sources.

    Args:
        pairs: at least two distinct sources.
        num_held_out: pairs to set aside; at most a fifth of the distinct sources are.
        seed: of the shuffle.

    Returns:
        Training pairs and held-out pairs.

    Raises:
        ReaderError: when fewer than ten distinct sources are left to divide.
    """
    by_source: dict[str, list[Pair]] = {}
    for pair in dict.fromkeys(pairs):
        by_source.setdefault(pair[0], []).append(pair)
    if len(by_source) < 10:
        raise ReaderError(
            f"{len(by_source)} distinct source sentences are too few to train and test on: give at least 10"
        )
    groups = list(by_source.values())
    order = torch.randperm(len(groups), generator=torch.Generator().manual_seed(seed)).tolist()
    num_held_out = min(num_held_out, len(groups) // 5)
    held_out = [groups[i][0] for i in order[:num_held_out]]
    return [pair for i in order[num_held_out:] for pair in groups[i]], held_out


def train_tokenizer(sentences: Iterable[str], vocab_size: int = 4000) -> "Tokenizer":
    """Train a sub-word tokenizer (BPE, chapter 3) on sentences of any language.

    Blanks become part of the word that follows them, so decoding gives the sentence back; every Chinese character and
    every punctuation mark is a token of its own; characters never seen in training become `<unk>`. Encoding adds
    `<bos>` and `<eos>`; the ids of the special tokens are `PAD`, `BOS`, `EOS` and `UNK`.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    alone = pre_tokenizers.Split(Regex(r"[\p{Han}\p{P}]"), behavior="isolated")
    # "▁" marks a blank; one is put before the first word, so that a word is the same token wherever it stands.
    tokenizer.normalizer = normalizers.Replace(Regex(r"^(?!\p{Han})"), "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(prepend_scheme="never"), alone])
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=SPECIAL_TOKENS, show_progress=False)
    tokenizer.train_from_iterator(sentences, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>", special_tokens=[("<bos>", BOS), ("<eos>", EOS)]
    )
    return tokenizer


def encode_pairs(
    pairs: Sequence[Pair], source_tokenizer: "Tokenizer", target_tokenizer: "Tokenizer", max_tokens: int = 128
) -> tuple[list[tuple[list[int], list[int]]], int]:
    """Token ids of every pair, leaving out those with a side longer than `max_tokens` (start and end included).

    Returns:
        The encoded pairs and the number left out.
    """
    sources = source_tokenizer.encode_batch([source for source, _ in pairs])
    targets = target_tokenizer.encode_batch([target for _, target in pairs])
    encoded = [(source.ids, target.ids) for source, target in zip(sources, targets, strict=True)]
    kept = [pair for pair in encoded if max(map(len, pair)) <= max_tokens]
    return kept, len(encoded) - len(kept)


def pad_batch(rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows of token ids, filled up with `PAD` on the right: [len(rows), longest row]."""
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=PAD)


def pair_batches(
    encoded: Sequence[tuple[list[int], list[int]]], tokens_per_batch: int, seed: int = 0
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches for training, without end: each epoch in a new order, sentences of like length together.

    Args:
        encoded: from `encode_pairs`.
        tokens_per_batch: rows times the longest row, source and target together, is at most this (one pair at least).
        seed: of the order.

    Yields:
        Source ids [batch, source_length] and target ids [batch, target_length], padded with `PAD`.
    """
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.tensor([len(source) + len(target) for source, target in encoded], dtype=torch.float)
    while True:
        # A little noise on the lengths gives every epoch other neighbours, hence other batches.
        order = (lengths + 2 * torch.rand(len(encoded), generator=generator)).argsort().tolist()
        batches = list(_cut(order, encoded, tokens_per_batch))
        for i in torch.randperm(len(batches), generator=generator).tolist():
            rows = [encoded[j] for j in batches[i]]
            yield pad_batch([source for source, _ in rows]), pad_batch([target for _, target in rows])


def _cut(
    order: list[int], encoded: Sequence[tuple[list[int], list[int]]], tokens_per_batch: int
) -> Iterator[list[int]]:
    batch: list[int] = []
    source_length = target_length = 0
    for i in order:
        source_length, target_length = max(source_length, len(encoded[i][0])), max(target_length, len(encoded[i][1]))
        if batch and (len(batch) + 1) * (source_length + target_length) > tokens_per_batch:
            yield batch
            batch, source_length, target_length = [], len(encoded[i][0]), len(encoded[i][1])
        batch.append(i)
    if batch:
        yield batch
