"""How much memory a training run needs, worked out before it starts (section 4.2.4).

The *model states* are weights, gradients and what the optimizer keeps; ZeRO shares them out among the processes and
offloading moves them to the host. The *residual states* are the activations and the working memory of a step.
All figures are bytes of one process, which holds one device.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmbook.errors import ReaderError
from llmbook.models.llama import LlamaConfig
from llmbook.models.losses import LOGITS_AT_ONCE
from llmbook.training.costs import ACCELERATORS, Accelerator

if TYPE_CHECKING:
    from llmbook.training.recipe import Recipe

ZERO_STAGES = (0, 1, 2, 3)
OFFLOAD_DEVICES = ("none", "cpu", "nvme")
BUCKET = 500_000_000  # numbers that DeepSpeed reduces or gathers at once unless told otherwise
LIVE_PARAMETERS = 1_000_000_000  # weights that ZeRO-3 keeps gathered on a device unless told otherwise
USABLE = 0.9  # of a device's memory, for tensors


@dataclass(frozen=True)
class Precision:
    """How wide every kind of number is that a way of training keeps, in bytes per parameter or activation.

    Attributes:
        weight: the weights that the model computes with, or, under autocast, keeps.
        gradient: their gradients.
        optimizer: Adam's two moments in fp32, and the fp32 master weights where `weight` is narrower.
        residual: the stream between the layers.
        compute: inputs and outputs of matrix products.
        weight_copy: a copy of the weights that a forward pass makes and holds until the backward pass is done.
    """

    weight: int
    gradient: int
    optimizer: int
    residual: int
    compute: int
    weight_copy: int = 0


# 16 bytes per parameter each: 4 + 4 + 8 or 2 + 2 + 12.
FP32 = Precision(weight=4, gradient=4, optimizer=8, residual=4, compute=4)
MIXED = Precision(weight=2, gradient=2, optimizer=12, residual=2, compute=2)
# An fp32 sum of the micro-batches' gradients beside the 16-bit gradient: 20 bytes per parameter.
MIXED_FP32_GRADIENTS = Precision(weight=2, gradient=6, optimizer=12, residual=2, compute=2)
# fp32 weights whose 16-bit copies are made during the step, as `torch.autocast` does.
AUTOCAST = Precision(weight=4, gradient=4, optimizer=8, residual=4, compute=2, weight_copy=2)


@dataclass(frozen=True)
class ModelStates:
    """Bytes that weights, gradients and optimizer take on one device, and what is kept elsewhere for it.

    Attributes:
        weights, gradients, optimizer_states: on the device.
        cpu: in the memory of the host.
        nvme: on its solid-state disk.
    """

    weights: float
    gradients: float
    optimizer_states: float
    cpu: float = 0.0
    nvme: float = 0.0

    @property
    def total(self) -> float:
        """Bytes on the device."""
        return self.weights + self.gradients + self.optimizer_states


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes on one device at the peak of a step.

    Attributes:
        states: weights, gradients, optimizer.
        activations: what the forward pass keeps for the backward pass.
        workspace: what else is alive at the peak: logits and gradients on their way, gathered weights, buckets.
    """

    states: ModelStates
    activations: float
    workspace: float

    @property
    def total(self) -> float:
        """Bytes on the device."""
        return self.states.total + self.activations + self.workspace


def num_parameters(config: LlamaConfig) -> int:
    """Parameters of a `Llama`, without building it; a tied head counts once."""
    h, head = config.hidden_size, config.head_dim
    q_size, kv_size = config.num_attention_heads * head, config.num_key_value_heads * head
    attention = 2 * h * q_size + 2 * h * kv_size  # query and output; key and value
    attention += (q_size + 2 * kv_size) * config.attention_bias + 2 * head * config.qk_norm
    layer = attention + 3 * h * config.intermediate_size + 2 * h  # two norms
    matrices_of_words = 1 if config.tie_word_embeddings else 2
    return matrices_of_words * config.vocab_size * h + config.num_hidden_layers * layer + h


