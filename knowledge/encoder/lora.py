"""The query side's learned part: LoRA matrices merged into the encoder, and a linear adapter on its output.

The file is an npz of float16 arrays: `<layer>.<part>.a` (r, in), `<layer>.<part>.b` (out, r), `adapter` (384, 384) and
`scale`. Written by `knowledge.encoder.training`; what it was trained on and how it measures stands in
docs/measured/model-card.md.
"""

from pathlib import Path
from typing import Any

import numpy as np

PARTS = {"q": "attention.self.query", "v": "attention.self.value", "fi": "intermediate.dense", "fo": "output.dense"}


def merge(encoder: Any, path: Path) -> np.ndarray:
    """Add the low-rank updates to the encoder's weights in place; the adapter, (384, 384) float32, is for the
    caller.
    """
    import torch

    with np.load(path) as learned:
        scale = float(learned["scale"])
        for number, layer in enumerate(encoder.encoder.layer):
            for part, name in PARTS.items():
                a, b = (learned[f"{number}.{part}.{side}"].astype(np.float32) for side in "ab")
                with torch.no_grad():
                    layer.get_submodule(name).weight += torch.from_numpy(scale * (b @ a))
        return np.asarray(learned["adapter"], np.float32)
