"""The `llmbook` command. Whatever takes time to import is imported by the subcommand that needs it."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from llmbook.errors import ReaderError

app = typer.Typer(
    help="The runnable companion to 《大语言模型：从理论到实践》.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
exercises = typer.Typer(help="The exercises: grade your answers, or make the notebooks.", no_args_is_help=True)
data = typer.Typer(help="Sample data, as much as you like.", no_args_is_help=True)
make = typer.Typer(help="Remake what is committed.", no_args_is_help=True)
bench = typer.Typer(help="Measure against the library that the field uses.", no_args_is_help=True)
app.add_typer(exercises, name="exercises")
app.add_typer(data, name="data")
app.add_typer(make, name="make")
app.add_typer(bench, name="bench")

Preset = StrEnum("Preset", ["cpu", "gpu"])
Precision = StrEnum("Precision", ["fp32", "bf16"])
Via = StrEnum("Via", ["ssh", "torchrun", "pdsh", "srun", "local"])
Sections = Annotated[
    list[str] | None, typer.Argument(metavar="SECTION", help="Sections (2.2) or chapters (2); all by default.")
]
RecipePreset = Annotated[str | None, typer.Option(help="One of the recipe's presets.")]
RecipeSettings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A value to use instead of the recipe's.")
]
Seed = Annotated[int, typer.Option(help="The world that it comes from.")]


def main(argv: list[str] | None = None) -> None:
    """Run the command line; what the reader can mend ends in one line on stderr and status 2."""
    try:
        app(args=argv, prog_name="llmbook")
    except ReaderError as error:
        sys.exit(_complain(str(error)))
    except ModuleNotFoundError as error:
        if (error.name or "llmbook").startswith("llmbook"):
            raise
        sys.exit(_complain(f"this needs the package {error.name}: {sys.executable} -m pip install {error.name}"))


@app.command()
def run(
    sections: Sections = None,
    preset: Annotated[Preset, typer.Option(help="The sizes to run at.")] = Preset.cpu,
    jobs: Annotated[int, typer.Option(min=1, help="Notebooks side by side, with one core each.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Where to; by default runs/latest under LLMBOOK_HOME.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Keep the unchanged sections that have passed.")] = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A value for the parameters cell.")
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Put the outputs into chapters/.")] = False,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that a cell may take.")] = 600,
) -> None:
    """Execute notebooks, and report whether the book's claims held."""
    from llmbook import book, paths
    from llmbook.batch import run_book

    out = (out or paths.home() / "runs" / "latest").resolve()
    chosen = book.find(sections or [], paths.book_root())
    try:
        with _interruptible():
            records = run_book(
                chosen, out, preset=preset.value, settings=settings or [], jobs=jobs, timeout=timeout, resume=resume,
                update=update,
            )  # fmt: skip
    except KeyboardInterrupt:
        _complain(f"interrupted; what was finished is in {out / 'index.html'}, and --resume goes on from there")
        raise typer.Exit(130) from None
    failures = [record.failure for record in records if record.failure]
    for failure in failures:
        _complain(failure)
    print(f"{len(records) - len(failures)} of {len(records)} sections passed; report: {out / 'index.html'}")
    raise typer.Exit(1 if failures else 0)


@app.command("list")
def list_sections() -> None:
    """Show the book's sections."""
    from rich.table import Table
    from rich.text import Text

    from llmbook import book, paths
    from llmbook.claims import claims_in

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("section", "title", "exercises", "claims"):
        table.add_column(heading, justify="right" if heading == "claims" else "left")
    for section in book.find([], paths.book_root()):
        claims = len(claims_in(book.read_notebook(section.path)))
        table.add_row(section.id, Text(section.title), "yes" if section.exercise.exists() else "", str(claims or ""))
    _console().print(table)


