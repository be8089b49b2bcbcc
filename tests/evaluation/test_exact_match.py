"""Greedy answers in batches, against one prompt at a time without a cache; and the share of right ones."""

import pytest
import torch

from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.data.world.probes import Probe
from llmbook.errors import ReaderError
from llmbook.evaluation.exact_match import complete, exact_match, ranked_match
from llmbook.models.llama import Llama, LlamaConfig

PROMPTS = ["red", "Question: what?\nAnswer:", "灯市的", "blue lamp, red lamp, blue", "a", "red lamp"]


@pytest.fixture(scope="module")
def tokenizer():
    return BPETokenizer.train(["red lamp, blue lamp\n " * 20], 290, ["<|pad|>", "<|endoftext|>"])


@pytest.fixture(scope="module")
def model(tokenizer):
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    return Llama(LlamaConfig(len(tokenizer), initializer_range=0.5, **sizes)).eval()


@torch.no_grad()
def slowly(model, tokenizer, prompt, most, stops):
    end = tokenizer.special_tokens["<|endoftext|>"]
    ids = [end, *tokenizer.encode(prompt)]
    first = len(ids)
    for _ in range(most):
        ids.append(model(torch.tensor([ids]))[0, -1].argmax().item())
        text = tokenizer.decode(ids[first:-1] if ids[-1] == end else ids[first:])
        places = [text.find(stop) for stop in stops if stop in text]
        if places:
            return text[: min(places)]
        if ids[-1] == end:
            return text
    return tokenizer.decode(ids[first:])


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_batches_answer_as_one_prompt_at_a_time_does(model, tokenizer, batch_size):
    whole = [slowly(model, tokenizer, prompt, 12, []) for prompt in PROMPTS]
    assert complete(model, tokenizer, PROMPTS, 12, stop=(), batch_size=batch_size) == whole
    stops = [whole[0][3:5], whole[3][1:2]]
    cut = [slowly(model, tokenizer, prompt, 12, stops) for prompt in PROMPTS]
    assert complete(model, tokenizer, PROMPTS, 12, stops, batch_size=batch_size) == cut != whole


def test_the_end_of_text_token_ends_an_answer_and_is_not_in_it(model, tokenizer):
    """A model whose head prefers that token after two others."""
    end, other = tokenizer.special_tokens["<|endoftext|>"], tokenizer.encode("r")[0]

    class Head(torch.nn.Module):
        calls = 0

        def forward(self, states):
            self.calls += 1
            logits = torch.zeros(len(states), model.config.vocab_size)
            logits[:, end if self.calls % 3 == 0 else other] = 1
            return logits

    ending = Llama(model.config).eval()
    ending.lm_head = Head()
    assert complete(ending, tokenizer, ["a", "b"], 20) == ["rr", "rr"] and ending.lm_head.calls == 3


def test_probes_are_asked_and_counted(model, tokenizer):
    written = complete(model, tokenizer, PROMPTS, 8, stop=())
    right = [Probe(prompt, text, "en", "x", stop="#") for prompt, text in zip(PROMPTS, written, strict=True)]
    assert exact_match(model, tokenizer, right, 8) == {"all": 1.0, "en": 1.0}
    wrong = [Probe(probe.prompt, probe.answer + "x", "zh", "x", stop="#") for probe in right[:2]]
    assert exact_match(model, tokenizer, [*right, *wrong], 8) == {"all": 0.75, "en": 1.0, "zh": 0.0}
    stopped = [Probe(PROMPTS[0], written[0][:2], "en", "x", stop=written[0][2])]
    assert exact_match(model, tokenizer, [*stopped, *wrong], 8)["en"] == 1.0


def test_an_answer_after_steps_may_come_late_and_after_the_stop(model, tokenizer):
    (written,) = complete(model, tokenizer, PROMPTS[:1], 30, stop=())
    after, stop = written[4:7], "\0"
    assert written.index(after) == 4
    probe = Probe(PROMPTS[0], written[7:], "en", "x", stop=stop, after=after)
    assert exact_match(model, tokenizer, [probe], 1, 30)["all"] == 1.0
    assert exact_match(model, tokenizer, [probe], 30, 1)["all"] == 0.0


@torch.no_grad()
def test_options_are_ranked_by_the_probability_of_all_their_tokens(model, tokenizer):
    options = ("red", " blue lamp", "灯", "q")
    end = tokenizer.special_tokens["<|endoftext|>"]

    def nats(prompt, option):
        head, tail = [end, *tokenizer.encode(prompt)], tokenizer.encode(option)
        log_probs = model(torch.tensor([head + tail]))[0].log_softmax(dim=-1)
        return -sum(log_probs[len(head) - 1 + place, token].item() for place, token in enumerate(tail))

    best = [min(options, key=lambda option: nats(prompt, option)) for prompt in PROMPTS]
    probes = [Probe(prompt, answer, "zh", "x", options) for prompt, answer in zip(PROMPTS, best, strict=True)]
    assert ranked_match(model, tokenizer, probes) == {"all": 1.0, "zh": 1.0}
    other = [Probe(probe.prompt, next(o for o in options if o != probe.answer), "en", "x", options) for probe in probes]
    assert ranked_match(model, tokenizer, [*probes, *other]) == {"all": 0.5, "zh": 1.0, "en": 0.0}


def test_what_cannot_be_asked_is_named(model, tokenizer):
    with pytest.raises(ReaderError, match="no question"):
        exact_match(model, tokenizer, [])
    with pytest.raises(ReaderError, match="without options"):
        ranked_match(model, tokenizer, [Probe("red", "blue", "en", "x")])
    bare = BPETokenizer.train(["red"], 256)
    with pytest.raises(ReaderError, match="no special token '<|endoftext|>'"):
        complete(model, bare, ["red"])
