"""Cases of operators.py: recurrent layers, by their equations in ONNX's definitions, and as PyTorch exports them."""

import numpy as np
import torch
import torch.nn.functional as F
from common import f32

STEPS, INPUTS, HIDDEN = 4, 3, 2
GATES = dict(RNN=1, GRU=3, LSTM=4)
DEFAULTS = dict(RNN=["Tanh"], GRU=["Sigmoid", "Tanh"], LSTM=["Sigmoid", "Tanh", "Tanh"])


def function(name, alpha=None, beta=None):
    """One of the functions that a layer may name, with its parameters or their defaults."""
    alpha = None if alpha is None else f32(alpha)
    beta = None if beta is None else f32(beta)
    return {
        "Tanh": torch.tanh,
        "Sigmoid": torch.sigmoid,
        "Relu": torch.relu,
        "Affine": lambda x: alpha * x + beta,
        "LeakyRelu": lambda x: torch.where(x > 0, x, (f32(0.01) if alpha is None else alpha) * x),
        "ScaledTanh": lambda x: alpha * torch.tanh(beta * x),
        "HardSigmoid": lambda x: torch.clamp((f32(0.2) if alpha is None else alpha) * x + (0.5 if beta is None else beta), 0, 1),
        "Elu": lambda x: torch.where(x > 0, x, (1.0 if alpha is None else alpha) * (torch.exp(torch.clamp(x, max=0)) - 1)),
        "Softsign": lambda x: x / (1 + torch.abs(x)),
        "Softplus": lambda x: torch.log(1 + torch.exp(x)),
    }[name]


def direction(op, x, w, r, b, h, c, p, functions, clip=None, coupled=False, linear_before_reset=False):
    """Outputs at all steps of x [steps, batch, inputs], and the last states."""
    n = HIDDEN
    bounded = (lambda v: v) if clip is None else lambda v: torch.clamp(v, -f32(clip), f32(clip))
    f, g, l = ([lambda v, f=f: f(bounded(v)) for f in functions] + [None] * 2)[:3]
    wb, rb = (b[: len(w)], b[len(w) :]) if b is not None else (torch.zeros(len(w)),) * 2
    outputs = []
    for step in x:
        a = step @ w.T + wb

        def gate(i, state=None, m=None):
            part = slice(i * n, (i + 1) * n)
            return a[:, part] + (h if state is None else state) @ r[part].T + rb[part]

        if op == "RNN":
            h = f(gate(0))
        elif op == "GRU":
            z, reset = f(gate(0)), f(gate(1))
            last = slice(2 * n, 3 * n)
            if linear_before_reset:
                new = g(a[:, last] + reset * (h @ r[last].T + rb[last]))
            else:
                new = g(gate(2, reset * h))
            h = (1 - z) * new + z * h
        else:
            pi, po, pf = (0, 0, 0) if p is None else (p[:n], p[n : 2 * n], p[2 * n :])
            i = f(gate(0) + pi * c)
            forget = 1 - i if coupled else f(gate(2) + pf * c)
            c = forget * c + i * g(gate(3))
            o = f(gate(1) + po * c)
            h = o * l(c)
        outputs.append(h)
    return torch.stack(outputs), h, c


def reversed_sequences(case):
    lengths = dict(time_first=(0, 1, [3, 1]), batch_first=(1, 0, [4]))
    for name, (time, batch, lens) in lengths.items():
        # Time first, two sequences are one sample, after its batch of 1 has gone.
        shape = [5, 2, 3] if name == "time_first" else [5, 3]

        @case(f"reverse_sequence_{name}", shape, batch=1, rows=1)
        def build(g, time=time, batch=batch, lens=lens, name=name):
            x = g.op("Sin", "x")
            sequence = g.op("Squeeze", x, g.ints(0)) if name == "time_first" else x
            y = g.op("ReverseSequence", sequence, g.ints(*lens), time_axis=time, batch_axis=batch)
            if name == "time_first":
                y = g.op("Unsqueeze", y, g.ints(0))

            def truth(x):
                x = torch.sin(x)
                n = lens[0]
                if name == "batch_first":
                    return torch.cat([x[:, :n].flip(1), x[:, n:]], 1)
                rows = [torch.cat([x[:, : lens[i], i].flip(1), x[:, lens[i] :, i]], 1) for i in range(2)]
                return torch.stack(rows, 2)

            return g.op("Exp", y), lambda x: torch.exp(truth(x))


