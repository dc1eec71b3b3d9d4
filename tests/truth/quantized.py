"""Cases of operators.py: weights that are stored quantised."""

import ml_dtypes
import numpy as np
import torch


def register(case):
    def dequantized(name, dtype, scales, zero=True, opset=13, repeat=(1, 1), **attributes):
        """`scales`: their shape; `repeat`: how often each stands for its block of a [4, 6] weight."""

        @case(f"dequantize_{name}", [4, 6], opset=opset)
        def build(g):
            x = g.rng.integers(0 if dtype == np.uint8 else -9, 9, (4, 6)).astype(dtype)
            scale = g.rng.uniform(0.05, 0.1, scales).astype(np.float32)
            point = g.rng.integers(0, 5, scales).astype(dtype) if zero else np.zeros(scales, dtype)
            inputs = [g.constant(x), g.constant(scale)] + ([g.constant(point)] if zero else [])
            w = g.op("DequantizeLinear", *inputs, **attributes)
            wide = [np.repeat(np.repeat(np.asarray(a, np.float64), repeat[0], 0), repeat[1], 1) if np.ndim(a) == 2
                    else np.asarray(a, np.float64) for a in (scale, point)]
            if np.ndim(scale) == 1 and attributes.get("axis") == 0:
                wide = [a[:, None] for a in wide]
            weight = torch.from_numpy((x - wide[1]) * wide[0])
            # No MatMul, which ONNX Runtime would compute with 8 bits.
            return g.op("Tanh", g.op("Mul", "x", w)), lambda x: torch.tanh(x * weight)

    dequantized("per_tensor", np.uint8, ())
    dequantized("per_axis", np.int8, (6,))
    dequantized("per_axis_0", np.int8, (4,), axis=0)
    dequantized("int32", np.int32, (), zero=False)
    dequantized("blocked", np.int8, (4, 2), opset=21, repeat=(1, 3), axis=1, block_size=3)
    dequantized("blocked_16_bits", np.int16, (2, 6), opset=21, repeat=(2, 1), axis=0, block_size=2)

    def narrow(name, dtype, opset):
        """Numbers that are packed, an odd count of them; all patterns: `narrow.py`."""

        @case(f"dequantize_{name}", [3, 5], opset=opset)
        def build(g):
            w = g.rng.integers(*((-2, 2) if "int2" in name else (0, 8) if name == "uint4" else (-8, 8)), (3, 5))
            w = np.maximum(w, 0) if name.startswith("u") else w
            w = w.astype(dtype)
            scale = g.rng.uniform(0.1, 0.2, 5).astype(np.float32)
            weight = torch.from_numpy(w.astype(np.float64) * scale.astype(np.float64))
            return g.op("Tanh", g.op("Mul", "x", g.op("DequantizeLinear", g.constant(w), g.constant(scale)))), lambda x: torch.tanh(x * weight)

    narrow("uint4", ml_dtypes.uint4, 21)
    narrow("int4", ml_dtypes.int4, 21)
    narrow("uint2", ml_dtypes.uint2, 25)
    narrow("int2", ml_dtypes.int2, 25)
    narrow("float8", ml_dtypes.float8_e4m3fn, 21)
    narrow("float8_range", ml_dtypes.float8_e5m2, 21)
    narrow("float4", ml_dtypes.float4_e2m1fn, 23)
