"""Attention of a Transformer language model: causal, within a row, within each document of a row, or over a cache.

documents  0 0 0 1 1        mask   ■ · · · ·       ■ attended to: what came before, of the same document
                                   ■ ■ · · ·
                                   ■ ■ ■ · ·
                                   · · · ■ ·
                                   · · · ■ ■
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from verso.language_modelling.gpt.norms import rms_norm
from verso.training.positions import rotated


class Cache:
    """Keys and values of the tokens that a batch of texts has read, so that each token is computed once.

    The texts end together and begin at `begins` (B,), int64; what stands before a text's beginning is attended to by nothing:

        column   0 1 2 3 4 5
        text 0   · · a b c d
        text 1   x y z u v w
    """

    def __init__(self, begins: Tensor) -> None:
        self._begins = begins[:, None]
        self._last = torch.zeros_like(self._begins)
        self._kept: list[tuple[Tensor, Tensor]] = []

    @property
    def length(self) -> int:
        """The number of columns that were read."""
        return self._kept[0][0].shape[2] if self._kept else 0

    def forget(self, texts: Tensor, begins: Tensor, reread: "Cache") -> None:
        """From now on texts begin at `begins` (B,); of `texts` (N,), which forget their older tokens, `reread` has read the rest.

        Columns before all beginnings are dropped.
        """
        dropped, first = int(begins.min()), self.length - reread.length
        for layer, (keys, values) in enumerate(self._kept):
            if reread._kept:
                keys[texts, :, first:], values[texts, :, first:] = reread._kept[layer]
            self._kept[layer] = (keys[:, :, dropped:], values[:, :, dropped:])
        self._begins = (begins - dropped)[:, None]

    def places(self, new: int) -> Tensor:
        """The places (B, T) of the next `new` tokens, counted from each text's beginning; 0 of what stands before it."""
        columns = torch.arange(self.length, self.length + new, device=self._begins.device)
        return (columns - self._begins).clamp(min=0)

    def replace_last(self, last: Tensor) -> Tensor:
        """The last tokens (B, 1) before the next ones, 0 where nothing was read; `last` is what will be before those after."""
        before, self._last = self._last, last
        return before

    def context(self, new: int, rotation: Tensor | None) -> "Context":
        """What the layers need to read the next `new` tokens."""
        read = self.length
        columns = torch.arange(read + new, device=self._begins.device)
        queries = columns[read:, None]
        # What stands before a beginning attends to itself, for a softmax over nothing would be no number
        mask = (columns >= self._begins[:, :, None]) & (columns <= queries) | (columns == queries)
        return Context(None if rotation is None else rotation[self.places(new)], mask[:, None], self)

    def extended(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """The keys and values (B, H, T, D) of a layer, those kept before the new ones; all are kept."""
        if layer == len(self._kept):
            self._kept.append((keys, values))
        else:
            before = self._kept[layer]
            self._kept[layer] = (torch.cat([before[0], keys], dim=2), torch.cat([before[1], values], dim=2))
        return self._kept[layer]


@dataclass(frozen=True)
class Context:
    """What all layers read a batch with.

    turns: rotations (T, D / 2) or (B, T, D / 2) of its places, None where positions are no rotations. mask: (B, 1, T, T') of
    bool, where a query attends; None: to all that came before. cache: of the tokens before.
    """

    turns: Tensor | None = None
    mask: Tensor | None = None
    cache: Cache | None = None


class Attention(nn.Module):
    """Causal self-attention of several heads (Vaswani et al. 2017), by PyTorch's fused kernels.

    qk_norm: queries and keys get length sqrt(D) before they are rotated (Henry et al. 2020; here without a learnt gain).
    """

    def __init__(self, width: int, heads: int, qk_norm: bool, biases: bool, dropout: float, layer: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width, bias=biases)
        self.key = nn.Linear(width, width, bias=biases)
        self.value = nn.Linear(width, width, bias=biases)
        self.out = nn.Linear(width, width, bias=biases)
        self._heads, self._qk_norm, self._dropout, self._layer = heads, qk_norm, dropout, layer

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """(B, T, W) to (B, T, W)."""
        rows, length, width = x.shape
        # Three matrices, for Muon makes each orthogonal by itself, and one product, which is quicker
        parts = (self.query, self.key, self.value)
        biases = None if self.query.bias is None else torch.cat([part.bias for part in parts])
        read = F.linear(x, torch.cat([part.weight for part in parts]), biases).view(rows, length, 3, self._heads, -1)
        compared = self._placed(read[:, :, :2], context.turns)
        queries, keys = compared.transpose(1, 3).unbind(2)  # (B, H, T, D)
        values = read[:, :, 2].transpose(1, 2)
        if context.cache is not None:
            keys, values = context.cache.extended(self._layer, keys, values)
        dropout = self._dropout if self.training else 0.0
        if values.dtype is torch.bfloat16 and values.device.type == "cpu":
            mixed = attended(queries, keys, values, context.mask, dropout)
        else:
            mixed = F.scaled_dot_product_attention(
                queries, keys, values, attn_mask=context.mask, is_causal=context.mask is None, dropout_p=dropout
            )
        return self.out(mixed.transpose(1, 2).reshape(rows, length, width))

    def _placed(self, x: Tensor, turns: Tensor | None) -> Tensor:
        """Queries and keys (B, T, 2, H, D), normed and rotated where the model wants it."""
        if self._qk_norm:
            x = rms_norm(x)
        return x if turns is None else rotated(x, turns[..., None, None, :])


def attended(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None, dropout: float) -> Tensor:
    """What PyTorch's scaled_dot_product_attention gives, (B, H, T, D), by plain products, in the number type of its arguments.

    In bfloat16 on a CPU it is three times as fast as PyTorch's fused kernel. mask: as of Context.
    """
    rows, heads, length, width = queries.shape
    if mask is None:
        mask = torch.ones(length, length, dtype=torch.bool, device=queries.device).tril()
    else:
        mask = mask.expand(rows, heads, -1, -1).flatten(0, 1)
    masked = torch.zeros(mask.shape, dtype=queries.dtype, device=queries.device).masked_fill(~mask, -torch.inf)
    scores = torch.baddbmm(masked, queries.flatten(0, 1), keys.flatten(0, 1).transpose(1, 2), alpha=width**-0.5)
    return (F.dropout(scores.softmax(dim=-1), dropout) @ values.flatten(0, 1)).unflatten(0, (rows, heads))


def block_mask(documents: Tensor) -> Tensor:
    """The mask (B, 1, T, T) of rows whose tokens are of `documents` (B, T): within its document, to all that came before."""
    same = documents[:, :, None] == documents[:, None, :]
    return same.tril()[:, None]


def places_in_documents(documents: Tensor) -> Tensor:
    """The place (B, T) of each token in its document, from 0 at the document's first token of the row."""
    columns = torch.arange(documents.shape[1], device=documents.device).expand_as(documents)
    begun = torch.ones_like(documents, dtype=torch.bool)
    begun[:, 1:] = documents[:, 1:] != documents[:, :-1]
    return columns - torch.where(begun, columns, 0).cummax(dim=1).values
