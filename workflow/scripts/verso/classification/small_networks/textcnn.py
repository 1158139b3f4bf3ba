"""TextCNN (Kim 2014): filters slide over the embedded text; each one's highest response is a feature.

t1 t2 t3 t4 pad pad        a filter of width 3 counts at t1 and at t2, where it covers only the text;
└─ 1 ─┘                    on a text shorter than itself it counts once, over zeros after the text
   └─ 2 ─┘
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from verso.classification.text_classifier import TextClassifier


class TextCNN(TextClassifier):
    """Filters of each of some widths, in tokens, the highest response of each rectified.

    settings: embedding, filters (of each width), widths, dropout and head.
    """

    family = "textcnn"

    def __init__(self, vocabulary_size: int, labels: int, settings: Mapping[str, Any]) -> None:
        filters, widths = settings["filters"], list(settings["widths"])
        super().__init__(vocabulary_size, labels, filters * len(widths), settings)
        self.settings |= {"filters": filters, "widths": widths}
        self.convolutions = nn.ModuleList(nn.Conv1d(settings["embedding"], filters, width) for width in widths)

    def features(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """The highest responses (B, filters x widths)."""
        missing = max(0, max(self.settings["widths"]) - embedded.shape[1])
        texts = F.pad(embedded, (0, 0, 0, missing)).transpose(1, 2)  # (B, E, T)
        highest = []
        for convolution, width in zip(self.convolutions, self.settings["widths"], strict=True):
            responses = convolution(texts)  # (B, filters, T - width + 1)
            places = torch.arange(responses.shape[2], device=responses.device)
            beyond = places > (lengths[:, None] - width).clamp(min=0)  # (B, T - width + 1)
            never = torch.zeros(beyond.shape, dtype=responses.dtype, device=responses.device).masked_fill(beyond, -torch.inf)
            # Added in place: masked_fill would copy all responses and their gradients
            highest.append(responses.add_(never[:, None]).amax(dim=2))
        return torch.cat(highest, dim=1).relu()  # after the maximum: same result, less work
