"""The one exception whose message is written for the person who gets it."""


class VersoError(Exception):
    """Says which file or key, what was found and what would be right; shown without a traceback."""


class Interrupted(VersoError):
    """Training was asked to stop (SIGTERM or SIGINT) and has saved a checkpoint first."""

    EXIT_CODE = 75  # EX_TEMPFAIL of sysexits.h: try again and it goes on from the checkpoint
