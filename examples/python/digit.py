# %% [markdown]
# # Why is this 3 taken for an 8?
#
# A convolutional network reads a handwritten digit, and errs. Its Taylor polynomials around the image say what each pixel does to the answer, alone and together
# with others, and order by order: order 1 is the gradient, the rest is what a gradient leaves out.
#
# Needs `pip install "hope-gpu[plot]"`, and PyTorch only if you start from a module of your own.

# %%
from pathlib import Path

import hope
import matplotlib.pyplot as plt
import numpy as np

MNIST = next(folder for folder in map(Path, ["examples/mnist", "../mnist"]) if folder.exists())
digits, labels = np.load(MNIST / "digits.npy"), np.load(MNIST / "labels.npy")

# %% [markdown]
# `hope.load` takes an ONNX file, or the module itself: `hope.load(module.eval(), example=x)`. It says first what it finds, whether the expansion is exact, and what it costs.

# %%
model = hope.load(MNIST / "mnist_cnn_tanh.onnx")
print(hope.check(MNIST / "mnist_cnn_tanh.onnx"))

# %%
THREE = int(np.flatnonzero(labels == 3)[0])
digit = digits[THREE].reshape(28, 28)
logits = model(digit)[0]
first, second = np.argsort(logits)[::-1][:2]
print(f"the network says {first} (logit {logits[first]:.2f}), before {second} ({logits[second]:.2f})")

# %% [markdown]
# ## All pixels, one by one
#
# Along each pixel the logit of class 8 is a function of one variable. One call gives its Taylor coefficients for all 784 of them. They are exact, which the certificate says, with the reason.

# %%
expansion = model.expand(digit, order=4, outputs=8)
expansion

# %% [markdown]
# What happens to the logit if a pixel changes by 0.5? Order 1 is the gradient's answer, orders up to 3 and 4 the polynomials', and the network itself can be asked, too.

# %%
heat = hope.heatmap(model, digit, output=8, delta=0.5, order=4)
heat.plot()
plt.show()
measured = np.array([model(changed, outputs=8)[0, 0] for changed in (digit + 0.5 * np.eye(784).reshape(784, 28, 28))]) - logits[8]
for order in (1, 2, 3, 4):
    off = np.linalg.norm(heat.predicted[order - 1].ravel() - measured) / np.linalg.norm(measured)
    print(f"orders up to {order}: off by {off:.2%}")
assert off < 0.01

# %% [markdown]
# ## All pixels together
#
# Turning the image black changes all pixels at once. The change of the logit is shared among them, order by order and without a rest: the shares of order k sum to the k-th Taylor
# term along the way to black, or to those of several steps where one polynomial doesn't reach.

# %%
way = hope.along(model, digit, 0.0, output=8, order=3)
way.plot()
plt.show()
print(f"the change is {way.change:.3f}; shares of order 1, 2, 3 sum to", way.shares.reshape(3, -1).sum(1).round(3))
assert abs(way.shares.sum() - way.change) < 0.02 * abs(way.change)

# %% [markdown]
# ## Which pixels act in pairs?
#
# The second derivatives of all pairs of the strongest pixels. Where two act together, the effect of one depends on the other: no map of single pixels can show that.

# %%
pairs = hope.interactions(model, digit, output=8, strongest=24)
pairs.plot()
plt.show()
for i, j, effect in pairs.pairs[:5]:
    print(f"pixels {divmod(i, 28)} and {divmod(j, 28)}: {effect:+.3f}")

# %% [markdown]
# ## How far does it hold?
#
# A polynomial is right near its point. `hope.trust` estimates how far, and asks the network whether the estimate was true.

# %%
rays = np.stack([np.eye(784)[pixel] for pixel in np.abs(expansion.unmixed[0, 0, 0]).argsort()[-5:]])
trust = hope.trust(model, digit, order=4, tolerance=0.01, directions=rays, outputs=8)
print("within 0.01 up to a change of", trust.radius.ravel().round(2), "of the five strongest pixels")

# %% [markdown]
# Along one of them the network and its polynomials:

# %%
line = model.expand(digit, order=4, directions=rays[-1:], outputs=8).polynomial()
t = np.linspace(-1, 1, 81)
axes = line.plot(radius=1.0)
axes.plot(t, model(digit.ravel() + t[:, None] * rays[-1], outputs=8)[:, 0], "k--", label="network")
axes.legend()
plt.show()
