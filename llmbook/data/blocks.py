"""From text to rows of equal length: the input of a language model (sections 2.1 and 2.3.4)."""

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from llmbook.errors import ReaderError


class CharacterTokenizer:
    """Every character is a token; the vocabulary is the characters of a text, sorted.

    Args:
        text: what the vocabulary is taken from.
    """

    def __init__(self, text: str) -> None:
        self.characters = sorted(set(text))
        self._ids = {character: number for number, character in enumerate(self.characters)}

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> Tensor:
        """The token ids, int64, shape [len(text)].

        Raises:
            ReaderError: for a character that is not in the vocabulary.
        """
        try:
            return torch.tensor([self._ids[character] for character in text], dtype=torch.long)
        except KeyError as error:
            raise ReaderError(f"the character {error} is not in the tokenizer's vocabulary") from None

    def decode(self, token_ids: Iterable[int]) -> str:
        """The text of token ids."""
        return "".join(self.characters[int(number)] for number in token_ids)


def pack(documents: Iterable[Sequence[int]], block_size: int) -> Tensor:
    """Join documents end to end and cut them into rows; the remainder is dropped (`group_texts` of section 2.3.4).

    Args:
        documents: token ids, with whatever separator they should carry.
        block_size: tokens in a row.

    Returns:
        int64, shape [number of full rows, block_size].

    Raises:
        ReaderError: when there is not even one full row.
    """
    ids = torch.tensor([token for document in documents for token in document], dtype=torch.long)
    rows = len(ids) // block_size
    if not rows:
        raise ReaderError(f"{len(ids)} tokens do not fill one block of {block_size}: use a smaller block_size")
    return ids[: rows * block_size].view(rows, block_size)


def random_blocks(token_ids: Tensor, block_size: int, batch_size: int, seed: int = 0) -> Iterator[Tensor]:
    """Batches of rows that start at random places of one long text, without end.

    Args:
        token_ids: [length].
        block_size: tokens in a row.
        batch_size: rows in a batch.
        seed: of the places.

    Yields:
        [batch_size, block_size].

    Raises:
        ReaderError: when the text is shorter than a block.
    """
    if len(token_ids) < block_size:
        raise ReaderError(f"{len(token_ids)} tokens do not fill one block of {block_size}: use a smaller block_size")
    generator = torch.Generator().manual_seed(seed)
    rows = token_ids.unfold(0, block_size, 1)  # a view, [length - block_size + 1, block_size]
    while True:
        yield rows[torch.randint(len(rows), (batch_size,), generator=generator)]
