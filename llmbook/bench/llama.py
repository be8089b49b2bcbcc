"""Training and generation of `Llama` against `transformers.LlamaForCausalLM`."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass

import torch
from torch import nn

from llmbook.bench.timing import interleave
from llmbook.models.generation import generate
from llmbook.models.llama import Llama, LlamaConfig

# The reference model of the benchmarks, 7.5 million parameters: small enough for two cores.
TINY = LlamaConfig(
    vocab_size=4096, hidden_size=256, intermediate_size=704, num_hidden_layers=8, num_attention_heads=8,
    max_position_embeddings=1024, tie_word_embeddings=True,
)  # fmt: skip
# What a GPU needs to be busy: 134 million parameters.
SMALL = LlamaConfig(
    vocab_size=32000, hidden_size=768, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=12,
    max_position_embeddings=2048, tie_word_embeddings=True,
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line of the result.

    Attributes:
        task: what was done, e.g. "train fp32".
        ours, theirs: tokens per second of llmbook and of transformers.
        share: of the machine's measured matrix-product peak that our training step reaches, counting 6 operations per
            parameter and token; None for generation.
        target: the ratio that the project aims at, or None.
    """

    task: str
    ours: float
    theirs: float
    share: float | None = None
    target: float | None = None

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return self.ours / self.theirs


def matmul_peak(dtype: torch.dtype, device: torch.device, size: int | None = None) -> float:
    """Operations per second of `torch.mm` on square matrices, the best of some tries."""
    size = size or (2048 if device.type == "cpu" else 8192)
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    return 2 * size**3 / interleave({"mm": lambda: a @ b}, rounds=8)["mm"]


def bench_llama(
    device: torch.device,
    precisions: tuple[str, ...] = ("fp32", "bf16"),
    compiled: bool = True,
    rounds: int = 8,
    batch_size: int = 8,
    length: int = 256,
    batches: tuple[int, ...] = (1, 8, 32),
) -> Iterator[Row]:
    """Training and generation of `Llama` against `transformers.LlamaForCausalLM` with sdpa attention.

    Args:
        device: where to run; a GPU gets the larger model.
        precisions: "fp32", or "bf16" for autocast of training and bfloat16 weights of generation.
        compiled: also train under `torch.compile`, both sides.
        rounds: that count.
        batch_size, length: tokens of a training step.
        batches: batch sizes of generation, prompt 32, 64 new tokens, greedy, with the cache.

    Yields:
        One row per task, as soon as it is measured.
    """
    config = TINY if device.type == "cpu" else SMALL
    for precision in precisions:
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        peak = matmul_peak(dtype, device)
        for mode, target in (("eager", 1.1), ("compiled", 1.15)):
            if mode == "compiled" and not compiled:
                continue
            ours, theirs = _pair(config, device)
            steps = _training_steps(ours, theirs, precision, mode == "compiled", batch_size, length)
            seconds = interleave(steps, rounds)
            tokens = batch_size * length
            operations = 6 * sum(parameter.numel() for parameter in ours.parameters()) * tokens
            share = operations / seconds["ours"] / peak
            yield Row(f"train {precision} {mode}", tokens / seconds["ours"], tokens / seconds["theirs"], share, target)
            torch._dynamo.reset()
    for precision in precisions:
        ours, theirs = (model.eval() for model in _pair(config, device))
        if precision == "bf16":
            ours, theirs = ours.bfloat16(), theirs.bfloat16()
        for size in batches:
            seconds = interleave(_generations(ours, theirs, size), max(2, rounds // 2), warm_up=1)
            new = 64 * size
            target = 1.5 if size == 1 else 1.4
            yield Row(
                f"generate {precision} batch {size}", new / seconds["ours"], new / seconds["theirs"], None, target
            )


def _pair(config: LlamaConfig, device: torch.device) -> tuple[Llama, nn.Module]:
    """Our model and transformers', with the same sizes."""
    from transformers import LlamaConfig as TheirConfig
    from transformers import LlamaForCausalLM

    torch.manual_seed(0)
    known = ("attention_bias", "qk_norm", "sliding_window", "rope_theta", "rope_scaling")
    sizes = {key: value for key, value in asdict(config).items() if key not in known}
    theirs = LlamaForCausalLM(TheirConfig(**sizes, attn_implementation="sdpa"))
    theirs.generation_config.eos_token_id, theirs.generation_config.pad_token_id = None, 0
    return Llama(config).to(device), theirs.to(device)


def _training_steps(
    ours: Llama, theirs: nn.Module, precision: str, compiled: bool, batch_size: int, length: int
) -> dict[str, Callable[[], None]]:
    """A whole optimizer step of either side: forward, backward, fused AdamW."""
    device = ours.embed_tokens.weight.device
    input_ids = torch.randint(3, ours.config.vocab_size, (batch_size, length), device=device)
    losses = {
        "ours": torch.compile(ours.loss) if compiled else ours.loss,
        "theirs": torch.compile(theirs) if compiled else theirs,
    }

    def step(model: nn.Module, loss_of: Callable[[], torch.Tensor]) -> Callable[[], None]:
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)

        def run() -> None:
            with torch.autocast(device.type, torch.bfloat16) if precision == "bf16" else nullcontext():
                loss = loss_of()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

        return run

    return {
        "theirs": step(theirs, lambda: losses["theirs"](input_ids=input_ids, labels=input_ids).loss),
        "ours": step(ours, lambda: losses["ours"](input_ids)),
    }


def _generations(ours: Llama, theirs: nn.Module, batch_size: int) -> dict[str, Callable[[], object]]:
    device = ours.embed_tokens.weight.device
    prompt = torch.randint(3, ours.config.vocab_size, (batch_size, 32), device=device)
    mask = torch.ones_like(prompt)
    return {
        "theirs": lambda: theirs.generate(prompt, attention_mask=mask, max_new_tokens=64, do_sample=False),
        "ours": lambda: generate(ours, prompt, 64),
    }
