"""What a search may meet while it runs, done to its files, and what must hold at its end."""

import random
from collections import Counter
from pathlib import Path

from verso.search.journal import held, lock_of


def journal_of(checkpoints: Path) -> Path | None:
    """The journal of a search's only study; None before it is there."""
    return next(iter(checkpoints.glob("*/journal.log")), None)


def leave_half_a_line(journal: Path) -> None:
    """Append what a process leaves that dies while it writes: the beginning of a line."""
    with held(lock_of(journal)), journal.open("r+b") as stream:
        content = stream.read()
        last = content.splitlines()[-1] if content else b"{}"
        if content.endswith(b"\n"):
            stream.write(last[: len(last) // 2])


def cut_the_last_line(journal: Path, generator: random.Random) -> None:
    """Cut the journal within its last whole line, as a file server does that had not written it yet; no worker may live."""
    content = journal.read_bytes()
    if lines := content.splitlines(keepends=True):
        cut = generator.randrange(1, max(2, len(lines[-1])))
        journal.write_bytes(content[: len(content) - cut])


def leave_a_lock(journal: Path, name: str) -> bool:
    """The lock of a process that died with it: "journal.log" or "turn". Whether it was free."""
    try:
        journal.with_name(f"{name}.lock").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def faults_of(rows: list[dict[str, str]], wanted: int, parameters: list[str]) -> list[str]:
    """What is wrong with a search that is over, by trials.csv; empty when nothing is.

    rows: of trials.csv. Exactly as many as wanted are finished, and no trial is finished that was tried again.
    """
    wrong = []
    finished = [row for row in rows if row["state"] in ("complete", "pruned")]
    if len(finished) != wanted:
        wrong.append(f"{len(finished)} trials are finished of {wanted}")
    if unknown := [row["number"] for row in rows if row["state"] not in ("complete", "pruned", "failed")]:
        wrong.append(f"trials {unknown} are not over")
    if [row["number"] for row in rows] != [str(number) for number in range(len(rows))]:
        wrong.append("the numbers of the trials have gaps")
    by_number = {row["number"]: row for row in rows}
    for row in rows:
        before = row["retry_of"] and by_number[row["retry_of"]]
        if before and before["state"] != "failed":
            wrong.append(f"trial {row['number']} tries {before['number']} again, which is {before['state']}")
        if before and [row[path] for path in parameters] != [before[path] for path in parameters]:
            wrong.append(f"trial {row['number']} tries {before['number']} again with other settings")
        if row["state"] == "failed" and "was lost" not in row["reason"]:
            wrong.append(f"trial {row['number']} failed: {row['reason']}")
    twice = Counter(tuple(row[path] for path in parameters) for row in finished)
    wrong += [f"{values} is finished {count} times" for values, count in twice.items() if count > 1]
    return wrong
