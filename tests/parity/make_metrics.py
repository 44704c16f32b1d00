#!/usr/bin/env python3
"""Writes metrics.st and metrics.report.txt, which metrics.cpp compares with: scikit-learn's metrics, in its order (scikit-learn 1.9.1)."""
import pathlib
import warnings

import numpy as np
from safetensors.numpy import save_file
from sklearn import metrics as m

HERE = pathlib.Path(__file__).resolve().parent
rng = np.random.default_rng(5)
N, C = 60, 4
actual = rng.integers(0, C, N)
predicted = np.where(rng.random(N) < 0.6, actual, rng.integers(0, C, N))
predicted[predicted == 3] = 1  # class 3 is never predicted: its precision has no divisor
weight = rng.random(N) + 0.1
yes = (rng.random(N) < 0.4).astype(np.int64)
guess = np.where(rng.random(N) < 0.7, yes, 1 - yes)
score = np.round(yes * 0.3 + rng.random(N) * 0.7, 1)  # rounded: many are equal
scores = np.round(rng.random((N, C)) + 0.5 * np.eye(C)[actual], 1)
probabilities = np.exp(2 * scores) / np.exp(2 * scores).sum(1, keepdims=True)
logits = 2 * scores + 7
y = rng.normal(size=N) * 3
p = y + rng.normal(size=N)
gap = np.where(rng.random(N) < 0.5, 5, 0)  # of classes 0 and 5 only

averages = ["micro", "macro", "weighted"]
f = {"zero_division": 0.0}
labels = [m.accuracy_score(actual, predicted), m.accuracy_score(actual, predicted, sample_weight=weight), m.balanced_accuracy_score(actual, predicted)]
for a in averages:
    for w in (None, weight):
        k = {"average": a, "sample_weight": w}
        labels += [m.precision_score(actual, predicted, **k, **f), m.recall_score(actual, predicted, **k, **f), m.f1_score(actual, predicted, **k, **f),
                   m.fbeta_score(actual, predicted, beta=0.5, **k, **f), m.jaccard_score(actual, predicted, **k, **f)]
labels += [m.precision_score(yes, guess), m.recall_score(yes, guess), m.f1_score(yes, guess), m.fbeta_score(yes, guess, beta=2), m.jaccard_score(yes, guess)]
labels += [m.matthews_corrcoef(actual, predicted), m.matthews_corrcoef(actual, predicted, sample_weight=weight), m.matthews_corrcoef(yes, guess)]
labels += [m.cohen_kappa_score(actual, predicted), m.cohen_kappa_score(actual, predicted, weights="linear"), m.cohen_kappa_score(actual, predicted, weights="quadratic"),
           m.cohen_kappa_score(actual, predicted, sample_weight=weight)]
labels += [m.f1_score(gap, np.zeros(N, int), average="macro", **f), m.balanced_accuracy_score(gap, gap)]

fpr, tpr, thresholds = m.roc_curve(yes, score, drop_intermediate=False)
precision, recall, _ = m.precision_recall_curve(yes, score)
curves = [m.roc_auc_score(yes, score), m.roc_auc_score(yes, score, sample_weight=weight), m.average_precision_score(yes, score),
          m.average_precision_score(yes, score, sample_weight=weight), m.auc(recall, precision)]
for w in (None, weight):
    for a in ("macro", "weighted"):
        curves.append(m.roc_auc_score(actual, probabilities, multi_class="ovr", average=a, sample_weight=w))
curves += [m.roc_auc_score(actual, probabilities, multi_class="ovo", average=a) for a in ("macro", "weighted")]
curves += [m.top_k_accuracy_score(actual, scores, k=k) for k in (1, 2, 3)]
hard = probabilities.copy()
hard[0] = np.eye(C)[(actual[0] + 1) % C]  # impossible, it says
curves += [m.log_loss(actual, probabilities), m.log_loss(actual, probabilities, sample_weight=weight), m.log_loss(actual, hard), m.log_loss(yes, score / 2),
           np.exp(m.log_loss(actual, probabilities))]
numbers = []
for w in (None, weight):
    numbers += [m.mean_absolute_error(y, p, sample_weight=w), m.mean_squared_error(y, p, sample_weight=w), m.root_mean_squared_error(y, p, sample_weight=w),
                m.mean_absolute_percentage_error(y, p, sample_weight=w), m.r2_score(y, p, sample_weight=w)]
numbers += [m.max_error(y, p), m.r2_score(np.ones(N), np.ones(N)), m.r2_score(np.ones(N), p), m.mean_absolute_percentage_error(np.append(0, y), np.append(1, p))]
# Where a class does not occur, or there is one sample: NaN, mostly. Of four columns of scores, three classes occur, and one.
no, some, all_scores = np.zeros(N, int), actual % 3, np.arange(4)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    p0, r0, _ = m.precision_recall_curve(no, score)
    edges = [m.average_precision_score(no, score), m.auc(r0, p0), m.average_precision_score(1 - no, score), m.roc_auc_score(no, score), m.roc_auc_score(1 - no, score),
             m.average_precision_score(yes, score, sample_weight=1 - yes), m.roc_auc_score(yes, score, sample_weight=1 - yes)]
    edges += [m.roc_auc_score(some, probabilities, multi_class=c, average=a, labels=all_scores) for c in ("ovr", "ovo") for a in ("macro", "weighted")]
    edges += [m.roc_auc_score(no, probabilities, multi_class=c, average=a, labels=all_scores) for c, a in (("ovr", "macro"), ("ovr", "weighted"), ("ovo", "macro"))]
    edges += [m.roc_auc_score(actual, probabilities, multi_class="ovr", average=a, sample_weight=weight * (actual != 2)) for a in ("macro", "weighted")]
    edges += [m.cohen_kappa_score(no, no, weights=k) for k in (None, "linear")] + [m.matthews_corrcoef(no, no), m.balanced_accuracy_score(no, guess), m.f1_score(no, no, **f)]
    edges += [m.r2_score([1], [2]), m.r2_score([1], [1]), m.r2_score([1, 2], [2, 3], sample_weight=[2, 0])]
    edges += [m.log_loss(no, probabilities, labels=all_scores), m.top_k_accuracy_score(no, probabilities, k=7, labels=all_scores)]
    fpr0, tpr0, _ = m.roc_curve(no, score, drop_intermediate=False)

save_file({k: np.ascontiguousarray(v, dtype=np.int32 if np.asarray(v).dtype.kind == "i" else np.float64) for k, v in {
    "actual": actual, "predicted": predicted, "weight": weight, "yes": yes, "guess": guess, "score": score, "scores": scores, "probabilities": probabilities,
    "hard": hard, "logits": logits, "y": y, "p": p, "gap": gap, "labels": labels, "curves": curves, "numbers": numbers, "fpr": fpr, "tpr": tpr,
    "thresholds": thresholds[1:], "precision": precision[::-1], "recall": recall[::-1], "edges": edges, "some": some,
    "fpr0": fpr0, "tpr0": tpr0}.items()}, HERE / "metrics.st")
(HERE / "metrics.report.txt").write_text(
    m.classification_report(actual, predicted, target_names=["cat", "a very long name", "dog", "x"], zero_division=0.0)
    + m.classification_report(yes, guess, digits=4, zero_division=0.0))
