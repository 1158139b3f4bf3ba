"""Encodings: recognised when all of a file reads well, named when it does not, and never guessed at the cost of the text."""

import gzip
import io
import zipfile

import pytest

from verso.corpora.sources.file.encodings import BAD_BYTES, SCANNED, Uncertain, decoded, encoding_of
from verso.corpora.sources.file.opened import Reading, member_of, opened
from verso.errors import VersoError

WESTERN = {
    "es": "El niño comió una manzana y después la mamá cantó una canción. ¿Qué pasó? ¡Años! ESPAÑA",
    "fr": "L'été, la forêt où naît la créée, cœur déjà, garçon naïf — « bonjour ».",
    "de": "Größe und Übermut, Äpfel, süß, Straße – „gut“.",
    "pt": "São João não é lá, coração, lições, você às vezes.",
    "it": "Perché la città è così, più là, caffè.",
    "sv": "Åsa gråter på ön över älgen.",
    "ca": "Col·legi, però això és català, àvia.",
    "en": "It’s a “test” – word—word don’t café, £5 and €10.",
}
OTHERS = {
    "cp1250": "Zażółć gęślą jaźń, łódź płynie wąską rzeką, źle się dzieje.",
    "iso8859-2": "Příliš žluťoučký kůň úpěl ďábelské ódy, bílý dům.",
    "cp1251": "Привет мир, это текст о погоде и о людях.",
    "koi8-r": "Привет мир, это текст о погоде и о людях.",
    "cp1253": "Γειά σου κόσμε, τι κάνεις σήμερα.",
    "cp1254": "Şişli'de ığdır ağaç güzel kadın çıktı.",
    "mac-roman": "El niño comió una manzana y después la mamá cantó.",
    "cp850": "El niño comió una manzana y después la mamá cantó.",
    "shift-jis": "こんにちは世界、元気ですか。今日は良い天気です。",
    "gb18030": "你好世界今天天气很好我们去公园散步",
    "euc-kr": "안녕하세요 세계 오늘 날씨가 좋습니다",
    "cp1256": "مرحبا بالعالم كيف حالك اليوم",
}


def recognised(data, said="auto"):
    return encoding_of(lambda: io.BytesIO(data), said, "r.csv")


@pytest.mark.parametrize("language", WESTERN)
@pytest.mark.parametrize("table", [False, True])
def test_windows_1252_is_recognised_where_all_of_it_reads_well(language, table):
    text = "".join(f'"{WESTERN[language]}",{n}\n' for n in range(9)) if table else WESTERN[language]
    found = recognised(text.encode("cp1252"))
    assert (found.codec, found.name) == ("cp1252", "Windows-1252")
    assert found.first_bad.startswith("line 1, byte ")
    assert decoded(text.encode("cp1252"), "auto", "r.csv").text == text


@pytest.mark.parametrize("language", WESTERN)
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_what_a_mark_or_the_bytes_themselves_tell_is_read(language, codec):
    assert decoded(WESTERN[language].encode(codec), "auto", "r.txt").text == WESTERN[language]


@pytest.mark.parametrize("codec", OTHERS)
@pytest.mark.parametrize("times", [1, 50])
def test_another_encoding_is_refused_with_the_place_and_read_when_it_is_named(codec, times):
    text = f"text,label\n{OTHERS[codec]},1\n" * times
    with pytest.raises(Uncertain, match=r"r.csv: line 2, byte \d+ is 0x.*name its encoding \(source.encoding\)"):
        recognised(text.encode(codec))
    assert decoded(text.encode(codec), codec, "r.csv").text == text


def test_a_likely_encoding_is_named():
    with pytest.raises(Uncertain, match="it seems to be cp1251"):
        recognised((OTHERS["cp1251"] * 20).encode("cp1251"))


def test_utf_16_without_a_mark_is_named():
    with pytest.raises(Uncertain, match="as in UTF-16 without a mark"):
        recognised("text,label\nwords,1\n".encode("utf-16-le"))
    assert decoded("text".encode("utf-16-le"), "utf-16-le", "r.csv").text == "text"


def test_a_bad_byte_in_utf_8_is_named_and_does_not_change_the_rest():
    data = "la niña\ny el café\n".encode() + b"don\x92t\n"
    found = decoded(data, "auto", "r.txt")
    assert (found.encoding.name, found.bad) == ("UTF-8", "line 3, byte 4 is 0x92 (’ in Windows-1252)")


def test_a_byte_that_is_no_text_in_the_encoding_of_the_config_is_named():
    found = decoded(b"la la\nla \x81\n", "cp1252", "r.txt")
    assert (found.encoding.name, found.bad) == ("cp1252", "line 2, byte 4 is 0x81, which is not cp1252")


