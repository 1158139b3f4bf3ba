"""The page on pretrained models: what they are, how they were scored, what was asked of them."""

import re
from pathlib import Path

import pytest
from fabricate import fabricate_report, fabricate_run
from fabricate_predictions import fabricate_predictions

from verso.files import read_json_lines, write_json_lines
from verso.report import words

ROOT = Path(__file__).parents[3] / "workflow"
SAID = words.words_of("en", "language_modelling")
MODELS = ["gru-char", "lstm-char"]
HOSTILE = '</p><script>window.pwned=1</script><img src=x onerror="window.pwned=2">'


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    return fabricate_report(folder, {"songs": MODELS}, seeds=1, demo=True).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    """A report on two recurrent models and on bases of two tokenizers, one of them tuned."""
    folder = tmp_path_factory.mktemp("pretrained")
    models = ["gru-char", "lstm-word", "mistral-base", "mistral-qlora", "llama-base"]
    path = fabricate_report(folder, {"songs": models}, seeds=1, demo=False, change=fabricate_predictions)
    english, spanish = path.read_text(encoding="utf-8").split('<div class="page" lang="es" hidden>')
    return {"en": english, "es": spanish}


def section(text, name):
    return text.split(f'-{name}">')[-1].split("</section>")[0]


def test_what_runs_start_from_is_named_with_its_commit_licence_and_size(pretrained, report):
    for text in pretrained.values():
        found = section(text, "pretrained")
        assert "<code>somebody/mistral-7b</code>" in found
        assert "c0ffee" * 6 + "cafe" in found
        assert "apache-2.0" in found
        assert re.search("7[,\u202f]248[,\u202f]023[,\u202f]552", found)
        assert "mistral-base, mistral-qlora" in found
        assert found.count("2023-09-27") == found.count("2025-07-24") == found.count("2026-11-22") == 2
        assert re.search("1[,\u202f]234[,\u202f]567", found)
        assert "(main)" in found
    assert 'id="en-pretrained"' not in report


def test_how_a_pretrained_model_was_scored_stands_beside_its_perplexity(pretrained):
    found = section(pretrained["en"], "models")
    row = next(row for row in found.split("<tr>") if "mistral-qlora" in row and "2,048" in row)
    assert re.findall(r">([\d,–]+)<", row) == ["2,048", "1,024", "3", "7", "1,234"]
    prompted, reset = re.findall(r">(\d\.\d{3})<", row)
    assert float(reset) == pytest.approx(1.015 * float(prompted), abs=2e-3), "both costs, with the prompt and without"
    assert SAID["given_prompted"] in row
    row = next(row for row in found.split("<tr>") if "mistral-base" in row and "2,048" in row)
    assert re.findall(r">([\d,–]+)<", row) == ["2,048", "1,024", "3", "–", "–"]
    assert "2\u202f048" in section(pretrained["es"], "models")


def test_what_measured_predictions_of_a_pretrained_model_do_not_show_is_said(pretrained):
    bases = "mistral-base, mistral-qlora, llama-base"
    for text, sentences in (
        (
            pretrained["en"],
            (f"Pretrained ({bases}): measured on", "the prompt itself is not predicted", f"models ({bases}) continue"),
        ),
        (pretrained["es"], (f"Preentrenado ({bases}): medido en", "la petición no se predice", f"({bases}) continúan solo")),
    ):
        found = section(text, "predictions")
        assert all(sentence in found for sentence in sentences)
        assert "Invented CPU" in found


def test_perplexities_are_best_within_one_tokenizer_alone(pretrained):
    found = section(pretrained["en"], "models")
    rows = {
        name: next(row for row in found.split("<tr>") if f"</span>{name}</th>" in row) for name in ("llama-base", "mistral-qlora")
    }
    for name, row in rows.items():
        start = name.split("-")[0]
        assert f"sub-word ({start})" in row
        assert re.search(rf"sub-word \({start}\)</td><td class=\"n\"><strong>", row), "the only one of its tokenizer, or its best"
    (base,) = [row for row in found.split("<tr>") if "</span>mistral-base</th>" in row and "sub-word" in row]
    assert "<strong>" not in base
    assert "per sub-word token of llama" in pretrained["en"]
    assert "por subpalabra de llama" in pretrained["es"]


def test_what_computed_and_each_work_are_reported(pretrained):
    found = section(pretrained["en"], "hardware")
    assert "transformers 9.9, peft 9.9" in found
    assert [found.count(f">{SAID[f'work_{work}']}<") for work in ("training", "scoring", "sampling")] == [3, 3, 3]
    assert "runs: 5." in found


def test_a_prompt_is_not_glued_to_its_answer(tmp_path):
    asked = "You write songs. <b>Write</b> one."
    written = fabricate_run(tmp_path / "apart", "songs", "mistral-qlora", 0)["samples"]
    rows = [row | {"instruction": asked, "prompt": "", "text": "La la"} for row in read_json_lines(written)]
    write_json_lines(written, [row | {"continuation": "La la"} for row in rows])
    shown = {"corpus": "songs", "model": "mistral-qlora", "seed": 0, "samples": written}
    sections = {"language_modelling": {"runs": [shown], "corpora": []}}
    path = fabricate_report(tmp_path, {"songs": ["mistral-qlora"]}, seeds=1, demo=False, sections=sections)
    english, spanish = path.read_text(encoding="utf-8").split('<div class="page" lang="es" hidden>')
    for text, word in ((english, "Instruction"), (spanish, "Instrucción")):
        assert f"{word}: You write songs. &lt;b&gt;Write&lt;/b&gt; one.</p>" in text
        assert '<blockquote lang="">La la</blockquote>' in text
