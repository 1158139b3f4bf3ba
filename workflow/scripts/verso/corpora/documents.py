"""Documents: what a row of a source becomes, or why it is set aside."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from verso.corpora.labelled.labels import label_of
from verso.corpora.labelled.language import LanguageFilter
from verso.corpora.preparing.clean import clean, clean_name, repair_encoding
from verso.corpora.sources.file.encodings import BAD_BYTES
from verso.corpora.sources.file.readers import NOT_UTF8, Fault, Row, excerpt_of
from verso.corpora.sources.genius.page_noise import without_noise
from verso.text.labels import text_of, value_of
from verso.text.names import plain_name

LONGEST_MISSING = 20  # characters: what tables write for none is shorter
LONGEST_ORIGIN = 2000  # characters of an address, a licence ...: longer ones are something else
SLUG = 40  # characters of each slug in an id: an id must fit into a file name


def document_of(row: Row, source: Mapping[str, Any]) -> tuple[dict[str, Any] | Fault, bool]:
    """The document a row holds, or why it is set aside; and whether its encoding had to be repaired."""
    values: dict[str, str] = {}
    mended = False
    for name in source["columns"]:
        called = source["text_key"] if name == "text" else name
        raw = row.values.get(source["fields"][name])
        value = raw if isinstance(raw, str | bool) else text_of(raw)  # Prince's 1999, by an artist called 311
        if name == "label":
            value = label_of(raw, source.get("labels") or ())
        elif name in ("artist", "text") and isinstance(raw, str) and len(raw) < LONGEST_MISSING and value_of(raw) is None:
            value = None
        reason = _fault_of(value, called, None if source["whole_files"] else source["maximum_characters"])
        if value is None and isinstance(raw, str) and (written := plain_name(raw)):
            reason = f'no {called}: "{written}" means none' + (", unless `labels` names it" if name == "label" else "")
        if reason:
            return Fault(row.where, reason, excerpt_of(row.values)), False
        sound = repair_encoding(str(value))
        mended = mended or sound != value
        values[name] = sound if name == "text" else clean_name(sound)
    if source.get("page_noise"):
        values["text"] = without_noise(values["text"], values["title"], values["artist"])
        if not clean(values["text"]):
            return Fault(row.where, f"no {source['text_key']}", excerpt_of(row.values)), False
    metadata = {name: value for name, value in values.items() if name != "text"}
    known = {"id": document_id(values["text"], metadata), "text": values["text"]}
    document: dict[str, Any] = {**known, "metadata": {**metadata, **_origin(row, source)}}
    if row.structure:
        document["structure"] = dict(row.structure)
    return (document | {"split": row.split} if row.split else document), mended


def _origin(row: Row, source: Mapping[str, Any]) -> dict[str, str]:
    """What the row says of where its text comes from, as far as it says anything that can be read."""
    found = {}
    for name in source.get("origin", ()):
        value = text_of(row.values.get(source["fields"][name]))
        value = clean_name(repair_encoding(value)) if isinstance(value, str) and BAD_BYTES not in value else ""
        if value and len(value) <= LONGEST_ORIGIN:
            found[name] = value.encode("utf-8", errors="replace").decode("utf-8")  # half a surrogate pair
    return found


def group_of(metadata: Mapping[str, str]) -> str:
    """The label or the artist of a document; "" of one text alone."""
    return metadata.get("label") or metadata.get("artist") or ""


def group_of_row(row: Row | Fault, source: Mapping[str, Any]) -> str:
    """The label or artist of a row that is set aside, "" where it cannot be read."""
    values = getattr(row, "values", {})
    if "label" in source["columns"]:
        labels = source.get("labels") or {}
        label = label_of(values.get(source["fields"]["label"]), labels)
        return labels.get(label, label) if isinstance(label, str) else ""
    artist = value_of(values.get(source["fields"].get("artist"))) if "artist" in source["columns"] else ""
    return clean_name(repair_encoding(artist)) if isinstance(artist, str) else ""


def refuser(source: Mapping[str, Any]) -> Callable[[dict[str, Any]], str | None]:
    """A function that calls a document's label by its name, and returns why it is set aside, if it is."""
    labels = source["labels"]
    languages = LanguageFilter(source["language"]) if source["language"] else None

    def refuse(document: dict[str, Any]) -> str | None:
        if labels is not None:
            name = labels.get(document["metadata"]["label"])
            if name is None:
                return "label is none of the corpus's labels"
            document["metadata"] = {"label": name}
            document["id"] = document_id(document["text"], document["metadata"])
        if languages and (other := languages.other(document["text"])):
            return f"in another language ({other})"
        return None

    return refuse


def _fault_of(value: object, called: str, maximum: int | None) -> str | None:
    if value is None:
        return f"no {called}"
    if not isinstance(value, str):
        return f"{called} is not text"
    if maximum is not None and len(value) > maximum:
        return f"{called} longer than {maximum} characters"
    if BAD_BYTES in value:
        return NOT_UTF8
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return f"{called} is not valid Unicode (half a surrogate pair)"
    return None if clean(value) else f"no {called}"


def document_id(text: str, metadata: Mapping[str, str]) -> str:
    """A name that says what it names and is safe in paths, HTML and URLs: "<artist>-<title>-<16 hex digits of SHA-256>".

    Made of a-z, 0-9 and "-" only, 98 characters at most. The digits are of metadata and text: two songs of one title differ.
    Names in another script leave nothing but the digits: of 30,000 such songs two share an id with probability 2e-11.
    """
    digest = hashlib.sha256("\x1f".join([*metadata.values(), text]).encode("utf-8")).hexdigest()[:16]
    return "-".join([slug for value in metadata.values() if (slug := _slug(value))] + [digest])


def _slug(name: str) -> str:
    plain = "".join(
        character for character in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(character)
    )
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG].rstrip("-")
