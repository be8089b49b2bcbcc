"""What notebooks import: setup, the source viewer, claims, and the figure style."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import RichOutput, capture_output

from llmbook.claims import CLAIM_MIME
from llmbook.errors import ReaderError
from llmbook.models.attention import MultiHeadAttention
from llmbook.notebook import at_least, claim, heatmap, setup, show


@pytest.fixture
def shell():
    """An IPython shell, in which displays can be looked at."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def displayed(call) -> list[RichOutput]:
    with capture_output() as captured:
        call()
    return captured.outputs


def test_setup_seeds_and_picks() -> None:
    book = setup("cpu", seed=3)
    first = torch.rand(2)
    setup("cpu", seed=3)
    assert torch.rand(2).equal(first)
    assert book.pick(cpu=1, gpu=2) == 1 and book.device.type == "cpu"


def test_setup_refuses_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ReaderError, match="needs a GPU that PyTorch can see"):
        setup("gpu")
    with pytest.raises(ReaderError, match="unknown preset 'tpu': choose one of cpu, gpu"):
        setup("tpu")


def test_show_gives_the_installed_source_under_its_name(shell) -> None:
    [output] = displayed(lambda: show(MultiHeadAttention))
    text = output.data["text/markdown"]
    assert text.startswith("`llmbook.models.attention.MultiHeadAttention`\n\n```python\nclass MultiHeadAttention(")
    with pytest.raises(ReaderError, match="has no Python source"):
        show(len)


def test_claim_is_displayed_and_recorded(shell) -> None:
    [output] = displayed(lambda: claim("2.2.5", "BLEU <held-out>", 95.0, at_least(90), "the book"))
    assert output.data[CLAIM_MIME]["holds"] is True
    assert (
        output.data["text/plain"] == "Claim 2.2.5 holds: BLEU <held-out>: measured 95, expected at least 90 (the book)"
    )
    assert "BLEU &lt;held-out&gt;" in output.data["text/html"]


def test_failed_claim_is_recorded_and_stops_the_notebook(shell) -> None:
    def run() -> None:
        with pytest.raises(AssertionError, match="claim 2.2.5 does not hold: BLEU: measured 12, expected at least 90"):
            claim("2.2.5", "BLEU", 12.0, at_least(90))

    [output] = displayed(run)
    assert output.data[CLAIM_MIME]["holds"] is False


def test_chinese_labels_are_drawn_and_missing_characters_are_an_error() -> None:
    setup()
    figure, axes = plt.subplots()
    heatmap(axes, [[0.1, 0.9], [1.0, 0.0]], ["灯笼", "the"], ["的", "量词"], "灯市")
    figure.canvas.draw()
    axes.set_title("\U00020000")
    with pytest.raises(UserWarning, match="missing from font"):
        figure.canvas.draw()
    plt.close(figure)
