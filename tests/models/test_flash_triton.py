"""The Triton kernels against exact attention, on a GPU where there is one, and in Triton's interpreter."""

import importlib.util
import os
import subprocess
import sys

import pytest
import torch
from torch.nn import functional as F

from llmbook.errors import ReaderError
from llmbook.models.flash_triton import flash_attention_triton

HAS_TRITON = importlib.util.find_spec("triton") is not None
SHAPES = [(70, 70, 20, True), (70, 70, 64, False), (33, 97, 16, False), (130, 130, 8, True), (1, 1, 128, True)]


def largest_error(dtype: torch.dtype, shape: tuple[int, int, int, bool], device: str) -> float:
    """Of the output and the three gradients, relative to the largest exact value, in units of the dtype's epsilon."""
    queries, keys, d, causal = shape
    ours = [torch.randn(1, 2, n, d, device=device).to(dtype).requires_grad_() for n in (queries, keys, keys)]
    exact = [x.detach().double().requires_grad_() for x in ours]
    output, expected = flash_attention_triton(*ours, causal), F.scaled_dot_product_attention(*exact, is_causal=causal)
    direction = torch.randn_like(output)
    results = [output, *torch.autograd.grad(output, ours, direction)]
    references = [expected, *torch.autograd.grad(expected, exact, direction.double())]
    errors = [(a - b).abs().max() / b.abs().max().clamp(min=1) for a, b in zip(results, references, strict=True)]
    return max(errors).item() / torch.finfo(dtype).eps


@pytest.mark.skipif(not (HAS_TRITON and torch.cuda.is_available()), reason="needs Triton and a GPU")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_on_a_gpu(dtype: torch.dtype, shape: tuple[int, int, int, bool]) -> None:
    assert largest_error(dtype, shape, "cuda") < 10


INTERPRETED = """
import sys
import torch
sys.path.insert(0, sys.argv[1])
from test_flash_triton import SHAPES, largest_error
for dtype in (torch.float32, torch.float16):
    for shape in SHAPES:
        error = largest_error(dtype, shape, "cpu")
        assert error < 10, (dtype, shape, error)
print("exact")
"""


@pytest.mark.skipif(not HAS_TRITON, reason="needs Triton")
def test_in_the_interpreter() -> None:
    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", INTERPRETED, os.path.dirname(__file__)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stdout == "exact\n", done.stderr[-2000:]


@pytest.mark.skipif(HAS_TRITON, reason="Triton is installed")
def test_without_triton_one_line_says_so() -> None:
    with pytest.raises(ReaderError, match="Triton is not installed: it comes with the CUDA builds of PyTorch"):
        flash_attention_triton(*torch.randn(3, 1, 1, 4, 8))


@pytest.mark.parametrize(
    ("tensors", "causal", "message"),
    [
        ([torch.randn(1, 1, 4, 8, dtype=torch.float64)] * 3, False, "take float32, float16 or bfloat16"),
        ([torch.randn(1, 1, 4, 8), torch.randn(1, 2, 4, 8), torch.randn(1, 2, 4, 8)], False, "do not fit"),
        ([torch.randn(1, 1, 4, 8), torch.randn(1, 1, 5, 8), torch.randn(1, 1, 5, 8)], True, "not 4 and 5"),
        ([torch.randn(1, 1, 4, 200)] * 3, False, "head_dim 200 is too large"),
    ],
)
def test_bad_input_is_named_before_triton_is_asked_for(tensors, causal: bool, message: str) -> None:
    with pytest.raises(ReaderError, match=message):
        flash_attention_triton(*tensors, causal)
