"""Muon for the hidden matrices of a model and AdamW for the rest, as one optimiser."""

from typing import Any

import torch
from torch import Tensor

MUON = "muon"  # key of a group: whether its weights are matrices for Muon


class MuonWithAdamW(torch.optim.Optimizer):
    """Muon (Jordan et al. 2024) steps along the orthogonalised momentum of a matrix; AdamW updates what is no hidden matrix.

    Both are PyTorch's own. groups: as of verso.training.steps.optimiser_of; those with "muon": True hold two-dimensional weights,
    and may say "momentum", "nesterov" and "ns_steps". lr and weight_decay: of the groups that have none of their own.
    """

    def __init__(self, groups: list[dict[str, Any]], lr: float, weight_decay: float) -> None:
        matrices = [group for group in groups if group.get(MUON)]
        others = [group for group in groups if not group.get(MUON)]
        self._parts = {
            "muon": torch.optim.Muon(matrices, lr=lr, weight_decay=weight_decay),
            "adamw": torch.optim.AdamW(others, lr=lr, weight_decay=weight_decay),
        }
        super().__init__([*matrices, *others], {})
        self._share_groups()

    def _share_groups(self) -> None:
        """The groups are those of the parts: a schedule that changes a rate here changes it there."""
        self.param_groups = [group for part in self._parts.values() for group in part.param_groups]

    @torch.no_grad()
    def step(self, closure: Any = None) -> Tensor | None:  # type: ignore[override]
        """Update all weights by their gradients; there is no closure."""
        for part in self._parts.values():
            part.step()
        return None

    def state_dict(self) -> dict[str, Any]:
        """The state of both parts."""
        return {name: part.state_dict() for name, part in self._parts.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the state that state_dict returned."""
        for name, part in self._parts.items():
            part.load_state_dict(state_dict[name])
        self._share_groups()
