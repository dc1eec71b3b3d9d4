"""The published rule, written as naively as possible, on small networks.

Writes tests/fixtures/rule/NAME.onnx and NAME.npz (see the README there). Run from the repository root:

    python tests/truth/rule.py

Source: Xiao, Zhang, Cheng, Suo, "HOPE: High-order Polynomial Expansion of Black-box Neural Networks",
arXiv 2307.08192. One backward pass carries, for each output o and unit, v[o, k] = the coefficient of order k of the
output with respect to that unit alone (normalised: (1/k!) d^k/dt^k):

- linear z = W x + b:   v_x[k] = (W**k)^T v_z[k], W as an explicit dense matrix, the power elementwise;
- elementwise z = s(x): v_x[k] = sum_{j<=k} B[k, j] v_z[j], B[k, j] the coefficient of t^k in (a_1 t + a_2 t^2 + ...)^j,
                        a_j = s^(j)(x) / j!;
- a value used twice: the sum of what its users give;
- max pooling: to the largest input.

A linear operator with several inputs (addition, concatenation) has one matrix per input.
`unmixed` is the truth, by repeated automatic differentiation; `exact` says whether the rule agrees with it.
"""

from itertools import combinations_with_replacement, product
from math import factorial

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from common import Graph, along_rays, check, declare_output_shapes, evaluate, f32, flat, folder
from operators import draw_points, gelu, softplus

ORDER = 6
DEGREE = 4
ROWS = 2
TARGET = folder("rule")


