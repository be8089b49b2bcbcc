"""Pooling key-value heads, and the bytes of the cache."""

import pytest
import torch

from llmbook.errors import ReaderError
from llmbook.models.cache import KVCache, kv_cache_bytes
from llmbook.models.grouped_query import pool_key_value_heads
from llmbook.models.llama import Llama, LlamaConfig

SMALL = {"vocab_size": 11, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}


def model(kv_heads: int, **changes: object) -> Llama:
    return Llama(LlamaConfig(**SMALL, num_attention_heads=8, num_key_value_heads=kv_heads, **changes)).eval()


@pytest.mark.parametrize("how", ["mean", "first"])
@pytest.mark.parametrize("kv_heads", [1, 2, 4])
@pytest.mark.parametrize("bias", [False, True])
def test_pooling_equal_heads_changes_nothing(kv_heads: int, how: str, bias: bool) -> None:
    full = model(8, attention_bias=bias)
    with torch.no_grad():
        for name, parameter in full.named_parameters():
            if ".k_proj." in name or ".v_proj." in name:
                groups = torch.randn_like(parameter).unflatten(0, (kv_heads, 8 // kv_heads, -1))
                parameter.copy_(groups[:, :1].expand_as(groups).flatten(0, 2))
    pooled = pool_key_value_heads(full, kv_heads, how).eval()
    assert pooled.config.num_key_value_heads == kv_heads
    ids = torch.randint(11, (2, 9))
    torch.testing.assert_close(pooled(ids), full(ids), atol=1e-5, rtol=1e-5)


def test_mean_and_first_are_what_they_say() -> None:
    full = model(4)
    rows = full.layers[1].self_attn.k_proj.weight.view(2, 2, 4, 32)
    for how, expected in (("mean", (rows[:, 0] + rows[:, 1]) / 2), ("first", rows[:, 0])):
        pooled = pool_key_value_heads(full, 2, how).layers[1].self_attn.k_proj.weight
        torch.testing.assert_close(pooled, expected.reshape(8, 32))
    assert full.config.num_key_value_heads == 4, "the original stays as it was"


def test_heads_that_cannot_be_grouped_are_refused() -> None:
    with pytest.raises(ReaderError, match="8 key-value heads cannot be pooled into 3 equal groups"):
        pool_key_value_heads(model(8), 3)
    with pytest.raises(ReaderError, match="unknown way to pool 'max': choose one of mean, first"):
        pool_key_value_heads(model(8), 1, "max")


def test_cache_bytes_of_llama() -> None:
    gib = 2**30
    llama_65b = {"hidden_size": 8192, "num_hidden_layers": 80, "num_attention_heads": 64}
    sizes = [kv_cache_bytes(LlamaConfig(**llama_65b, num_key_value_heads=kv), 2048) / gib for kv in (64, 8, 1)]
    assert sizes == [5.0, 0.625, 0.078125]
    assert kv_cache_bytes(LlamaConfig(), 2048) == gib


def test_cache_bytes_are_those_of_the_cache() -> None:
    config = model(2).config
    cache = KVCache(3, 40, config.num_hidden_layers, config.num_key_value_heads, config.head_dim)
    assert kv_cache_bytes(config, 40, batch=3, bytes_per_number=4) == cache.nbytes
