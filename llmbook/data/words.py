"""Words as tokens, for texts in which blanks separate them, such as those of `llmbook.data.templates`."""

from collections.abc import Iterable, Sequence

from llmbook.errors import ReaderError


class WordTokenizer:
    """Whatever stands between two blanks is a token; special tokens come first, then the words of the texts, sorted.

    Args:
        texts: what the vocabulary is taken from.
        special_tokens: tokens that need not occur in the texts, in the order of their ids.
    """

    def __init__(self, texts: Iterable[str], special_tokens: Sequence[str] = ()) -> None:
        words = {word for text in texts for word in text.split()}
        self.special_tokens = tuple(special_tokens)
        self.tokens = [*special_tokens, *sorted(words.difference(special_tokens))]
        self._ids = {token: number for number, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, text: str) -> list[int]:
        """The token ids of a text, special tokens in it included; none are added.

        Raises:
            ReaderError: for a word that is not in the vocabulary.
        """
        try:
            return [self._ids[word] for word in text.split()]
        except KeyError as error:
            raise ReaderError(f"the word {error} is not in the tokenizer's vocabulary") from None

    def decode(self, token_ids: Iterable[int], skip_special_tokens: bool = True) -> str:
        """The text of token ids, without special tokens unless they are wanted."""
        first = len(self.special_tokens) if skip_special_tokens else 0
        return " ".join(self.tokens[int(number)] for number in token_ids if int(number) >= first)
