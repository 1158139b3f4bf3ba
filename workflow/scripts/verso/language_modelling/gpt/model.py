"""Transformer language models that are trained from scratch: decoder-only, pre-norm (Radford et al. 2019).

    tokens (B, T) ─► embedding (+ positions) (B, T, W) ─► blocks ─► norm ─► features (B, T, W) ─► head (B, T, V)

    block   x ─► norm ─► attention ─► + ─► norm ─► feed-forward ─► + ─►
            └───────────────────────┘   └─────────────────────────┘

The head is separate from `forward`, as a recurrent model's softmax is: callers compute only what they need, a summed loss, the
likelihood of given targets, or whole distributions.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from verso.files import write_json
from verso.language_modelling.gpt.attention import Attention, Cache, Context, block_mask, places_in_documents
from verso.language_modelling.gpt.norms import RMSNorm
from verso.training.positions import rotation, sinusoids
from verso.training.weights import ARCHITECTURE, WEIGHTS, load_model, save_weights

UNCOUNTED = -100  # target of a position without one: padding
STD = 0.02  # of fresh weights (Radford et al. 2019)


@dataclass(frozen=True)
class Shape:
    """What makes a model besides its weights; the keys of the config's entry, and the size of its vocabulary."""

    vocabulary_size: int
    width: int
    layers: int
    heads: int
    feed_forward: int
    window: int
    positions: str
    norm: str
    qk_norm: bool
    activation: str
    biases: bool
    zero_projections: bool
    tie_weights: bool
    pairs: int
    dropout: float


class FeedForward(nn.Module):
    """W to `feed_forward` times W and back, with GELU or with the square of ReLU (So et al. 2021) between."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.inner = nn.Linear(shape.width, shape.feed_forward * shape.width, bias=shape.biases)
        self.outer = nn.Linear(shape.feed_forward * shape.width, shape.width, bias=shape.biases)
        self._squared = shape.activation == "squared_relu"

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, W) to (B, T, W)."""
        inner = self.inner(x)
        return self.outer(F.relu(inner).square() if self._squared else F.gelu(inner))


class Block(nn.Module):
    """Attention and feed-forward, each after a norm and added to what it read."""

    def __init__(self, shape: Shape, number: int) -> None:
        super().__init__()
        self.before_attention = norm_of(shape)
        self.attention = Attention(shape.width, shape.heads, shape.qk_norm, shape.biases, shape.dropout, number)
        self.before_feed_forward = norm_of(shape)
        self.feed_forward = FeedForward(shape)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """(B, T, W) to (B, T, W)."""
        x = x + self.dropout(self.attention(self.before_attention(x), context))
        return x + self.dropout(self.feed_forward(self.before_feed_forward(x)))


