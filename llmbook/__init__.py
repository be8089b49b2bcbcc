"""llmbook: the runnable companion to 《大语言模型：从理论到实践》.

Importing this package is cheap: the names in `__all__` are loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmbook.data.world import World
    from llmbook.models.llama import Llama, LlamaConfig
    from llmbook.models.transformer import Transformer, TransformerConfig
    from llmbook.training.pretrained import load_model
    from llmbook.training.recipe import Recipe
    from llmbook.training.trainer import train

__version__ = "0.1.0"

_HOME_OF = {
    "Llama": "llmbook.models.llama",
    "LlamaConfig": "llmbook.models.llama",
    "World": "llmbook.data.world",
    "Transformer": "llmbook.models.transformer",
    "TransformerConfig": "llmbook.models.transformer",
    "load_model": "llmbook.training.pretrained",
    "Recipe": "llmbook.training.recipe",
    "train": "llmbook.training.trainer",
}
__all__ = ["Llama", "LlamaConfig", "Recipe", "Transformer", "TransformerConfig", "World", "load_model", "train"]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'llmbook' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