def test_one_stray_byte_at_the_end_of_a_large_file_is_found():
    data = b"plain words\n" * 100_000 + b"caf\xe9\n"
    assert recognised(data).first_bad == "line 100001, byte 4 is 0xE9 (é in Windows-1252)"


def test_two_files_one_behind_the_other_are_utf_8_with_bad_bytes():
    data = (WESTERN["es"] + "\n").encode() + (WESTERN["es"] + "\n").encode("cp1252") * 3
    assert (recognised(data).name, recognised(data).first_bad[:14]) == ("UTF-8", "line 2, byte 6")


@pytest.mark.parametrize("shift", range(5))
def test_a_character_that_two_blocks_share_is_no_bad_byte(shift):
    data = b"x" * (SCANNED - shift) + "\n€é€é€\n".encode() * 3 + b"\x92"
    assert recognised(data).first_bad == "line 7, byte 1 is 0x92 (’ in Windows-1252)"


def content_of(path, **how):
    with opened(path, Reading(1000, **how), counts_lines=False) as (stream, account):
        return stream.read().decode(errors="replace"), account.encoding


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("packed", ["", ".gz", ".bz2", ".xz", ".zip"])
def test_a_packed_file_in_any_encoding_is_a_stream_of_utf_8(tmp_path, codec, packed):
    import bz2
    import lzma

    text = "la niña,1\n" * 20_000
    data = text.encode(codec)
    path = tmp_path / f"r.csv{packed}"
    if packed == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("__MACOSX/._r.csv", b"\0")
            archive.writestr("data/r.csv", data)
    else:
        path.write_bytes({"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[packed](data))
    assert content_of(path)[0] == text


@pytest.mark.parametrize("codec", ["utf-16", "utf-32", "idna", "punycode"])
def test_an_encoding_that_the_config_says_and_the_file_is_not_is_named_in_a_sentence(tmp_path, codec):
    (tmp_path / "r.csv").write_bytes("la niña,1\n".encode() * 10)
    with pytest.raises(VersoError, match=rf"r\.csv: is not {codec} \(source.encoding\): .*leave that key out"):
        content_of(tmp_path / "r.csv", encoding=codec)


def test_what_is_no_text_in_a_recoded_stream_is_marked(tmp_path):
    (tmp_path / "r.csv").write_bytes(b"caf\xe9 \x81")
    assert content_of(tmp_path / "r.csv", encoding="cp1252") == (f"café {BAD_BYTES}", "cp1252")


def test_another_encoding_is_said_on_the_screen_and_utf_8_is_not(tmp_path, capfd):
    for name, data in (("plain.csv", b"words"), ("good.csv", "café".encode()), ("western.csv", b"caf\xe9")):
        (tmp_path / name).write_bytes(data)
        content_of(tmp_path / name)
    with (tmp_path / "mixed.csv").open("wb") as out:
        out.write("café café\n".encode() + b"caf\xe9")
    content_of(tmp_path / "mixed.csv")
    content_of(tmp_path / "western.csv", encoding="cp1252")
    said = capfd.readouterr().err
    assert "western.csv: read as Windows-1252 (line 1, byte 4 is 0xE9 (é in Windows-1252), which is no UTF-8)" in said
    assert "mixed.csv: is UTF-8, but not all of it: line 2, byte 4 is 0xE9" in said
    assert "plain.csv" not in said
    assert "good.csv" not in said
    assert said.count("western.csv") == 1  # what the config says needs no word


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (["a.csv", "b.csv"], r"holds 2 files \(a.csv, b.csv\), where one is right"),
        ([], r"holds 0 files \(none\)"),
        (None, "is no whole .zip file"),
    ],
)
def test_an_archive_of_no_or_several_files_is_refused_with_their_names(tmp_path, members, message):
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for member in members or ():
            archive.writestr(member, b"text")
    if members is None:
        path.write_bytes(b"PK\3\4 and no more")
    with pytest.raises(VersoError, match=message):
        member_of(path)


@pytest.mark.parametrize(
    ("start", "what"),
    [(b"PK\3\4", "a .zip or an .xlsx workbook"), (b"\x1f\x8b\x08", "packed as .gz"), (b"PAR1", "a .parquet file")],
)
def test_a_file_that_is_not_what_its_name_says_is_named_so(tmp_path, start, what):
    (tmp_path / "r.csv").write_bytes(start + b"\x80\xff" * 50)
    with pytest.raises(VersoError, match=f"r.csv: is by its content {what}"):
        content_of(tmp_path / "r.csv")


@pytest.mark.parametrize("cut", [10, 300])
def test_a_packed_file_that_is_cut_is_refused(tmp_path, cut):
    path = tmp_path / "r.csv.gz"
    path.write_bytes(gzip.compress(bytes(range(256)) * 8)[:cut])
    with pytest.raises(VersoError, match="is packed, and broken"):
        content_of(path, encoding="latin-1")
