"""Section 4.1's runs in real processes: a step taken apart, and a run whose process is killed."""

from pathlib import Path

import pytest

from llmbook.errors import ReaderError
from llmbook.models.llama import LlamaConfig
from llmbook.training import speedup_runs
from llmbook.training.memory_model import num_parameters
from llmbook.training.metrics import read_metrics
from llmbook.training.processes import launch

SIZES = [
    LlamaConfig(64, width, 2 * width, 2, 4, max_position_embeddings=32, tie_word_embeddings=True) for width in (16, 32)
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict]]:
    """A run that is killed at step 6; then, in one start, its second part, an undisturbed one, and the timings."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.raises(ReaderError, match=r"rank 1 of 2 was killed by SIGKILL"):
        launch("llmbook.training.speedup_runs:train_characters", 2, folder / "killed", 8, 4, 0, 6)
    assert [line["step"] for line in read_metrics(folder / "killed")] == [1, 2, 3, 4, 5]
    calls = {
        "resumed": (speedup_runs.train_characters, folder / "killed", 8, 4),
        "whole": (speedup_runs.train_characters, folder / "whole", 8, 4),
        "times": (speedup_runs.step_times, SIZES, 4, 16, 2),
    }
    return folder, launch("llmbook.training.engine_runs:in_turn", 2, calls)


def test_a_killed_run_goes_on_as_if_nothing_had_happened(runs: tuple[Path, list[dict]]) -> None:
    folder, (results, _) = runs
    losses, undisturbed = ([line["loss"] for line in results[name]] for name in ("resumed", "whole"))
    assert len(losses) == 8
    assert losses == undisturbed
    assert [line["loss"] for line in read_metrics(folder / "killed")] == losses
    saved = ("state-00000.safetensors", "state-00001.safetensors")
    for name in saved:
        files = [folder / run / "checkpoints" / "step-00000008" / name for run in ("killed", "whole")]
        assert files[0].read_bytes() == files[1].read_bytes()


def test_the_parts_of_a_step(runs: tuple[Path, list[dict]]) -> None:
    results, others = runs[1]
    for config, times in zip(SIZES, results["times"], strict=True):
        assert times.gradient_bytes == 4 * num_parameters(config)
        assert times.difference < 1e-5  # two halves give the gradient of the whole
        assert min(times.alone, times.split, times.whole, times.few, times.exchange, times.ddp_split) > 0
    assert results["times"][0].exchange == others["times"][0].exchange  # both report the slower process
