"""The memory of a training, worked out, against what is there while real models train."""

import re

import pytest
import torch

from llmbook.errors import ReaderError
from llmbook.models.llama import Llama, LlamaConfig
from llmbook.models.losses import LOGITS_AT_ONCE, _linear_cross_entropy
from llmbook.training import memory_model
from llmbook.training.activations import checkpoint_layers
from llmbook.training.costs import ACCELERATORS, training_days
from llmbook.training.memory import peak_memory
from llmbook.training.memory_model import (
    AUTOCAST,
    FP32,
    MIXED,
    MIXED_FP32_GRADIENTS,
    fits,
    memory_report,
    model_states,
    num_parameters,
    recipe_memory,
    saved_activations,
    training_memory,
)
from llmbook.training.recipe import Recipe

SMALL = LlamaConfig(
    vocab_size=64, hidden_size=64, intermediate_size=176, num_hidden_layers=4, num_attention_heads=4,
    max_position_embeddings=256,
)  # fmt: skip
SHAPES = {
    "as many key heads": {},
    "grouped": {"num_key_value_heads": 2},
    "one key head, tied": {"num_key_value_heads": 1, "tie_word_embeddings": True},
    "Qwen2": {"num_key_value_heads": 2, "attention_bias": True},
    "Qwen3": {"num_key_value_heads": 2, "qk_norm": True, "head_dim": 32},
    "wide": {"intermediate_size": 512},
}
WAYS = {"fp32": FP32, "bf16": MIXED, "autocast": AUTOCAST}


def small(shape: str, **changes: object) -> LlamaConfig:
    sizes = {name: getattr(SMALL, name) for name in SMALL.__dataclass_fields__} | {"head_dim": None}
    return LlamaConfig(**(sizes | {"num_key_value_heads": None} | SHAPES[shape] | changes))


def model_in(way: str, config: LlamaConfig, device: str = "cpu") -> Llama:
    model = Llama(config).to(device)
    return model.bfloat16() if way == "bf16" else model


def loss_of(way: str, model: Llama, input_ids: torch.Tensor) -> torch.Tensor:
    with torch.autocast(input_ids.device.type, torch.bfloat16, enabled=way == "autocast"):
        return model.loss(input_ids)


# ---------------------------------------------------------------- parameters and model states


@pytest.mark.parametrize("shape", SHAPES)
def test_parameters_are_those_of_the_model(shape: str) -> None:
    config = small(shape)
    assert num_parameters(config) == sum(parameter.numel() for parameter in Llama(config).parameters())


def test_parameters_of_llama_7b() -> None:
    assert num_parameters(LlamaConfig()) == 6_738_415_616  # the released checkpoint's


@pytest.mark.parametrize(("stage", "gigabytes"), [(0, 120.0), (1, 31.4), (2, 16.6), (3, 1.9)])
def test_the_table_of_zero(stage: int, gigabytes: float) -> None:
    """Rajbhandari et al. (2020), figure 1: 7.5 billion parameters, 64 processes."""
    assert model_states(7.5e9, zero_stage=stage, world_size=64).total / 1e9 == pytest.approx(gigabytes, abs=0.05)


@pytest.mark.parametrize(("stage", "limit"), [(0, 16), (1, 4), (2, 2), (3, 0)])
def test_with_many_processes_a_quarter_an_eighth_and_nothing_remain(stage: int, limit: float) -> None:
    assert model_states(1.0, zero_stage=stage, world_size=10**9).total == pytest.approx(limit, abs=1e-6)


def test_bytes_per_parameter() -> None:
    assert [model_states(1, precision).total for precision in (FP32, MIXED, AUTOCAST)] == [16, 16, 16]
    assert model_states(1, MIXED_FP32_GRADIENTS).total == 20
    states = model_states(1, MIXED)
    assert states.optimizer_states / states.total == 0.75  # section 4.2.4


