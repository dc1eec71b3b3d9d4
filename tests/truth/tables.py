"""Cases of operators.py: the domain ai.onnx.ml, which pipelines of scikit-learn are exported with."""

import numpy as np
import torch

ML = "ai.onnx.ml"


def register(case):
    def ml_case(name, points="normal", **options):
        return case(f"ml_{name}", [4], points=points, **options)

    def floats(g, *shape, scale=0.5):
        """Numbers of an attribute: what float32 holds of them, as a list and as a tensor."""
        array = (scale * g.rng.standard_normal(shape)).astype(np.float32)
        return array.ravel().tolist(), torch.from_numpy(array.astype(np.float64))

    @ml_case("scaler_linear_regressor")
    def build(g):
        (o, offset), (s, scale), (w, weight), (b, bias) = floats(g, 4), floats(g, 4), floats(g, 2, 4), floats(g, 2)
        y = g.op("Scaler", "x", domain=ML, offset=o, scale=s)
        y = g.op("LinearRegressor", g.op("Sin", y), domain=ML, coefficients=w, intercepts=b, targets=2)
        return y, lambda x: torch.sin((x - offset) * scale) @ weight.T + bias

    @ml_case("scaler_one_number")
    def build(g):
        y = g.op("LinearRegressor", g.op("Scaler", "x", domain=ML, offset=[0.5], scale=[2.0]), domain=ML,
                 coefficients=[1.0, 2.0, -1.0, 0.5])
        return g.op("Tanh", y), lambda x: torch.tanh((2 * (x - 0.5)) @ torch.tensor([1.0, 2, -1, 0.5])[:, None])

    norms = dict(MAX=lambda x: x.max(1, keepdim=True).values, L1=lambda x: x.abs().sum(1, keepdim=True),
                 L2=lambda x: x.square().sum(1, keepdim=True).sqrt())
    for norm, f in norms.items():
        @ml_case(f"normalizer_{norm.lower()}")
        def build(g, norm=norm, f=f):
            return g.op("Normalizer", "x", domain=ML, norm=norm), lambda x: x / f(x)

    transforms = dict(NONE=lambda s: s, SOFTMAX=lambda s: torch.softmax(s, 1), LOGISTIC=torch.sigmoid)
    for transform, f in transforms.items():
        @ml_case(f"linear_classifier_{transform.lower()}")
        def build(g, transform=transform, f=f):
            (w, weight), (b, bias) = floats(g, 3, 4), floats(g, 3)
            _, y = g.op("LinearClassifier", "x", domain=ML, outputs=2, coefficients=w, intercepts=b,
                        classlabels_ints=[0, 1, 2], post_transform=transform, multi_class=1)
            return g.op("Sin", y), lambda x: torch.sin(f(x @ weight.T + bias))

    @ml_case("linear_classifier_one_score")
    def build(g):
        w, weight = floats(g, 1, 4)
        _, y = g.op("LinearClassifier", "x", domain=ML, outputs=2, coefficients=w, intercepts=[0.25],
                    classlabels_strings=["no", "yes"], post_transform="LOGISTIC")
        return g.op("Sin", y), lambda x: torch.sin(torch.sigmoid((x @ weight.T + 0.25) * torch.tensor([-1.0, 1.0])))

    gamma, shift = float(np.float32(0.3)), float(np.float32(0.2))
    kernels = dict(LINEAR=lambda x, v: x @ v.T, POLY=lambda x, v: (gamma * x @ v.T + shift) ** 3,
                   RBF=lambda x, v: torch.exp(-gamma * (x[:, None] - v).square().sum(2)),
                   SIGMOID=lambda x, v: torch.tanh(gamma * x @ v.T + shift))
    for kernel, f in kernels.items():
        @ml_case(f"svm_regressor_{kernel.lower()}")
        def build(g, kernel=kernel, f=f):
            (v, vectors), (c, weight) = floats(g, 3, 4), floats(g, 3)
            y = g.op("SVMRegressor", "x", domain=ML, kernel_type=kernel, kernel_params=[0.3, 0.2, 3.0], n_supports=3,
                     support_vectors=v, coefficients=c, rho=[0.5])
            return g.op("Sin", y), lambda x: torch.sin(f(x, vectors) @ weight[:, None] + 0.5)

    @ml_case("svm_classifier_two")
    def build(g):
        (v, vectors), c = floats(g, 3, 4), [-0.5, -1.0, 1.5]
        _, y = g.op("SVMClassifier", "x", domain=ML, outputs=2, kernel_type="RBF", kernel_params=[0.3, 0.0, 3.0],
                    classlabels_ints=[0, 1], vectors_per_class=[2, 1], support_vectors=v, coefficients=c, rho=[0.25])
        f = lambda x: kernels["RBF"](x, vectors) @ torch.tensor(c)[:, None] + 0.25
        return y, lambda x: torch.cat([-f(x), f(x)], 1)

    @ml_case("svm_classifier_three")
    def build(g):
        # A coefficient of a vector for each other class: 0 and 1 by row 0 of both, 0 and 2 by row 1 of 0 and row 0 of 2.
        (v, vectors), (c, weight), (r, rho) = floats(g, 4, 4), floats(g, 2, 4), floats(g, 3)
        _, y = g.op("SVMClassifier", "x", domain=ML, outputs=2, kernel_type="RBF", kernel_params=[0.3, 0.0, 3.0],
                    classlabels_ints=[0, 1, 2], vectors_per_class=[1, 2, 1], support_vectors=v, coefficients=c, rho=r)

        def f(x):
            k = kernels["RBF"](x, vectors)
            a, b, d = k[:, :1], k[:, 1:3], k[:, 3:]
            zero_one = a @ weight[0, :1] + b @ weight[0, 1:3]
            zero_two = a @ weight[1, :1] + d @ weight[0, 3:]
            one_two = b @ weight[1, 1:3] + d @ weight[1, 3:]
            return torch.stack([zero_one, zero_two, one_two], 1) + rho

        return y, f

    @ml_case("features")
    def build(g):
        x = g.op("Imputer", "x", domain=ML, imputed_value_floats=[0.5] * 4, replaced_value_float=float("nan"))
        chosen = g.op("ArrayFeatureExtractor", x, g.ints(3, 0), domain=ML)
        y = g.op("FeatureVectorizer", g.op("Tanh", chosen), x, domain=ML, inputdimensions=[2, 4])
        return g.op("Sin", y), lambda x: torch.sin(torch.cat([torch.tanh(x[:, [3, 0]]), x], 1))