class Net:
    """A network as a list of steps in topological order; step 0 is the input."""

    def __init__(self, name, shape, opset=17):
        self.graph = Graph(name)
        self.name, self.shape, self.opset = name, shape, opset
        self.names = ["x"]  # ONNX names of the steps
        self.steps = [None]  # (kind, inputs, function, bias)

    def add(self, kind, name, inputs, function, bias=0.0):
        self.names.append(name)
        self.steps.append((kind, inputs, function, bias))
        return len(self.steps) - 1

    # Each builder takes step numbers and returns the new step's number.

    def linear(self, op_type, inputs, function, bias=0.0, constants=(), **attributes):
        """`function` is the operator without its bias, on tensors with a batch dimension."""
        inputs = [inputs] if isinstance(inputs, int) else inputs
        name = self.graph.op(op_type, *[self.names[i] for i in inputs], *constants, **attributes)
        return self.add("linear", name, inputs, function, bias)

    def elementwise(self, op_type, i, function, **attributes):
        return self.add("elementwise", self.graph.op(op_type, self.names[i], **attributes), [i], function)

    def max_pool(self, i, **attributes):
        name = self.graph.op("MaxPool", self.names[i], kernel_shape=[2, 2], strides=[2, 2], **attributes)
        return self.add("selection", name, [i], lambda x: F.max_pool2d(x, 2))

    def dense(self, i, n_in, n_out):
        w_name, w = self.graph.weight(n_out, n_in, scale=1.2 / np.sqrt(n_in))
        b_name, b = self.graph.weight(n_out)
        return self.linear("Gemm", i, lambda x: x @ w.T, b, [w_name, b_name], transB=1)

    def conv(self, i, c_in, c_out, kernel, strides=None, pads=None, groups=1, dilations=None):
        n = len(kernel)
        strides, dilations, pads = strides or [1] * n, dilations or [1] * n, pads or [0] * 2 * n
        w_name, w = self.graph.weight(c_out, c_in // groups, *kernel, scale=1.5 / np.sqrt(c_in // groups * np.prod(kernel)))
        b_name, b = self.graph.weight(c_out)
        sides = [p for pair in reversed(list(zip(pads[:n], pads[n:]))) for p in pair]
        convolve = F.conv1d if n == 1 else F.conv2d
        return self.linear("Conv", i, lambda x: convolve(F.pad(x, sides), w, None, strides, 0, dilations, groups),
                           b.reshape(-1, *[1] * n), [w_name, b_name], strides=strides, pads=pads, dilations=dilations,
                           group=groups)

    def average_pool(self, i, kernel=2, stride=2):
        return self.linear("AveragePool", i, lambda x: F.avg_pool2d(x, kernel, stride), kernel_shape=[kernel] * 2,
                           strides=[stride] * 2)

    def flatten(self, i):
        return self.linear("Flatten", i, lambda x: x.flatten(1))

    def sum(self, i, j):
        return self.linear("Add", [i, j], lambda a, b: a + b)

    def tanh(self, i):
        return self.elementwise("Tanh", i, torch.tanh)

    def batch_normalization(self, i, c):
        (g_name, g), (b_name, b), (m_name, m) = (self.graph.weight(c, scale=0.3, shift=s) for s in (1, 0, 0))
        variance = np.float32(self.graph.rng.uniform(0.5, 2, c))
        v_name, v = self.graph.constant(variance), torch.from_numpy(variance.astype(np.float64))
        factor = (g / torch.sqrt(v + f32(1e-5))).reshape(-1, 1, 1)
        bias = b.reshape(-1, 1, 1) - m.reshape(-1, 1, 1) * factor
        return self.linear("BatchNormalization", i, lambda x: x * factor, bias, [g_name, b_name, m_name, v_name])

    # The same network for PyTorch, and by the rule.

    def forward(self, x):
        values = [x]
        for kind, inputs, function, bias in self.steps[1:]:
            z = function(*[values[i] for i in inputs])
            values.append(z + bias if kind == "linear" else z)
        return values

    def function(self, x):
        return flat(lambda x: self.forward(x)[-1])(x)

    def matrices(self, step, sample):
        """The dense matrix [outputs, inputs] of a linear step for each of its inputs. `sample`: its values."""
        kind, inputs, function, _ = self.steps[step]
        result = []
        for place, i in enumerate(inputs):
            size = sample[i].numel()
            if kind == "selection":
                # 1 at the largest element of each window.
                jacobian = torch.autograd.functional.jacobian(function, sample[i])
                result.append(jacobian.reshape(-1, size).numpy())
                continue
            unit = torch.eye(size).reshape(size, *sample[i].shape[1:])
            others = [unit if q == place else torch.zeros(size, *sample[j].shape[1:]) for q, j in enumerate(inputs)]
            result.append(function(*others).reshape(size, -1).T.numpy())
        return result

    def rule(self, points):
        """Per sample the list of v of all steps; v is [m, ORDER, units]."""
        result = []
        for point in points:
            with torch.no_grad():
                sample = self.forward(torch.as_tensor(point)[None])
            m = sample[-1].numel()
            v = [np.zeros((m, ORDER, s.numel())) for s in sample]
            v[-1][:, 0] = np.eye(m)
            for step in reversed(range(1, len(self.steps))):
                kind, inputs, function, _ = self.steps[step]
                if kind == "elementwise":
                    v[inputs[0]] += through_elementwise(function, sample[inputs[0]].flatten(), v[step])
                    continue
                for i, w in zip(inputs, self.matrices(step, sample)):
                    for k in range(1, ORDER + 1):
                        v[i][:, k - 1] += v[step][:, k - 1] @ w**k
            result.append(v)
        return result


def bell_matrix(a):
    """B[k, s] = coefficient of t^k in (a[1] t + a[2] t^2 + ...)^s, for k, s = 0..ORDER."""
    b = np.zeros((ORDER + 1, ORDER + 1))
    power = np.eye(1, ORDER + 1)[0]
    series = np.concatenate([[0.0], a])
    for s in range(1, ORDER + 1):
        power = np.convolve(power, series)[: ORDER + 1]
        b[:, s] = power
    return b


def through_elementwise(function, x, v_z):
    a = derivatives(function, x)
    v_x = np.zeros_like(v_z)
    for unit in range(len(x)):
        b = bell_matrix(a[:, unit])
        for k, s in product(range(1, ORDER + 1), repeat=2):
            v_x[:, k - 1, unit] += b[k, s] * v_z[:, s - 1, unit]
    return v_x


def derivatives(function, x):
    """a_1..a_ORDER of an elementwise function: [ORDER, units]."""
    x = x.clone().requires_grad_()
    y = function(x) + 0.0 * x ** (ORDER + 2)
    result = []
    for k in range(1, ORDER + 1):
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        result.append(y.detach().numpy() / factorial(k))
    return np.array(result)


def exponents_to_degree(d):
    """All exponents of d variables to DEGREE, by degree, then larger power of the first variable first."""
    found = []
    for degree in range(DEGREE + 1):
        # Choosing variables in order gives (2,0), (1,1), (0,2).
        for choice in combinations_with_replacement(range(d), degree):
            found.append([choice.count(j) for j in range(d)])
    return np.array(found, np.uint8)


def mixed_by_rule(net, points, values, vs, exponents):
    """c_alpha = multinomial(alpha) * sum_i v_z[|alpha|]_i * prod_j W_ij^alpha_j, z = W x + b the first layer."""
    result = np.zeros((len(points), values.shape[1], len(exponents)))
    for b, point in enumerate(points):
        sample = net.forward(torch.as_tensor(point)[None])
        (w,) = net.matrices(1, sample)
        for t, alpha in enumerate(exponents):
            degree = int(alpha.sum())
            if degree == 0:
                result[b, :, t] = values[b]
                continue
            multinomial = factorial(degree) // np.prod([factorial(int(a)) for a in alpha])
            result[b, :, t] = multinomial * vs[b][1][:, degree - 1] @ np.prod(w**alpha, axis=1)
    return result


def mixed_truth(net, points, exponents):
    """The same coefficients by repeated automatic differentiation, one variable after the other."""
    result = []
    for point in points:
        x = torch.as_tensor(point).flatten().clone().requires_grad_()
        y = net.function(x.reshape(1, *net.shape))[0]
        rows = []
        for output in y:
            known = {tuple([0] * len(x)): output + 0.0 * x.sum() ** (DEGREE + 2)}
            row = []
            for alpha in map(tuple, exponents.astype(int)):
                if sum(alpha) > 0:
                    j = next(q for q, a in enumerate(alpha) if a > 0)
                    lower = tuple(a - (q == j) for q, a in enumerate(alpha))
                    known[alpha] = torch.autograd.grad(known[lower], x, create_graph=True)[0][j]
                row.append(float(known[alpha].detach()) / np.prod([factorial(a) for a in alpha]))
            rows.append(row)
        result.append(rows)
    return np.array(result)


def worst_deviation(found, truth):
    """The largest relative deviation over the orders (axis 2), in the norm over everything else."""
    worst = 0.0
    for k in range(truth.shape[2]):
        difference, size = np.linalg.norm(found[:, :, k] - truth[:, :, k]), np.linalg.norm(truth[:, :, k])
        if difference > 0:
            worst = max(worst, difference / max(size, 1e-300))
    return worst


def write(net, mixed):
    points, _ = draw_points(net.name, net.shape, ROWS, "normal")
    model = net.graph.model([net.names[-1]], net.shape, net.opset)
    declare_output_shapes(model, points)
    path = TARGET / f"{net.name}.onnx"
    onnx.save(model, path)
    onnx.checker.check_model(str(path))
    value = evaluate(net.function, points)
    check(net.name, path, points, [value])

    vs = net.rule(points)
    p = int(np.prod(net.shape))
    rule = np.array([v[0] for v in vs])
    truth = along_rays(net.function, points, np.eye(p), ORDER)
    deviation = worst_deviation(rule, truth)
    arrays = dict(points=points, value=value, unmixed=truth, unmixed_rule=rule, exact=np.array(deviation < 1e-9))
    if mixed:
        exponents = exponents_to_degree(p)
        arrays |= dict(exponents=exponents, mixed=mixed_truth(net, points, exponents),
                       mixed_rule=mixed_by_rule(net, points, value, vs, exponents))
    assert all(np.isfinite(a).all() for a in arrays.values()), net.name
    np.savez_compressed(TARGET / f"{net.name}.npz", **arrays)
    print(f"{net.name:34} p {p:3} m {value.shape[1]} worst deviation {deviation:8.1e} {'exact' if deviation < 1e-9 else ''}")


# ---------------------------------------------------------------------------------------------------------------
# The networks

NETS = []


def net(shape, opset=17, mixed=False):
    def register(build):
        NETS.append((build, shape, opset, mixed))
        return build

    return register


@net([4], mixed=True)
def one_hidden_layer(n):
    n.dense(n.elementwise("Sigmoid", n.dense(0, 4, 6), torch.sigmoid), 6, 3)


@net([2], mixed=True)
def discover_one_hidden(n):
    n.dense(n.elementwise("Sin", n.dense(0, 2, 8), torch.sin), 8, 1)


@net([2], mixed=True)
def discover_three_hidden(n):
    i = n.dense(0, 2, 8)
    for n_out in (8, 8, 1):
        i = n.dense(n.elementwise("Sin", i, torch.sin), 8, n_out)


@net([5])
def two_hidden_layers(n):
    n.dense(n.tanh(n.dense(n.tanh(n.dense(0, 5, 6)), 6, 6)), 6, 3)


@net([4])
def two_linear_layers_then_tanh(n):
    # Linear after linear: the powers of the product are not the product of the powers.
    n.dense(n.tanh(n.dense(n.dense(0, 4, 5), 5, 5)), 5, 2)


@net([1, 5, 5])
def conv_sigmoid_linear(n):
    i = n.elementwise("Sigmoid", n.conv(0, 1, 2, [3, 3], pads=[1, 0, 1, 0]), torch.sigmoid)
    n.dense(n.flatten(i), 30, 3)


@net([1, 6, 6])
def conv_tanh_pool_linear(n):
    # Pooling windows that do not overlap: the output stays affine in the result of tanh.
    n.dense(n.flatten(n.average_pool(n.tanh(n.conv(0, 1, 2, [3, 3])))), 8, 2)


@net([1, 6, 6])
def conv_batch_norm_tanh_linear(n):
    n.dense(n.flatten(n.tanh(n.batch_normalization(n.conv(0, 1, 2, [3, 3], [2, 2]), 2))), 8, 2)


@net([1, 6, 6])
def conv_pool_tanh_linear(n):
    # Pooling before tanh mixes units that the overlapping convolution shares inputs between.
    n.dense(n.flatten(n.tanh(n.average_pool(n.conv(0, 1, 2, [3, 3])))), 8, 2)


@net([1, 8, 8])
def patches_pool_tanh_linear(n):
    # One channel, kernel = stride: no input feeds two units, so pooling before tanh does no harm.
    n.dense(n.flatten(n.tanh(n.average_pool(n.conv(0, 1, 1, [2, 2], [2, 2])))), 4, 2)


@net([4])
def tanh_affine_sin_linear(n):
    s_name, s = n.graph.weight(5, scale=0.3, shift=1)
    o_name, o = n.graph.weight(5)
    i = n.linear("Mul", n.tanh(n.dense(0, 4, 5)), lambda x: x * s, constants=[s_name])
    i = n.linear("Add", i, lambda x: x, o, [o_name])
    n.dense(n.elementwise("Sin", i, torch.sin), 5, 2)


@net([4])
def relu_only(n):
    i = n.elementwise("Relu", n.dense(0, 4, 6), torch.relu)
    n.dense(n.elementwise("Relu", n.dense(i, 6, 6), torch.relu), 6, 2)


@net([1, 6, 6])
def conv_relu_max_pool(n):
    i = n.max_pool(n.elementwise("Relu", n.conv(0, 1, 3, [3, 3]), torch.relu))
    n.dense(n.flatten(i), 12, 3)


@net([1, 6, 6])
def max_pool_relu_tanh(n):
    i = n.tanh(n.max_pool(n.elementwise("Relu", n.conv(0, 1, 3, [3, 3]), torch.relu)))
    n.dense(n.tanh(n.dense(n.flatten(i), 12, 4)), 4, 2)


@net([1, 8, 8])
def cnn_tanh(n):
    i = n.tanh(n.average_pool(n.conv(0, 1, 2, [3, 3])))
    i = n.tanh(n.average_pool(n.conv(i, 2, 3, [2, 2])))
    n.dense(n.tanh(n.dense(n.flatten(i), 3, 4)), 4, 3)


@net([2, 10])
def conv1d_dilation_groups(n):
    i = n.tanh(n.conv(0, 2, 4, [3], pads=[1, 2], groups=2, dilations=[2]))
    i = n.tanh(n.conv(i, 4, 2, [2], strides=[3]))
    n.dense(n.flatten(i), 6, 2)


@net([4])
def residual_mlp(n):
    i = n.dense(0, 4, 5)
    for _ in range(3):
        i = n.sum(i, n.dense(n.tanh(i), 5, 5))
    n.dense(n.tanh(i), 5, 2)


@net([1, 5, 5])
def residual_conv_batch_norm(n):
    i = n.conv(0, 1, 2, [3, 3], [2, 2], [1, 1, 1, 1])
    for _ in range(2):
        j = n.tanh(n.batch_normalization(n.conv(i, 2, 2, [3, 3], pads=[1, 1, 1, 1]), 2))
        i = n.sum(n.conv(j, 2, 2, [3, 3], pads=[1, 1, 1, 1]), i)
    i = n.linear("GlobalAveragePool", n.tanh(i), lambda x: x.mean((2, 3), keepdim=True))
    n.dense(n.flatten(i), 2, 2)


@net([2, 3, 4])
def layout(n):
    g = n.graph
    i = n.linear("Transpose", n.elementwise("Sin", 0, torch.sin), lambda x: x.permute(0, 3, 1, 2), perm=[0, 3, 1, 2])
    i = n.linear("Reshape", i, lambda x: x.reshape(-1, 4, 6), constants=[g.ints(0, 4, -1)])
    # Padding with a value is linear without its value, and a bias.
    border = F.pad(torch.zeros(1, 4, 6), [1, 0, 0, 1], value=0.5)
    i = n.linear("Pad", i, lambda x: F.pad(x, [1, 0, 0, 1]), border, [g.ints(0, 0, 1, 0, 1, 0), g.scalar(0.5)])
    w_name, w = g.weight(7, 4)
    i = n.tanh(n.linear("MatMul", i, lambda x: x @ w, constants=[w_name]))
    a = n.linear("Slice", i, lambda x: x[:, 1::2], constants=[g.ints(1), g.ints(99), g.ints(1), g.ints(2)])
    b = n.linear("Slice", i, lambda x: x[:, :1], constants=[g.ints(0), g.ints(1), g.ints(1)])
    i = n.linear("Concat", [n.elementwise("Sigmoid", a, torch.sigmoid), b], lambda a, b: torch.cat([a, b], 1), axis=1)
    n.dense(n.flatten(i), 12, 2)


@net([3, 2, 2])
def scaling_by_constants(n):
    g = n.graph
    i = n.conv(0, 3, 3, [2, 2], pads=[1, 0, 0, 1])
    (s_name, s), (d_name, d) = (g.weight(3, 1, 1, scale=0.2, shift=k) for k in (1, -1.5))
    (o_name, o), (q_name, q) = g.weight(1, 3, 1, 1), g.weight(3, 1, 1)
    i = n.tanh(n.linear("Mul", i, lambda x: x * s, constants=[s_name]))
    i = n.linear("Neg", n.linear("Div", i, lambda x: x / d, constants=[d_name]), lambda x: -x)
    i = n.tanh(n.linear("Sub", i, lambda x: x, -o, [o_name]))
    # constant - variable: the input is the second operand.
    name = g.op("Sub", q_name, n.names[i])
    i = n.elementwise("Sin", n.add("linear", name, [i], lambda x: -x, q), torch.sin)
    n.dense(n.flatten(i), 12, 2)


@net([1, 7, 7])
def overlapping_pool_between(n):
    i = n.average_pool(n.tanh(n.conv(0, 1, 2, [3, 3])), kernel=3, stride=1)
    n.dense(n.flatten(n.tanh(i)), 18, 2)


@net([1, 6, 6])
def strided_overlapping_pool(n):
    i = n.average_pool(n.tanh(n.conv(0, 1, 2, [2, 2])), kernel=3, stride=2)
    n.dense(n.tanh(n.dense(n.flatten(i), 8, 4)), 4, 2)


@net([4])
def add_branches_between(n):
    i = n.tanh(n.dense(0, 4, 5))
    n.dense(n.tanh(n.sum(n.dense(i, 5, 5), n.elementwise("Sin", n.dense(i, 5, 5), torch.sin))), 5, 2)


@net([4])
def branches_of_one_unit(n):
    # Both branches depend on the same unit alone, so the output stays a sum of functions of one unit each.
    i = n.dense(0, 4, 5)
    n.dense(n.sum(n.tanh(i), n.elementwise("Sin", i, torch.sin)), 5, 2)


def activation_net(name, apply, opset=17):
    @net([3], opset=opset)
    def build(n):
        i = apply(n, n.dense(0, 3, 5))
        n.dense(apply(n, n.dense(i, 5, 5)), 5, 2)

    build.__name__ = f"activation_{name}"


def silu(n, i):
    gate = n.graph.op("Sigmoid", n.names[i])
    return n.add("elementwise", n.graph.op("Mul", n.names[i], gate), [i], lambda x: x * torch.sigmoid(x))


activation_net("sin", lambda n, i: n.elementwise("Sin", i, torch.sin))
activation_net("gelu", lambda n, i: n.elementwise("Gelu", i, gelu), opset=20)
activation_net("softplus", lambda n, i: n.elementwise("Softplus", i, softplus))
activation_net("sigmoid", lambda n, i: n.elementwise("Sigmoid", i, torch.sigmoid))
activation_net("silu", silu)


def main():
    for build, shape, opset, mixed in NETS:
        n = Net(build.__name__, shape, opset)
        build(n)
        write(n, mixed)


if __name__ == "__main__":
    main()
