"""Tokenisers from scratch: byte-level BPE, WordPiece and Unigram (section 3.2.4)."""

from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.data.tokenizers.pretokenizers import GPT2_PATTERN, LLAMA3_PATTERN, QWEN2_PATTERN
from llmbook.data.tokenizers.unigram import UnigramTokenizer
from llmbook.data.tokenizers.wordpiece import WordPieceTokenizer

__all__ = ["GPT2_PATTERN", "LLAMA3_PATTERN", "QWEN2_PATTERN", "BPETokenizer", "UnigramTokenizer", "WordPieceTokenizer"]
