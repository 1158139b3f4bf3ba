"""Models of sentence-transformers from folders: as the library computes them, offline, and never with code of their own."""

import json
import shutil

import numpy as np
import pytest

pytest.importorskip("sentence_transformers")

from embedders import write_sentence_model

from verso.errors import VersoError
from verso.question_answering.rag.dense import DenseRetriever
from verso.question_answering.rag.embedders import SentenceTransformerEmbedder
from verso.question_answering.rag.ranking import ranking_of
from verso.question_answering.rag.reranking import Reranker

TEXTS = ["the room was clean", "a dirty bath and cold soup", "friendly people at the desk"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_sentence_model(tmp_path_factory.mktemp("toy"), positions=32)


def changed(folder, tmp_path, file, **changes):
    """A copy with other keys in one of its files of JSON."""
    copy = tmp_path / "changed"
    shutil.copytree(folder, copy)
    found = json.loads((copy / file).read_text())
    (copy / file).write_text(
        json.dumps({**found, **changes} if isinstance(found, dict) else [{**found[0], **changes}, *found[1:]])
    )
    return copy


def test_vectors_are_those_of_the_library(folder):
    from sentence_transformers import SentenceTransformer

    embedder = SentenceTransformerEmbedder(folder, query_prefix="ask: ")
    expected = SentenceTransformer(str(folder), local_files_only=True).encode([f"ask: {text}" for text in TEXTS])
    assert np.allclose(embedder.encode(TEXTS, "ask: "), expected, atol=1e-6)
    assert embedder.encode([], "").shape == (0, embedder.dimension) == (0, 32)


def test_the_window_leaves_room_for_control_tokens_and_the_longer_prefix(folder):
    plain = SentenceTransformerEmbedder(folder)
    assert plain.window == 32 - 2
    prefixed = SentenceTransformerEmbedder(folder, "q: ", "passage: ")
    assert prefixed.window == 30 - max(plain.count(["q: ", "passage: "]))
    assert plain.identity != prefixed.identity


def test_nothing_of_a_long_text_is_lost(folder):
    """The library cuts it: its end changes nothing there, and here it does."""
    embedder = SentenceTransformerEmbedder(folder)
    long = " ".join(["the room was clean"] * 20)
    other = long + " and the soup was cold"
    cut = embedder.encode([long, other], "")
    assert np.allclose(cut[0], cut[1], atol=1e-6)
    retriever = DenseRetriever([long, other], embedder)
    assert retriever.n_windowed == 2
    (found,) = retriever.search(["and the soup was cold"], 2)
    assert found.chunks.tolist() == [1, 0]
    assert found.scores[0] > found.scores[1]


def test_what_is_no_sentence_model_is_refused(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "plain")
    (tmp_path / "plain/modules.json").unlink()
    with pytest.raises(VersoError, match=r"no model of sentence-transformers, for it has no modules\.json"):
        SentenceTransformerEmbedder(tmp_path / "plain")


def test_modules_with_code_of_their_own_are_refused(folder, tmp_path):
    with pytest.raises(VersoError, match=r"names custom_st\.Transformer, code of its own.*trust_remote_code"):
        SentenceTransformerEmbedder(changed(folder, tmp_path, "modules.json", type="custom_st.Transformer"))


def test_an_architecture_with_code_of_its_own_is_refused(folder, tmp_path):
    own = {"AutoConfig": "configuration_new.NewConfig", "AutoModel": "modeling_new.NewModel"}
    with pytest.raises(VersoError, match=r"(code of its own|own code).*trust_remote_code"):
        SentenceTransformerEmbedder(changed(folder, tmp_path, "config.json", model_type="new-bert", auto_map=own))


def test_own_code_under_a_usual_name_is_refused_where_weights_would_be_drawn(folder, tmp_path):
    """As jina-embeddings-v2-base-es: it says bert, has other layers, and would load with random weights in silence."""
    from safetensors.torch import load_file, save_file

    copy = changed(
        folder, tmp_path, "config.json", auto_map={"AutoModel": "jinaai/jina-bert-implementation--modeling_bert.JinaBertModel"}
    )
    weights = load_file(copy / "model.safetensors")
    renamed = {name.replace("intermediate.dense", "mlp.gated_layers"): tensor for name, tensor in weights.items()}
    save_file(renamed, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(VersoError, match=r"needs its own code .*JinaBertModel.*finds no weights for 4 of its layers"):
        SentenceTransformerEmbedder(copy)


def test_own_code_that_is_not_needed_is_no_reason_to_refuse(folder, tmp_path):
    copy = changed(folder, tmp_path, "config.json", auto_map={"AutoModel": "modeling.Model"})
    assert np.allclose(
        SentenceTransformerEmbedder(copy).encode(TEXTS, ""), SentenceTransformerEmbedder(folder).encode(TEXTS, ""), atol=1e-6
    )


@pytest.fixture(scope="module")
def reranker(folder, tmp_path_factory):
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    target = tmp_path_factory.mktemp("reranker") / "model"
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("modules.json", "sentence_bert*", "1_*", "2_*", "model.*"))
    torch.manual_seed(1)
    BertForSequenceClassification(BertConfig.from_pretrained(folder, num_labels=1)).save_pretrained(target)
    return target


def test_a_reranker_orders_what_was_found_by_its_own_scores(reranker):
    from sentence_transformers import CrossEncoder

    short = ["clean room", "cold soup", "a desk"]  # none is longer than the window
    made = Reranker(reranker)
    ranked = made.rerank("clean?", short, ranking_of([0, 2], [2.0, 1.0], 2), 5)
    scores = CrossEncoder(str(reranker), local_files_only=True).predict([("clean?", short[chunk]) for chunk in (0, 2)])
    assert ranked.chunks.tolist() == [(0, 2)[place] for place in np.argsort(-scores)]
    assert len(made.rerank("clean?", short, ranking_of([0, 2], [2.0, 1.0], 2), 1).chunks) == 1
    assert not len(made.rerank("clean?", short, ranking_of([], [], 3), 3).chunks)


def test_a_reranker_reads_all_of_a_long_chunk(reranker):
    made = Reranker(reranker)
    long = " ".join(["the room was clean"] * 15)
    one, two = (
        made.rerank("clean?", [long + end], ranking_of([0], [1.0], 1), 1).scores[0] for end in ("", " but the soup cold cold")
    )
    assert one != two


def test_a_question_without_room_for_a_chunk_is_refused(reranker):
    with pytest.raises(VersoError, match="no room for a chunk"):
        Reranker(reranker).rerank("was the room clean and the soup warm " * 5, TEXTS, ranking_of([0], [1.0], 1), 1)


def test_what_is_no_cross_encoder_is_refused(folder):
    with pytest.raises(VersoError, match="is no cross-encoder"):
        Reranker(folder)
