"""Named-entity recognition (命名实体识别): a small tagger for what has no form, such as names (section 3.2.3).

A linear-chain conditional random field (Lafferty et al., 2001): every token gets a score for every tag from its word,
its shape and its neighbours, every pair of neighbouring tags gets one too, and the best sequence of tags wins. Tags are
"B-name" for the first token of a name, "I-name" for its others, and "O" outside (BIO).
"""

import re
from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

from llmbook.data.spans import Span
from llmbook.errors import ReaderError

_TOKEN = re.compile(r"[^\W\d_\u3400-\u9fff]+(?:['’-](?!s\b)[^\W\d_\u3400-\u9fff]+)*|[0-9]+|[^\s]")
_IMPOSSIBLE = -1e4

Place = tuple[int, int]


def tokens(text: str) -> list[Place]:
    """The places of words, numbers, Chinese characters and punctuation marks."""
    return [match.span() for match in _TOKEN.finditer(text)]


def bio_tags(places: Sequence[Place], spans: Sequence[Span]) -> list[str]:
    """The tag of each token: B-type where a span starts, I-type where it goes on, O elsewhere.

    Raises:
        ReaderError: for a span that starts or ends within a token.
    """
    starts, ends = {a: i for i, (a, _) in enumerate(places)}, {b: i for i, (_, b) in enumerate(places)}
    tags = ["O"] * len(places)
    for span in spans:
        if span.start not in starts or span.end not in ends:
            raise ReaderError(f"the span {span.value!r} at {span.start} starts or ends within a token")
        for i in range(starts[span.start], ends[span.end] + 1):
            tags[i] = ("B-" if i == starts[span.start] else "I-") + span.type
    return tags


def spans_of(text: str, places: Sequence[Place], tags: Sequence[str]) -> list[Span]:
    """The inverse of `bio_tags`; an I without a B of its type before it counts as a B."""
    spans: list[Span] = []
    previous = "O"
    for (start, end), tag in zip(places, tags, strict=True):
        if tag.startswith("I-") and previous[2:] == tag[2:]:
            start = spans.pop().start
        if tag != "O":
            spans.append(Span(tag[2:], start, end, text[start:end]))
        previous = tag
    return spans


def features(words: Sequence[str]) -> Iterator[list[str]]:
    """What the tagger knows of each word: itself, its ends and shape, and two neighbours on either side."""
    padded = ["<", "<", *words, ">", ">"]
    lower, shapes = [word.lower() for word in padded], [_shape(word) for word in padded]
    for i in range(2, len(padded) - 2):
        yield [
            "", f"w{lower[i]}", f"-1{lower[i - 1]}", f"+1{lower[i + 1]}", f"-2{lower[i - 2]}", f"+2{lower[i + 2]}",
            f"-b{lower[i - 1]} {lower[i]}", f"+b{lower[i]} {lower[i + 1]}", f"-B{lower[i - 2]} {lower[i - 1]}",
            f"+B{lower[i + 1]} {lower[i + 2]}", f"s{shapes[i]}", f"-s{shapes[i - 1]} {shapes[i]}",
            f"+s{shapes[i]} {shapes[i + 1]}", f"S{shapes[i - 1]} {shapes[i]} {shapes[i + 1]}", f"p{lower[i][:3]}",
            f"e{lower[i][-3:]}", f"x{lower[i - 1]} {shapes[i]} {lower[i + 1]}",
        ]  # fmt: skip


def _shape(word: str) -> str:
    """Xx for a capitalised word, X for capitals, x for small letters, 9 for a number, the character for other signs."""
    first = word[0]
    if first.isdecimal():
        return "9" * min(len(word), 5)
    if "\u3400" <= first <= "\u9fff":
        return "中"
    return ("Xx" if word[1:].islower() else "X") if first.isupper() else "x" if first.isalpha() else first


