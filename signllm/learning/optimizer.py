"""AdamW, or Muon for the matrices inside a transformer's layers beside AdamW for everything else."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MUON_PACE = 3.0  # Muon bears this many times AdamW's rate, at updates scaled to AdamW's size (docs/results.md)


def matrices_of_layers(model: nn.Module) -> list[nn.Parameter]:
    """The trained weights of linear layers inside stacks of layers: not embeddings, inputs, outputs and gains."""
    stacks = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    linear = (module for stack in stacks for module in stack.modules() if isinstance(module, nn.Linear))
    weights = dict.fromkeys(module.weight for module in linear)  # stacks may hold stacks
    return [weight for weight in weights if isinstance(weight, nn.Parameter) and weight.requires_grad]


class Optimizer:
    """One or two optimisers of PyTorch that act as one.

    Muon (Jordan et al. 2024; scaled as in Liu et al., arXiv 2502.16982) makes the update of a matrix orthogonal, so
    that what a gradient says softly is learnt as fast as what it says loudly. It costs a few products of matrices a
    step, which is much for small batches and nothing for large ones.
    """

    def __init__(
        self,
        model: nn.Module,
        learning_rate: float,
        weight_decay: float,
        matrices: str = "adamw",
        decay_vectors: bool = False,
    ):
        """`matrices`: "muon", or "adamw" for everything.

        Weight decay holds weights of two and more axes; norms and biases only with `decay_vectors`.
        """
        self.model = model
        layers = matrices_of_layers(model) if matrices == "muon" else []
        taken = set(layers)
        rest = [p for p in model.parameters() if p.requires_grad and p not in taken]
        parts = [
            {"params": [p for p in rest if p.ndim > 1], "weight_decay": weight_decay},
            {"params": [p for p in rest if p.ndim <= 1], "weight_decay": weight_decay if decay_vectors else 0.0},
        ]
        self.adamw = torch.optim.AdamW(parts, lr=learning_rate, fused=True)
        self.muon = None
        if layers:
            self.muon = torch.optim.Muon(
                layers, lr=learning_rate, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"
            )
        self._blocked: Tensor | None = None

    @property
    def _parts(self) -> dict[str, torch.optim.Optimizer]:
        return {"adamw": self.adamw} if self.muon is None else {"adamw": self.adamw, "muon": self.muon}

    @property
    def learning_rate(self) -> float:
        """The rate of the last step."""
        return self.adamw.param_groups[0]["lr"]

    @property
    def fresh(self) -> bool:
        """Whether it remembers no gradient."""
        return not any(part.state for part in self._parts.values())

    def update(self, loss: Tensor, rate: float, gradient_clip: float = 0.0) -> Tensor:
        """Backward and one step at this learning rate; return the gradient norm (`apply`)."""
        self.zero_grad()
        loss.backward()
        return self.apply(loss.detach(), rate, gradient_clip)

    def apply(self, loss: Tensor, rate: float, gradient_clip: float = 0.0) -> Tensor:
        """One step with the gradients that there are, of this loss; return their norm, a scalar on its device.

        Gradients are scaled down to the norm `gradient_clip` (0: never). The norm is NaN where the loss is not finite.
        From the first loss or norm on that is not finite no update changes a weight any more, so whoever reads the
        norms later still has the weights as they were before. Nothing is read back from the device.
        """
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), gradient_clip or float("inf"))
        norm = torch.where(torch.isfinite(loss), norm, torch.nan)
        bad = (~torch.isfinite(norm)).float()
        self._blocked = bad if self._blocked is None else torch.maximum(self._blocked, bad)
        self.step(rate, self._blocked)
        return norm

    def zero_grad(self) -> None:
        """Drop all gradients."""
        for part in self._parts.values():
            part.zero_grad(set_to_none=True)

    def step(self, rate: float, blocked: Tensor | None = None) -> None:
        """One step at this learning rate; parameters without a gradient stay as they are.

        Where `blocked`, a float32 scalar on the parameters' device, is 1, no parameter changes.
        """
        self._set_rate(rate)
        self.adamw.found_inf = blocked  # type: ignore[attr-defined]  # the fused kernel's own switch
        self.adamw.step()
        if self.muon is None:
            return
        if blocked is None:
            self.muon.step()
            return
        matrices = [weight for group in self.muon.param_groups for weight in group["params"]]
        before = [weight.detach().clone() for weight in matrices]
        self.muon.step()
        with torch.no_grad():
            for weight, kept in zip(matrices, before, strict=True):
                weight.copy_(torch.where(blocked > 0, kept, weight))

    def _set_rate(self, rate: float) -> None:
        for name, part in self._parts.items():
            for group in part.param_groups:
                group["lr"] = rate * MUON_PACE if name == "muon" else rate

    def forget(self) -> None:
        """Start anew: no moments of earlier gradients."""
        for part in self._parts.values():
            part.state.clear()

    def state_dict(self) -> dict:
        """What `load_state_dict` needs to go on exactly."""
        return {name: part.state_dict() for name, part in self._parts.items()}

    def load_state_dict(self, saved: dict) -> None:
        """Raises ValueError when it is not the state of such an optimiser of such a model."""
        if saved.keys() != self._parts.keys():
            raise ValueError(f"it is of {' and '.join(saved)}, the configuration asks for {' and '.join(self._parts)}")
        for name, part in self._parts.items():
            part.load_state_dict(saved[name])
