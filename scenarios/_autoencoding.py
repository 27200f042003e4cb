"""An autoencoder of the handwritten digits: a perceptron to a short code, and one back."""

from __future__ import annotations

import torch
from torch import Tensor, nn

PIXELS = 64
SIDE = 8


class Autoencoder(nn.Module):
    """Images ``[n, PIXELS]`` to reconstructions ``[n, PIXELS]``.

    Attributes:
        encoder: Images to codes ``[n, code_size]``.
        decoder: Codes to images.
    """

    def __init__(self, hidden_size: int, code_size: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(PIXELS, hidden_size), nn.ReLU(), nn.Linear(hidden_size, code_size)
        )
        self.decoder = nn.Sequential(
            nn.ReLU(), nn.Linear(code_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, PIXELS)
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.decoder(self.encoder(images))


def shifted(images: Tensor, most: int) -> Tensor:
    """Return images ``[n, PIXELS]``, each moved by up to ``most`` pixels along both axes.

    What comes in at an edge is the darkest pixel of all; draws from torch's generator.
    """
    padded = nn.functional.pad(
        images.reshape(-1, SIDE, SIDE), [most] * 4, value=float(images.min())
    )
    windows = padded.unfold(1, SIDE, 1).unfold(2, SIDE, 1)  # [n, row, column, SIDE, SIDE]
    rows, columns = torch.randint(2 * most + 1, (2, len(images)), device=images.device)
    return windows[torch.arange(len(images), device=images.device), rows, columns].flatten(1)
