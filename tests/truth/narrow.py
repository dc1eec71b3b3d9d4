"""All patterns of ONNX's numbers of 2, 4 and 8 bits, and what they are, by the package ml_dtypes: tests/fixtures/narrow.npz, one array by ONNX's number of each type.

python tests/truth/narrow.py        # needs numpy, ml_dtypes
"""

from pathlib import Path

import ml_dtypes
import numpy as np

TYPES = {
    17: ml_dtypes.float8_e4m3fn,
    18: ml_dtypes.float8_e4m3fnuz,
    19: ml_dtypes.float8_e5m2,
    20: ml_dtypes.float8_e5m2fnuz,
    21: ml_dtypes.uint4,
    22: ml_dtypes.int4,
    23: ml_dtypes.float4_e2m1fn,
    24: ml_dtypes.float8_e8m0fnu,
    25: ml_dtypes.uint2,
    26: ml_dtypes.int2,
}
BITS = {21: 4, 22: 4, 23: 4, 25: 2, 26: 2}

table = {}
for number, dtype in TYPES.items():
    patterns = np.arange(2 ** BITS.get(number, 8), dtype=np.uint8)
    if number in (22, 26):  # integers are kept extended by their sign
        patterns = np.where(patterns >> (BITS[number] - 1), patterns | (0xFF << BITS[number] & 0xFF), patterns).astype(np.uint8)
    table[str(number)] = patterns.view(dtype).astype(np.float64)
np.savez_compressed(Path(__file__).resolve().parents[1] / "fixtures" / "narrow.npz", **table)
