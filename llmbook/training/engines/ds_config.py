"""A recipe as DeepSpeed's configuration (section 4.4.1)."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmbook.training.recipe import Recipe


def ds_config(recipe: "Recipe", world_size: int, pin_memory: bool = True) -> dict[str, Any]:
    """What `deepspeed.initialize(config=…)` takes, or a file for `--deepspeed_config`; `json.dumps` writes it.

    The optimizer is not in it: it is PyTorch's AdamW, handed over beside the configuration, since DeepSpeed would
    compile a kernel of its own for the one that it makes.

    Args:
        recipe: with its precision settled.
        world_size: number of processes.
        pin_memory: whether what is offloaded lies in page-locked memory; there is none without a GPU.

    Raises:
        ReaderError: the processes cannot share `global_batch_size` evenly.
    """
    accumulation = recipe.gradient_accumulation_steps(world_size)
    config: dict[str, Any] = {
        "train_batch_size": recipe.global_batch_size,
        "train_micro_batch_size_per_gpu": recipe.micro_batch_size,
        "gradient_accumulation_steps": accumulation,
        "gradient_clipping": recipe.max_grad_norm or 0.0,
        "zero_optimization": {"stage": recipe.zero_stage},
        "zero_allow_untested_optimizer": True,
        "zero_force_ds_cpu_optimizer": False,
        "steps_per_print": None,
    }
    if recipe.precision == "bf16":
        config["bf16"] = {"enabled": True}
        if accumulation > 1 and recipe.zero_stage:  # a bf16 sum would lose the last bits of every micro-batch
            config["data_types"] = {"grad_accum_dtype": "fp32"}
    if recipe.precision == "fp16":
        scaling = {"initial_scale_power": 16, "loss_scale_window": 1000, "hysteresis": 2, "min_loss_scale": 1}
        config["fp16"] = {"enabled": True, "loss_scale": 0, **scaling}
    for part, device in (("offload_optimizer", recipe.offload_optimizer), ("offload_param", recipe.offload_param)):
        if device != "none":
            path = {"nvme_path": recipe.nvme_path} if device == "nvme" else {}
            config["zero_optimization"][part] = {"device": device, "pin_memory": pin_memory, **path}
    return config
