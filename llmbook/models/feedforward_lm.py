"""The first neural language model: a feed-forward net on the last n - 1 words (section 2.1; Bengio et al., 2003)."""

from collections.abc import Iterable, Sequence
from itertools import chain

import torch
from torch import Tensor, nn

from llmbook.errors import ReaderError


class FeedForwardLM(nn.Module):
    """Each history word becomes a learned vector; one hidden layer makes a distribution of their concatenation.

    y = b + U tanh(d + H x), and with direct connections also + W x, where x = (C(w_{i-n+1}), ..., C(w_{i-1})) are the
    history's embeddings side by side; softmax(y) is P(w_i | w_{i-n+1} ... w_{i-1}) (equation 1 of the paper).

    Args:
        vocab_size: words that can be predicted, the end of the sentence among them; id `vocab_size` stands for its
            beginning, which is read but never predicted.
        n: the history's words and the next one.
        embedding_size: features of a word.
        hidden_size: units of the hidden layer.
        direct: connect the embeddings to the output, past the hidden layer (W).
        dropout: on embeddings and hidden units.
    """

    def __init__(
        self,
        vocab_size: int,
        n: int = 4,
        embedding_size: int = 64,
        hidden_size: int = 128,
        direct: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if n < 2:
            raise ReaderError(f"a feed-forward model needs a history: n is at least 2, not {n}")
        self.n, self.bos_token_id = n, vocab_size
        self.embed_tokens = nn.Embedding(vocab_size + 1, embedding_size)  # C
        self.hidden = nn.Linear((n - 1) * embedding_size, hidden_size)  # H and d
        self.output = nn.Linear(hidden_size, vocab_size)  # U and b
        self.direct = nn.Linear((n - 1) * embedding_size, vocab_size, bias=False) if direct else None  # W
        self.dropout = nn.Dropout(dropout)

    def forward(self, histories: Tensor) -> Tensor:
        """Logits [..., vocab_size] of the next word.

        Args:
            histories: ids of the last n - 1 words, oldest first, [..., n - 1].

        Raises:
            ReaderError: for histories of another length, or an id above `vocab_size`.
        """
        if histories.shape[-1] != self.n - 1:
            raise ReaderError(f"a history of n = {self.n} has {self.n - 1} words, not {histories.shape[-1]}")
        try:
            x = self.dropout(self.embed_tokens(histories).flatten(-2))
        except IndexError:
            raise ReaderError(f"word id {histories.max().item()} is above vocab_size = {self.bos_token_id}") from None
        y = self.output(self.dropout(self.hidden(x).tanh()))
        return y if self.direct is None else y + self.direct(x)


def history_windows(
    sentences: Iterable[Sequence[int]], n: int, bos_token_id: int, eos_token_id: int
) -> tuple[Tensor, Tensor]:
    """Every word of some sentences, and each one's end, with the n - 1 words before it.

    Args:
        sentences: word ids, without beginning and end.
        n: the history's words and the next one.
        bos_token_id: fills the history before a sentence's first word.
        eos_token_id: what is predicted after its last one.

    Returns:
        Histories [tokens + sentences, n - 1], and the next words [tokens + sentences].
    """
    padded = chain.from_iterable([*[bos_token_id] * (n - 1), *ids, eos_token_id] for ids in sentences)
    windows = torch.tensor(list(padded)).unfold(0, n, 1)
    windows = windows[windows[:, -1] != bos_token_id]  # those that end in padding straddle two sentences
    return windows[:, :-1], windows[:, -1]
