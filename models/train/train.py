"""Trains the model set and writes models/<id>/{model.onnx,golden.json} and models/manifest.json.

usage: VIGIE_DATA=<folder> python train.py [--classes] [matrices folder]
--classes: the graphs of classes alone; the general ones stay as they are.
Calls `node models/train/extract.ts` and `extract-classes.ts` for the matrices unless a folder with them is given. The
graphs of classes stand in models/<id>/<class>/.
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

import class_graphs
import fit
import graphs

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parent
SET_VERSION = 5
MODEL_VERSIONS = {"isolation-forest": 1, "forecast": 1, "lstm-autoencoder": 2}
CLASS_VERSION = 1
GOLDEN_ROWS = 16


def matrices(folder):
    summary = json.loads((folder / "summary.json").read_text())
    widths = {"forecast": summary["forecast"] + 1, "forest": summary["forest"], "shape": summary["window"]}
    rows = {k: np.fromfile(folder / f"{k}.f32", "<f4").reshape(-1, w) for k, w in widths.items()}
    return rows, summary, widths


def run(path, rows):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"rows": rows})[0]


def write(name, graph, rows, truth, tolerance):
    """Writes a model and its golden vectors; stops when ONNX and the training framework disagree."""
    folder = MODELS / name
    folder.mkdir(parents=True, exist_ok=True)
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
    return hashlib.sha256(path.read_bytes()).hexdigest(), rows.shape[1], out.shape[1]


def forest(name, rows, checked):
    model = fit.fit_forest(rows)
    return write(name, graphs.forest_graph(model, checked.shape[1]), checked, -model.score_samples(checked)[:, None], 1e-6)


def forecast(name, rows, checked):
    model, loss, weights = fit.fit_forecast(rows)
    x = checked[:, :-1].copy()
    with torch.no_grad():
        truth = model(torch.from_numpy(x)).numpy()
    print(f"{name}: last loss {loss:.4f}")
    return write(name, graphs.forecast_graph(weights), x, truth, 1e-5)


def autoencoder(name, rows, checked):
    model, loss, state = fit.fit_autoencoder(rows)
    with torch.no_grad():
        truth = model.errors(torch.from_numpy(checked)).numpy()
    print(f"{name}: last loss {loss:.4f}")
    return write(name, graphs.autoencoder_graph(state, checked.shape[1], fit.PATCH, fit.HIDDEN), checked, truth, 1e-5)


# Model, its matrix, and how it is made.
MODEL_KINDS = {
    "isolation-forest": ("forest", forest),
    "forecast": ("forecast", forecast),
    "lstm-autoencoder": ("shape", autoencoder),
}


def train_classes(folder, general, widths):
    """Trains the graphs of class_graphs.py; returns their entries, those of a class together."""
    entries = []
    for metric_class, models in class_graphs.GRAPHS.items():
        for model, mixed in models.items():
            kind, make = MODEL_KINDS[model]
            rows = class_graphs.rows_of(folder / metric_class, kind, widths[kind], general[kind] if mixed else None)
            checked = rows[np.random.default_rng(fit.SEED).choice(len(rows), 5_000, replace=False)]
            sha256, _, _ = make(f"{model}/{metric_class}", rows, checked)
            entries.append({"id": f"{metric_class}/{model}", "version": CLASS_VERSION,
                            "metricClass": metric_class, "model": model, "sha256": sha256})
    return entries


def train_general(rows):
    sample = np.random.default_rng(fit.SEED).choice(len(rows["forest"]), 20_000, replace=False)
    entries = []
    for model, (kind, make) in MODEL_KINDS.items():
        sha256, width, outputs = make(model, rows[kind], rows[kind][sample])
        entries.append({"id": model, "version": MODEL_VERSIONS[model], "sha256": sha256,
                        "inputWidth": width, "outputWidth": outputs})
    return entries


def train(folder, only_classes):
    rows, summary, widths = matrices(folder)
    known = MODELS / "manifest.json"
    before = json.loads(known.read_text()) if known.exists() else {"models": [], "classes": []}
    entries = before["models"] if only_classes else train_general(rows)

    # Constants of classes are not trained here: they are kept, and part of the checksum (models/manifest.ts).
    classes = [e for e in before["classes"] if "part" in e] + train_classes(folder, rows, widths)
    together = "".join(e["sha256"] for e in entries) + json.dumps(classes, separators=(",", ":"))
    together = hashlib.sha256(together.encode()).hexdigest()
    seen = before["training"] if only_classes else summary
    training = {
        "seed": fit.SEED, "realWindows": seen["realWindows"],
        "syntheticWindows": seen["syntheticWindows"],
        "sources": ["NAB (developers' half)", "AIOps KPI (developers' half)", "SMD train", "ASD train",
                    "models/train/synthetic.ts", "of classes also: models/evaluate/fleet-series.ts"],
    }
    manifest = {"id": "general", "version": SET_VERSION, "sha256": together, "training": training,
                "models": entries, "classes": classes}
    (MODELS / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def main():
    given = [argument for argument in sys.argv[1:] if argument != "--classes"]
    only_classes = len(given) < len(sys.argv) - 1
    if given:
        return train(pathlib.Path(given[0]), only_classes)
    with tempfile.TemporaryDirectory() as folder:
        for script in ("extract.ts", "extract-classes.ts"):
            subprocess.run(["node", str(HERE / script), folder], check=True, env=os.environ)
        train(pathlib.Path(folder), only_classes)


if __name__ == "__main__":
    main()
