"""The exceptions whose message is written for the person who gets it."""

from typing import Literal

STOPPED = 130  # exit code of what Ctrl-C ended, as shells have it: 128 and the number of SIGINT


class VersoError(Exception):
    """Says which file or key, what was found and what would be right; shown without a traceback."""


class Interrupted(VersoError):
    """A job ended early and can continue from its checkpoint: a training, or the requests to a chat model.

    It received a signal, or a later start of Snakemake has taken over the run.
    """

    EXIT_CODE = 75  # EX_TEMPFAIL of sysexits.h: try again and it goes on from the checkpoint

    def __init__(self, message: str, cause: Literal["stopped", "handed_over"]) -> None:
        super().__init__(message)
        self.cause = cause


class DeviceLost(VersoError):
    """The card that the job was given is not there, or no longer answers."""

    cause = "device_lost"
