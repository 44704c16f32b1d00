#!/usr/bin/env python3
"""Writes minimize.st, which minimize.cpp compares with: minima found by torch.optim.LBFGS, scipy.optimize.minimize(method="CG") and
scipy.optimize.least_squares(method="lm") (torch 2.15.0, SciPy 1.17.1), and LBFGS's path to its minimum."""
import pathlib

import numpy as np
import scipy.optimize
import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
f64 = torch.float64
rng = np.random.default_rng(31)
out = {}

# Logistic regression: 20 samples, 6 parameters, a penalty. Its Hessian's eigenvalues are at least 2 PENALTY.
PENALTY = 0.02
x = torch.tensor(rng.normal(size=(20, 6)))
y = torch.tensor(np.where(x.numpy() @ np.array([1, -0.5, 0, 2, 0, 0.3]) + 1.5 * rng.normal(size=20) > 0, 1.0, -1.0))
out.update(x=x, y=y)


def logistic(w):
    return torch.nn.functional.softplus(-y * (x @ w)).mean() + PENALTY * (w * w).sum()


def affine(w):  # a model's: 3 inputs and a bias, not penalised; targets 0 and 1
    return torch.nn.functional.binary_cross_entropy_with_logits(x[:, :3] @ w[:3] + w[3], (y + 1) / 2)


def lbfgs(f, start):
    """The minimum, the points after each iteration, and the evaluations that these took."""
    w = start.clone().requires_grad_()
    o = torch.optim.LBFGS([w], lr=1, max_iter=1, tolerance_grad=1e-13, tolerance_change=0, history_size=10, line_search_fn="strong_wolfe")

    def closure():
        o.zero_grad()
        value = f(w)
        value.backward()
        return value

    path, evaluations = [], []
    for _ in range(100):
        o.step(closure)
        path.append(w.detach().clone()), evaluations.append(o.state[w]["func_evals"])
        closure()
        if len(path) > 1 and torch.equal(path[-1], path[-2]):  # rounding leaves no step that lowers the value
            break
    assert w.grad.abs().max() < 5e-9, w.grad
    return w.detach(), torch.stack(path), evaluations


start = torch.zeros(6, dtype=f64)
w, path, evaluations = lbfgs(logistic, start)
g = torch.func.grad(logistic)(start)
# Both start with a step along -g: ours of min(1, 1 / |g|_2), LBFGS's of min(1, 1 / |g|_1). They are one algorithm where both are 1, and
# as long as a line search takes its first point (each step() evaluates once at its start).
assert g.abs().sum() < 1
same = sum(e == 2 * (k + 1) for k, e in enumerate(evaluations))
assert all(e == 2 * (k + 1) for k, e in enumerate(evaluations[:same])) and same >= 6, evaluations
out.update({"logistic.parameters": w, "logistic.value": logistic(w)[None], "logistic.path": path[:6]})

w, _, _ = lbfgs(affine, torch.zeros(4, dtype=f64))
hessian = torch.linalg.eigvalsh(torch.func.hessian(affine)(w))
assert hessian.min() > 0.025, hessian
out.update({"affine.parameters": w, "affine.value": affine(w)[None]})

r = scipy.optimize.minimize(lambda w: logistic(torch.tensor(w)).item(), np.zeros(6), method="CG", options=dict(gtol=5e-9),
                            jac=lambda w: torch.func.grad(logistic)(torch.tensor(w)).numpy())
assert r.success, r
out.update({"cg.parameters": torch.tensor(r.x), "cg.value": torch.tensor([r.fun], dtype=f64)})

# A damped oscillation and noise: 15 points, 4 parameters.
t = np.linspace(0, 4, 15)
z = 2.5 * np.exp(-0.4 * t) * np.cos(2.2 * t + 0.5) + 0.1 * rng.normal(size=15)


def residual(p):
    return p[0] * np.exp(-p[1] * t) * np.cos(p[2] * t + p[3]) - z


def jacobian(p):
    e, c, s = np.exp(-p[1] * t), np.cos(p[2] * t + p[3]), np.sin(p[2] * t + p[3])
    return np.stack([e * c, -p[0] * t * e * c, -p[0] * t * e * s, -p[0] * e * s], 1)


place = [1, 1, 2, 0]
for _ in range(4):  # it ends where rounding hides that the cost falls; starting there again takes another Gauss-Newton step
    r = scipy.optimize.least_squares(residual, place, jacobian, method="lm", ftol=1e-15, xtol=1e-15, gtol=1e-15)
    place = r.x
hessian = np.linalg.eigvalsh(jacobian(place).T @ jacobian(place))
assert r.success and np.abs(r.grad).max() < 2e-8 and hessian.min() > 0.8, (r, hessian)
out.update({"t": torch.tensor(t), "z": torch.tensor(z), "fit.parameters": torch.tensor(r.x), "fit.cost": torch.tensor([r.cost], dtype=f64)})
assert all(v.dtype == f64 for v in out.values())
save_file({k: v.contiguous() for k, v in out.items()}, HERE / "minimize.st")