def test_fp32_states_are_what_adamw_holds() -> None:
    model = Llama(SMALL)
    optimizer = torch.optim.AdamW(model.parameters())
    model.loss(torch.randint(64, (2, 8))).backward()
    optimizer.step()
    moments = [value for state in optimizer.state.values() for value in state.values() if value.dim()]
    held = model_states(num_parameters(SMALL), FP32)
    assert held.weights == sum(p.nbytes for p in model.parameters())
    assert held.gradients == sum(p.grad.nbytes for p in model.parameters())
    assert held.optimizer_states == pytest.approx(sum(moment.nbytes for moment in moments), rel=1e-3)


def test_what_is_offloaded_is_on_the_host_or_the_disk() -> None:
    states = model_states(7e9, zero_stage=2, world_size=4, offload_optimizer="cpu")
    assert (states.total, states.cpu, states.nvme) == (14e9, 16 * 7e9 / 4, 0)
    kept = model_states(7e9, zero_stage=1, world_size=4, offload_optimizer="cpu")
    assert (kept.weights, kept.gradients, kept.optimizer_states) == (14e9, 14e9, 0)
    states = model_states(7e9, zero_stage=3, world_size=4, offload_optimizer="nvme", offload_param="nvme")
    assert (states.total, states.cpu, states.nvme) == (0, 7e9, 14 * 7e9 / 4)
    states = model_states(7e9, zero_stage=3, world_size=4, offload_optimizer="nvme", offload_param="cpu")
    assert (states.total, states.cpu, states.nvme) == (0, 7e9 + 14e9 / 4, 12 * 7e9 / 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"zero_stage": 4}, "zero_stage is 4: ZeRO has the stages"),
        ({"world_size": 0}, "world_size is 0"),
        ({"zero_stage": 2, "offload_optimizer": "disk"}, "offload_optimizer is 'disk': choose one of none, cpu, nvme"),
        ({"offload_optimizer": "cpu"}, "offload_optimizer needs ZeRO"),
        ({"zero_stage": 2, "offload_param": "cpu"}, "offload_param needs zero_stage 3"),
    ],
)
def test_what_does_not_exist_is_refused(options: dict, message: str) -> None:
    with pytest.raises(ReaderError, match=re.escape(message)):
        model_states(1e9, **options)


# ---------------------------------------------------------------- activations


def saved_bytes(way: str, model: Llama, input_ids: torch.Tensor) -> int:
    """Bytes of the storages that autograd keeps for the backward pass, the model's own and the input left out."""
    known = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers(), input_ids)}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = loss_of(way, model, input_ids)  # noqa: F841 - holds what is kept
    return sum(kept.values())


@pytest.mark.filterwarnings("ignore:Mismatch dtype")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("rows", "length"), [(3, 50), (1, 128)])
def test_autograd_keeps_what_is_computed(way: str, shape: str, rows: int, length: int) -> None:
    config = small(shape)
    kept = saved_bytes(way, model_in(way, config), torch.randint(64, (rows, length)))
    precision = WAYS[way]
    expected = saved_activations(config, rows, length, precision, fused_norm=False)
    expected += memory_model._weight_copies(config, precision)
    # Of the copies that autocast makes, those of the norms' weights are not made.
    assert kept == pytest.approx(expected, rel=3e-3 if way == "autocast" else 1e-9)


def step_peak(way: str, model: Llama, input_ids: torch.Tensor, checkpointing: bool) -> int:
    if checkpointing:
        checkpoint_layers(model)
    loss_of(way, model, input_ids).backward()  # from now on there are gradients to add to
    return peak_memory(lambda: loss_of(way, model, input_ids).backward(), input_ids.device)


