"""ONNX graphs written by hand, node by node, so that nothing but the weights and the sum of work is in them."""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

OPSET = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]


def _model(name, nodes, width, outputs, constants):
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", width])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", outputs])],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=OPSET, producer_name="vigie")
    model.ir_version = 9
    checker.check_model(model)
    return model


def average_path(n):
    """Mean depth of an unsuccessful search among n points (Liu, Ting and Zhou 2008); scikit-learn's own form."""
    n = np.asarray(n, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        long = 2.0 * (np.log(n - 1.0) + np.euler_gamma) - 2.0 * (n - 1.0) / n
    return np.where(n <= 1, 0.0, np.where(n == 2, 1.0, long))


def _float_below(threshold):
    """Largest f32 <= threshold: `x <= t` has the same answer for every f32 x."""
    t = np.float32(threshold)
    return float(t if float(t) <= threshold else np.nextafter(t, np.float32(-np.inf)))


def forest_graph(forest, width):
    """One merged TreeEnsembleRegressor for all trees of an isolation forest; scores as -score_samples."""
    a = {k: [] for k in ("treeids", "nodeids", "featureids", "values", "modes", "true", "false")}
    t = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
    trees = len(forest.estimators_)
    for tree_id, (estimator, columns) in enumerate(
        zip(forest.estimators_, forest.estimators_features_)
    ):
        tree = estimator.tree_
        depth = np.zeros(tree.node_count)
        for node in range(tree.node_count):
            leaf = tree.children_left[node] < 0
            for child in () if leaf else (tree.children_left[node], tree.children_right[node]):
                depth[child] = depth[node] + 1
            a["treeids"].append(tree_id)
            a["nodeids"].append(node)
            a["featureids"].append(0 if leaf else int(columns[tree.feature[node]]))
            a["values"].append(0.0 if leaf else _float_below(tree.threshold[node]))
            a["modes"].append("LEAF" if leaf else "BRANCH_LEQ")
            a["true"].append(0 if leaf else int(tree.children_left[node]))
            a["false"].append(0 if leaf else int(tree.children_right[node]))
            if leaf:
                t["treeids"].append(tree_id)
                t["nodeids"].append(node)
                t["ids"].append(0)
                t["weights"].append(float(depth[node] + average_path(tree.n_node_samples[node])))
    typical = float(average_path(forest.max_samples_)) * trees
    nodes = [
        helper.make_node(
            "TreeEnsembleRegressor", ["rows"], ["paths"], domain="ai.onnx.ml",
            n_targets=1, aggregate_function="SUM", post_transform="NONE",
            nodes_treeids=a["treeids"], nodes_nodeids=a["nodeids"],
            nodes_featureids=a["featureids"], nodes_values=a["values"], nodes_modes=a["modes"],
            nodes_truenodeids=a["true"], nodes_falsenodeids=a["false"],
            target_treeids=t["treeids"], target_nodeids=t["nodeids"],
            target_ids=t["ids"], target_weights=t["weights"],
        ),
        helper.make_node("Mul", ["paths", "minus_share"], ["exponent"]),
        helper.make_node("Pow", ["two", "exponent"], ["scores"]),
    ]
    constants = {"minus_share": np.float32([-1.0 / typical]), "two": np.float32([2.0])}
    return _model("isolation_forest", nodes, width, 1, constants)


def forecast_graph(weights):
    """Linear part plus one hidden layer; scores are the expected value and the log of its spread."""
    nodes = [
        helper.make_node("Gemm", ["rows", "w1", "b1"], ["h"]),
        helper.make_node("Tanh", ["h"], ["t"]),
        helper.make_node("Gemm", ["t", "w2", "b2"], ["curved"]),
        helper.make_node("MatMul", ["rows", "w0"], ["straight"]),
        helper.make_node("Add", ["curved", "straight"], ["scores"]),
    ]
    return _model("forecast", nodes, weights["w1"].shape[0], 2, weights)


class _Columns:
    """Nodes over matrices with a row per number and a column per window, so that gates are blocks of rows."""

    def __init__(self):
        self.nodes = []
        self.constants = {}

    def add(self, kind, inputs, output, **attributes):
        outputs = [output] if isinstance(output, str) else output
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return output

    def constant(self, name, value):
        self.constants[name] = np.ascontiguousarray(value)
        return name

    def lstm(self, name, state, inputs):
        """Hidden states of an LSTM, one per input; an input that comes again is multiplied once."""
        hidden = state[name + ".weight_hh_l0"].shape[1]
        w = self.constant(name + "_w", _gates(state[name + ".weight_ih_l0"]))
        r = self.constant(name + "_r", _gates(state[name + ".weight_hh_l0"]))
        bias = _gates(state[name + ".bias_ih_l0"] + state[name + ".bias_hh_l0"])
        b = self.constant(name + "_b", bias[:, None])
        from_input = {x: self.add("Gemm", [w, x, b], f"{name}_{x}") for x in dict.fromkeys(inputs)}
        h = c = None
        states = []
        for t, x in enumerate(inputs):
            at = f"{name}{t}_"
            gates = from_input[x] if h is None else self.add("Gemm", [r, h, from_input[x]], at + "gates")
            h, c = self._cell(at, gates, c, hidden)
            states.append(h)
        return states

    def _cell(self, at, gates, c, hidden):
        kinds = self.constant(f"kinds_{hidden}", np.int64([3 * hidden, hidden]))
        each = self.constant(f"each_{hidden}", np.int64([hidden] * 3))
        open_, new = self.add("Split", [gates, kinds], [at + "open", at + "new"], axis=0)
        opened = self.add("Sigmoid", [open_], at + "opened")
        i, f, o = self.add("Split", [opened, each], [at + "i", at + "f", at + "o"], axis=0)
        learned = self.add("Mul", [i, self.add("Tanh", [new], at + "bent")], at + "learned")
        if c is not None:
            kept = self.add("Mul", [f, c], at + "kept")
            learned = self.add("Add", [kept, learned], at + "c")
        return self.add("Mul", [o, self.add("Tanh", [learned], at + "c_bent")], at + "h"), learned


def _gates(w):
    """PyTorch orders gates input, forget, cell, output; here the cell is last, as the one that is no sigmoid."""
    i, f, c, o = np.split(np.asarray(w), 4)
    return np.concatenate([i, f, o, c])


def autoencoder_graph(state, window, patch, hidden):
    """LSTM over patches, the last state repeated, LSTM back to patches; scores are two mean squared errors.

    Written out step by step: the runtime's own LSTM takes 2.3 times as long for so few numbers. Other batches give the
    same bits, but for a batch of one, which is multiplied in another order.
    """
    steps = window // patch
    g = _Columns()
    rows = g.add("Transpose", ["rows"], "columns", perm=[1, 0])
    patches = g.constant("patches", np.int64([patch] * steps))
    inputs = g.add("Split", [rows, patches], [f"x{t}" for t in range(steps)], axis=0)
    code = g.lstm("encoder", state, inputs)[-1]
    out_w = g.constant("out_w", state["out.weight"])
    out_b = g.constant("out_b", np.asarray(state["out.bias"])[:, None])
    states = g.lstm("decoder", state, [code] * steps)
    copies = [g.add("Gemm", [out_w, h, out_b], f"y{t}") for t, h in enumerate(states)]
    error = g.add("Sub", [rows, g.add("Concat", copies, "copy", axis=0)], "error")
    squares = g.add("Mul", [error, error], "squares")
    bounds = [g.constant("newest_from", np.int64([window - 8])), g.constant("to_end", np.int64([window]))]
    newest = g.add("Slice", [squares, *bounds, g.constant("first_axis", np.int64([0]))], "newest")
    means = [
        g.add("ReduceMean", [of], name, axes=[0], keepdims=1)
        for of, name in ((squares, "whole"), (newest, "late"))
    ]
    g.add("Transpose", [g.add("Concat", means, "both", axis=0)], "scores", perm=[1, 0])
    return _model("lstm_autoencoder", g.nodes, window, 2, g.constants)
