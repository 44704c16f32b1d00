#!/usr/bin/env python3
"""Writes classical.st, which classical.cpp compares with: scikit-learn's models (scikit-learn 1.9.1)."""
import pathlib
import warnings

import numpy as np
from safetensors.numpy import save_file
from sklearn import cluster, decomposition, linear_model, naive_bayes, neighbors, svm

HERE = pathlib.Path(__file__).resolve().parent
rng = np.random.default_rng(8)
out = {}


def put(**arrays):
    for k, v in arrays.items():
        v = np.asarray(v)
        out[k] = np.ascontiguousarray(v.astype(np.int32 if v.dtype.kind == "i" else np.float64))


x = rng.normal(size=(40, 5)) * [1, 2, 0.5, 1, 3] + [0, 4, -1, 2, 10]
t = rng.normal(size=(10, 5)) * [1, 2, 0.5, 1, 3] + [0, 4, -1, 2, 10]
y = x @ rng.normal(size=(5, 2)) + 3 + 0.3 * rng.normal(size=(40, 2))
wide, wide_y = rng.normal(size=(6, 9)), rng.normal(size=6)
flat = np.column_stack([x, x[:, 0] - 2 * x[:, 1]])  # a column that depends on others
labels = np.argmax(((x - x.mean(0)) / x.std(0))[:, :3] + rng.normal(size=(40, 3)) * 0.5, 1)
two = (x[:, 0] + 0.3 * rng.normal(size=40) > 0).astype(int)
put(x=x, t=t, y=y, wide=wide, wide_y=wide_y, flat=flat, labels=labels, two=two)


def linear(name, m, a=x, b=y):
    m.fit(a, b)
    put(**{name: np.concatenate([np.atleast_2d(m.coef_), np.atleast_1d(m.intercept_ * np.ones(np.atleast_2d(m.coef_).shape[0]))[:, None]], 1)})
    return m


m = linear("linear", linear_model.LinearRegression())
put(linear_predict=m.predict(t), linear_score=[m.score(x, y)])
linear("linear_origin", linear_model.LinearRegression(fit_intercept=False))
linear("linear_wide", linear_model.LinearRegression(), wide, wide_y)
linear("linear_flat", linear_model.LinearRegression(), flat, y)
linear("ridge", linear_model.Ridge(alpha=2.5, solver="svd"))
linear("ridge_wide", linear_model.Ridge(alpha=0.1, solver="svd"), wide, wide_y)
linear("lasso", linear_model.Lasso(alpha=0.3, tol=1e-14, max_iter=100000), x, y[:, 0])
linear("elastic", linear_model.ElasticNet(alpha=0.2, l1_ratio=0.4, tol=1e-14, max_iter=100000), x, y[:, 0])
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the tolerance may be below what rounding allows
    for name, target, c in (("softmax", labels, 1.0), ("logistic", two, 0.5)):
        m = linear(name, linear_model.LogisticRegression(C=c, tol=1e-12, max_iter=10000, solver="newton-cg"), x, target)
        put(**{name + "_proba": m.predict_proba(t), name + "_predict": m.predict(t), name + "_score": [m.score(x, target)]})
    for name, target in (("svm", labels), ("svm_two", two)):
        m = linear(name, svm.LinearSVC(tol=1e-13, dual=False, max_iter=1000000), x, target)
        put(**{name + "_predict": m.predict(t)})
for w in ("uniform", "distance"):
    m = neighbors.KNeighborsClassifier(4, weights=w).fit(x, labels)
    put(**{"neighbors_" + w: m.predict_proba(t), "neighbors_predict_" + w: m.predict(t)})
    put(**{"neighbors_values_" + w: neighbors.KNeighborsRegressor(3, weights=w).fit(x, y).predict(np.vstack([t, x[:2]]))})
centres = x[[3, 11, 25]]
m = cluster.KMeans(3, init=centres, n_init=1, tol=0, algorithm="lloyd").fit(x)
put(centres=centres, kmeans=m.cluster_centers_, kmeans_labels=m.labels_, kmeans_inertia=[m.inertia_], kmeans_predict=m.predict(t), kmeans_transform=m.transform(t))
for name, a, n in (("pca", x, 3), ("pca_wide", wide, 4)):
    m = decomposition.PCA(n, svd_solver="full").fit(a)
    put(**{name: m.components_, name + "_variance": m.explained_variance_, name + "_ratio": m.explained_variance_ratio_, name + "_transform": m.transform(a)})
    put(**{name + "_back": m.inverse_transform(m.transform(a)), name + "_whiten": decomposition.PCA(n, svd_solver="full", whiten=True).fit_transform(a)})
m = naive_bayes.GaussianNB().fit(x, labels)
put(bayes=m.predict_proba(t), bayes_variance=m.var_, bayes_predict=m.predict(t), bayes_priors=naive_bayes.GaussianNB(priors=[0.2, 0.5, 0.3]).fit(x, labels).predict_proba(t))
save_file(out, HERE / "classical.st")
