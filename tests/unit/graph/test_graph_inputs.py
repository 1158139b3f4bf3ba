"""Inputs and params of the rules of runs: what cannot change a model's weights is no reason to train it again."""

import pytest
from whole_config import CLASSIFIERS, RAW, inputs_of, of_run

from verso.registry import FAMILY

SETTINGS = {name: inputs_of().settings_of(name) for name in RAW["models"]}


def with_model(name, **values):
    return lambda raw: raw["models"][name].update(values)


@pytest.mark.parametrize("name", RAW["models"])
def test_what_a_model_requests_of_the_machine_and_whether_it_is_a_toy_train_nothing_again(name):
    changed = with_model(name, needs={"cpus": 3, "mem_mb": 1234, "runtime": 7, "checkpoint_seconds": 9}, miniature=True)
    assert inputs_of(changed).settings_of(name) == SETTINGS[name]
    assert not {"needs", "miniature"} & set(SETTINGS[name])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("tuned", {"scoring": {"stride": 100}}),
        ("tuned", {"decoding": {"temperature": 0.3}}),
        ("tuned", {"merge": False}),
        ("textcnn", {"vectors": "elsewhere/vectors.vec"}),
        ("lstm", {"vectors": "vectors.vec"}),
        ("asked", {"answer_by": "likelihood"}),
        ("asked", {"template": "another.jinja"}),
        ("asked", {"batch": 3}),
        ("asked", {"examples": 5}),
        ("asked", {"max_new_tokens": 9}),
        ("asked", {"decoding": {"temperature": 1.0}}),
        ("asked", {"attempts": 1}),
    ],
)
def test_what_cannot_change_a_model_s_weights_trains_nothing_again(name, values):
    inputs = inputs_of(with_model(name, **values))
    assert inputs.settings_of(name) == SETTINGS[name]
    assert inputs.settings(of_run(model=name)) == SETTINGS[name], "the param is the same"
    assert not set(values) & set(SETTINGS[name])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("lstm-char", {"learning_rate": 0.1}),
        ("tuned", {"lora": {"r": 4}}),
        ("tuned", {"long_texts": "split"}),
        ("tuned", {"max_length": 1500}),
        ("textcnn", {"frozen_vectors": True}),
        ("tfidf", {"C": [1.0]}),
        ("encoder", {"batch": 4}),
        ("encoder", {"pretrained": "other-bert"}),
        ("asked", {"quantisation": "none"}),
        ("asked", {"max_length": 512}),
        ("tuned", {"chat_template": {"date": "2026-01-05"}}),
        ("asked", {"chat_template": {"variables": {"enable_thinking": True}}}),
    ],
)
def test_what_changes_a_model_s_weights_is_in_its_settings(name, values):
    def changed(raw):
        raw["pretrained"]["other-bert"] = raw["pretrained"]["bert"]
        with_model(name, **values)(raw)

    assert inputs_of(changed).settings_of(name) != SETTINGS[name]
    others = [other for other in SETTINGS if other != name]
    assert [inputs_of(changed).settings_of(other) for other in others] == [SETTINGS[other] for other in others]


def test_every_undecisive_key_is_a_key_of_its_family():
    for family in FAMILY.values():
        assert family.undecisive <= set(family.settings.model_fields), family.name


def test_keys_are_those_that_are_named_and_no_others():
    inputs = inputs_of(with_model("asked", examples=4))
    assert inputs.keys("examples", "attempts")(of_run("reviews", "asked")) == {"examples": 4, "attempts": 3}


def test_vocabulary_and_files_of_a_model_follow_from_its_family():
    inputs = inputs_of()
    vocabularies = {name: inputs.vocabulary(of_run(model=name)) for name in RAW["models"]}
    corpus = "results/corpora/songs"
    assert vocabularies["lstm-char"] == f"{corpus}/vocab_char.json"
    assert vocabularies["gru-word"] == f"{corpus}/vocab_word.json"
    assert vocabularies["textcnn"] == vocabularies["transformer-words"] == f"{corpus}/vocab_token.json"
    assert {name for name, path in vocabularies.items() if path == []} == {
        "tuned", "base", "transformer", "tfidf", "majority", "encoder", "asked",
    }  # fmt: skip
    run = "results/runs/songs"
    weights = {name: inputs.model_files(of_run(model=name)) for name in RAW["models"]}
    assert weights["lstm-char"] == [f"{run}/lstm-char/seed-1/model/weights.safetensors"]
    assert weights["tfidf"] == [f"{run}/tfidf/seed-1/model/{name}" for name in ("weights.safetensors", "terms.json")]
    assert weights["transformer"] == [
        f"{run}/transformer/seed-1/model/{name}" for name in ("weights.safetensors", "vocabulary.json")
    ]
    assert weights["tuned"] == [
        f"{run}/tuned/seed-1/model/{name}" for name in ("adapter_model.safetensors", "adapter_config.json")
    ]
    assert weights["base"] == weights["asked"] == weights["majority"] == []