def model_states(
    num_parameters: float,
    precision: Precision = MIXED,
    *,
    zero_stage: int = 0,
    world_size: int = 1,
    offload_optimizer: str = "none",
    offload_param: str = "none",
) -> ModelStates:
    """Weights, gradients and optimizer of one process: 16Φ bytes, and with ZeRO less (Rajbhandari et al., 2020).

    With Φ parameters, N processes and 2 + 2 + 12 bytes per parameter: stage 1 shares out the optimizer,
    4Φ + 12Φ/N; stage 2 the gradients too, 2Φ + 14Φ/N; stage 3 the weights too, 16Φ/N.

    Args:
        num_parameters: Φ.
        precision: widths, such as `MIXED`, `FP32` or `AUTOCAST`.
        zero_stage: 0 to 3.
        world_size: N, processes that share.
        offload_optimizer: "cpu" or "nvme" keeps the optimizer's share there, with fp32 gradients in the host's memory;
            from stage 2 on no gradients stay on the device.
        offload_param: "cpu" or "nvme" keeps the weights' share there; stage 3 only.

    Raises:
        ReaderError: for a combination that does not exist.
    """
    _check(zero_stage, world_size, offload_optimizer, offload_param)
    shares = [world_size if zero_stage >= stage else 1 for stage in (3, 2, 1)]
    widths = (precision.weight, precision.gradient, precision.optimizer)
    weights, gradients, optimizer = (
        width * num_parameters / share for width, share in zip(widths, shares, strict=True)
    )
    elsewhere = dict.fromkeys(OFFLOAD_DEVICES, 0.0)
    if offload_optimizer != "none":
        elsewhere[offload_optimizer] += optimizer
        elsewhere["cpu"] += 4 * num_parameters / world_size
        optimizer, gradients = 0.0, gradients if zero_stage < 2 else 0.0
    if offload_param != "none":
        elsewhere[offload_param] += weights
        weights = 0.0
    return ModelStates(weights, gradients, optimizer, elsewhere["cpu"], elsewhere["nvme"])


def _check(zero_stage: int, world_size: int, offload_optimizer: str, offload_param: str) -> None:
    if zero_stage not in ZERO_STAGES:
        raise ReaderError(f"zero_stage is {zero_stage}: ZeRO has the stages 0 (off), 1, 2 and 3")
    if world_size < 1:
        raise ReaderError(f"world_size is {world_size}: at least one process trains")
    for name, device in (("offload_optimizer", offload_optimizer), ("offload_param", offload_param)):
        if device not in OFFLOAD_DEVICES:
            raise ReaderError(f"{name} is {device!r}: choose one of {', '.join(OFFLOAD_DEVICES)}")
    if offload_optimizer != "none" and zero_stage == 0:
        raise ReaderError("offload_optimizer needs ZeRO: set zero_stage to 1, 2 or 3")
    if offload_param != "none" and zero_stage != 3:
        raise ReaderError("offload_param needs zero_stage 3, the only stage that shares out the weights")


def layer_activations(
    config: LlamaConfig, tokens: int, precision: Precision = MIXED, *, fused_norm: bool = True, rows: int = 1
) -> float:
    """What one decoder layer keeps for its backward pass, in bytes.

    With width h, feed-forward width f, query and key widths q and k, and c bytes a number, about
    c (4h + 2q + 2k + 4f) per token: the inputs of both norms and their outputs; queries, keys, values and the
    attention's output; gate, its Swish, up, and their product. No scores: the attention works in blocks and keeps one
    fp32 number per query and head.

    Args:
        config: the model's sizes.
        tokens: of all rows of a micro-batch.
        precision: widths. Under autocast each matrix product keeps a 16-bit copy of its input of its own.
        fused_norm: whether RMSNorm is one kernel, as on a GPU; else it keeps input and normalised input in fp32.
        rows: of the micro-batch; matters only under autocast, where each layer keeps its rotary tables.
    """
    h, f, c, heads = config.hidden_size, config.intermediate_size, precision.compute, config.num_attention_heads
    q_size, kv_size = heads * config.head_dim, config.num_key_value_heads * config.head_dim
    autocast = precision.residual != c
    norm_inputs = 2 * _norm_keeps(h, precision, fused_norm)
    norm_outputs = (5 if autocast else 2) * c * h  # q, k, v, gate, up: five products
    attention = c * (2 * q_size + 2 * kv_size) + 4 * heads
    if config.qk_norm:
        norm_inputs += (c if fused_norm else 4 + 4) * (q_size + kv_size) + 4 * (heads + config.num_key_value_heads)
    tables = 4 * c * config.head_dim / rows if autocast else 0
    return tokens * (norm_inputs + norm_outputs + attention + tables + 4 * c * f)


def _norm_keeps(hidden_size: int, precision: Precision, fused: bool) -> int:
    """Bytes per token that an RMSNorm keeps: its input, and 1 / root mean square in fp32."""
    return (precision.residual if fused else 4 + 4) * hidden_size + 4


