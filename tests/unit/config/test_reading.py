"""A config file that is none is refused in a sentence that names it."""

import pytest

from verso.config.reading import named_in, read_file
from verso.errors import VersoError


def said_of(path):
    with pytest.raises(VersoError) as caught:
        read_file(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("corpora:\n\tsongs: {}\n", "line 2 holds a tab"),
        ("corpora: {a: 1\n", "line 2, column 1:"),
        ("title: a: b\n", "line 1, column 9: mapping values are not allowed here"),
        ("title: 2020-13-40\n", "is not valid YAML: month must be in 1..12"),
        ("- corpora\n", "holds a list, and a config is a block of keys"),
        ("corpora\n", "holds a text, and a config"),
        ("7\n", "holds the value 7, and a config"),
        ("", "is empty"),
        ("# nothing but a comment\n", "is empty"),
        ("[" * 5000, "is not valid YAML"),
    ],
)
def test_what_is_no_config_is_refused_with_its_line_and_what_is_right(tmp_path, text, said):
    path = tmp_path / "my.yaml"
    path.write_text(text)
    assert said in said_of(path)


def test_a_config_that_is_not_there_is_named_with_one_of_a_similar_name(tmp_path, monkeypatch):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "reviews.yaml").write_text("a: 1\n")
    (tmp_path / "mine.yaml").write_text("a: 1\n")
    monkeypatch.chdir(tmp_path)
    assert "did you mean config/reviews.yaml?" in said_of("reviews.yaml")
    assert "did you mean mine.yaml?" in said_of("mine")
    assert "did you mean" not in said_of("quite/another.yaml")
    assert "is a folder" in said_of("config")


def test_a_config_in_another_encoding_is_named_with_its_line(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_bytes("title: a\nlanguage: españ".encode("latin-1"))
    assert "line 2 is not UTF-8" in said_of(path)


def test_the_mark_that_some_editors_put_before_a_text_is_no_part_of_its_first_key(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_bytes(b"\xef\xbb\xbftitle: a\n")
    assert read_file(path) == {"title": "a"}


def test_the_config_files_of_a_command_line_are_those_after_their_option():
    line = ["lyrics", "--configfile", "a.yaml", "b.yaml", "--profile", "p", "--cores", "2"]
    assert named_in(line) == ["a.yaml", "b.yaml"]
    assert named_in(["--configfile=a.yaml", "lyrics"]) == ["a.yaml"]
    assert named_in(["-n", "--profile", "p"]) == []
