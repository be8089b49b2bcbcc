"""Which rank failed first, and what is known of it: when one dies, all others fail too, for want of an answer."""

import re
import signal
from collections.abc import Mapping, Sequence

from llmbook.training.launching.commands import Job
from llmbook.training.launching.failures import RankReport

_LOST_CONNECTION = re.compile(
    r"Connection (closed|reset|refused|timed out)|Broken pipe|Socket Timeout|DistNetworkError|DistBackendError|"
    r"gloo|NCCL|Timed out waiting|remote process exited|recvValue failed|sendBytes failed",
    re.IGNORECASE,
)
_LONGEST = 200  # characters of an exception
_FURTHER = 8  # ranks that have a line of their own beside those that failed first


def verdict(
    job: Job,
    before: Sequence[RankReport],
    after: Sequence[RankReport],
    statuses: Mapping[str, int | None],
    printed: Mapping[str, Sequence[str]],
) -> list[str]:
    """What became of a job that did not come to its end, the first cause first.

    Args:
        job: the job.
        before: what the watchers of the ranks had reported when the others were about to be ended.
        after: and when all had ended.
        statuses: of the launchers, by node, before they were ended; None for one that ran until then.
        printed: the last lines of each launcher, for those that did not come to start their ranks.

    Returns:
        Lines; those that begin with spaces belong to the one before.
    """
    failed = sorted((report for report in before if report.state == "failed"), key=lambda report: report.time)
    causes = [report for report in failed if not _LOST_CONNECTION.search(report.exception or "")]
    victims = [report for report in failed if report not in causes]
    silent = [report for report in after if report.state == "running"]
    unstarted = _unstarted(job, after, statuses)
    lines: list[str] = []
    if not (causes or silent or unstarted):
        hanging = [report for report in before if report.state == "running"]
        for report in hanging:
            lines += [_hangs(job, report), *_quoted(report.lines, f"rank {report.rank}")]
        if not hanging:
            causes, victims = victims[:1], victims[1:]
    for alike in _by_reason(causes):
        lines += [_failed(job, alike[0]), *_quoted(alike[0].lines, f"rank {alike[0].rank}")]
        if len(alike) > 1:
            lines.append(f"rank {', '.join(str(report.rank) for report in alike[1:])} failed in the same way")
    for report in silent:
        lines.append(_silent(job, report, statuses.get(job.node_of(report.rank))))
        lines += _quoted(report.lines, f"rank {report.rank}")
    for node in unstarted:
        lines.append(f"{node}: its ranks did not start ({words_for(statuses[node])})")
        lines += _quoted(printed.get(node, ()), node)
    lines += [f"then {_failed(job, report)}" for report in victims[:_FURTHER]]
    if len(victims) > _FURTHER:
        lines.append(f"then {len(victims) - _FURTHER} more ranks, for want of the others")
    return lines


def _by_reason(reports: Sequence[RankReport]) -> list[list[RankReport]]:
    """The reports in groups that have the same exception and status."""
    groups: dict[tuple, list[RankReport]] = {}
    for report in reports:
        groups.setdefault((report.exception, report.status), []).append(report)
    return list(groups.values())


def words_for(status: int) -> str:
    """An exit status or a signal, which is -9, or 128 + 9 from a shell, or 256 - 9 from DeepSpeed's launcher."""
    number = -status if status < 0 else 256 - status if 192 < status < 255 else status - 128  # 255 is ssh's own
    if number not in set(signal.Signals):
        return f"exit status {status}"
    return f"killed by {signal.Signals(number).name}"


def _failed(job: Job, report: RankReport) -> str:
    why = _short(report.exception) if report.exception else words_for(report.status or 0)
    if report.status == -signal.SIGKILL:
        why += ", by hand or by the system for want of memory (`dmesg` there tells)"
    return f"{_where(job, report)} failed {_when(report)}: {why}"


def _short(exception: str) -> str:
    """What was raised, without the place in PyTorch's own source, and not too much of its advice."""
    text = re.sub(r"\[\S*\.(cc|cpp|h):\d+\] ?", "", exception)
    if len(text) <= _LONGEST:
        return text
    sentences = text[:_LONGEST].rpartition(". ")[0]
    return f"{sentences}." if sentences else f"{text[:_LONGEST]}…"


def _silent(job: Job, report: RankReport, status: int | None) -> str:
    ended = "" if status is None else f" (its launcher: {words_for(status)})"
    why = "its launcher was killed" if status == 0 else f"its machine died, or was cut off{ended}"
    return f"{_where(job, report)} was last heard of {_when(report)}: {why}"


def _hangs(job: Job, report: RankReport) -> str:
    return f"{_where(job, report)} hangs {_when(report)}: the others waited for it in vain"


def _where(job: Job, report: RankReport) -> str:
    return f"rank {report.rank} on {job.node_of(report.rank)}"


def _when(report: RankReport) -> str:
    return "before its first step" if report.step is None else f"at step {report.step}"


def _unstarted(job: Job, reports: Sequence[RankReport], statuses: Mapping[str, int | None]) -> list[str]:
    """The machines whose launchers failed with none of their ranks started."""
    there = {report.rank for report in reports}
    nodes = [host.name for number, host in enumerate(job.hosts) if there.isdisjoint(job.ranks(number))]
    return [node for node in nodes if statuses.get(node)]


def _quoted(lines: Sequence[str], whose: str) -> list[str]:
    return [f"    last lines of {whose}:", *(f"    | {line}" for line in lines)] if lines else []