def saved_activations(
    config: LlamaConfig,
    micro_batch_size: int,
    block_size: int,
    precision: Precision = MIXED,
    *,
    activation_checkpointing: bool = False,
    fused_norm: bool = True,
) -> float:
    """What the forward pass of `Llama.loss` keeps until the backward pass, in bytes.

    With `activation_checkpointing` a layer keeps nothing but its input, and computes the rest again when its turn
    comes. The head keeps its gradients instead of logits (`linear_cross_entropy`).

    Args:
        config: the model's sizes.
        micro_batch_size: rows.
        block_size: tokens per row.
        precision, fused_norm: as `layer_activations`.
    """
    tokens = micro_batch_size * block_size
    whole = layer_activations(config, tokens, precision, fused_norm=fused_norm, rows=micro_batch_size)
    per_layer = precision.residual * tokens * config.hidden_size if activation_checkpointing else whole
    return config.num_hidden_layers * per_layer + _after_layers(config, tokens, micro_batch_size, precision, fused_norm)


def training_memory(
    config: LlamaConfig,
    micro_batch_size: int,
    block_size: int,
    precision: Precision = MIXED,
    *,
    activation_checkpointing: bool = False,
    fused_norm: bool = True,
    logits_at_once: int = LOGITS_AT_ONCE["other"],
    zero_stage: int = 0,
    world_size: int = 1,
    offload_optimizer: str = "none",
    offload_param: str = "none",
) -> TrainingMemory:
    """Bytes of one process at the peak of a training step, when the gradients of earlier micro-batches are there.

    The update itself comes when the activations are gone, and needs less.

    Args:
        config, micro_batch_size, block_size, precision, activation_checkpointing, fused_norm: as `saved_activations`.
        logits_at_once: how many logits the loss works on at a time.
        zero_stage, world_size, offload_optimizer, offload_param: as `model_states`.
    """
    count = num_parameters(config)
    states = model_states(
        count, precision, zero_stage=zero_stage, world_size=world_size, offload_optimizer=offload_optimizer,
        offload_param=offload_param,
    )  # fmt: skip
    saved = saved_activations(
        config, micro_batch_size, block_size, precision, activation_checkpointing=activation_checkpointing,
        fused_norm=fused_norm,
    )  # fmt: skip
    tokens, copies = micro_batch_size * block_size, _weight_copies(config, precision)
    in_loss = saved + copies + _loss_workspace(config, tokens, micro_batch_size, precision, logits_at_once)
    in_layer = saved - _after_layers(config, tokens, micro_batch_size, precision, fused_norm)
    in_layer += _layer_workspace(config, tokens, precision)
    if activation_checkpointing:
        again = layer_activations(config, tokens, precision, fused_norm=fused_norm, rows=micro_batch_size)
        kept = precision.residual * tokens * config.hidden_size if fused_norm or precision.residual == 4 else 0
        in_layer += again - kept + copies / config.num_hidden_layers
    else:
        in_layer += copies
    peak = max(in_loss, in_layer) + _exchange(count, precision, zero_stage, world_size)
    return TrainingMemory(states, saved, peak - saved)


def _after_layers(config: LlamaConfig, tokens: int, rows: int, precision: Precision, fused_norm: bool) -> float:
    """What the last norm and the head keep: the norm's input, and the head's gradients in place of its logits."""
    h = config.hidden_size
    return tokens * _norm_keeps(h, precision, fused_norm) + precision.compute * h * (tokens - rows + config.vocab_size)


