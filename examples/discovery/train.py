"""Trains networks on known functions, for `hope discover` to find them again.

    python train.py [--function 2d|5d] [--seeds 0 1 2] [--noise 0.0] [--out FOLDER]

Needs torch, onnx and onnxscript. Writes discover_2d_seed0.onnx and so on: three hidden layers of 64 sines, trained on 4096
uniform samples of the box [-1, 1]^p; each network takes about half a minute on a processor.
"""

import argparse
import pathlib

import torch

FUNCTIONS = {
    "2d": (2, lambda x: 0.5 * x[:, 0] ** 2 + 0.5 * x[:, 1]),
    "5d": (
        5,
        lambda x: 0.5
        + x[:, 0]
        + 0.6 * x[:, 1] * x[:, 2]
        - 0.8 * x[:, 1] * x[:, 3]
        + x[:, 0] * x[:, 1] * x[:, 2]
        - x[:, 2] * x[:, 4],
    ),
}
SAMPLES, BATCH, EPOCHS = 4096, 256, 200


class Sine(torch.nn.Module):
    def forward(self, x):
        return torch.sin(x)


def train(function, seed, noise):
    inputs, truth = FUNCTIONS[function]
    torch.manual_seed(seed)
    layers, width = [], inputs
    for _ in range(3):
        layers += [torch.nn.Linear(width, 64), Sine()]
        width = 64
    net = torch.nn.Sequential(*layers, torch.nn.Linear(64, 1))
    x = 2 * torch.rand(SAMPLES, inputs) - 1
    y = truth(x)[:, None]
    y = y + noise * torch.randn_like(y)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    steps = EPOCHS * (SAMPLES // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(EPOCHS):
        order = torch.randperm(SAMPLES)
        for batch in order.split(BATCH):
            optimizer.zero_grad()
            loss = torch.mean((net(x[batch]) - y[batch]) ** 2)
            loss.backward()
            optimizer.step()
            schedule.step()
    test = 2 * torch.rand(SAMPLES, inputs) - 1
    with torch.no_grad():
        error = torch.sqrt(torch.mean((net(test)[:, 0] - truth(test)) ** 2))
    return net, inputs, error.item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--function", choices=FUNCTIONS, action="append")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--noise", type=float, default=0.0, help="standard deviation of noise on the samples")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for function in arguments.function or FUNCTIONS:
        for seed in arguments.seeds:
            net, inputs, error = train(function, seed, arguments.noise)
            path = arguments.out / f"discover_{function}_seed{seed}.onnx"
            program = torch.onnx.export(net.eval(), (torch.zeros(1, inputs),), dynamo=True, verbose=False)
            program.save(str(path))
            print(f"{path}: off by {error:.1e} (root mean square) from the function at fresh points", flush=True)


if __name__ == "__main__":
    main()