def register(case):
    reversed_sequences(case)

    def layer(name, op, way="forward", bias=True, initial=None, peepholes=False, output=0, activations=None, alphas=(), betas=(),
              layout=0, length=None, opset=17, **options):
        """initial: None, "zero", "fixed", or "computed" from the input."""

        @case(name, [STEPS, INPUTS], opset=opset)
        def build(g):
            directions = 2 if way == "bidirectional" else 1
            units = GATES[op] * HIDDEN
            w_name, w = g.weight(directions, units, INPUTS, scale=0.6)
            r_name, r = g.weight(directions, units, HIDDEN, scale=0.6)
            b_name, b = g.weight(directions, 2 * units, scale=0.3) if bias else ("", [None] * directions)
            p_name, p = g.weight(directions, 3 * HIDDEN, scale=0.4) if peepholes else ("", [None] * directions)
            x = g.op("Sin", "x")
            states = []
            for _ in range(2 if op == "LSTM" else 1):
                if initial == "computed":
                    m_name, m = g.weight(INPUTS, directions * HIDDEN)
                    first = g.op("Gather", x, g.constant(np.int64(0)), axis=1)
                    product = g.op("Reshape", g.op("MatMul", first, m_name), g.ints(-1, directions, HIDDEN))
                    state = product if layout else g.op("Transpose", product, perm=[1, 0, 2])
                    states.append((state, lambda x, m=m: (x[:, 0] @ m).reshape(-1, directions, HIDDEN).transpose(0, 1)))
                elif initial:
                    # The same for all samples of the batch, whose size only a run knows: by Expand.
                    s_name, s = g.weight(directions, 1, HIDDEN)
                    if initial == "zero":
                        s_name, s = g.constant(np.zeros((directions, 1, HIDDEN), np.float32)), 0 * s
                    size = g.op("Gather", g.op("Shape", x), g.ints(0), axis=0)
                    shape = g.op("Concat", g.ints(directions), size, g.ints(HIDDEN), axis=0)
                    states.append((g.op("Expand", s_name, shape), lambda x, s=s: s.expand(-1, len(x), -1)))
                else:
                    states.append(("", lambda x: torch.zeros(directions, len(x), HIDDEN)))
            attributes = dict(options)
            if way != "forward":
                attributes["direction"] = way
            if activations:
                attributes["activations"] = activations
            if alphas:
                attributes["activation_alpha"] = list(alphas)
            if betas:
                attributes["activation_beta"] = list(betas)
            if layout:
                attributes["layout"] = 1
            sequence = x if layout else g.op("Transpose", x, perm=[1, 0, 2])
            lengths = ""
            if length:
                size = g.op("Gather", g.op("Shape", x), g.ints(0), axis=0)
                lengths = g.op("Expand", g.constant(np.array([length], np.int32)), size)
            inputs = [sequence, w_name, r_name, b_name, lengths, *[s for s, _ in states]]
            if peepholes:
                inputs += [p_name]
            while inputs[-1] == "":
                inputs.pop()
            count = 3 if op == "LSTM" else 2
            y = g.op(op, *inputs, outputs=count, hidden_size=HIDDEN, **attributes)[output]
            if output == 0 and not layout:
                y = g.op("Transpose", y, perm=[2, 0, 1, 3])
            elif not layout:
                y = g.op("Transpose", y, perm=[1, 0, 2])
            names = activations or DEFAULTS[op] * directions
            alpha, beta = iter(alphas), iter(betas)
            takes_alpha = ("Affine", "LeakyRelu", "ScaledTanh", "HardSigmoid", "Elu")
            functions = [
                function(n, next(alpha, None) if n in takes_alpha else None,
                         next(beta, None) if n in ("Affine", "ScaledTanh", "HardSigmoid") else None)
                for n in names
            ]

            def truth(x):
                x = torch.sin(x)
                first = [s(x) for _, s in states] + [None]
                sequence = x.transpose(0, 1)[:length]
                results = []
                for d in range(directions):
                    backwards = way == "reverse" or d == 1
                    each = len(DEFAULTS[op])
                    steps, h, c = direction(
                        op, sequence.flip(0) if backwards else sequence, w[d], r[d], b[d], first[0][d],
                        first[1][d] if op == "LSTM" else None, p[d], functions[d * each : (d + 1) * each],
                        clip=options.get("clip"), coupled=options.get("input_forget", 0),
                        linear_before_reset=options.get("linear_before_reset", 0))
                    steps = steps.flip(0) if backwards else steps
                    if length:
                        steps = torch.cat([steps, torch.zeros(STEPS - length, *steps.shape[1:])])
                    results.append((steps, h, c)[output])
                if output == 0:  # [directions, steps, batch, hidden]
                    return torch.stack(results).permute(2, 1, 0, 3)
                return torch.stack(results).transpose(0, 1)

            return g.op("Exp", y), lambda x: torch.exp(truth(x))

    for op in ("RNN", "GRU", "LSTM"):
        stem = op.lower()
        layer(f"{stem}", op)
        layer(f"{stem}_bidirectional_computed", op, "bidirectional", initial="computed")
        layer(f"{stem}_reverse_no_bias", op, "reverse", bias=False, output=1, initial="fixed", opset=8)
        layer(f"{stem}_layout", op, "bidirectional", layout=1, opset=14)
        layer(f"{stem}_layout_last", op, layout=1, opset=14, output=1, initial="computed")
        layer(f"{stem}_zero_state", op, initial="zero", opset=22)
        layer(f"{stem}_lengths", op, "bidirectional", length=3)
        layer(f"{stem}_lengths_last", op, "bidirectional", length=3, output=1)
        layer(f"{stem}_clip", op, clip=0.4, initial="fixed")
    layer("lstm_cell_state", "LSTM", "bidirectional", output=2)
    layer("lstm_peepholes", "LSTM", "bidirectional", initial="fixed", peepholes=True)
    layer("lstm_peepholes_clip", "LSTM", peepholes=True, clip=0.3)
    layer("lstm_input_forget", "LSTM", initial="computed", input_forget=1, peepholes=True)
    layer("lstm_functions", "LSTM", "bidirectional", activations=["HardSigmoid", "ScaledTanh", "Softsign", "Sigmoid", "Affine", "Elu"],
          alphas=[0.3, 1.2, 0.7, 0.8], betas=[0.4, 0.9, 0.1])
    layer("gru_linear_before_reset", "GRU", "bidirectional", linear_before_reset=1, initial="fixed")
    layer("gru_linear_before_reset_no_state", "GRU", linear_before_reset=1, output=1)
    layer("gru_functions", "GRU", activations=["Sigmoid", "Softplus"])
    layer("rnn_relu", "RNN", activations=["Relu"], initial="fixed")
    layer("rnn_leaky_relu", "RNN", "bidirectional", activations=["LeakyRelu", "LeakyRelu"], alphas=[0.2])


class Last(torch.nn.Module):
    """The last step of a layer's outputs, through a linear layer."""

    def __init__(self, kind, **options):
        super().__init__()
        self.layer = kind(INPUTS, 3, batch_first=True, **options)
        self.head = torch.nn.Linear(6 if options.get("bidirectional") else 3, 2)

    def forward(self, x):
        y, _ = self.layer(x)
        return self.head(y[:, -1])


def register_exports(export_cases):
    versions = [("script", 17), ("dynamo", 18)]
    export_cases("lstm", [5, INPUTS], versions)(lambda: Last(torch.nn.LSTM))
    export_cases("lstm_two_layers", [4, INPUTS], versions)(lambda: Last(torch.nn.LSTM, num_layers=2, bidirectional=True))
    export_cases("gru", [5, INPUTS], versions)(lambda: Last(torch.nn.GRU, bidirectional=True))
    export_cases("rnn", [5, INPUTS], versions)(lambda: Last(torch.nn.RNN, nonlinearity="tanh"))