@app.command()
def doctor() -> None:
    """Say whether the book can run here, and what to mend if not."""
    from llmbook.doctor import examine

    console, ill = _console(), False
    for finding in examine():
        ill |= finding.mend != "" and finding.needed
        mark = "[green]ok  [/]" if not finding.mend else "[red]mend[/]" if finding.needed else "[yellow]note[/]"
        console.print(f"{mark} [bold]{finding.name}[/]: ", end="")
        console.print(finding.found + (f"\n     {finding.mend}" if finding.mend else ""), markup=False, highlight=False)
    raise typer.Exit(1 if ill else 0)


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="A YAML file, or a recipe that comes with llmbook: pretrain, 125m, …")],
    preset: RecipePreset = None,
    settings: RecipeSettings = None,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder; by default train/NAME under LLMBOOK_HOME.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last good checkpoint, if any.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the recipe and the memory it needs.")] = False,
    processes: Annotated[int, typer.Option(min=1, help="With --dry-run: how many share the work.")] = 1,
) -> None:
    """Train a model: alone, or as one of the processes that torchrun, deepspeed or Slurm start."""
    from llmbook.training.launching.failures import report_failures

    with report_failures():
        from llmbook import paths
        from llmbook.training.recipe import Recipe, parse_overrides

        loaded = Recipe.load(recipe, preset, parse_overrides(settings or []))
        if dry_run:
            _print_recipe(loaded, processes)
            return
        from llmbook.training.trainer import train as run_training

        result = run_training(loaded, out or paths.home() / "train" / loaded.name, resume=resume, progress=True)
        if os.environ.get("RANK", "0") == "0":
            print(f"step {len(result.history)} of {loaded.max_steps}: {result.exported or result.checkpoint}")
        if result.interrupted:
            _complain("stopped as asked, after saving; --resume goes on from there")
            raise typer.Exit(128 + signal.SIGTERM)


def _print_recipe(recipe: "Recipe", processes: int) -> None:  # noqa: F821
    import yaml

    from llmbook.training.memory_model import memory_report

    print(yaml.safe_dump(recipe.to_mapping(), sort_keys=False, allow_unicode=True))
    print(memory_report(recipe, processes))


@app.command()
def launch(
    recipe: Annotated[str, typer.Argument(help="A YAML file, or a recipe that comes with llmbook: 125m, 1b, 7b, …")],
    hostfile: Annotated[
        Path | None, typer.Option(help="Lines `node-1 slots=8`; without it, the nodes of the Slurm allocation.")
    ] = None,
    preset: RecipePreset = None,
    settings: RecipeSettings = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder, on a file system that all hosts share.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last good checkpoint, if any.")] = False,
    via: Annotated[
        Via | None, typer.Option(help="What starts the processes; by default what the hosts suggest.")
    ] = None,
    slots: Annotated[int | None, typer.Option(min=1, help="Processes on each host, where no hostfile says.")] = None,
    node_rank: Annotated[
        int | None, typer.Option(min=0, help="Start this host's share alone; do the same on every other, without ssh.")
    ] = None,
    master_addr: Annotated[str | None, typer.Option(help="Where rank 0 is found; by default the first host.")] = None,
    master_port: Annotated[int, typer.Option(min=1, max=65535, help="A free port there.")] = 29500,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the commands, and start nothing.")] = False,
) -> None:
    """Train on many machines: check them, start the processes, and say which one failed."""
    from llmbook.training.launching import launch as launching

    job, out = launching.plan(
        recipe, hostfile=hostfile, preset=preset, settings=settings or [], out=out, resume=resume,
        via=via and via.value, slots=slots, master_addr=master_addr, master_port=master_port,
    )  # fmt: skip
    if dry_run:
        print(launching.describe(job, node_rank))
        return
    show = partial(print, flush=True)
    raise typer.Exit(launching.launch(job, out, node_rank=node_rank, show=show, complain=_complain))


