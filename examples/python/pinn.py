# %% [markdown]
# # A physics-informed network and its derivatives
#
# A network u(t, x) is trained to solve Burgers' equation, u_t + u u_x = ν u_xx, on 0 ≤ t ≤ 1, -1 ≤ x ≤ 1, from u(0, x) = -sin(πx), with zero at both ends. Then its Taylor polynomials say where it keeps
# the equation and where it doesn't, how far a polynomial can stand in for it, and how fast that is.
#
# Needs PyTorch: `pip install "hope-gpu[torch,plot]"`. Training takes about a minute on a processor.

# %%
import math

import hope
import matplotlib.pyplot as plt
import numpy as np
import torch

NU = 0.05
torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
network = torch.nn.Sequential(
    torch.nn.Linear(2, 24), torch.nn.Tanh(), torch.nn.Linear(24, 24), torch.nn.Tanh(), torch.nn.Linear(24, 24), torch.nn.Tanh(), torch.nn.Linear(24, 1)
)

# %%
inside = torch.rand(1000, 2) * torch.tensor([1.0, 2.0]) - torch.tensor([0.0, 1.0])
start = torch.cat([torch.zeros(101, 1), torch.linspace(-1, 1, 101)[:, None]], 1)
times = torch.linspace(0, 1, 51)[:, None]
ends = torch.cat([torch.cat([times, -torch.ones_like(times)], 1), torch.cat([times, torch.ones_like(times)], 1)])


def residual(points):
    """u_t + u u_x - ν u_xx by torch's reverse mode, twice."""
    points = points.requires_grad_()
    u = network(points)[:, 0]
    first = torch.autograd.grad(u.sum(), points, create_graph=True)[0]
    second = torch.autograd.grad(first[:, 1].sum(), points, create_graph=True)[0]
    return first[:, 0] + u * first[:, 1] - NU * second[:, 1]


def loss():
    initial = network(start)[:, 0] + torch.sin(math.pi * start[:, 1])
    return (residual(inside) ** 2).mean() + 10 * (initial**2).mean() + 10 * (network(ends) ** 2).mean()


optimizer = torch.optim.LBFGS(network.parameters(), max_iter=600, history_size=50, line_search_fn="strong_wolfe")


def step():
    optimizer.zero_grad()
    value = loss()
    value.backward()
    return value


optimizer.step(step)
print(f"loss {loss().item():.1e}")

# %% [markdown]
# ## The residual, from derivatives of the network
#
# One call gives u, u_t, u_x and u_xx at all points: coefficients along t and x to order 2, exact to rounding. Coefficients are normalised, so u_xx is twice c_2.

# %%
model = hope.load(network, example=torch.zeros(1, 2))
t, x = np.meshgrid(np.linspace(0, 1, 60), np.linspace(-1, 1, 121), indexing="ij")
points = np.stack([t, x], -1).reshape(-1, 2)
expansion = model.expand(points, order=2)
u, along = expansion.value[:, 0], expansion.unmixed[:, 0]
u_t, u_x, u_xx = along[:, 0, 0], along[:, 0, 1], 2 * along[:, 1, 1]
found = u_t + u * u_x - NU * u_xx
truth = residual(torch.tensor(points)).detach().numpy()
print(expansion.certificate)
print(f"off from torch's autograd by {np.abs(found - truth).max():.0e}, of residuals up to {np.abs(truth).max():.2f}")
assert np.abs(found - truth).max() < 1e-10

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
for axis, values, title in ((left, u, "u(t, x)"), (right, np.abs(found), "|residual|")):
    image = axis.pcolormesh(t, x, values.reshape(t.shape), shading="gouraud", cmap="RdBu_r" if axis is left else "magma_r")
    axis.set(title=title, xlabel="t", ylabel="x")
    figure.colorbar(image, ax=axis)
plt.show()

# %% [markdown]
# ## How far a polynomial holds
#
# Around (0.3, 0), where the front steepens, and around (0.3, 0.6), where the solution is smooth: the radius within which a polynomial of order 8 is within 0.001 of the network, measured in a disc around the point.

# %%
for centre in ([0.3, 0.0], [0.3, 0.6]):
    surrogate = hope.surrogate(model, centre, order=8, tolerance=1e-3, radius=0.5)
    print(f"at {centre}: radius {surrogate.radius:.3f}, off by {surrogate.largest:.1e} at most, {len(surrogate.polynomial)} terms")
    assert surrogate.radius > 0.05

# %% [markdown]
# ## Higher orders, for nothing more than the asking
#
# Along the ray (0.3, x) the network is a function of one variable: its polynomials of orders 2, 5 and 12 around x = 0.

# %%
line = model.expand([[0.3, 0.0]], order=12, directions=[[0.0, 1.0]]).polynomial()
axes = line.plot(radius=0.5, orders=(2, 5, 12))
s = np.linspace(-0.5, 0.5, 101)
axes.plot(s, model(np.stack([np.full_like(s, 0.3), s], 1))[:, 0], "k--", label="network")
axes.set(ylim=(-1.2, 1.2), xlabel="x")
axes.legend()
plt.show()
