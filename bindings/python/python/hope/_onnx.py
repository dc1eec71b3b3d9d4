"""Polynomials as ONNX models, and models of scikit-learn as ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._errors import RequestError, UnsupportedError

if TYPE_CHECKING:
    import onnx

    from ._polynomial import Polynomial


def of_polynomial(polynomial: Polynomial) -> onnx.ModelProto:
    """A model in f64: points ``x`` [B, variables], values ``y`` [B]."""
    from onnx import TensorProto, checker, helper, numpy_helper

    names = {name: i for i, name in enumerate(polynomial.variables)}
    terms = [(c, {names[name]: power for name, power in powers.items()}) for c, powers in polynomial.terms()]
    variables, degree = len(names), polynomial.degree
    constant = sum(c for c, powers in terms if not powers)
    weights: dict[str, Any] = {"centre": polynomial.centre, "constant": np.float64(constant)}
    nodes = [helper.make_node("Sub", ["x", "centre"], ["t"])]
    if polynomial.is_additive:
        # A column of coefficients for each power of all variables.
        columns = np.zeros((degree, variables, 1))
        for c, powers in terms:
            for variable, power in powers.items():
                columns[power - 1, variable, 0] = c
        sums = ["constant"]
        for k in range(1, degree + 1):
            weights |= {f"power_{k}": np.float64(k), f"c_{k}": columns[k - 1]}
            nodes.append(helper.make_node("Pow", ["t", f"power_{k}"], [f"t_{k}"]))
            nodes.append(helper.make_node("MatMul", [f"t_{k}", f"c_{k}"], [f"y_{k}"]))
            nodes.append(helper.make_node("Add", [sums[-1], f"y_{k}"], [f"sum_{k}"]))
            sums.append(f"sum_{k}")
        last = sums[-1]
        if degree == 0:
            weights["none"] = np.zeros((variables, 1))
            nodes += [helper.make_node("MatMul", ["t", "none"], ["y_0"]), helper.make_node("Add", ["constant", "y_0"], ["sum_0"])]
            last = "sum_0"
    else:
        # [B, 1, variables] to the powers [terms, variables].
        exponents = np.zeros((len(terms), variables))
        for row, (_, powers) in zip(exponents, terms, strict=True):
            row[list(powers)] = list(powers.values())
        weights |= {"exponents": exponents, "axes": np.array([1]), "coefficients": np.array([[c] for c, _ in terms])}
        nodes += [
            helper.make_node("Unsqueeze", ["t", "axes"], ["wide"]),
            helper.make_node("Pow", ["wide", "exponents"], ["powers"]),
            helper.make_node("ReduceProd", ["powers"], ["monomials"], axes=[2], keepdims=0),
            helper.make_node("MatMul", ["monomials", "coefficients"], ["sum"]),
        ]
        last = "sum"
    weights["last"] = np.array([1])
    nodes.append(helper.make_node("Squeeze", [last, "last"], ["y"]))
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "polynomial",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["B", variables])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, ["B"])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items() if name in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="hope")
    checker.check_model(model, full_check=True)
    return model


def of_estimator(estimator: Any, example: Any) -> bytes:
    """The bytes of the ONNX model of an estimator of scikit-learn, by skl2onnx; of classifiers the probabilities or scores."""
    try:
        import skl2onnx
    except ImportError:
        raise UnsupportedError(
            "estimators of scikit-learn are converted by skl2onnx, which is not installed: pip install skl2onnx"
        ) from None
    features = getattr(estimator, "n_features_in_", None)
    if features is None:
        raise RequestError("the estimator is not fitted: call its fit first")
    example = np.zeros((1, features), np.float64) if example is None else np.asarray(example)[:1]
    options = {"zipmap": False} if hasattr(estimator, "classes_") else None
    try:
        model: Any = skl2onnx.to_onnx(estimator, example.astype(np.float64), options=options)
    except Exception as error:  # noqa: BLE001 - converters raise whatever they like
        raise UnsupportedError(f"skl2onnx cannot convert this estimator: {error}") from error
    serialized: bytes = model.SerializeToString()
    return serialized
