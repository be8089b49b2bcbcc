"""Executing notebooks through papermill: one `Execution` for each notebook, several side by side if wished."""

import contextlib
import importlib.util
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from llmbook.book import source_of, tags_of
from llmbook.claims import Claim, claims_in
from llmbook.errors import ReaderError
from llmbook.paths import home

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager
    from nbformat import NotebookNode

# Kernels run unattended: figures go into the notebook whatever the shell says, and progress bars, which would end up
# in the notebook's error stream, stay away.
_BATCH = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "TQDM_DISABLE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(eq=False)
class Execution:
    """One notebook on its way through a kernel: a worker thread writes it, the display reads it.

    Attributes:
        path: the notebook; the kernel works in its folder.
        parameters: values for names of the `parameters` cell.
        timeout: seconds that a cell may take.
        threads: cores that the kernel may use, all of them for None.
        state: "waiting", "running", "passed", "failed" or "interrupted".
        cells: how many code cells there are; `done` of them are finished.
        claims: what the notebook has claimed so far.
        failed_cell: the code cell that ended a failed run, counted from 1 as in `In [1]`.
        error: why the run failed, one line.
        notebook: the notebook with its outputs, as far as it got.
    """

    path: Path
    parameters: dict[str, object] = field(default_factory=dict)
    timeout: int = 600
    threads: int | None = None
    state: str = "waiting"
    cells: int = 0
    done: int = 0
    seconds: float = 0.0
    claims: list[Claim] = field(default_factory=list)
    failed_cell: int | None = None
    error: str = ""
    notebook: "NotebookNode | None" = None
    _started: float | None = None
    _cell: int = 0
    _kernel: "AsyncKernelManager | None" = None
    _stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def elapsed(self) -> float:
        """Seconds so far."""
        running = self.state == "running" and self._started is not None
        return time.monotonic() - self._started if running else self.seconds

    def run(self) -> None:
        """Execute every cell; how it ended is in `state`, `failed_cell` and `error`.

        Raises:
            ReaderError: when the machine, not the notebook, is at fault (a full disk under the kernel's files).
        """
        if self._stopped.is_set():
            return
        self._started, self.state = time.monotonic(), "running"
        try:
            self.error = self._execute()
            outcome = "failed" if self.error else "passed"
        except OSError as error:
            outcome = "failed"
            raise ReaderError(f"cannot run {self.path.name}: {error.strerror or error}") from error
        finally:
            if self.notebook is not None:  # papermill's own notes about a failure, in large red letters
                self.notebook.cells = [c for c in self.notebook.cells if "papermill-error-cell-tag" not in tags_of(c)]
            self.seconds = time.monotonic() - self._started
            self.state = "interrupted" if self._stopped.is_set() else outcome

    def stop(self) -> None:
        """Kill the kernel and what it has started; `run` then returns within a second or two."""
        self._stopped.set()
        if self._kernel is not None and self._kernel.provisioner and (pid := self._kernel.provisioner.pid):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)  # the kernel leads a process group of its own

    def _execute(self) -> str:
        """Run the notebook; return what went wrong, or nothing."""
        import nbformat
        import papermill
        from nbclient.exceptions import CellTimeoutError, DeadKernelError

        self.notebook = _unrun(nbformat.read(self.path, as_version=4))
        # The reader's own IPython profile could change what notebooks print.
        environment = _BATCH | {"IPYTHONDIR": str(home() / "ipython")} | (_ONE_THREAD if self.threads == 1 else {})
        logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it has to say is in the error we return
        try:
            papermill.execute_notebook(
                str(self.path).replace("{", "{{").replace("}", "}}"),  # papermill formats paths
                None,
                parameters=self.parameters,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                execution_timeout=self.timeout,
                resources={"metadata": {"path": str(self.path.parent)}},
                kernel_manager_class=_kernel_class(environment, self._born),
                on_notebook_start=self._notebook_started,
                on_cell_start=self._cell_started,
                on_cell_executed=self._cell_executed,
            )
        except papermill.PapermillExecutionError as error:
            self.failed_cell = self._cell
            return _in_one_line(error.ename, error.evalue)
        except DeadKernelError:
            self.failed_cell = self._cell
            return f"the kernel died ({_how_it_ended(self._kernel)})"
        except CellTimeoutError:
            self.failed_cell = self._cell
            return f"the cell took longer than {self.timeout} s (--timeout)"
        except RuntimeError as error:
            return f"the kernel did not start ({_how_it_ended(self._kernel)}): {_in_one_line('', str(error))}"
        return ""

    def _born(self, kernel: "AsyncKernelManager") -> None:
        self._kernel = kernel
        if self._stopped.is_set():  # stopped while the kernel was being started
            self.stop()

    def _notebook_started(self, notebook: "NotebookNode") -> None:
        self.notebook = notebook
        self.cells = code_cells(notebook)

    def _cell_started(self, cell: "NotebookNode", cell_index: int) -> None:
        self._cell += _is_counted(cell)

    def _cell_executed(self, cell: "NotebookNode", cell_index: int, execute_reply: dict) -> None:
        self.done += _is_counted(cell)
        self.claims = [*self.claims, *claims_in({"cells": [cell]})]


def run_all(
    executions: Sequence[Execution],
    jobs: int,
    finished: Callable[[Execution], None],
    tick: Callable[[], None] = lambda: None,
) -> None:
    """Execute notebooks, `jobs` at a time.

    `finished` is called in this thread for each that has ended, `tick` several times a second. Whatever interrupts
    this (Ctrl-C, an error of `finished`) ends the running kernels before it goes on its way.

    Raises:
        ReaderError: when there is no kernel to run them.
    """
    if importlib.util.find_spec("ipykernel") is None:
        raise ReaderError(f"no Jupyter kernel in this Python: {sys.executable} -m pip install ipykernel")
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="notebook")
    pending = {pool.submit(execution.run): execution for execution in executions}
    try:
        while pending:
            done, _ = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                execution = pending.pop(future)
                future.result()
                finished(execution)
            tick()
    finally:
        for execution in pending.values():
            execution.stop()
        pool.shutdown(cancel_futures=True)


def _kernel_class(environment: dict[str, str], born: Callable) -> "type[AsyncKernelManager]":
    """A manager that starts this very interpreter: an installed "python3" kernelspec may belong to another one."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from traitlets import default

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=command, display_name="Python 3", language="python")

    class Kernel(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _this_python(self) -> KernelSpecManager:
            return ThisPython(parent=self)

        async def start_kernel(self, **options: object) -> None:
            # What libraries write past Python is caught by the kernel; what the kernel itself writes would garble ours.
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            await super().start_kernel(env={**os.environ, **environment}, **quiet, **options)
            born(self)

    return Kernel


def code_cells(notebook: dict) -> int:
    """How many code cells a notebook has, as a reader counts them: neither empty ones nor what papermill injects."""
    return sum(map(_is_counted, notebook["cells"]))


def _is_counted(cell: dict) -> bool:
    own = cell["cell_type"] == "code" and "injected-parameters" not in tags_of(cell)
    return own and bool(source_of(cell).strip())


def _unrun(notebook: "NotebookNode") -> "NotebookNode":
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def _in_one_line(name: str, message: str) -> str:
    first = next((line.strip() for line in message.splitlines() if line.strip()), "")
    return ": ".join(part for part in (name, first) if part)


def _how_it_ended(kernel: "AsyncKernelManager | None") -> str:
    process = getattr(kernel and kernel.provisioner, "process", None)
    status = process.poll() if process else None
    if status is None:
        return "no exit status"
    if status == -signal.SIGKILL:
        return "killed: is there enough memory?"
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
