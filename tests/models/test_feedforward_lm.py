"""The feed-forward language model against its formula, and what it must be able to learn."""

import math

import pytest
import torch
from torch.nn import functional as F

from llmbook.errors import ReaderError
from llmbook.models.feedforward_lm import FeedForwardLM, history_windows
from llmbook.models.ngram import NGramLM


@pytest.mark.parametrize("direct", [False, True])
def test_logits_are_those_of_the_papers_equation(direct: bool) -> None:
    torch.manual_seed(0)
    model = FeedForwardLM(11, n=4, embedding_size=5, hidden_size=7, direct=direct, dropout=0.5).eval()
    weights = dict(model.named_parameters())
    for history in torch.randint(12, (6, 3)):
        x = torch.cat([weights["embed_tokens.weight"][word] for word in history])
        inner = torch.tanh(weights["hidden.bias"] + weights["hidden.weight"] @ x)
        y = weights["output.bias"] + weights["output.weight"] @ inner
        if direct:
            y = y + weights["direct.weight"] @ x
        torch.testing.assert_close(model(history), y)
        torch.testing.assert_close(model(history[None, None])[0, 0], y)
    # The paper's count: V(1 + nm + h) + h(1 + (n - 1)m) with one row more for the beginning, and W only if direct.
    n, m, h, size = 4, 5, 7, 11
    expected = (size + 1) * m + h * (1 + (n - 1) * m) + size * (1 + h) + size * (n - 1) * m * direct
    assert sum(parameter.numel() for parameter in model.parameters()) == expected


def test_windows_are_the_ngrams_that_the_counting_model_counts() -> None:
    counted = NGramLM(3, "mle").fit(["ab", "", "bca"])
    histories, words = history_windows([counted.encode(s) for s in ("ab", "", "bca")], 3, len(counted.vocabulary), 0)
    # Ids: "</s>" 0, a 1, b 2, c 3, "<s>" 4.
    assert histories.tolist() == [[4, 4], [4, 1], [1, 2], [4, 4], [4, 4], [4, 2], [2, 3], [3, 1]]
    assert words.tolist() == [1, 2, 0, 0, 2, 3, 1, 0]


def test_it_learns_the_conditional_distribution_of_its_training_text() -> None:
    """With room enough, the minimum of the training loss is the entropy of the maximum-likelihood n-gram."""
    sentences = ["abac", "abad", "babc", "cab", "dab", "acdc"] * 2
    counted = NGramLM(3, "mle").fit(sentences)
    size = len(counted.vocabulary)
    histories, words = history_windows([counted.encode(sentence) for sentence in sentences], 3, size, 0)
    torch.manual_seed(0)
    model = FeedForwardLM(size, n=3, embedding_size=8, hidden_size=32, direct=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(300):
        optimizer.zero_grad()
        F.cross_entropy(model(histories), words).backward()
        optimizer.step()
    loss = F.cross_entropy(model(histories), words).item()
    floor = math.log(counted.perplexity(sentences))
    assert floor <= loss + 1e-6 and loss == pytest.approx(floor, abs=0.005)


def test_mistakes_are_answered_in_one_line() -> None:
    with pytest.raises(ReaderError, match="n is at least 2"):
        FeedForwardLM(5, n=1)
    with pytest.raises(ReaderError, match="3 words, not 2"):
        FeedForwardLM(5)(torch.zeros(1, 2, dtype=torch.long))
    with pytest.raises(ReaderError, match="6 is above vocab_size = 5"):
        FeedForwardLM(5)(torch.tensor([[0, 5, 6]]))
