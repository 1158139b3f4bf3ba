import json

import pytest

from verso.files import read_csv
from verso.language_modelling.sample_measures import COLUMNS, CONTROLS, controls, first_words, measure, whole_words

SONG = "[Verse 1]\nThe river runs over the old grey stone\nand nobody hears it alone\n\n[Chorus]\nRun on, run on"


def lines_of(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def document(name, text, group="Ada"):
    return {"id": name, "text": text, "group": group}


def sample(name, continuation, stopped="end", group="Ada"):
    return {"id": name, "group": group, "prompt": "[Verse 1]\n", "continuation": continuation, "stopped": stopped}


@pytest.fixture
def measured(tmp_path):
    def make(samples, train, test):
        measure(
            lines_of(tmp_path / "samples.jsonl", samples),
            lines_of(tmp_path / "train.jsonl", train),
            lines_of(tmp_path / "test.jsonl", test),
            tmp_path / "measures.csv",
        )
        return read_csv(tmp_path / "measures.csv", COLUMNS)

    return make


def test_a_copied_sample_is_caught_and_the_control_is_not(measured):
    copied = sample("s1", SONG.removeprefix("[Verse 1]\n"))
    control = document("t1", "[Verse 1]\nA lamp in the window is burning for me\nand so is the sea " + "la " * 90)
    sampled, held_out = measured([copied], [document("d1", SONG)], [control])
    assert (sampled["source"], held_out["source"]) == ("sample", "held_out")
    assert int(sampled["longest_run_words"]) == len(copied["continuation"].split())
    assert (float(sampled["containment_8"]), float(held_out["containment_8"])) == (1, 0)
    assert (float(sampled["unknown_words"]), float(sampled["section_tag_validity"])) == (0, 1)
    assert float(held_out["unknown_words"]) > 0.5
    assert held_out["words"] == sampled["words"]  # cut to the sample's length


def test_a_prompt_is_not_the_models_work(measured):
    (row, _) = measured([sample("s1", "la la")], [document("d1", SONG)], [document("t1", SONG)])
    assert (row["words"], row["section_tags"], row["section_tag_validity"]) == ("2", "0", "")


def test_an_empty_sample_is_a_row_all_the_same(measured):
    rows = measured([sample("s1", ""), sample("s2", "one two three")], [document("d1", SONG)], [document("t1", SONG)])
    assert [row["words"] for row in rows] == ["0", "3", "3"]  # the control has the median of those that say anything
    assert rows[0]["distinct_1"] == rows[0]["containment_5"] == ""
    assert measured([sample("s1", "")], [document("d1", SONG)], [document("t1", SONG)])[1]["words"] == "0"


def test_a_groups_training_texts_decide_whose_function_words_count(measured):
    spanish = "Cuando la tarde llega al puerto los barcos vuelven con la marea y el viento\nnadie los espera en el muelle"
    german = "Wenn der Abend kommt, kehren die Schiffe mit der Flut zurück\nund niemand wartet an der Mole auf sie"
    train = [document("d1", SONG), document("d2", spanish, "Luz"), document("d3", german, "Uwe")]
    # the same words in every group: the sample itself, which may be word salad, decides nothing
    samples = [sample(f"s{n}", "the the la la", group=group) for n, group in enumerate(("Ada", "Luz", "Uwe", "Zoe"))]
    rows = measured(samples, train, [document("t1", "the la", "Luz"), document("t2", "the old river", "Ada")])
    assert [row["function_words"] for row in rows[:4]] == ["0.5", "0.5", "", ""]
    assert {row["document"]: float(row["function_words"]) for row in rows[4:]} == {"t1": 0.5, "t2": pytest.approx(1 / 3)}


def test_a_word_cut_by_the_length_is_not_held_against_the_model():
    assert whole_words("the old ri", "length") == "the old"
    assert whole_words("the old river\n", "length") == "the old river"
    assert whole_words("the old river", "end") == "the old river"
    assert whole_words("aaaaaa", "length") == "aaaaaa"  # a collapse without a space stays visible


def test_first_words_keep_their_lines():
    assert first_words(SONG, 4) == "[Verse 1]\nThe river"
    assert first_words("a b", 9) == "a b"
    assert first_words("a b", 0) == ""


def test_controls_come_from_all_groups_in_proportion(tmp_path):
    rows = [document(f"{group}{i}", "la", group) for i in range(120) for group in ("Ada", "Bo", "Cy")]
    chosen = controls(lines_of(tmp_path / "test.jsonl", rows))
    assert len(chosen) == CONTROLS
    assert [sum(row["group"] == group for row in chosen) for group in ("Ada", "Bo", "Cy")] == [20, 20, 20]
    assert len({row["id"] for row in chosen}) == CONTROLS
    assert len(controls(lines_of(tmp_path / "test.jsonl", rows[:7]))) == 7


def test_a_cut_that_falls_into_a_tag_takes_the_tag_with_it():
    """A real song must not look as if it had a broken tag because the control was cut to the samples' length."""
    song = "la la\n\n[Verse 2]\nlo lo"
    assert first_words(song, 3) == "la la\n"
    assert first_words(song, 4) == "la la\n\n[Verse 2]"
    assert first_words("[not closed", 9) == "[not closed"  # its own, not the cut's
    assert whole_words("la la\n[Verse 1", "length") == "la la"
    assert whole_words("la la\n[Verse 1", "end") == "la la\n[Verse 1"
