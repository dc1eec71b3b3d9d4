"""Cases of operators.py: products of values that both depend on the input, einsum, attention, masks, rotations."""

import numpy as np
import torch
import torch.nn.functional as F


def register(case):
    matrices(case)
    einsums(case)
    masks(case)
    attentions(case)
    rotations(case)
    statistics(case)


# ---------------------------------------------------------------------------------------------------------------


def matrices(case):
    @case("gemm_of_two", [6], batch=1, rows=1)
    def build(g):
        w_name, w = g.weight(6, 6)
        a = g.op("Reshape", g.op("Tanh", "x"), g.ints(3, 2))
        b = g.op("Reshape", g.op("MatMul", "x", w_name), g.ints(2, 3))
        c_name, c = g.weight(1, 3)
        y = g.op("Gemm", a, b, c_name, alpha=0.5, beta=2.0)

        def f(x):
            a, b = torch.tanh(x).reshape(-1, 3, 2), (x @ w).reshape(-1, 2, 3)
            return 0.5 * (a @ b) + 2.0 * c

        return y, f

    @case("gemm_of_two_transposed", [6], batch=1, rows=1)
    def build(g):
        a = g.op("Reshape", g.op("Tanh", "x"), g.ints(2, 3))
        b = g.op("Reshape", g.op("Exp", "x"), g.ints(3, 2))
        y = g.op("Gemm", a, b, transA=1, transB=1)
        return y, lambda x: torch.tanh(x).reshape(-1, 2, 3).mT @ torch.exp(x).reshape(-1, 3, 2).mT

    @case("matmul_broadcast_heads", [2, 3, 4])
    def build(g):
        # Several heads on the left share the matrix on the right, a mean over them.
        right = g.op("ReduceMean", g.op("Tanh", "x"), axes=[1], keepdims=1)
        y = g.op("MatMul", "x", g.op("Transpose", right, perm=[0, 1, 3, 2]))
        return y, lambda x: x @ torch.tanh(x).mean(1, keepdim=True).mT

    @case("matmul_row_of_two", [4, 3])
    def build(g):
        w_name, w = g.weight(1, 4)
        row = g.op("MatMul", w_name, "x")  # [B, 1, 3]
        y = g.op("MatMul", row, g.op("Transpose", g.op("Sin", "x"), perm=[0, 2, 1]))
        return y, lambda x: (w @ x) @ torch.sin(x).mT

    @case("matmul_column_of_two", [4, 3])
    def build(g):
        w_name, w = g.weight(3, 1)
        y = g.op("MatMul", g.op("Transpose", g.op("Sin", "x"), perm=[0, 2, 1]), g.op("MatMul", "x", w_name))
        return y, lambda x: torch.sin(x).mT @ (x @ w)


def einsums(case):
    def einsum(name, equation, shape, left, right=None, constants=(), truth=None, **options):
        @case(name, shape, **options)
        def build(g):
            weights = [g.weight(*size) for size in constants]
            inputs = [left[0](g)] + ([right[0](g)] if right else []) + [w for w, _ in weights]
            tensors = [w for _, w in weights]

            def f(x):
                values = [left[1](x)] + ([right[1](x)] if right else []) + tensors
                return torch.einsum((truth or equation).replace(" ", ""), *values)

            return g.op("Tanh", g.op("Einsum", *inputs, equation=equation)), lambda x: torch.tanh(f(x))

    plain = (lambda g: "x", lambda x: x)
    sine = (lambda g: g.op("Sin", "x"), torch.sin)
    einsum("einsum_scores", "bihd,bjhd->bhij", [3, 2, 4], plain, sine)
    einsum("einsum_values", "bhij, bjdh -> bidh", [3, 3, 2], (lambda g: g.op("Transpose", "x", perm=[0, 3, 1, 2]), lambda x: x.permute(0, 3, 1, 2)), sine)
    einsum("einsum_weight", "bi,oi->bo", [4], plain, constants=[(3, 4)])
    einsum("einsum_bilinear", "bi,bj,kij->bk", [3], plain, sine, constants=[(2, 3, 3)])
    einsum("einsum_outer", "bi,bj->bji", [3], plain, sine)
    einsum("einsum_elementwise", "bij,bij->bij", [2, 3], plain, sine)
    einsum("einsum_sum_only", "bij->b", [2, 3], sine)
    einsum("einsum_permuted", "bijk->bkij", [2, 3, 2], sine)
    einsum("einsum_summed_first", "bij,bk->bk", [2, 3], plain, (lambda g: g.op("ReduceSum", "x", g.ints(1), keepdims=0), lambda x: x.sum(1)))
    einsum("einsum_implied", "ba,bc", [3], plain, sine, truth="ba,bc->bac", batch=1, rows=1)
    einsum("einsum_ellipsis", "...ij,...jk->...ik", [2, 3, 3], plain, sine)
    einsum("einsum_dot", "bi,bi->b", [4], plain, sine)