@exercises.command("check")
def check_exercises(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="SECTION|PATH", help="A section, a chapter, or a notebook.")
    ] = None,
) -> None:
    """Grade your answers: run the notebook and say what each check found."""
    from llmbook import paths
    from llmbook.exercises.grade import grade

    console = _console()
    with console.status("running your notebook"):
        sheets = grade(targets or [], paths.book_root())
    verdicts = [verdict for sheet in sheets for verdict in sheet]
    colours = {"passed": "green", "not yet": "yellow", "wrong": "red"}
    for verdict in verdicts:
        console.print(f"[{colours[verdict.state]}]{verdict.state:8}[/] ", end="")
        hint = f": {verdict.hint}" if verdict.hint else ""
        console.print(verdict.task + hint, markup=False, highlight=False)
    passed = sum(verdict.state == "passed" for verdict in verdicts)
    print(f"{passed} of {len(verdicts)} passed")
    raise typer.Exit(0 if passed == len(verdicts) else 1)


@exercises.command("new")
def new_exercises(
    sections: Sections = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite notebooks with answers in them.")] = False,
) -> None:
    """Execute the solutions, and make the students' notebooks from them."""
    from llmbook import paths
    from llmbook.exercises.generate import generate

    with _console().status("executing the solutions"):
        made = generate(sections or [], paths.book_root(), force=force)
    for path in made:
        print(path)