def _loss_workspace(config: LlamaConfig, tokens: int, rows: int, precision: Precision, logits_at_once: int) -> float:
    """Beside what `saved_activations` counts, while the last slice of logits is worked on."""
    h, vocab, c = config.hidden_size, config.vocab_size, precision.compute
    predicted = tokens - rows
    slice_rows = min(predicted, max(128, logits_at_once // vocab))
    logits = slice_rows * vocab
    earlier = (4 if c == 4 else 4 + c) if slice_rows < predicted else 0  # of the slice before, not yet let go
    of_logits = max((4 + 4 + earlier) * logits, (4 if c == 4 else 4 + c) * logits + c * vocab * h)
    states = precision.residual * h * (tokens + predicted)
    casts = c * h * (predicted + vocab) if precision.residual != c else 0
    return states + casts + (4 - c) * vocab * h + of_logits


def _layer_workspace(config: LlamaConfig, tokens: int, precision: Precision) -> float:
    """Gradients on their way through a feed-forward layer, the widest place."""
    h, f, c = config.hidden_size, config.intermediate_size, precision.compute
    return tokens * (precision.residual * h + 2 * c * f) + c * h * f


def _exchange(num_parameters: int, precision: Precision, zero_stage: int, world_size: int) -> float:
    """What ZeRO gathers: a bucket of gradients and one of weights, and in stage 3 the weights in use."""
    if zero_stage == 0:
        return 0.0
    bucket = 2 * precision.compute * min(BUCKET, num_parameters)
    return bucket + (
        precision.weight * min(LIVE_PARAMETERS, num_parameters) if zero_stage == 3 and world_size > 1 else 0
    )


def _weight_copies(config: LlamaConfig, precision: Precision) -> float:
    """The layers' matrices in 16 bits, which autocast keeps until the backward pass is done."""
    words = (1 if config.tie_word_embeddings else 2) * config.vocab_size * config.hidden_size
    return precision.weight_copy * (num_parameters(config) - words)


def recipe_memory(recipe: "Recipe", world_size: int) -> TrainingMemory:
    """What each of `world_size` GPUs needs for a recipe.

    Raises:
        ReaderError: the model starts from a checkpoint and the recipe does not give its sizes.
    """
    return training_memory(
        _config(recipe), recipe.micro_batch_size, recipe.block_size, _precision(recipe, world_size),
        activation_checkpointing=recipe.activation_checkpointing, zero_stage=recipe.zero_stage, world_size=world_size,
        offload_optimizer=recipe.offload_optimizer, offload_param=recipe.offload_param,
    )  # fmt: skip


def _config(recipe: "Recipe") -> LlamaConfig:
    if "vocab_size" not in recipe.model:
        raise ReaderError(f"{recipe.name}: give model.vocab_size to work out the memory without the tokenizer")
    return recipe.model_config()


def _precision(recipe: "Recipe", world_size: int) -> Precision:
    """Plain PyTorch computes in 16 bits under autocast; DeepSpeed keeps 16-bit weights beside its fp32 ones.

    Where gradients are accumulated in bf16, DeepSpeed is told to sum them in fp32 (`ds_config`).
    """
    if recipe.precision == "fp32":
        return FP32
    if recipe.engine == "torch":
        return AUTOCAST
    summed = recipe.precision != "fp16" and recipe.zero_stage and recipe.gradient_accumulation_steps(world_size) > 1
    return MIXED_FP32_GRADIENTS if summed else MIXED


def memory_report(recipe: "Recipe", world_size: int) -> str:
    """The memory of a recipe on `world_size` GPUs, as a table to print, in GB (10⁹ bytes) or MB.

    Raises:
        ReaderError: as `recipe_memory`, or for a batch that the processes cannot share evenly.
    """
    memory, config = recipe_memory(recipe, world_size), _config(recipe)
    accumulation = recipe.gradient_accumulation_steps(world_size)
    unit, name_of_unit = (1e9, "GB") if memory.total >= 1e9 else (1e6, "MB")
    lines = [
        f"{recipe.name}: {num_parameters(config) / 1e6:,.1f} million parameters",
        f"{recipe.global_batch_size:,} rows of {recipe.block_size:,} tokens for a step = {world_size} processes × "
        f"{recipe.micro_batch_size} rows × {accumulation} accumulated",
        "",
        f"{'on each device':<28}{name_of_unit:>8}",
    ]
    states = memory.states
    parts = {
        "weights": states.weights, "gradients": states.gradients, "optimizer states": states.optimizer_states,
        "activations": memory.activations, "workspace": memory.workspace, "together": memory.total,
    }  # fmt: skip
    lines += [f"  {name:<26}{size / unit:>8.2f}" for name, size in parts.items()]
    for name, size in (("host memory", states.cpu), ("NVMe disk", states.nvme)):
        if size:
            lines.append(f"{name + ', each process':<28}{size / unit:>8.2f}")
    fitting = [f"{name} ({gpu.memory / 1e9:.0f} GB)" for name, gpu in ACCELERATORS.items() if fits(memory.total, gpu)]
    lines.append(f"fits into: {', '.join(fitting) or 'no single GPU of ' + ', '.join(ACCELERATORS)}")
    return "\n".join(lines)


def fits(size: float, accelerator: Accelerator) -> bool:
    """Whether tensors of so many bytes leave a tenth of the memory to the driver, the libraries and fragments."""
    return size <= USABLE * accelerator.memory
