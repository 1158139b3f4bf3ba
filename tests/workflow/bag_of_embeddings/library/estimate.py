"""What training a bag of embeddings will take, from its entry and the size of its corpus."""

from typing import TYPE_CHECKING

from verso.contract import Configuration, CorpusSize, Estimate
from verso.machine.speeds import BYTES_PER_WEIGHT, CUDA_CONTEXT_MB, IMPORTED_TORCH_MB, SECONDS_PER_WEIGHT

if TYPE_CHECKING:
    from verso.classification.bag_of_embeddings.family import BagOfEmbeddings


def estimate(model: "BagOfEmbeddings", size: CorpusSize, base: Configuration) -> Estimate:
    """What a training will take."""
    weights = size.vocabulary_word * model.embedding
    held = weights * BYTES_PER_WEIGHT / 1e6
    steps = model.epochs * -(-size.documents // model.batch)
    return Estimate(steps * weights * SECONDS_PER_WEIGHT, IMPORTED_TORCH_MB + held, CUDA_CONTEXT_MB + held)