@pytest.mark.filterwarnings("ignore:Mismatch dtype")
@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", ["as many key heads", "grouped", "wide"])
def test_the_peak_of_a_step(shape: str, way: str, checkpointing: bool) -> None:
    """With so small a vocabulary that the loss, inside which `peak_memory` does not see, hardly counts."""
    config = small(shape)
    measured = step_peak(way, model_in(way, config), torch.randint(64, (2, 256)), checkpointing)
    memory = training_memory(
        config, 2, 256, WAYS[way], activation_checkpointing=checkpointing, fused_norm=False,
        logits_at_once=LOGITS_AT_ONCE["cpu"],
    )  # fmt: skip
    assert memory.activations + memory.workspace == pytest.approx(measured, rel=0.03)


@pytest.mark.parametrize("way", ["fp32", "bf16"])
@pytest.mark.parametrize(("vocab_size", "rows", "length"), [(300, 2, 200), (5000, 4, 500), (30_000, 2, 128)])
def test_the_loss_works_in_the_memory_given(vocab_size: int, rows: int, length: int, way: str) -> None:
    config, precision = small("as many key heads", vocab_size=vocab_size), WAYS[way]
    predicted, dtype = rows * (length - 1), torch.float32 if way == "fp32" else torch.bfloat16
    states, weight = torch.randn(predicted, 64, dtype=dtype), torch.randn(vocab_size, 64, dtype=dtype)
    labels = torch.randint(vocab_size, (predicted,))
    measured = peak_memory(lambda: _linear_cross_entropy._init_fn(states, weight, labels, -100, True))
    inside = memory_model._loss_workspace(config, rows * length, rows, precision, LOGITS_AT_ONCE["cpu"])
    inside -= precision.residual * 64 * (rows * length + predicted)  # the states come from outside
    inside += precision.compute * 64 * (predicted + vocab_size)  # and the gradients go out
    assert inside == pytest.approx(measured, rel=0.02)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="measures a GPU's allocator")
@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("way", ["bf16", "autocast"])
def test_the_peak_of_a_step_on_a_gpu(way: str, checkpointing: bool) -> None:
    config = LlamaConfig(32_000, 768, 2048, 12, 12, 4, max_position_embeddings=1024)
    measured = step_peak(way, model_in(way, config, "cuda"), torch.randint(32_000, (8, 1024)).cuda(), checkpointing)
    memory = training_memory(config, 8, 1024, WAYS[way], activation_checkpointing=checkpointing)
    assert memory.activations + memory.workspace == pytest.approx(measured, rel=0.1)


def test_checkpointing_keeps_one_vector_per_layer_and_token() -> None:
    whole, kept = (saved_activations(LlamaConfig(), 1, 2048, activation_checkpointing=again) for again in (False, True))
    per_token = (whole - kept) / 2048 / 32
    # 2 bytes of 8h + 4f precision, one fp32 number per head, and two per norm; less the vector that is kept.
    assert per_token == 2 * (8 * 4096 + 4 * 11008) + 4 * 32 + 2 * 4 - 2 * 4096


# ---------------------------------------------------------------- recipes

GPUS = {"1x-gpu": 1, "8x-gpu": 8, "4x8-gpu": 32}
SIZES = {"125m": 125e6, "1b": 1.1e9, "7b": 7e9}


@pytest.mark.parametrize("preset", GPUS)
@pytest.mark.parametrize("name", SIZES)
def test_ready_recipes_fit_into_80_gb_and_say_what_they_take(name: str, preset: str) -> None:
    recipe, gpus = Recipe.load(name, preset), GPUS[preset]
    memory, parameters = recipe_memory(recipe, gpus), num_parameters(recipe.model_config())
    assert parameters == pytest.approx(SIZES[name], rel=0.07)
    assert fits(memory.total, ACCELERATORS["A100"])
    assert recipe.gradient_accumulation_steps(gpus) >= 1

    said = re.search(rf"  {preset}:  # (.*)", _text(name)).group(1)
    days = training_days(parameters, recipe.tokens, gpus, ACCELERATORS["A100"].peak_flops, 0.4)
    host = f", {memory.states.cpu / 1e9:.1f} GB on the host" if memory.states.cpu else ""
    assert said == f"{memory.total / 1e9:.1f} GB on each GPU{host}; {days:,.{2 if days < 10 else 0}f} days"


