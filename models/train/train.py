"""Trains the model set and writes models/<id>/{model.onnx,golden.json} and models/manifest.json.

usage: VIGIE_DATA=<folder> python train.py [matrices folder]
Calls `node models/train/extract.ts` for the matrices unless a folder with them is given.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
import torch

import fit
import graphs

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parent
SET_VERSION = 4
MODEL_VERSIONS = {"isolation-forest": 1, "forecast": 1, "lstm-autoencoder": 2}
GOLDEN_ROWS = 16


def matrices(folder):
    summary = json.loads((folder / "summary.json").read_text())
    widths = {"forecast": summary["forecast"] + 1, "forest": summary["forest"], "shape": summary["window"]}
    rows = {k: np.fromfile(folder / f"{k}.f32", "<f4").reshape(-1, w) for k, w in widths.items()}
    return rows, summary


def run(path, rows):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"rows": rows})[0]


def write(name, graph, rows, truth, tolerance):
    """Writes a model and its golden vectors; stops when ONNX and the training framework disagree."""
    folder = MODELS / name
    folder.mkdir(exist_ok=True)
    path = folder / "model.onnx"
    path.write_bytes(graph.SerializeToString(deterministic=True))
    rows = np.ascontiguousarray(rows)
    out = run(str(path), rows)
    worst = float(np.max(np.abs(out - truth) / np.maximum(1.0, np.abs(truth))))
    if worst > tolerance:
        raise SystemExit(f"{name}: ONNX differs from its framework by {worst:.2e} (limit {tolerance:.0e})")
    pick = np.linspace(0, len(rows) - 1, GOLDEN_ROWS).astype(int)
    golden = {"input": rows[pick].tolist(), "output": truth[pick].tolist(), "tolerance": tolerance}
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(f"{name}: {path.stat().st_size} bytes, parity {worst:.1e} over {len(rows)} rows")
    return {
        "id": name, "version": MODEL_VERSIONS[name],
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "inputWidth": rows.shape[1], "outputWidth": out.shape[1],
    }


def train(folder):
    rows, summary = matrices(folder)
    sample = np.random.default_rng(fit.SEED).choice(len(rows["forest"]), 20_000, replace=False)
    entries = []

    forest = fit.fit_forest(rows["forest"])
    x = rows["forest"][sample]
    entries.append(write("isolation-forest", graphs.forest_graph(forest, x.shape[1]), x,
                         -forest.score_samples(x)[:, None], 1e-6))

    model, loss, weights = fit.fit_forecast(rows["forecast"])
    x = rows["forecast"][sample, :-1].copy()
    with torch.no_grad():
        truth = model(torch.from_numpy(x)).numpy()
    entries.append(write("forecast", graphs.forecast_graph(weights), x, truth, 1e-5))
    print(f"forecast: last loss {loss:.4f}")

    model, loss, state = fit.fit_autoencoder(rows["shape"])
    x = rows["shape"][sample]
    with torch.no_grad():
        truth = model.errors(torch.from_numpy(x)).numpy()
    graph = graphs.autoencoder_graph(state, x.shape[1], fit.PATCH, fit.HIDDEN)
    entries.append(write("lstm-autoencoder", graph, x, truth, 1e-5))
    print(f"lstm-autoencoder: last loss {loss:.4f}")

    # What classes have of their own is not trained here: it is kept, and part of the checksum (models/manifest.ts).
    known = MODELS / "manifest.json"
    classes = json.loads(known.read_text()).get("classes", []) if known.exists() else []
    together = "".join(e["sha256"] for e in entries) + json.dumps(classes, separators=(",", ":"))
    together = hashlib.sha256(together.encode()).hexdigest()
    training = {
        "seed": fit.SEED, "realWindows": summary["realWindows"],
        "syntheticWindows": summary["syntheticWindows"],
        "sources": ["NAB (developers' half)", "AIOps KPI (developers' half)", "SMD train", "ASD train",
                    "models/train/synthetic.ts"],
    }
    manifest = {"id": "general", "version": SET_VERSION, "sha256": together, "training": training,
                "models": entries, "classes": classes}
    (MODELS / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def main():
    if len(sys.argv) > 1:
        return train(pathlib.Path(sys.argv[1]))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["node", str(HERE / "extract.ts"), folder], check=True, env=os.environ)
        train(pathlib.Path(folder))


if __name__ == "__main__":
    main()
