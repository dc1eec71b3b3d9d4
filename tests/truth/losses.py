"""Cases of operators.py: losses of classifiers with constant targets. Truth: torch.nn.functional."""

import numpy as np
import torch
import torch.nn.functional as F


def register(case):
    targets = np.array([[0, 2, 1, 2], [1, 1, 0, 2]])  # [2, 4], three classes
    weight = np.array([0.5, 2.0, 1.25], np.float32)

    def both(name, reduction=None, weights=False, ignore=None, second=False):
        """A loss of [2, 3, 4] scores, with and without a softmax in it."""
        options = {k: v for k, v in dict(reduction=reduction, ignore_index=ignore).items() if v is not None}
        arguments = dict(reduction=reduction or "mean", ignore_index=-100 if ignore is None else ignore,
                         weight=torch.from_numpy(weight).double() if weights else None)

        def register_one(prefix, op, truth, outputs):
            @case(f"{prefix}_{name}", [24], batch=1, rows=1, opset=13)
            def build(g):
                w_name, w = g.weight(24, 24)
                x = g.op("Reshape", g.op("Tanh", g.op("MatMul", "x", w_name)), g.ints(2, 3, 4))
                inputs = [x, g.constant(targets)] + ([g.constant(weight)] if weights else [])
                y = g.op(op, *inputs, outputs=outputs, **options)

                def each(f):
                    """A function of the scores, of each point by itself: a loss mixes all that it gets."""
                    return lambda x: torch.stack([f(row.reshape(2, 3, 4)) for row in torch.tanh(x @ w)])

                f = each(lambda x: truth(x, torch.from_numpy(targets), **arguments))
                if outputs == 1:
                    # The first axis of a case's output stands for the points.
                    return g.op("Reshape", y, g.ints(1, -1)), f
                return [g.op("Reshape", name, g.ints(1, -1)) for name in y], [f, each(lambda x: F.log_softmax(x, 1))]

        register_one("nll_loss", "NegativeLogLikelihoodLoss", F.nll_loss, 1)
        register_one("cross_entropy_loss", "SoftmaxCrossEntropyLoss", F.cross_entropy, 2 if second else 1)

    both("mean", second=True)
    both("sum_weighted", "sum", weights=True)
    both("mean_weighted_ignored", "mean", weights=True, ignore=1)
    both("none_ignored", "none", ignore=2)
    both("none_weighted", "none", weights=True)
