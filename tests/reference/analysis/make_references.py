"""Makes references.json: numbers of scikit-learn and SciPy for the tests of src/analysis and src/eval.

    pip install numpy scipy scikit-learn && python make_references.py > references.json
"""

import json

import numpy as np
from scipy import stats
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, silhouette_samples, silhouette_score
from sklearn.neural_network import MLPClassifier
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

rng = np.random.default_rng(7)


def blobs(n, spread):
    """Three classes of four numbers each that overlap."""
    centres = np.array([[1, 0, 0, 0.5], [0, 1, 0, -0.5], [0, 0, 1, 0]])
    y = np.arange(n) % 7 % 3  # not balanced: else the bias has no gradient at first, and Adam blows rounding up
    return np.round(centres[y] + spread * rng.normal(size=(n, 4)), 3), y


x, y = blobs(60, 0.9)
tx, ty = blobs(30, 0.9)
# A network without a hidden layer is softmax regression; its weights are set to zero before the first step of Adam.
net = MLPClassifier((), solver="adam", alpha=0, batch_size=60, learning_rate_init=0.01).partial_fit(x, y, classes=[0, 1, 2])
for part in net.coefs_ + net.intercepts_:
    part[:] = 0
net._optimizer = AdamOptimizer(net.coefs_ + net.intercepts_, 0.01, 0.9, 0.999, 1e-8)
curve = []
for _ in range(50):
    net.partial_fit(x, y)
    curve.append([log_loss(y, net.predict_proba(x)), net.score(x, y), net.score(tx, ty)])
best = LogisticRegression(C=1e12, tol=1e-10, max_iter=10000).fit(x, y)

two = y < 2
lda = LinearDiscriminantAnalysis(solver="eigen").fit(x[two], y[two])
along = lda.transform(x[two])[:, 0]
one, other = along[y[two] == 0], along[y[two] == 1]

a, b = np.round(rng.normal(0.1, 0.2, 12), 3), np.round(rng.normal(0, 0.3, 12), 3)
test = lambda r: {"t": r.statistic, "df": r.df, "p": r.pvalue}
power = lambda c, df, l: stats.nct.sf(c, df, l) + np.nan_to_num(stats.nct.cdf(-c, df, l))  # NaN: SciPy lost a tiny tail
ts, dfs = [0.01, 0.3872, 1, 2.5, 8], [1, 2, 9, 120, 5000]
print(json.dumps({
    "train": {"x": x.tolist(), "y": y.tolist()}, "test": {"x": tx.tolist(), "y": ty.tolist()},
    "probe": {"curve": curve, "bestLoss": log_loss(y, best.predict_proba(x)), "bestTest": best.score(tx, ty)},
    "silhouette": {"mean": silhouette_score(x, y), "lonely": silhouette_samples(x, np.minimum(np.arange(60), 2)).mean()},
    "fisher": (one.mean() - other.mean()) ** 2 / (one.var(ddof=1) + other.var(ddof=1)),
    "tTests": {"a": a.tolist(), "b": b.tolist(), "paired": test(stats.ttest_rel(a, b)),
               "independent": test(stats.ttest_ind(a, b[:9]))},
    "studentP": [[t, df, 2 * stats.t.sf(t, df)] for t in ts for df in dfs],
    "studentQuantile": [[p, df, stats.t.ppf(p, df)] for p in (0.8, 0.975, 0.9999) for df in dfs],
    "normal": [[z, stats.norm.cdf(z)] for z in (-8, -1.96, 0, 0.5, 3)],
    "binomialTail": [[k, n, p, stats.binom.sf(k - 1, n, p)] for k, n, p in ((1, 1, 0.3), (7, 10, 0.5), (400, 900, 0.45))],
    "power": [[d, n, power(stats.t.ppf(0.975, n - 1), n - 1, d * n**0.5)] for d in (0, 0.5, 1, 3) for n in (2, 3, 10, 30)],
}, default=float))