def masks(case):
    keep = torch.tril(torch.ones(3, 3)).bool()

    def scores(g, name="x"):
        return g.op("MatMul", name, g.op("Transpose", g.op("Tanh", name), perm=[0, 2, 1]))

    def masked(x):
        return torch.softmax((x @ torch.tanh(x).mT).masked_fill(~keep, -torch.inf), -1)

    @case("mask_added", [3, 4])
    def build(g):
        mask = g.constant(np.where(keep.numpy(), 0, -np.inf).astype(np.float32))
        return g.op("Softmax", g.op("Add", scores(g), mask), axis=-1), masked

    @case("mask_chosen", [3, 4])
    def build(g):
        y = g.op("Where", g.constant(keep.numpy()), scores(g), g.scalar(-np.inf))
        return g.op("MatMul", g.op("Softmax", y, axis=-1), "x"), lambda x: masked(x) @ x

    @case("mask_chosen_the_other_way", [3, 4])
    def build(g):
        y = g.op("Where", g.constant(~keep.numpy()), g.scalar(-np.inf), scores(g))
        y = g.op("Reshape", y, g.ints(-1, 1, 3, 3))
        return g.op("Softmax", y, axis=-1), masked

    @case("mask_twice", [3, 4])
    def build(g):
        mask = g.constant(np.where(keep.numpy(), 0.25, -np.inf).astype(np.float32))
        columns = g.constant(np.array([0, -np.inf, 0], np.float32))
        y = g.op("Softmax", g.op("Add", columns, g.op("Add", scores(g), mask)), axis=-1)

        def f(x):
            s = (x @ torch.tanh(x).mT + 0.25).masked_fill(~keep, -torch.inf)
            return torch.softmax(s + torch.tensor([0, -torch.inf, 0]), -1)

        return y, f


def attention(q, k, v, bias=0.0, keep=None, scale=None, cap=0.0):
    scale = scale or q.shape[-1] ** -0.5
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
    s = scale * q @ k.mT
    s = cap * torch.tanh(s / cap) if cap else s
    s = s + bias
    if keep is not None:
        s = s.masked_fill(~keep, -torch.inf)
    return torch.softmax(s, -1) @ v


def heads(x, n):
    return x.reshape(*x.shape[:2], n, -1).transpose(1, 2)


def joined(x):
    return x.transpose(1, 2).flatten(2)


