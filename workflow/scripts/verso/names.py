"""Names that come from outside where they become parts of paths: of files that a hub lists, of a dataset's configuration."""

import re
import unicodedata

CONTROL = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # categories of Unicode: control and format characters, half surrogates, line ends
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # devices, whatever ending follows, on some systems
LONGEST = 255  # bytes of one part of a path, on most file systems


def fault_of_path(name: object) -> str:
    """Why `name` must not become a path below a folder of ours; empty when it stays inside it on every system.

    name: from outside, so of any type. Parts are divided by slashes.
    """
    if not isinstance(name, str) or not name:
        return "is no name"
    if any(unicodedata.category(character) in CONTROL for character in name):
        return "holds a control character"
    if "\\" in name or ":" in name:
        return "holds a backslash or a colon, which lead elsewhere on some systems"
    parts = name.split("/")
    if name.startswith("/") or {"", ".", ".."} & set(parts):
        return "leads out of its folder"
    for part in parts:
        if RESERVED.fullmatch(part) or part.endswith((".", " ")):
            return "is reserved on some systems"
        if len(part.encode()) > LONGEST:
            return f"is longer than {LONGEST} bytes"
    return ""


def shown(name: object) -> str:
    """A name from outside as a message may show it: as it is where it is plain, else quoted with its odd characters escaped."""
    return name if isinstance(name, str) and name.isprintable() else ascii(name)
