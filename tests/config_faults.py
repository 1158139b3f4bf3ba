"""What is wrong with a config, as a test looks at it."""

from verso.config.load import load
from verso.errors import VersoError


def faults_of(raw):
    """{path: message} of a config's faults; empty of a sound one."""
    try:
        load(raw, "x")
    except VersoError as error:
        _, *lines = str(error).splitlines()
        return {path: message.strip() for path, message in (line.strip().split("  ", 1) for line in lines)}
    return {}