def test_a_vocabulary_of_a_size_has_a_file_of_its_own_and_the_limit_of_its_kind():
    for unit, kind, limit in (("word", "word", 150), ("bpe", "bpe", 256)):
        inputs = inputs_of(with_model("gru-word", unit=unit, vocabulary=5000))
        assert inputs.vocabulary(of_run(model="gru-word")) == f"results/corpora/songs/vocab_{unit}-5000.json"
        assert inputs.unit("gru-word") == f"{unit}-5000"
        assert inputs.sampling(of_run(model="gru-word"), "prompts")["max_tokens"] == {kind: limit}
        assert inputs.settings_of("gru-word")["vocabulary"] == 5000


def test_a_model_without_a_size_has_the_settings_of_before_and_is_not_trained_again():
    assert "vocabulary" not in SETTINGS["gru-word"]
    assert list(SETTINGS["gru-word"])[:4] == ["family", "cell", "unit", "embedding"]


def test_a_file_that_an_entry_names_is_an_input_where_it_names_one():
    vectors = inputs_of().file_named_by("vectors")
    assert vectors(of_run("reviews", "textcnn")) == "vectors.vec"
    assert vectors(of_run("reviews", "lstm")) == []


def test_seed_and_threads_are_numbers():
    inputs = inputs_of(with_model("lstm-char", needs={"cpus": 3}))
    assert (inputs.seed(of_run(seed=10)), inputs.threads(of_run())) == (10, 3)


def test_a_token_is_a_language_model_s_and_no_classifier_s():
    inputs = inputs_of()
    units = {name: inputs.unit(name) for name in RAW["models"]}
    assert (units["lstm-char"], units["gru-word"], units["tuned"], units["base"]) == ("char", "word", "subword", "subword")
    assert {units[name] for name in CLASSIFIERS} == {None}


# --- sampling ---


def test_sampling_is_given_what_its_models_read_of_it_and_no_more():
    def change(raw):
        groups = {"Ada": {"prompts": ["la"], "instructions": ["write"], "temperature": 0.5}}
        raw["corpora"]["songs"]["sampling"] = {"prompts": ["[Verse 1]\n"], "groups": groups}

    inputs = inputs_of(change)
    opened, asked = inputs.sampling(of_run(), "prompts"), inputs.sampling(of_run(model="tuned"), "instructions")
    assert opened["prompts"] == ["[Verse 1]\n"]
    assert "instructions" not in opened
    assert "prompts" not in asked
    assert "instructions" not in opened["groups"]["Ada"]
    assert "prompts" not in asked["groups"]["Ada"]
    assert opened["groups"]["Ada"]["temperature"] == asked["groups"]["Ada"]["temperature"] == 0.5
    assert (opened["max_tokens"], asked["max_tokens"]) == ({"char": 600}, {"subword": 256})
    assert inputs.sampling(of_run(model="gru-word"), "prompts")["max_tokens"] == {"word": 150}


def test_a_model_s_own_decoding_takes_the_place_of_the_corpus_s():
    inputs = inputs_of(with_model("tuned", decoding={"temperature": 0.3}))
    assert inputs.sampling(of_run(model="tuned"), "instructions")["decoding"]["temperature"] == 0.3
    assert inputs.sampling(of_run(model="base"), "instructions")["decoding"]["temperature"] == 0.8


# --- pretrained models ---


def test_what_starts_from_a_pretrained_model_reads_its_manifest():
    inputs = inputs_of()
    assert inputs.manifest(of_run(model="tuned")) == "results/pretrained/mistral/pretrained.json"
    assert inputs.manifests_of_hub({"toy", "mistral", "bert"}) == [
        f"results/pretrained/{name}/pretrained.json" for name in ("bert", "mistral")
    ]
    assert inputs.corpus_of_miniature("train.jsonl")(of_pretrained("toy")) == "results/corpora/songs/train.jsonl"


def of_pretrained(name):
    wildcards = of_run()
    wildcards["pretrained"] = name
    return wildcards


def test_merged_are_those_that_say_so():
    inputs = inputs_of()
    assert inputs.merged(inputs.runs.all) == [f"results/runs/songs/tuned/seed-{seed}/merged/config.json" for seed in (1, 2)]


def test_what_is_said_of_a_base_before_its_fetch_and_what_a_miniature_requests_make_no_file_anew():
    before = inputs_of()

    def change(raw):
        raw["pretrained"]["mistral"]["configuration"] = "resources/architectures/mistral-7b-instruct-v0.3.json"
        raw["pretrained"]["toy"]["needs"] = {"mem_mb": 9000}

    after = inputs_of(change)
    for name in ("mistral", "toy"):
        assert after.settings_of_pretrained(of_pretrained(name)) == before.settings_of_pretrained(of_pretrained(name))
    assert before.settings_of_pretrained(of_pretrained("mistral"))["revision"] == "0" * 40
    changed = inputs_of(lambda raw: raw["pretrained"]["toy"].update(seed=7))
    assert changed.settings_of_pretrained(of_pretrained("toy")) != before.settings_of_pretrained(of_pretrained("toy"))


def test_a_chat_model_is_given_the_corpus_s_instruction():
    inputs = inputs_of(lambda raw: raw["corpora"]["songs"].update(alpaca={"instruction": "Sing.", "input": "As {artist}."}))
    assert inputs.instruction(of_run()) == {"instruction": "Sing.", "input": "As {artist}."}
    assert inputs.instruction(of_run("book")) == {"instruction": "", "input": ""}