class GPT(nn.Module):
    """A decoder-only Transformer over a window of `shape.window` tokens.

    Fresh weights are N(0, .02), those that write into the residual stream divided by sqrt(2 layers) (Radford et al. 2019). With
    `zero_projections` these, and an untied head, are zero, so that a block begins as the identity, and the other matrices have
    the variance 1 / W. Sinusoidal positions are added to embeddings that are multiplied by sqrt(W) (Vaswani et al. 2017, section
    3.4). With RMSNorm the embeddings are normed, too. `pairs` adds an embedding of each token with the one before,
    zero at first.
    """

    sinusoids: Tensor | None
    rotation: Tensor | None

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary_size, shape.width)
        self.pairs = nn.Embedding(shape.pairs, shape.width) if shape.pairs else None
        self.positions = nn.Embedding(shape.window, shape.width) if shape.positions == "learnt" else None
        self.after_embedding = norm_of(shape) if shape.norm == "rms" else nn.Identity()
        self.dropout = nn.Dropout(shape.dropout)
        self.blocks = nn.ModuleList(Block(shape, number) for number in range(shape.layers))
        self.norm = norm_of(shape)
        tied = shape.tie_weights
        self.head = None if tied else nn.Linear(shape.width, shape.vocabulary_size, bias=shape.biases)
        self.head_bias = nn.Parameter(torch.zeros(shape.vocabulary_size)) if tied and shape.biases else None
        fixed = sinusoids(shape.window, shape.width) if shape.positions == "sinusoidal" else None
        self.register_buffer("sinusoids", fixed, persistent=False)
        turns = rotation(shape.window, shape.width // shape.heads) if shape.positions == "rotary" else None
        self.register_buffer("rotation", turns, persistent=False)
        self._begin()

    @torch.no_grad()
    def _begin(self) -> None:
        shape = self.shape
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=STD)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)
        if shape.positions == "sinusoidal":
            nn.init.normal_(self.embedding.weight, std=shape.width**-0.5)
        elif shape.norm == "rms" and not shape.tie_weights:  # only their directions count
            nn.init.normal_(self.embedding.weight)
        if self.pairs is not None:
            nn.init.zeros_(self.pairs.weight)
        if shape.zero_projections:
            for weight in self.hidden_matrices():
                nn.init.uniform_(weight, -((3 / shape.width) ** 0.5), (3 / shape.width) ** 0.5)
        for block in self.blocks:
            assert isinstance(block, Block)
            for layer in (block.attention.out, block.feed_forward.outer):
                layer.weight.mul_(0.0 if shape.zero_projections else (2 * shape.layers) ** -0.5)
        if shape.zero_projections and self.head is not None:
            nn.init.zeros_(self.head.weight)

    def hidden_matrices(self) -> list[nn.Parameter]:
        """The two-dimensional weights of the blocks: those that Muon is for (not embeddings, head, norms and biases)."""
        return [weight for weight in self.blocks.parameters() if weight.ndim == 2]

    def forward(self, tokens: Tensor, documents: Tensor | None = None, cache: Cache | None = None) -> Tensor:
        """Read tokens (B, T), int64, T at most the window: features (B, T, W).

        documents: (B, T), which document each token is of, rising along T: a token then attends to its own document alone, and
        positions count from each one's beginning. None: all of a row is one document. cache: of the tokens before (see Cache).
        """
        length = tokens.shape[1]
        if cache is not None:
            places, context = cache.places(length), cache.context(length, self.rotation)
        else:
            turns = None if self.rotation is None else self.rotation[:length]  # only distances matter to a rotation
            columns = torch.arange(length, device=tokens.device)
            places = columns if documents is None else places_in_documents(documents)
            context = Context(turns, None if documents is None else block_mask(documents))
        x = self.embedding(tokens)
        if self.pairs is not None:
            x = x + self.pairs(self._rows_of_pairs(tokens, places, cache))
        if self.positions is not None:
            x = x + self.positions(places)
        elif self.sinusoids is not None:
            x = x * self.shape.width**0.5 + self.sinusoids[places]
        x = self.dropout(self.after_embedding(x))
        for block in self.blocks:
            x = block(x, context)
        return self.norm(x)

    def _rows_of_pairs(self, tokens: Tensor, places: Tensor, cache: Cache | None) -> Tensor:
        """The rows (B, T) of each of tokens (B, T) with the one before it; 0 stands before a document's first token of the row.

        Where there are fewer rows than pairs, pairs share them.
        """
        first = torch.zeros_like(tokens[:, :1]) if cache is None else cache.replace_last(tokens[:, -1:])
        before = torch.cat([first, tokens[:, :-1]], dim=1).masked_fill(places == 0, 0)
        return (before * self.shape.vocabulary_size + tokens) % self.shape.pairs

    def _logits(self, features: Tensor) -> Tensor:
        """Unnormalised scores (..., V) in float32."""
        if self.head is not None:
            return self.head(features).float()
        return F.linear(features, self.embedding.weight, self.head_bias).float()

    def summed_loss(self, features: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        """Summed loss of targets (...), int64, after features (..., W), in nats, without those that are UNCOUNTED: a scalar.

        smoothing: the share of each target's weight that is spread over the whole vocabulary (Szegedy et al. 2016). The lowest
        loss is then no longer 0: over V tokens it is the entropy of the smoothed target, 1.177 nats for .1 and 5,000.
        """
        logits = self._logits(features.reshape(-1, features.shape[-1]))
        return F.cross_entropy(logits, targets.reshape(-1), ignore_index=UNCOUNTED, label_smoothing=smoothing, reduction="sum")

    def target_log_likelihoods(self, features: Tensor, targets: Tensor) -> Tensor:
        """Log-likelihood of each of targets (...), int64, after features (..., W), in nats (<= 0; 0 of UNCOUNTED): (...)."""
        logits = self._logits(features.reshape(-1, features.shape[-1]))
        paid = F.cross_entropy(logits, targets.reshape(-1), ignore_index=UNCOUNTED, reduction="none")
        return -paid.view(targets.shape)

    def log_probabilities(self, features: Tensor) -> Tensor:
        """Log-probabilities (..., V) of every next token after features (..., W), in nats; exp sums to 1."""
        return F.log_softmax(self._logits(features), dim=-1)


def norm_of(shape: Shape) -> nn.Module:
    """LayerNorm (Ba et al. 2016), or RMSNorm (Zhang & Sennrich 2019) without a learnt gain."""
    return RMSNorm() if shape.norm == "rms" else nn.LayerNorm(shape.width, bias=shape.biases)


def parameter_counts(model: GPT) -> dict[str, int]:
    """Trainable parameters by part (embedding, pairs, positions, blocks, norm, head); a tied weight counts once, as embedding."""
    counts: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        part = "head" if name == "head_bias" else name.split(".")[0]
        counts[part] = counts.get(part, 0) + parameter.numel()
    return counts


def save_architecture(model: GPT, path: str | Path) -> None:
    """Write what rebuilds the model, and its parameter counts, as JSON."""
    counts = parameter_counts(model)
    write_json(path, {**asdict(model.shape), "parameters": sum(counts.values()), "parameters_by_part": counts})


def save(model: GPT, folder: str | Path) -> None:
    """Write weights.safetensors and architecture.json into `folder`."""
    save_weights(model, Path(folder) / WEIGHTS)
    save_architecture(model, Path(folder) / ARCHITECTURE)


def load(folder: str | Path, device: torch.device | str) -> GPT:
    """Load the model saved in `folder` on `device`, in evaluation mode. Raises VersoError as verso.training.weights does."""
    return load_model(folder, lambda described: GPT(Shape(**described)), device)[0]