class Tagger(nn.Module):
    """Finds spans of the given types in text. Sentences go in as the feature rows that `encode` makes.

    Args:
        types: of the spans, e.g. ["name", "address"].
        num_buckets: features are hashed into so many rows of weights.
        dropout: share of the features left out while training, so that no word is relied upon alone.
    """

    def __init__(self, types: Sequence[str], num_buckets: int = 2**16, dropout: float = 0.4) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.tags = ["O", *(f"{part}-{kind}" for kind in types for part in "BI")]
        self.emissions = nn.EmbeddingBag(num_buckets, len(self.tags), mode="sum")
        self.transitions = nn.Parameter(torch.zeros(len(self.tags), len(self.tags)))  # from, to
        nn.init.zeros_(self.emissions.weight)
        allowed = [[b[0] != "I" or a in ("B" + b[1:], b) for b in self.tags] for a in self.tags]
        self.register_buffer("allowed", torch.tensor(allowed), persistent=False)

    def encode(self, words: Sequence[str]) -> Tensor:
        """The rows of weights for each word, int64, [words, features]."""
        hashes = (crc32(name.encode()) for known in features(words) for name in known)
        ids = np.fromiter(hashes, dtype=np.int64).reshape(len(words), -1)
        return torch.from_numpy(ids % self.emissions.num_embeddings)

    def forward(self, sentences: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Scores of the tags of every token, [batch, length, tags], and the mask of tokens, [batch, length]."""
        lengths = torch.tensor([len(ids) for ids in sentences])
        mask = torch.arange(int(lengths.max())) < lengths[:, None]
        ids = torch.cat(list(sentences))
        scores = self.emissions.weight.new_zeros(*mask.shape, len(self.tags))
        scores[mask] = self.emissions(ids, per_sample_weights=self.dropout(torch.ones(ids.shape)))
        scores[:, 0, [tag[0] == "I" for tag in self.tags]] = _IMPOSSIBLE
        return scores, mask

    def loss(self, sentences: Sequence[Tensor], tags: Sequence[Sequence[str]]) -> Tensor:
        """-log p(tags | sentence), in nats per token; p = exp(score of the tags) / sum over all sequences of tags."""
        scores, mask = self(sentences)
        index = {tag: i for i, tag in enumerate(self.tags)}
        gold = torch.zeros(mask.shape, dtype=torch.long)
        gold[mask] = torch.tensor([index[tag] for row in tags for tag in row])
        moves = self._moves()
        emitted = scores.gather(2, gold[..., None])[..., 0][mask].sum()
        moved = moves[gold[:, :-1], gold[:, 1:]][mask[:, 1:]].sum()
        total = scores[:, 0]
        for t in range(1, mask.shape[1]):
            stepped = (total[:, :, None] + moves).logsumexp(dim=1) + scores[:, t]
            total = stepped.where(mask[:, t, None], total)
        return (total.logsumexp(dim=1).sum() - emitted - moved) / mask.sum()

    def _moves(self) -> Tensor:
        return self.transitions.masked_fill(~self.allowed, _IMPOSSIBLE)

    @torch.inference_mode()
    def decode(self, sentences: Sequence[Tensor]) -> list[list[str]]:
        """The best tags of each sentence (Viterbi, 1967)."""
        scores, mask = self(sentences)
        moves, best, pointers = self._moves(), scores[:, 0], []
        for t in range(1, mask.shape[1]):
            value, source = (best[:, :, None] + moves).max(dim=1)
            best = (value + scores[:, t]).where(mask[:, t, None], best)
            pointers.append(source.where(mask[:, t, None], torch.arange(len(self.tags))))
        path = [best.argmax(dim=1)]
        for source in reversed(pointers):
            path.append(source.gather(1, path[-1][:, None])[:, 0])
        rows = torch.stack(path[::-1], dim=1).tolist()
        return [[self.tags[i] for i in row[: len(ids)]] for row, ids in zip(rows, sentences, strict=True)]

    def find(self, texts: Sequence[str], batch_size: int = 256) -> list[list[Span]]:
        """The spans in each text."""
        pieces = [(n, piece) for n, text in enumerate(texts) for piece in _sentences(text)]
        pieces.sort(key=lambda item: len(item[1]))
        found: list[list[Span]] = [[] for _ in texts]
        for first in range(0, len(pieces), batch_size):
            batch = pieces[first : first + batch_size]
            decoded = self.decode([self.encode([texts[n][a:b] for a, b in places]) for n, places in batch])
            for (n, places), tags in zip(batch, decoded, strict=True):
                found[n] += spans_of(texts[n], places, tags)
        return [sorted(spans, key=lambda span: span.start) for spans in found]


def _sentences(text: str, longest: int = 200) -> Iterator[list[Place]]:
    """The tokens of each sentence; a dot after one or two letters is taken for an abbreviation."""
    sentence: list[Place] = []
    for start, end in tokens(text):
        if sentence and (len(sentence) == longest or "\n" in text[sentence[-1][1] : start]):
            yield sentence
            sentence = []
        sentence.append((start, end))
        word = text[slice(*sentence[-2])] if len(sentence) > 1 else ""
        if text[start] in "。！？!?" or (text[start] == "." and text[end : end + 1].isspace() and len(word) > 2):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def train_tagger(
    texts: Sequence[str],
    spans: Sequence[Sequence[Span]],
    epochs: int = 2,
    batch_size: int = 64,
    learning_rate: float = 0.05,
    seed: int = 0,
) -> Tagger:
    """Fit a tagger to labelled texts (Adam, a linear fall of the learning rate).

    Args:
        texts: whole pages or single sentences.
        spans: the true spans of each text; their types become the tagger's.
        epochs: passes over the sentences.
        batch_size: sentences in a step.
        learning_rate: of the first step.
        seed: of the order.

    Raises:
        ReaderError: when no text has a span.
    """
    types = sorted({span.type for row in spans for span in row})
    if not types:
        raise ReaderError("there is not one span to learn from: give labelled texts")
    tagger, generator = Tagger(types), torch.Generator().manual_seed(seed)
    examples = []
    for text, row in zip(texts, spans, strict=True):
        tags = bio_tags(tokens(text), row)
        for places in _sentences(text):
            examples.append((tagger.encode([text[a:b] for a, b in places]), tags[: len(places)]))
            tags = tags[len(places) :]
    examples.sort(key=lambda example: len(example[0]))
    batches = [examples[first : first + batch_size] for first in range(0, len(examples), batch_size)]
    optimizer = torch.optim.Adam(tagger.parameters(), lr=learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, epochs * len(batches))
    for _ in range(epochs):
        for number in torch.randperm(len(batches), generator=generator).tolist():
            optimizer.zero_grad()
            tagger.loss(*zip(*batches[number], strict=True)).backward()
            optimizer.step()
            schedule.step()
    return tagger.eval()
