"""Records as a `datasets.Dataset`: which columns each kind has, and of which type."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from llmbook.errors import ReaderError

if TYPE_CHECKING:
    import datasets


def features(kind: str) -> "datasets.Features":
    """The columns of a kind: those that all kinds share, then its own."""
    try:
        from datasets import Features, List, Value
    except ImportError as error:
        raise ReaderError("datasets of the world need the library `datasets`: pip install datasets") from error

    text, number = Value("string"), Value("int64")
    questions = List({"question": text, "answer": text, "about": text, "start": number, "end": number})
    own = {
        "dialogue": {
            "turns": List({"speaker": text, "text": text}),
            "items": List({"product": text, "price": number, "agreed": number, "count": number}),
            "total": number,
            "paid": number,
            "change": number,
        },
        "arithmetic": {"question": text, "steps": List(text), "answer": number},
        "parallel": {"en": text, "zh": text, "alignment": List(List(number))},
        "questions": {"questions": questions},
        "reading": {"passage": text, "questions": questions},
        "mapping": {
            "family": text,
            "rule": text,
            "layout": text,
            "pairs": List({"input": text, "label": text, "start": number, "end": number}),
        },
        "worked": {"question": text, "steps": List(text), "answer": number, "cue": text, "shown": Value("bool")},
        "crawl": {
            "url": text,
            "date": text,
            "good": Value("bool"),
            "injuries": List({"kind": text, "start": number, "end": number}),
            "duplicate_of": text,
            "duplicate": text,
            "pii": List({"type": text, "value": text, "start": number, "end": number}),
        },
    }
    fact = {"subject": text, "relation": text, "object": text, "start": number, "end": number}
    shared = {"id": text, "kind": text, "language": text, "text": text, "facts": List(fact), "nats": Value("float64")}
    return Features({**shared, **own.get(kind, {})})


def to_dataset(kind: str, records: Iterable[dict[str, Any]]) -> "datasets.Dataset":
    """The records of one kind as a dataset in memory."""
    columns = features(kind)
    from datasets import Dataset

    rows = list(records)
    return Dataset.from_dict({name: [row[name] for row in rows] for name in columns}, features=columns)