@pytest.mark.parametrize(("name", "tokens"), [("125m", 0.5e6), ("1b", 2e6), ("7b", 4e6)])
def test_batches_are_as_published(name: str, tokens: float) -> None:
    recipe = Recipe.load(name)
    assert recipe.global_batch_size * recipe.block_size == pytest.approx(tokens, rel=0.05)
    assert f"{recipe.global_batch_size * recipe.block_size:,} tokens" in _text(name)
    assert recipe.tokens == pytest.approx(recipe.data.hub.tokens, rel=1e-3)
    assert f"{recipe.data.hub.tokens * 2 / 1e9:.0f} GB" in _text(
        name
    ) or f"{recipe.data.hub.tokens * 2 / 1e12:.2g} TB" in _text(name)


@pytest.mark.parametrize("name", SIZES)
def test_the_laptop_preset_is_small(name: str) -> None:
    recipe = Recipe.load(name, "cpu")
    assert num_parameters(recipe.model_config()) < 2e6
    assert recipe.tokens < 10_000
    assert [recipe.gradient_accumulation_steps(processes) for processes in (1, 2)] == [2, 1]
    assert recipe.data.hub is None


def _text(name: str) -> str:
    from llmbook.training.recipe import SHIPPED

    return (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")


def test_the_report_adds_up() -> None:
    recipe = Recipe.load("7b", "1x-gpu")
    report, memory = memory_report(recipe, 1), recipe_memory(recipe, 1)
    assert "4 rows × 512 accumulated" in report
    assert "host memory, each process" in report
    figures = [float(line.split()[-1]) for line in report.split("GB\n")[1].splitlines() if line.startswith("  ")]
    assert sum(figures[:-1]) == pytest.approx(figures[-1], abs=0.03)
    assert figures[-1] == pytest.approx(memory.total / 1e9, abs=0.01)
    assert report.endswith("A100 (80 GB), H100 (80 GB), H200 (141 GB)")


def test_a_report_where_nothing_fits() -> None:
    recipe = Recipe.load("7b", "1x-gpu", {"offload_optimizer": "none"})
    assert memory_report(recipe, 1).endswith("no single GPU of V100, A100, H100, H200")


def test_gradients_are_summed_in_fp32_where_deepspeed_is_told_to() -> None:
    """`ds_config` asks for it where bf16 gradients are accumulated: four bytes more per parameter."""
    from llmbook.training.engines.ds_config import ds_config

    for overrides in ({}, {"global_batch_size": 64}, {"precision": "fp16"}, {"zero_stage": 0}):
        recipe = Recipe.load("7b", "4x8-gpu", {"micro_batch_size": 2, "zero_stage": 1, **overrides})
        told = "data_types" in ds_config(recipe, 32)
        gradients = recipe_memory(recipe, 32).states.gradients / num_parameters(recipe.model_config())
        assert gradients == (6 if told else 2)


def test_the_sizes_must_be_known() -> None:
    with pytest.raises(ReaderError, match=r"give model\.vocab_size"):
        recipe_memory(Recipe.from_mapping({"name": "mine", "model": {"hidden_size": 64}}), 1)


def test_autocast_memory_is_not_deepspeeds() -> None:
    """The report follows the engine: fp32 weights and gradients in PyTorch, 16-bit ones in DeepSpeed."""
    recipe = Recipe.load("1b", "1x-gpu")
    under_deepspeed = recipe_memory(recipe.with_(engine="deepspeed"), 1).states
    assert recipe_memory(recipe, 1).states.weights == 2 * under_deepspeed.weights
    assert recipe_memory(recipe.with_(precision="fp32"), 1).states == recipe_memory(recipe, 1).states
