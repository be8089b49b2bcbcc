"""MinHash against datasketch: from texts to pairs of near duplicates, in one process, on planted duplicates.

Both sides cut the same texts into the same 5-grams of words, use as many permutations, bands and rows, and keep the
candidates whose estimated similarity reaches the threshold.
"""

import json
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from llmbook.bench.timing import interleave
from llmbook.data.dedup.minhash import near_duplicates, signatures

Pairs = set[tuple[int, int]]

NUM_PERM, BANDS, ROWS, N, THRESHOLD = 128, 16, 8, 5, 0.7


@dataclass(frozen=True)
class Row:
    """One line of the result.

    Attributes:
        variant: what was run.
        documents_per_second: its speed.
        ratio: our speed over this one's; for several processes, theirs over one's.
        recall, precision: of the pairs found, against those planted; None where only signatures are made.
        target: the ratio that the project aims at, or None.
    """

    variant: str
    documents_per_second: float
    ratio: float
    recall: float | None = None
    precision: float | None = None
    target: float | None = None


def plant(documents: int, words: int = 200, seed: int = 0) -> tuple[list[str], Pairs]:
    """Random texts, every sixth a copy of the one before it with 1 % of its words changed; and the pairs of copies."""
    rng = random.Random(seed)
    vocabulary = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 10))) for _ in range(20_000)]
    texts, pairs = [], set()
    for number in range(documents):
        if number % 6 == 5:
            chosen = texts[-1].split()
            for place in rng.sample(range(words), max(1, words // 100)):
                chosen[place] = rng.choice(vocabulary)
            pairs.add((number - 1, number))
        else:
            chosen = rng.choices(vocabulary, k=words)
        texts.append(" ".join(chosen))
    return texts, pairs


def bench_minhash(
    documents: int = 6000, words: int = 200, rounds: int = 3, processes: tuple[int, ...] = (1, 2)
) -> Iterator[Row]:
    """Our MinHash, datasketch's `MinHash.bulk`, its loop over shingles, and our signatures on several processes.

    Args:
        documents, words: how many texts of how many words.
        rounds: that count; datasketch's loop gets one.
        processes: numbers of workers; each reads its share of the texts from files, which counts.

    Yields:
        One row per variant, as soon as it is measured.
    """
    texts, planted = plant(documents, words)
    results: dict[str, Pairs] = {}

    def keep(name: str, run: Callable[[list[str]], Pairs]) -> Callable[[], None]:
        return lambda: results.__setitem__(name, run(texts))

    ours, bulk, loop = "llmbook", "datasketch, bulk", "datasketch, loop"
    seconds = interleave({ours: keep(ours, _ours), bulk: keep(bulk, _bulk)}, rounds, warm_up=1)
    seconds |= interleave({loop: keep(loop, _loop)}, 1, warm_up=0)
    for name, target in ((ours, None), (bulk, 2.0), (loop, 10.0)):
        right = len(results[name] & planted)
        recall, precision = right / len(planted), right / max(len(results[name]), 1)
        yield Row(name, documents / seconds[name], seconds[name] / seconds[ours], recall, precision, target)
    baseline = None
    for workers, best in _with_workers(texts, processes, rounds):
        baseline = baseline or best
        yield Row(f"signatures, {workers} process{'es' * (workers > 1)}", documents / best, baseline / best)


def _ours(texts: list[str]) -> Pairs:
    pairs, _ = near_duplicates(texts, THRESHOLD, num_perm=NUM_PERM, n=N, bands=BANDS, rows=ROWS)
    return set(map(tuple, pairs.tolist()))


def _with_workers(texts: list[str], processes: tuple[int, ...], rounds: int) -> Iterator[tuple[int, float]]:
    """For each number of workers the best seconds in which they sign all texts, shard by shard."""
    with TemporaryDirectory() as folder:
        shards = [Path(folder) / f"{number}.json" for number in range(4 * max(processes))]
        for number, shard in enumerate(shards):
            shard.write_text(json.dumps(texts[number :: len(shards)]), encoding="utf-8")
        for workers in processes:
            with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
                yield workers, interleave({"": lambda p=pool: list(p.map(_sign, shards))}, rounds, warm_up=2)[""]


def _sign(shard: Path) -> int:
    """Signatures of the texts of one file; how many."""
    return len(signatures(json.loads(shard.read_text(encoding="utf-8")), NUM_PERM, N))


def _bulk(texts: list[str]) -> Pairs:
    from datasketch import MinHash

    return _search(MinHash.bulk(map(_shingles, texts), num_perm=NUM_PERM))


def _loop(texts: list[str]) -> Pairs:
    from datasketch import MinHash

    sketches = []
    for text in texts:
        sketch = MinHash(num_perm=NUM_PERM)
        for shingle in _shingles(text):
            sketch.update(shingle)
        sketches.append(sketch)
    return _search(sketches)


def _shingles(text: str) -> set[bytes]:
    words = text.lower().split()
    return {" ".join(words[start : start + N]).encode() for start in range(max(len(words) - N + 1, 1))}


def _search(sketches: list) -> Pairs:
    """Look each sketch up among those before it, then insert it."""
    from datasketch import MinHashLSH

    index, pairs = MinHashLSH(num_perm=NUM_PERM, params=(BANDS, ROWS)), set()
    for number, sketch in enumerate(sketches):
        earlier = index.query(sketch)
        pairs |= {(other, number) for other in earlier if sketches[other].jaccard(sketch) >= THRESHOLD}
        index.insert(number, sketch, check_duplication=False)
    return pairs
