# %% [markdown]
# # What has this network learnt?
#
# A network is trained on noisy values of a formula that nobody tells us. Its Taylor polynomials, taken at some points of the box that it was trained in, agree on the terms of that formula.
#
# Needs `pip install "hope-gpu[sklearn,sympy]"`; the same works with a PyTorch module or an ONNX file.

# %%
import warnings

import hope
import numpy as np
from sklearn.neural_network import MLPRegressor

random = np.random.default_rng(0)
x = random.uniform(-1, 1, size=(4000, 2))
y = 1 - 2 * x[:, 0] + 3 * x[:, 0] * x[:, 1] ** 2
data = y + 0.01 * random.normal(size=len(y))

# %% [markdown]
# Any smooth network will do: here scikit-learn's, with two hidden layers of tanh.

# %%
network = MLPRegressor(hidden_layer_sizes=(32, 32), activation="tanh", solver="lbfgs", max_iter=500, alpha=1e-4, random_state=0)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    network.fit(x, data)
print(f"the network explains {network.score(x, y):.2%} of the variance")

# %%
model = hope.load(network)
found = hope.discover(model, box=(-1, 1), order=3)
found.expression

# %% [markdown]
# The expression has the terms that the expansions agree on, and no others; its coefficients are fitted to the network.

# %%
print(found.expression.to_text(digits=3))
print(f"R² = {found.r_squared:.5f}, off by {found.max_error:.3f} at most in the box")
terms = {tuple(sorted(powers.items())): c for c, powers in found.expression.terms()}
truth = {(): 1.0, (("x1", 1),): -2.0, (("x1", 1), ("x2", 2)): 3.0}
assert terms.keys() == truth.keys(), terms
assert all(abs(terms[term] - c) < 0.1 for term, c in truth.items()), terms

# %% [markdown]
# It is an expression like any other: SymPy takes it, LaTeX prints it, and `hope.Polynomial` evaluates it on arrays.

# %%
expression = found.expression.to_sympy(digits=3)
print(expression, "| derivative by x2:", expression.diff("x2"))
print(found.expression.to_latex(digits=3))

# %% [markdown]
# ## What a single polynomial says
#
# The network's own Taylor polynomial at the centre is exact there, and carries its noise: many small terms that the formula doesn't have. That is why several points are asked.

# %%
local = found.local
print(f"{len(local)} terms at the centre, the largest:", local.largest(6).to_text(digits=3))

# %% [markdown]
# ## A polynomial in place of the network
#
# `hope.TaylorSurrogate` is an estimator of scikit-learn's kind: polynomials at several centres, `predict` and `score` as usual.

# %%
centres = np.stack(np.meshgrid([-0.5, 0.5], [-0.5, 0.5]), -1).reshape(-1, 2)
surrogate = hope.TaylorSurrogate(order=6).fit(model, centres)
print(f"R² to the network over the box: {surrogate.score(x, network.predict(x)):.6f}")
assert surrogate.score(x, network.predict(x)) > 0.999
