#!/usr/bin/env python3
"""Writes classical.st, which classical.cpp compares with: scikit-learn's models (scikit-learn 1.9.1)."""
import pathlib
import warnings

import numpy as np
from safetensors.numpy import save_file
from sklearn import cluster, decomposition, linear_model, naive_bayes, neighbors, preprocessing, svm

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


class LinearSVC(svm.LinearSVC):
    """LIBLINEAR ends at gradients of 1e-7; Newton's steps from there lead to the minimum of what it minimises."""

    def fit(self, a, b, sample_weight=None):
        super().fit(a, b, sample_weight=sample_weight)
        rows, weight = np.column_stack([a, np.ones(len(a))]), np.ones(len(a)) if sample_weight is None else sample_weight
        for o in range(len(self.coef_)):
            v, sign = np.append(self.coef_[o], self.intercept_[o]), np.where(b == self.classes_[o if len(self.coef_) > 1 else 1], 1, -1)
            for _ in range(5):
                gap = np.maximum(0, 1 - sign * (rows @ v))
                v = v - np.linalg.solve(np.eye(len(v)) + 2 * self.C * (rows * (weight * (gap > 0))[:, None]).T @ rows, v - 2 * self.C * (weight * gap * sign) @ rows)
            self.coef_[o], self.intercept_[o] = v[:-1], v[-1]
        return self


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
        m = linear(name, LinearSVC(tol=1e-13, dual=False, max_iter=1000000), x, target)
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
# Weights of samples, some of them 0.
w = np.round(rng.random(40) * 3, 2)
w[[4, 17]] = 0
put(w=w)


def weighted(name, m, a=x, b=y):
    m.fit(a, b, sample_weight=w)
    put(**{name: np.concatenate([np.atleast_2d(m.coef_), np.atleast_1d(m.intercept_ * np.ones(np.atleast_2d(m.coef_).shape[0]))[:, None]], 1),
           name + "_score": [m.score(a, b, sample_weight=w)]})
    return m


weighted("w_linear", linear_model.LinearRegression())
weighted("w_linear_origin", linear_model.LinearRegression(fit_intercept=False))
weighted("w_ridge", linear_model.Ridge(alpha=2.5, solver="svd"))
weighted("w_lasso", linear_model.Lasso(alpha=0.3, tol=1e-14, max_iter=100000), x, y[:, 0])
weighted("w_elastic", linear_model.ElasticNet(alpha=0.2, l1_ratio=0.4, tol=1e-14, max_iter=100000), x, y[:, 0])
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    weighted("w_softmax", linear_model.LogisticRegression(tol=1e-12, max_iter=10000, solver="newton-cg"), x, labels)
    weighted("w_logistic", linear_model.LogisticRegression(C=0.5, tol=1e-12, max_iter=10000, solver="newton-cg"), x, two)
    weighted("w_svm", LinearSVC(tol=1e-13, dual=False, max_iter=1000000), x, labels)
    weighted("w_svm_two", LinearSVC(tol=1e-13, dual=False, max_iter=1000000), x, two)
m = naive_bayes.GaussianNB(var_smoothing=1e-3).fit(x, labels, sample_weight=w)
put(w_bayes=m.predict_proba(t), w_bayes_variance=m.var_, w_bayes_prior=m.class_prior_, w_bayes_score=[m.score(x, labels, sample_weight=w)])
m = cluster.KMeans(3, init=centres, n_init=1, tol=0, algorithm="lloyd").fit(x, sample_weight=w)
put(w_kmeans=m.cluster_centers_, w_kmeans_labels=m.labels_, w_kmeans_inertia=[m.inertia_], w_kmeans_score=[m.score(x, sample_weight=w)])
m = preprocessing.StandardScaler().fit(x, sample_weight=w)
put(w_scaler=np.concatenate([m.mean_, m.scale_]))
m = neighbors.KNeighborsClassifier(4).fit(x, labels)
put(w_neighbors_score=[m.score(x, labels, sample_weight=w)])
# Classes that do not occur: labels 1, 3 and 4 of 5; and of two classes 1 and 3.
gaps, pair = np.array([1, 3, 4])[labels], np.array([1, 3])[two]
put(gaps=gaps, pair=pair)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for name, target in (("gaps", gaps), ("pair", pair)):
        for kind, m in (("softmax", linear_model.LogisticRegression(tol=1e-12, max_iter=10000, solver="newton-cg")),
                        ("svm", LinearSVC(tol=1e-13, dual=False, max_iter=1000000)), ("bayes", naive_bayes.GaussianNB(var_smoothing=0.1)),
                        ("neighbors", neighbors.KNeighborsClassifier(4))):
            m.fit(x, target)
            put(**{f"{name}_{kind}_predict": m.predict(t)})
            if kind != "svm":
                proba = np.zeros((len(t), 5))
                proba[:, m.classes_] = m.predict_proba(t)
                put(**{f"{name}_{kind}": proba})
            if kind in ("softmax", "svm"):
                put(**{f"{name}_{kind}_scores": m.decision_function(t)})
for share in (0.5, 0.9, 0.99):
    put(**{f"pca_{share}": decomposition.PCA(share, svd_solver="full").fit(x).components_})
save_file(out, HERE / "classical.st")
