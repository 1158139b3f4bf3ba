"""The figures: self-contained, harmless, and of one colour for one model."""

import xml.etree.ElementTree as ElementTree

import pytest
from fabricate import TABLES, fabricate_run, in_latex

from verso.display import drawing
from verso.display.palette import COLOURS, colours_of
from verso.language_modelling import figures, tables
from verso.registry import TASK

SVG = "{http://www.w3.org/2000/svg}"
FIGURES = TASK["language_modelling"].figures


def draw(folder, corpora):
    runs = [fabricate_run(folder, corpus, model, 0) for corpus, models in corpora.items() for model in models]
    csvs = {name: folder / f"{name}.csv" for name in TABLES}
    tables.compare(runs, 42, csvs | in_latex(folder, TABLES))
    svgs = {name: folder / f"{name}.svg" for name in FIGURES}
    histories = [{"corpus": run["corpus"], "model": run["model"], "seed": 0, "path": run["history"]} for run in runs]
    figures.draw(csvs, histories, svgs)
    return {name: ElementTree.fromstring(path.read_text(encoding="utf-8")) for name, path in svgs.items()}


def texts(root):
    return [element.text for element in root.iter(f"{SVG}text")]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return draw(
        tmp_path_factory.mktemp("figures"), {"<script>alert(1)</script>": ["gru-char", "lstm-word"], "other": ["gru-char"]}
    )


def test_every_corpus_has_its_block(drawn):
    for name in ("learning_curves", "training_courses", "bits_per_byte", "sample_measures"):
        found = " ".join(filter(None, texts(drawn[name])))
        assert "<script>alert(1)</script>" in found, name
        assert "other" in found, name


def test_a_name_is_text_and_nothing_loads_or_runs(drawn):
    for name, root in drawn.items():
        for element in root.iter():
            assert element.tag in {
                f"{SVG}{tag}" for tag in ("svg", "g", "path", "line", "text", "rect", "defs", "clipPath", "tspan")
            }, name
            assert not [key for key in element.attrib if key.lower().startswith("on") or key.lower().endswith("href")]


def test_characters_and_words_never_share_an_axis(drawn):
    found = texts(drawn["learning_curves"])
    assert "loss, nats per character" in found
    assert "loss, nats per word token" in found


def test_a_model_has_one_colour_in_all_figures(drawn):
    colour = colours_of(["gru-char", "lstm-word"])["lstm-word"]
    for name in ("learning_curves", "training_courses", "bits_per_byte", "sample_measures"):
        used = {element.get(key) for element in drawn[name].iter() for key in ("fill", "stroke")}
        assert colour in used, name


def test_colours_depend_on_the_names_alone_and_repeat_only_after_all_were_used():
    assert colours_of(["b", "a", "b"]) == colours_of(["a", "b"])
    assert len(set(colours_of(map(str, range(len(COLOURS)))).values())) == len(COLOURS)
    assert len(colours_of(map(str, range(20)))) == 20


def test_a_lead_that_one_seed_cannot_vouch_for_bears_an_asterisk(drawn):
    found = texts(drawn["differences"])
    assert [text for text in found if text.endswith("*") and text[0] in "+−"]
    assert "* about these weights alone: one seed" in found


def test_a_single_model_leaves_a_sentence_and_no_broken_figure(tmp_path):
    found = draw(tmp_path, {"manual": ["gru-char"]})
    assert texts(found["differences"]) == ["nothing to draw: too few models or measures"]


@pytest.mark.parametrize(
    ("epochs", "ticks"),
    [
        ([1], [1]), ([1, 2], [1, 2]), (range(1, 16), [1, 2, 4, 6, 8, 10, 12, 15]), (range(1, 61), [1, *range(6, 55, 6), 60]),
        ([0, 0.25, 1, 2.3], [0, 1, 2, 3]), ([0.4], [0, 1]),
    ],
)  # fmt: skip
def test_epochs_are_marked_by_whole_numbers_each_once(epochs, ticks):
    assert drawing.epoch_ticks(epochs) == ticks


def test_what_is_known_by_heart_is_drawn_of_tuned_models_alone(tmp_path, drawn):
    root = draw(tmp_path, {"songs": ["gru-char", "mistral-base", "mistral-qlora"]})
    found = texts(root["memorisation"])
    assert "recited, share of 50 tokens" in found
    assert "mistral-qlora" in found
    assert not {"gru-char", "mistral-base"} & set(found)
    assert "loss, nats per sub-word token" in texts(root["learning_curves"])
    assert any("nothing to draw" in (text or "") for text in texts(drawn["memorisation"]))


def test_a_base_alone_has_no_curve_and_breaks_nothing(tmp_path):
    root = draw(tmp_path, {"songs": ["mistral-base"]})
    for name in ("learning_curves", "training_courses"):
        assert any("nothing to draw" in (text or "") for text in texts(root[name]))
    assert "mistral-base" in texts(root["bits_per_byte"])


def test_a_base_that_learnt_nothing_stands_in_no_legend_of_the_curves(tmp_path):
    found = texts(draw(tmp_path, {"songs": ["mistral-base", "mistral-qlora"]})["learning_curves"])
    assert "mistral-qlora" in found
    assert "mistral-base" not in found


def test_models_of_two_tokenizers_never_share_an_axis_of_tokens(tmp_path):
    root = draw(tmp_path, {"songs": ["gru-char", "mistral-qlora", "llama-qlora"]})
    found = texts(root["learning_curves"])
    assert [text for text in found if "·" in text] == [
        "songs · characters",
        "songs · mistral · sub-words",
        "songs · llama · sub-words",
    ]
    assert found.count("loss, nats per sub-word token") == 2
    courses = texts(root["training_courses"])
    assert [text for text in courses if text in ("characters", "mistral · sub-words", "llama · sub-words")] == [
        "characters", "mistral · sub-words", "llama · sub-words",
    ]  # fmt: skip
    assert courses.count("perplexity, validation") == 3
    assert texts(root["memorisation"]).count("loss, nats per sub-word token") == 2
