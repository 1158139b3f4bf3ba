"""Embeds SVG figures in the page."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from verso.display import numbers

SVG = "{http://www.w3.org/2000/svg}"


def inline_svg(path: str | Path, language: str, identity: str, spanish: Mapping[str, str], label: str) -> Markup:
    """Read an SVG file as an element of the page: one image with the accessible name `label`.

    Active and external content is removed (scripts, foreign content, event handlers, links), ids get the prefix `identity`
    to be unique on the page, and labels and numbers are translated to `language`: spanish has the labels by the English ones.
    """
    root = ElementTree.fromstring(Path(path).read_text(encoding="utf-8"))
    for parent in root.iter():
        for child in list(parent):
            if child.tag.removeprefix(SVG) in ("script", "foreignObject", "image", "use", "style", "a", "animate", "set"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        for name in list(element.attrib):
            plain = name.rpartition("}")[2].lower()
            if plain.startswith(("on", "aria-")) or plain in ("href", "role", "style"):
                del element.attrib[name]
        if "id" in element.attrib:
            element.set("id", f"{identity}-{element.get('id')}")
        if "clip-path" in element.attrib:
            element.set("clip-path", element.attrib["clip-path"].replace("url(#", f"url(#{identity}-"))
        if element.text and language != "en":
            element.text = _translated(element.text, spanish)
    for name in ("version", "class"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-label", label)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _translated(text: str, spanish: Mapping[str, str]) -> str:
    """A figure's text in Spanish: a number, a label, or one with a size, maybe after a name ("corpus · words (5,000)").

    Anything else (a name) stays unchanged.
    """
    if re.fullmatch(r"[+−]?[\d,]+(\.\d+)?\*?", text):
        return text.replace(",", numbers.THIN).replace(".", ",")
    name, dot, label = text.rpartition(" · ")
    sized = re.fullmatch(r"(.+)( \([\d,]+\))", label)
    if sized and sized[1] in spanish:
        return name + dot + spanish[sized[1]] + sized[2].replace(",", numbers.THIN)
    return name + dot + spanish.get(label, label)
