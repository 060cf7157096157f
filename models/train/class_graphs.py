"""Which graphs classes have of their own, and the rows that they are trained on."""

import numpy as np

import fit

OWN, MIXED = False, True
# OWN: generated series of the class. MIXED: also the real series of that name, and as many rows of all kinds.
# Chosen by what raises event F1 plus VUS-PR of the class on generated series of other seeds (models/EVALUATION.md).
GRAPHS = {
    "latency": {"forecast": OWN},
    "error-ratio": {"isolation-forest": OWN},
    "throughput": {"forecast": MIXED, "lstm-autoencoder": MIXED},
    "saturation": {"forecast": MIXED},
    "seasonal-kpi": {"isolation-forest": MIXED, "forecast": MIXED},
    "sparse-counts": {"isolation-forest": OWN, "lstm-autoencoder": OWN},
    "counter": {"isolation-forest": MIXED},
    "steps": {"isolation-forest": OWN},
}


def rows_of(folder, kind, width, general):
    """Rows of a class; `general` (None: nothing) is what they are mixed with, as many as they are."""
    parts = ("own",) if general is None else ("own", "real")
    rows = np.concatenate([np.fromfile(folder / part / f"{kind}.f32", "<f4").reshape(-1, width) for part in parts])
    if general is None:
        return rows
    count = min(len(rows), len(general))
    picked = np.random.default_rng(fit.SEED).choice(len(general), count, replace=False)
    return np.concatenate([rows, general[picked]])
