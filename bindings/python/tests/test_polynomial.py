"""Polynomials and what is shown of them."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import hope
import numpy as np
import pytest
from conftest import CNN, ROOT, Floats, Program, mlp


@pytest.fixture(scope="module")
def model() -> hope.Model:
    return hope.load(mlp(3, 8, 2))


X = np.array([[0.2, -0.1, 0.3], [0.0, 0.5, -0.5]])


def test_mixed_terms_give_the_whole_polynomial(model: hope.Model) -> None:
    expansion = model.expand(X, 8, terms="mixed")
    p = expansion.polynomial(output=1, point=1)
    near = X[1] + np.random.default_rng(0).normal(scale=0.03, size=(2, 5, 3))
    assert p(near).shape == (2, 5)
    np.testing.assert_allclose(p(near).reshape(-1), model(near.reshape(-1, 3))[:, 1], rtol=1e-9)
    assert isinstance(float(p(X[1])), float)
    assert p(X[1]) == expansion.value[1, 1]
    h = 1e-5
    step = h * np.eye(3)
    slopes = (p(near[..., None, :] + step) - p(near[..., None, :] - step)) / (2 * h)
    np.testing.assert_allclose(p.gradient(near), slopes, rtol=1e-6, atol=1e-9)
    assert (p.variables, p.degree, len(p)) == (["x1", "x2", "x3"], 8, 165)
    assert not p.is_additive
    assert (p.centre == X[1]).all()


def test_unmixed_terms_give_an_additive_one(model: hope.Model) -> None:
    p = model.expand(X, 8).polynomial(output=0, point=0)
    assert p.is_additive
    along = X[0] + [0.0, 0.05, 0.0]
    assert p(along) == pytest.approx(model(along)[0, 0], rel=1e-10)


def test_subspaces_and_directions_have_a_frame(model: hope.Model) -> None:
    basis = np.array([[1.0, 1.0, 0.0], [0.0, -1.0, 2.0]])
    p = model.expand(X, 8, subspace=basis, outputs=1).polynomial(point=0)
    assert p.variables == ["t1", "t2"]
    assert p.frame is not None
    assert (p.frame[0] == X[0]).all() and (p.frame[1] == basis).all()
    t = np.array([0.02, -0.03])
    assert p(t) == pytest.approx(model(X[0] + t @ basis)[0, 1], rel=1e-9)
    expansion = model.expand(X, 8, directions=basis, outputs=1)
    q = expansion.polynomial(point=1, direction=1)
    s = np.linspace(-0.03, 0.03, 5)
    np.testing.assert_allclose(q(s), model(X[1] + s[:, None] * basis[1])[:, 1], rtol=1e-9)
    assert q.gradient(s).shape == (5, 1)
    own = model.expand(X, 8, directions=np.stack([basis, basis[::-1]]), outputs=1)
    assert own.polynomial(point=1, direction=0)(0.02) == pytest.approx(q(0.02), rel=1e-12)


def test_the_program_prints_the_same(program: Program, digits: Floats, tmp_path: Path) -> None:
    np.save(tmp_path / "at.npy", digits[:1])
    arguments = ["--order", "2", "--output", "7", "--device", "cpu", "--out", tmp_path / "p.json"]
    program("polynomial", CNN, "--at", tmp_path / "at.npy", *arguments)
    theirs = hope.Polynomial.from_json((tmp_path / "p.json").read_text())
    ours = hope.load(CNN).expand(digits[:1], 2, device="cpu").polynomial(output=7)
    assert theirs == ours


def test_texts(model: hope.Model) -> None:
    sympy = pytest.importorskip("sympy")
    p = model.expand(X, 3, terms="mixed").polynomial(output=0, point=0)
    expression = p.to_sympy()
    at = list(zip(map(sympy.Symbol, p.variables), (0.1, 0.2, 0.3), strict=True))
    assert float(expression.subs(at)) == pytest.approx(p([0.1, 0.2, 0.3]), rel=1e-12)
    assert expression.free_symbols == set(sympy.symbols("x1 x2 x3"))
    named = p.rename(["u", "v", "w"])
    assert named.to_latex(3).count("v") > 2
    assert p.to_text(3).count("x1") > 2
    assert named._repr_latex_().startswith("$")
    assert repr(p).startswith("Polynomial(")
    wide = hope.load(CNN).expand(np.zeros(784), 2, outputs=0).polynomial()
    assert "(1569 terms)" in repr(wide)
    assert len(repr(wide)) < 2000
    assert len(wide._repr_latex_()) < 3000


def test_terms_and_other_centres(model: hope.Model) -> None:
    p = model.expand(X, 3, terms="mixed").polynomial(output=0, point=0)
    constant, *others = p.terms()
    assert constant[1] == {}
    assert sum(max(powers.values()) == 3 for _, powers in others) == 3
    moved = p.recentre([0.0, 0.0, 0.0])
    x = np.random.default_rng(1).normal(size=(6, 3))
    np.testing.assert_allclose(moved(x), p(x), rtol=1e-10)
    assert len(p.truncate(1)) == 4
    assert len(p.largest(5)) == 5
    assert pickle.loads(pickle.dumps(p)) == p
    assert p != moved
    assert json.loads(p.to_json())


def test_which_one_has_to_be_said(model: hope.Model) -> None:
    expansion = model.expand(X, 3)
    with pytest.raises(hope.RequestError, match="2 points: choose one by point="):
        expansion.polynomial(output=0)
    with pytest.raises(hope.RequestError, match="2 outputs: choose one by output="):
        expansion.polynomial(point=0)
    with pytest.raises(hope.SelectionError, match="no point 2"):
        expansion.polynomial(output=0, point=2)
    with pytest.raises(hope.RequestError, match="was not selected"):
        model.expand(X, 3, outputs=1).polynomial(output=0, point=0)
    with pytest.raises(hope.RequestError, match="no directions"):
        expansion.polynomial(output=0, point=0, direction=0)
    with pytest.raises(hope.ShapeError, match="3 variables"):
        expansion.polynomial(output=0, point=-1)([1.0, 2.0])


def test_what_there_is_and_is_not(model: hope.Model) -> None:
    expansion = model.expand(X, 3, outputs=[1])
    assert expansion.outputs == [1]
    assert expansion.order == 3
    assert not hasattr(expansion, "mixed") and not hasattr(expansion, "along") and not hasattr(expansion, "exponents")
    with pytest.raises(AttributeError, match="it has 'unmixed'"):
        expansion.mixed
    assert sorted(expansion.to_dict()) == ["points", "report", "unmixed", "value"]
    assert "exact" in repr(expansion)
    assert expansion._repr_html_().startswith("<table>")


def test_saved_together_or_not_at_all(model: hope.Model, tmp_path: Path) -> None:
    expansion = model.expand(X, 3, terms="mixed")
    expansion.save(tmp_path / "result.npz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["result.json", "result.npz"]
    with np.load(tmp_path / "result.npz") as saved:
        assert sorted(saved) == ["exponents", "mixed", "points", "value"]
        assert saved["exponents"].dtype == np.uint8
    with pytest.raises(hope.FormatError, match="end in .npz or .safetensors"):
        expansion.save(tmp_path / "result.zip")
    with pytest.raises(hope.FileError, match="cannot write"):
        expansion.save(tmp_path / "none" / "result.npz")
    (tmp_path / "taken.json").mkdir()
    with pytest.raises(hope.FileError):
        expansion.save(tmp_path / "taken.npz")
    assert not any(path.name.startswith(".") for path in tmp_path.iterdir())


def test_saved_as_safetensors_and_as_a_folder(model: hope.Model, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    mixed, along = model.expand(X, 3, terms="mixed"), model.expand(X, 2, directions=[[1.0, 0.5, -1.0]])
    for expansion in (mixed, along):
        expansion.save(tmp_path / "result.safetensors")
        expansion.save(f"{tmp_path}/result/")
        truth = {name: array for name, array in expansion.to_dict().items() if name != "report"}
        read = load_file(tmp_path / "result.safetensors")
        assert read.keys() == truth.keys()
        # Arrays of the result before are gone.
        assert sorted(path.name for path in (tmp_path / "result").iterdir()) == sorted([*(f"{name}.npy" for name in truth), "result.json"])
        for name, array in truth.items():
            mapped = np.load(tmp_path / "result" / f"{name}.npy", mmap_mode="r")
            assert isinstance(mapped, np.memmap) and mapped.dtype == read[name].dtype == array.dtype
            np.testing.assert_array_equal(mapped, array)
            np.testing.assert_array_equal(read[name], array)
    mixed.save(tmp_path / "result")
    assert (tmp_path / "result" / "mixed.npy").exists() and not (tmp_path / "result" / "along.npy").exists()
    (tmp_path / "result" / "notes.txt").write_text("mine")
    with pytest.raises(hope.FormatError, match=r"notes\.txt"):
        mixed.save(tmp_path / "result")
    with pytest.raises(hope.FileError):
        mixed.save(f"{tmp_path}/none/result/")


def test_the_program_writes_what_others_read(program: Program, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    network = ROOT / "tests" / "fixtures" / "reference" / "discover_2d.onnx"
    there = ["expand", network, "--at", "0.5,-0.25;1,0", "--order", "3", "--device", "cpu", "--out"]
    program(*there, tmp_path / "r.safetensors")
    program(*there, f"{tmp_path}/r/")
    ours = hope.load(network).expand([[0.5, -0.25], [1, 0]], 3, device="cpu")
    np.testing.assert_array_equal(load_file(tmp_path / "r.safetensors")["unmixed"], ours.unmixed)
    np.testing.assert_array_equal(np.load(tmp_path / "r" / "unmixed.npy", mmap_mode="r"), ours.unmixed)