@data.command("generate")
def generate_data(
    kind: Annotated[str, typer.Argument(help="What kind of record.")],
    count: Annotated[int, typer.Option(min=1, help="How many records.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    seed: Seed = 0,
    start: Annotated[int, typer.Option(min=0, help="The number of the first record.")] = 0,
) -> None:
    """Write records of the sample world."""
    from llmbook.data.samples import write_records
    from llmbook.data.world import World

    write_records(World(seed), kind, count, out, start)


@data.command("clean")
def clean_data(
    recipe: Annotated[Path, typer.Argument(help="A YAML file: inputs, output, steps.")],
    out: Annotated[Path | None, typer.Option(help="The folder to make, instead of the recipe's output.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; by default one for each core.")] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler to use instead: tcp://host:8786.")
    ] = None,
) -> None:
    """Run the steps of a recipe over files of documents, and say what each step removed."""
    from dataclasses import replace

    from llmbook.data.pipeline.recipe import CleaningRecipe
    from llmbook.data.pipeline.report import progress, show
    from llmbook.data.pipeline.run import clean

    loaded = CleaningRecipe.load(recipe)
    loaded = replace(loaded, output=out) if out else loaded
    with progress(_console(stderr=True)) as advance:
        report = clean(loaded, workers or len(os.sched_getaffinity(0)), cluster, advance)
    show(report, _console())
    print(f"{report['kept']} of {report['rows']} documents are in {loaded.output / 'data'}")


@data.command("tokenize")
def tokenize(
    recipe: Annotated[str, typer.Argument(help="A training recipe, as for `llmbook train`.")],
    preset: RecipePreset = None,
    settings: RecipeSettings = None,
) -> None:
    """Tokenise what a training recipe will read, beforehand: the training then starts at once."""
    from llmbook.training.recipe import Recipe, parse_overrides
    from llmbook.training.sources import tokens_of

    print(tokens_of(Recipe.load(recipe, preset, parse_overrides(settings or []))).train)


@data.command("train-quality")
def train_quality(
    good: Annotated[list[str], typer.Option(help="Files of good texts: .jsonl, .parquet, .txt. May be given twice.")],
    bad: Annotated[list[str], typer.Option(help="Files of bad texts, or of a raw crawl. May be given twice.")],
    out: Annotated[Path, typer.Option(help="The .npz file to write.")],
) -> None:
    """Fit the classifier of the step `quality`."""
    from llmbook.data.classifier import QualityClassifier
    from llmbook.data.pipeline.reading import read_texts

    texts = list(read_texts(good)), list(read_texts(bad))
    with _console(stderr=True).status("fitting"):
        QualityClassifier().fit(*texts).save(out)
    print(f"{out}: from {len(texts[0])} good texts and {len(texts[1])} bad ones")


@data.command("train-perplexity")
def train_perplexity(
    texts: Annotated[list[str], typer.Argument(help="Files of texts: .jsonl, .parquet, .txt.")],
    out: Annotated[Path, typer.Option(help="The .npz file to write.")],
    order: Annotated[int, typer.Option(min=1, help="Words, or Chinese characters, of the longest n-gram.")] = 4,
) -> None:
    """Fit the n-gram model of the step `perplexity`."""
    from llmbook.data.perplexity import KneserNeyLM
    from llmbook.data.pipeline.reading import read_texts

    read = list(read_texts(texts))
    with _console(stderr=True).status("fitting"):
        KneserNeyLM(order).fit(read).save(out)
    print(f"{out}: {order}-grams of {len(read)} texts")


@make.command("samples")
def make_samples(seed: Seed = 0) -> None:
    """Write data_samples/ anew."""
    from llmbook import paths
    from llmbook.data.samples import write_samples

    write_samples(paths.samples(), seed)


@make.command("base")
def make_base_command(
    recipe: Annotated[str, typer.Argument(help="A recipe that learns from the world.")] = "pretrain",
    preset: RecipePreset = None,
    settings: RecipeSettings = None,
    out: Annotated[Path | None, typer.Option(help="The folder to write; by default data_samples/models/base.")] = None,
) -> None:
    """Train the Market model from nothing, with its tokenizer, and measure it; stopped, it goes on where it was."""
    from llmbook import paths
    from llmbook.market import make_base
    from llmbook.training.recipe import Recipe, parse_overrides

    out = out or paths.samples() / "models" / "base"
    figures = make_base(Recipe.load(recipe, preset, parse_overrides(settings or [])), out)
    for name, right in figures["abilities"].items():
        print(f"{name:22} {right['all']:6.1%}")
    gap = figures["cross_entropy"].get("all", {}).get("gap")
    print(f"{out}: {gap} nats a token above the source" if gap is not None else out)


@bench.command("llama")
def bench_llama_command(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds that count; the best is taken.")] = 8,
    precision: Annotated[
        list[Precision] | None, typer.Option(help="fp32 or bf16; both by default. May be given twice.")
    ] = None,
    compiled: Annotated[bool, typer.Option("--compile/--no-compile", help="Also train under torch.compile.")] = True,
) -> None:
    """Llama's training step and its generation, against transformers' LlamaForCausalLM, by turns in one process."""
    import torch

    from llmbook.bench.llama import bench_llama

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    precisions = tuple(choice.value for choice in precision or Precision)
    where = torch.cuda.get_device_name() if device.type == "cuda" else f"{torch.get_num_threads()} processor threads"
    print(f"On {where}. Import, compilation and warm-up are not counted; each figure is the best of {rounds} rounds.")
    print(f"{'task':24} {'llmbook':>10} {'transformers':>13} {'ratio':>6} {'aim':>5} {'of matmul peak':>15}")
    for row in bench_llama(device, precisions, compiled, rounds):
        share = "" if row.share is None else f"{row.share:.0%}"
        rates = f"{row.ours:>10,.0f} {row.theirs:>13,.0f}"
        print(f"{row.task:24} {rates} {row.ratio:>6.2f} {row.target:>5} {share:>15}", flush=True)


@bench.command("train")
def bench_train_command(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds that count; the best is taken.")] = 3,
    compiled: Annotated[bool, typer.Option("--compile/--no-compile", help="Also against the defaults.")] = True,
    engines: Annotated[bool, typer.Option("--engines/--no-engines", help="Also the engines on two processes.")] = True,
) -> None:
    """`train` against transformers' Trainer, and the engines' step times against DDP's."""
    from llmbook.bench.train import bench_engines, bench_trainer

    print(f"{'tokens/s':28} {'llmbook':>10} {'Trainer':>10} {'ratio':>6} {'aim':>5}")
    for row in bench_trainer(rounds, compiled=compiled):
        rates = f"{row.ours:>10,.0f} {row.theirs:>10,.0f}"
        print(f"{row.task:28} {rates} {row.ratio:>6.2f} {row.target:>5}", flush=True)
    if engines:
        seconds = bench_engines(4 * rounds)
        print(f"{'step on 2 processes':28} {'of DDP':>10}")
        for name, value in seconds.items():
            print(f"{name:28} {value / seconds['DDP']:>10.2f}")


@bench.command("minhash")
def bench_minhash_command(
    documents: Annotated[int, typer.Option(min=100, help="Texts of 200 words.")] = 6000,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds that count; the best is taken.")] = 3,
) -> None:
    """MinHash and LSH against datasketch, and over several processes."""
    from llmbook.bench.minhash import bench_minhash

    print(f"{'variant':26} {'texts/s':>9} {'ratio':>6} {'aim':>5} {'recall':>7} {'precision':>10}")
    for row in bench_minhash(documents, rounds=rounds):
        found = "" if row.recall is None else f"{row.recall:>7.3f} {row.precision:>10.3f}"
        aim = "" if row.target is None else row.target
        print(f"{row.variant:26} {row.documents_per_second:>9,.0f} {row.ratio:>6.2f} {aim:>5} {found}", flush=True)


@bench.command("bpe")
def bench_bpe_command(
    megabytes: Annotated[float, typer.Option(min=0.1, help="Of the standard library's source.")] = 8.0,
    vocab_size: Annotated[int, typer.Option(min=300, help="Tokens.")] = 8000,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds that count; the best is taken.")] = 3,
) -> None:
    """Byte-level BPE against tokenizers, training and encoding, and against rescanning."""
    from llmbook.bench.bpe import bench_bpe

    print(f"{'task':8} {'peer':26} {'llmbook':>9} {'peer':>9} {'ratio':>7} {'aim':>5}  same result")
    for row in bench_bpe(megabytes, vocab_size, rounds=rounds):
        rates = f"{row.ours:>4.2f} MB/s {row.theirs:>4.2f} MB/s"
        aim = "" if row.target is None else row.target
        print(
            f"{row.task:8} {row.peer:26} {rates} {row.ratio:>7.2f} {aim:>5}  {'yes' if row.same else 'no'}", flush=True
        )


@bench.command("cleaning")
def bench_cleaning_command(
    count: Annotated[int, typer.Option(min=100, help="Pages of the crawl.")] = 50_000, seed: Seed = 0
) -> None:
    """The cleaning steps against the labels of the world's crawl."""
    from llmbook.bench.cleaning import bench_cleaning

    print(f"{'task':32} {'there':>7} {'recall':>7} {'precision':>10} {'score':>7} {'aim':>11}")
    for row in bench_cleaning(count, seed):
        figures = (row.recall, row.precision, row.score)
        columns = ("" if value is None else f"{value:.4f}" for value in figures)
        recall, precision, score = columns
        print(f"{row.task:32} {row.count:>7} {recall:>7} {precision:>10} {score:>7} {row.target:>11}", flush=True)


def _console(stderr: bool = False) -> "Console":  # noqa: F821
    """A console that does not fold lines which are not for a screen."""
    from rich.console import Console

    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(width=1000, stderr=stderr)


def _complain(line: str) -> int:
    print(f"llmbook: {line}", file=sys.stderr)
    return 2


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C and SIGTERM raise KeyboardInterrupt; a second one does not disturb the tidying up."""
    stops = (signal.SIGINT, signal.SIGTERM)

    def interrupt(number: int, frame: object) -> None:
        for stop in stops:
            signal.signal(stop, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [signal.signal(stop, interrupt) for stop in stops]
    try:
        yield
    finally:
        for stop, handler in zip(stops, before, strict=True):
            signal.signal(stop, handler)


if __name__ == "__main__":
    main()
