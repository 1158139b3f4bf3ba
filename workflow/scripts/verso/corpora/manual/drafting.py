"""The entry of a corpus for one long text."""

from verso.drafts import Draft, Found


def drafted(found: Found) -> Draft | None:
    """An entry for one .txt file."""
    if not found.is_one_text:
        return None
    characters = sum(column.characters for column in found.columns)
    sampling = {"prompts": ["\n"], "prime": "none"}
    return Draft({}, {"sampling": sampling}, (f"one text of {characters:,} characters, of which the last fifth is the test",))