def attentions(case):
    def build_case(name, f, inputs=(), outputs=1, shape=(3, 8), kv=2, q=2, weights=8, **attributes):
        @case(name, list(shape), opset=23)
        def build(g):
            (wq, q_), (wk, k_), (wv, v_) = g.weight(8, 8), g.weight(8, weights), g.weight(8, weights)
            parts = [g.op("MatMul", "x", w) for w in (wq, wk, wv)]
            more = [g.constant(i) if i is not None else "" for i in inputs]
            y = g.op("Attention", *parts, *more, q_num_heads=q, kv_num_heads=kv, outputs=outputs, **attributes)
            y = y if outputs == 1 else y[0]
            return y, lambda x: joined(f(heads(x @ q_, q), heads(x @ k_, kv), heads(x @ v_, kv)))

    build_case("attention_heads", lambda q, k, v: attention(q, k, v))
    build_case("attention_grouped", lambda q, k, v: attention(q, k, v), q=4, kv=2, weights=4)
    keep = torch.tril(torch.ones(3, 3)).bool()
    build_case("attention_causal", lambda q, k, v: attention(q, k, v, keep=keep), is_causal=1)
    build_case("attention_scale_softcap", lambda q, k, v: attention(q, k, v, scale=0.75, cap=2.0), scale=0.75, softcap=2.0)
    bias = np.array([[0.5, -np.inf, 0], [0, 0.25, -1], [-np.inf, 0, 0]], np.float32)
    build_case("attention_mask", lambda q, k, v: attention(q, k, v, bias=torch.from_numpy(bias).double()), inputs=[bias])
    truth = np.array([[True, False, True], [True, True, True], [False, True, False]])
    build_case("attention_mask_of_truths", lambda q, k, v: attention(q, k, v, keep=torch.from_numpy(truth)), inputs=[truth])
    past = np.linspace(-1, 1, 16).reshape(1, 2, 2, 4).astype(np.float32)

    def with_past(q, k, v):
        p = torch.from_numpy(past).double().expand(len(q), -1, -1, -1)
        keep = torch.ones(3, 5).tril(2).bool()
        return attention(q, torch.cat([p, k], 2), torch.cat([-p, v], 2), keep=keep)

    @case("attention_past", [3, 8], opset=23, batch=1, rows=1)
    def build(g):
        (wq, q_), (wk, k_), (wv, v_) = g.weight(8, 8), g.weight(8, 8), g.weight(8, 8)
        parts = [g.op("MatMul", "x", w) for w in (wq, wk, wv)]
        y, _, _ = g.op("Attention", *parts, "", g.constant(past), g.constant(-past), q_num_heads=2, kv_num_heads=2,
                       is_causal=1, outputs=3)
        return y, lambda x: joined(with_past(heads(x @ q_, 2), heads(x @ k_, 2), heads(x @ v_, 2)))

    @case("attention_in_heads", [2, 3, 4], opset=23)
    def build(g):
        y = g.op("Attention", "x", g.op("Sin", "x"), g.op("Tanh", "x"))
        return y, lambda x: attention(x, torch.sin(x), torch.tanh(x))


def rotations(case):
    angles = np.arange(6).reshape(3, 2) * 0.4

    def turned(x, interleaved, dim):
        cos, sin = torch.from_numpy(np.cos(angles).astype(np.float32)).double(), torch.from_numpy(np.sin(angles).astype(np.float32)).double()
        cos, sin = cos[[0, 2, 1]], sin[[0, 2, 1]]
        front, rest = x[..., :dim], x[..., dim:]
        a, b = (front[..., 0::2], front[..., 1::2]) if interleaved else front.chunk(2, -1)
        real, imaginary = cos * a - sin * b, sin * a + cos * b
        front = torch.stack([real, imaginary], -1).flatten(-2) if interleaved else torch.cat([real, imaginary], -1)
        return torch.cat([front, rest], -1)

    for name, interleaved, dim, size in (("rotary", 0, 4, 4), ("rotary_interleaved", 1, 4, 4), ("rotary_partial", 0, 4, 6)):
        @case(name, [3, 2 * size], opset=23, batch=1, rows=1)
        def build(g, interleaved=interleaved, dim=dim, size=size):
            cos, sin = g.constant(np.cos(angles).astype(np.float32)), g.constant(np.sin(angles).astype(np.float32))
            places = g.constant(np.array([[0, 2, 1]]))
            y = g.op("RotaryEmbedding", g.op("Tanh", "x"), cos, sin, places, interleaved=interleaved, num_heads=2,
                     rotary_embedding_dim=0 if dim == size else dim)
            return g.op("Sin", y), lambda x: torch.sin(joined(turned(heads(torch.tanh(x), 2), interleaved, dim)))


def statistics(case):
    @case("layer_normalization_statistics", [3, 4])
    def build(g):
        w_name, w = g.weight(4)
        y, mean, inverse = g.op("LayerNormalization", "x", w_name, axis=-1, outputs=3)

        def f(x):
            m = x.mean(-1, keepdim=True)
            i = ((x - m).square().mean(-1, keepdim=True) + float(np.float32(1e-5))) ** -0.5
            return (x - m) * i * w * i + m

        return g.op("Add", g.op("Mul", y, inverse), mean), f
