"""Writing text: equal to recomputing the prefix, blind to padding, stopped by the end token, honest in its draws."""

import pytest
import torch

from llmbook.errors import ReaderError
from llmbook.models.generation import choose, generate, stream
from llmbook.models.llama import Llama, LlamaConfig


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    built = Llama(LlamaConfig(50, 32, 48, 2, 4, 2)).eval()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.mul_(4)  # larger logits: no two are near each other
    return built


def prompt(rows=3, length=6):
    return torch.randint(1, 50, (rows, length), generator=torch.Generator().manual_seed(5))


def test_with_the_cache_it_writes_what_it_writes_without(model):
    expected = prompt()
    for _ in range(15):
        expected = torch.cat([expected, model(expected)[:, -1].argmax(-1, keepdim=True)], dim=1)
    assert torch.equal(generate(model, prompt(), 15), expected)
    assert torch.equal(torch.stack(list(stream(model, prompt(), 15)), dim=1), expected[:, 6:])


def test_rows_padded_on_the_left_are_continued_as_if_alone(model):
    rows = [prompt()[0, :3], prompt()[1], prompt()[2, :5]]
    padded = torch.stack([torch.cat([torch.zeros(6 - len(row), dtype=torch.long), row]) for row in rows])
    together = generate(model, padded, 10, attention_mask=padded != 0)
    for row, continued in zip(rows, together, strict=True):
        assert torch.equal(generate(model, row[None], 10)[0, len(row) :], continued[6:])


def test_the_end_token_ends_a_row_and_when_all_have_ended_the_loop(model):
    free = generate(model, prompt(), 12)
    end = int(free[0, 8])
    stopped = generate(model, prompt(), 12, eos_token_id=end)
    for before, after in zip(free[:, 6:].tolist(), stopped[:, 6:].tolist(), strict=True):
        kept = before[: before.index(end) + 1] if end in before else before
        assert after == (kept + [end] * 12)[: len(after)]
    alone = generate(model, prompt()[:1], 12, eos_token_id=end)
    assert alone.shape[1] <= 9 and alone[0, -1] == end


def test_draws_follow_the_softmax_and_the_seed():
    logits = torch.tensor([[0.0, 1.0, 2.0, -1.0]]).expand(20_000, 4)
    drawn = choose(logits, 0.7, generator=torch.Generator().manual_seed(0))
    shares = torch.bincount(drawn, minlength=4) / 20_000
    torch.testing.assert_close(shares, (logits[0] / 0.7).softmax(-1), atol=0.015, rtol=0)
    assert set(choose(logits, 1.0, top_k=2).tolist()) == {1, 2}
    again = choose(logits, 0.7, generator=torch.Generator().manual_seed(0))
    assert torch.equal(drawn, again)


def test_bad_prompts_are_told_in_one_line(model):
    for bad, line in (
        ({"input_ids": torch.zeros(1, 0, dtype=torch.long)}, "the prompt is empty"),
        ({"temperature": -1.0}, "temperature must be 0 or more"),
        ({"attention_mask": torch.tensor([[True] * 5 + [False]] * 3)}, "pad prompts on the left"),
    ):
        with pytest.raises(ReaderError, match=line):
            generate(model, **{"input_ids": prompt(), "max_new_tokens": 3, **bad})
