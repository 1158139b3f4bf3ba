"""PDFs made by hand, small enough to be read: pages of lines, an outline, accents apart from their letters as TeX sets them."""

SPLIT = {"á": "a", "é": "e", "ó": "o", "ú": "u", "í": "\x90", "ñ": "n", "Ó": "O"}
LOCK = "<< /Filter /Standard /V 1 /R 2 /P -4 /O <{0}> /U <{0}> >>".format("5a" * 32)  # no password opens it


def pdf(*pages, split=False, outline=(), title="", locked=False):
    """The bytes of a PDF. pages: of each its lines. split: accents are marks over plain letters. outline: (title, level) each."""
    objects = ["", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding 4 0 R >>"]
    objects.append("<< /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [144 /dotlessi 147 /fi] >>")
    kids = []
    for lines in pages:
        content = " ".join(
            f"BT /F1 10 Tf 72 {720 - 14 * number} Td {_shown(line, split)} TJ ET" for number, line in enumerate(lines)
        )
        objects.append(f"<< /Length {len(content.encode('cp1252', 'replace'))} >>\nstream\n{content}\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects)} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        kids.append(len(objects))
    root = _outline(objects, outline, kids) if outline else ""
    objects[0] = f"<< /Type /Catalog /Pages 2 0 R {root} >>"
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>"
    trailer = "/Root 1 0 R" + (f" /Encrypt {LOCK} /ID [<00> <00>]" if locked else "")
    if title:
        objects.append(f"<< /Title ({title}) >>")
        trailer += f" /Info {len(objects)} 0 R"
    return _written(objects, trailer)


def _shown(line, split):
    """The pieces of a line for TJ; a mark is 333 thousandths wide, and the letter goes back under it."""
    pieces = ""
    for character in line:
        if split and character in SPLIT:
            mark, letter = ("\x98" if character == "ñ" else "´"), SPLIT[character]
            pieces += f"{mark}) 333 ({letter}"
        else:
            pieces += {"(": r"\(", ")": r"\)", "\\": r"\\"}.get(character, character)
    return f"[({pieces})]"


def _outline(objects, outline, kids):
    first, root = len(objects) + 2, len(objects) + 1
    objects.append(f"<< /Type /Outlines /First {first} 0 R /Last {first + len(outline) - 1} 0 R /Count {len(outline)} >>")
    levels = [level for _, level in outline]
    for place, (title, level) in enumerate(outline):
        above = next((other for other in range(place - 1, -1, -1) if levels[other] < level), None)
        same = [other for other in range(place + 1, len(levels)) if levels[other] <= level][:1]
        below = place + 1 if place + 1 < len(levels) and levels[place + 1] > level else None
        entry = f"<< /Title ({title}) /Parent {root if above is None else first + above} 0 R /Dest [{kids[0]} 0 R /Fit]"
        entry += f" /Next {first + same[0]} 0 R" if same and levels[same[0]] == level else ""
        objects.append(entry + (f" /First {first + below} 0 R /Last {first + below} 0 R /Count 1 >>" if below else " >>"))
    return f"/Outlines {root} 0 R"


def _written(objects, trailer):
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n".encode() + _bytes(content) + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} {trailer} >>\n"
    return data + f"{end}startxref\n{len(data)}\n%%EOF\n".encode()


def _bytes(content):
    """In Windows-1252, but for the codes that the encoding names otherwise."""
    return b"".join(bytes([ord(one)]) if ord(one) < 256 else one.encode("cp1252") for one in content)
