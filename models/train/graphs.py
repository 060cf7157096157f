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


def _onnx_gates(w):
    """PyTorch orders gates input, forget, cell, output; ONNX input, output, forget, cell."""
    i, f, c, o = np.split(w, 4)
    return np.concatenate([i, o, f, c])[None]


def _lstm(prefix, state):
    return {
        prefix + "_w": _onnx_gates(state[prefix + ".weight_ih_l0"]),
        prefix + "_r": _onnx_gates(state[prefix + ".weight_hh_l0"]),
        prefix + "_b": np.concatenate(
            [_onnx_gates(state[prefix + ".bias_ih_l0"]), _onnx_gates(state[prefix + ".bias_hh_l0"])],
            axis=1,
        ),
    }


def autoencoder_graph(state, window, patch, hidden):
    """LSTM over patches, the last state repeated, LSTM back to patches; scores are two mean squared errors."""
    steps = window // patch
    constants = {
        **_lstm("encoder", state), **_lstm("decoder", state),
        "out_w": state["out.weight"].T.copy(), "out_b": state["out.bias"],
        "patched": np.int64([0, steps, patch]), "flat": np.int64([0, window]),
        "repeat": np.int64([steps, 1, 1]),
        "newest_from": np.int64([window - 8]), "to_end": np.int64([window]), "axis": np.int64([1]),
    }
    n = helper.make_node
    nodes = [
        n("Reshape", ["rows", "patched"], ["by_row"]),
        n("Transpose", ["by_row"], ["x"], perm=[1, 0, 2]),
        n("LSTM", ["x", "encoder_w", "encoder_r", "encoder_b"], ["", "code"], hidden_size=hidden),
        n("Tile", ["code", "repeat"], ["codes"]),
        n("LSTM", ["codes", "decoder_w", "decoder_r", "decoder_b"], ["d4"], hidden_size=hidden),
        n("Squeeze", ["d4", "axis"], ["d"]),
        n("MatMul", ["d", "out_w"], ["m"]),
        n("Add", ["m", "out_b"], ["y"]),
        n("Transpose", ["y"], ["y_by_row"], perm=[1, 0, 2]),
        n("Reshape", ["y_by_row", "flat"], ["copy"]),
        n("Sub", ["rows", "copy"], ["e"]),
        n("Mul", ["e", "e"], ["squares"]),
        n("ReduceMean", ["squares"], ["whole"], axes=[1], keepdims=1),
        n("Slice", ["squares", "newest_from", "to_end", "axis"], ["newest"]),
        n("ReduceMean", ["newest"], ["late"], axes=[1], keepdims=1),
        n("Concat", ["whole", "late"], ["scores"], axis=1),
    ]
    return _model("lstm_autoencoder", nodes, window, 2, constants)
