"""Cases of operators.py: Fourier transforms, by PyTorch's."""

import numpy as np
import torch


def real(z):
    return torch.view_as_real(z)


def register(layout_case):
    def dft(name, shape, truth, length=None, opset=20, axis=None, **attributes):
        @layout_case(f"dft_{name}", shape, opset=opset)
        def build(g, x):
            inputs = [x, "" if length is None else g.constant(np.int64(length))]
            given = dict(attributes)
            if axis is not None and opset < 20:
                given["axis"] = axis
            elif axis is not None:
                inputs.append(g.constant(np.int64(axis)))
            while inputs[-1] == "":
                inputs.pop()
            return g.op("DFT", *inputs, **given), truth

    number = lambda x: torch.complex(x[..., 0], x[..., 1] if x.shape[-1] == 2 else torch.zeros_like(x[..., 0]))
    dft("real", [5, 1], lambda x: real(torch.fft.fft(x[..., 0])))
    dft("complex", [6, 2], lambda x: real(torch.fft.fft(number(x))))
    dft("inverse", [5, 2], lambda x: real(torch.fft.ifft(number(x))), inverse=1)
    dft("one_sided", [6, 1], lambda x: real(torch.fft.rfft(x[..., 0])), onesided=1)
    dft("longer", [4, 3, 1], lambda x: real(torch.fft.fft(x[..., 0], 6, 1)), length=6, axis=1)
    dft("shorter_opset_17", [2, 5, 2], lambda x: real(torch.fft.fft(number(x), 3, 2)), length=3, axis=2, opset=17)
    dft("default_axis_opset_17", [4, 3, 1], lambda x: real(torch.fft.fft(x[..., 0], dim=1)), opset=17)
    for n in (6, 7):
        dft(f"back_to_{n}", [4, 2], lambda x, n=n: torch.fft.irfft(number(x), n)[..., None], length=n, inverse=1, onesided=1)

    def stft(name, shape, step, window, frame, truth, **attributes):
        @layout_case(f"stft_{name}", shape, opset=17)
        def build(g, x):
            w_name, w = g.weight(frame, shift=1.0) if window else ("", torch.ones(frame))
            inputs = [x, g.constant(np.int64(step)), w_name, g.constant(np.int64(frame))]
            return g.op("STFT", *inputs, **attributes), lambda x: truth(x, w)

    def frames(x, w, step):
        return x.unfold(1, len(w), step) * w

    stft("window", [9, 1], 2, True, 4, lambda x, w: real(torch.fft.rfft(frames(x[..., 0], w, 2))))
    stft("both_sides", [8, 1], 3, False, 5, lambda x, w: real(torch.fft.fft(frames(x[..., 0], w, 3))), onesided=0)
    stft("complex", [7, 2], 1, True, 3, lambda x, w: real(torch.fft.fft(frames(number(x), w, 1))), onesided=0)
