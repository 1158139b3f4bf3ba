"""Names that look the same are the same: of columns in a header, of keys in JSON, and of both in the config."""

import re
import unicodedata

# Every control character, and the format characters that show nothing: soft hyphen, zero-width spaces and joiners, marks of
# direction, word joiner, byte-order mark, interlinear marks. Arabic number signs are format characters too, but they are seen.
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def plain_name(name: str) -> str:
    """A name in NFC, without what nobody sees, its white space (a no-break space too) single blanks and none at its ends."""
    return unicodedata.normalize("NFC", " ".join(INVISIBLE.sub("", name).split()))
