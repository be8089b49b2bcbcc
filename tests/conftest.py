"""Every test starts from the same random state, whatever ran before it."""

import pytest


@pytest.fixture(autouse=True)
def _seeded() -> None:
    import torch

    torch.manual_seed(0)
