"""What BERT's two tasks do to text: hidden tokens and sentence pairs (section 2.3.1; Devlin et al., 2019)."""

import random
from collections.abc import Sequence

import torch
from torch import Tensor

from llmbook.errors import ReaderError

IGNORED = -100  # the label that F.cross_entropy leaves out


def mask_tokens(
    input_ids: Tensor,
    special_tokens_mask: Tensor,
    mask_token_id: int,
    vocab_size: int,
    probability: float = 0.15,
    *,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Select tokens at random and hide them: 80 % become the mask, 10 % a random token, 10 % stay as they are.

    Args:
        input_ids: [batch, length].
        special_tokens_mask: of the same shape, true (or 1) for tokens that are never selected: [CLS], [SEP], [PAD].
        mask_token_id: of [MASK].
        vocab_size: random tokens are drawn evenly from all of the vocabulary.
        probability: that a token is selected, each independently of the others.
        generator: where the draws come from, on the device of `input_ids`.

    Returns:
        The changed ids; and the labels, the original id where a token was selected and -100 elsewhere.

    Raises:
        ReaderError: for masks of another shape, a mask token outside the vocabulary, or no probability.
    """
    if special_tokens_mask.shape != input_ids.shape:
        raise ReaderError(
            f"special_tokens_mask has shape {list(special_tokens_mask.shape)} and input_ids {list(input_ids.shape)}: "
            "they should be the same"
        )
    if not 0 <= probability <= 1:
        raise ReaderError(f"probability is {probability}: give a number from 0 to 1")
    if not 0 <= mask_token_id < vocab_size:
        raise ReaderError(f"the mask token {mask_token_id} is outside the vocabulary of {vocab_size}")

    def drawn() -> Tensor:
        return torch.rand(input_ids.shape, generator=generator, device=input_ids.device)

    selected = (drawn() < probability) & ~special_tokens_mask.bool()
    labels = input_ids.where(selected, IGNORED)
    change = drawn()
    random_ids = torch.randint(vocab_size, input_ids.shape, generator=generator, device=input_ids.device)
    masked_ids = input_ids.masked_fill(selected & (change < 0.8), mask_token_id)
    return random_ids.where(selected & (change >= 0.9), masked_ids), labels


def next_sentence_pairs(documents: Sequence[Sequence[str]], seed: int = 0) -> list[tuple[str, str, int]]:
    """One sentence pair per document: with probability ½ two neighbours, else the second from another document.

    The foreign sentence stands in its document where the true one stands, so that its place gives nothing away.

    Args:
        documents: lists of at least two sentences.
        seed: of the draws.

    Returns:
        (first, second, label); label 0 = the second follows the first, 1 = it does not, as in `transformers`.

    Raises:
        ReaderError: for a document of fewer than two sentences, or when no other has a sentence to lend.
    """
    rng = random.Random(seed)
    shortest = min(map(len, documents), default=0)
    if shortest < 2:
        raise ReaderError("every document needs two sentences at least: leave the shorter ones out")
    pairs = []
    for number, document in enumerate(documents):
        place = rng.randrange(1, len(document))
        label = rng.randrange(2)
        source = document
        if label:
            others = [other for i, other in enumerate(documents) if i != number and len(other) > place]
            if not others:
                raise ReaderError(f"no other document has a sentence {place + 1} to put in the place of the true one")
            source = rng.choice(others)
        pairs.append((document[place - 1], source[place], label))
    return pairs
