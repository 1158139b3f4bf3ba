"""The entry of a corpus for documents of any length."""

from verso.drafts import Draft, Found


def drafted(found: Found) -> Draft | None:
    """An entry for one .txt file, for a PDF, a Markdown or an HTML file, or for a folder of these."""
    if not found.documents:
        return None
    characters = sum(column.characters for column in found.columns)
    if found.documents == 1:
        remark = f"one text of {characters:,} characters, of which the last fifth is the test"
    else:
        remark = f"{found.documents:,} documents of {characters / found.documents:,.0f} characters on average"
    left_out = ("cleaning: {contents: false}  # tables of contents and indices stay",)
    return Draft({}, {"sampling": {"prompts": ["\n"], "prime": "none"}}, (remark,), left_out)
