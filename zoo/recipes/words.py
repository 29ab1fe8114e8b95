"""The field's baselines for sentences: how often each word or part of a word occurs, and a linear classifier on that.

Both fit scikit-learn's models, and give a function from texts to scores (N, classes).
"""

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC

WORDS = {"ngram_range": (1, 2), "sublinear_tf": True, "token_pattern": r"\S+"}  # and pairs of words
PARTS = {"ngram_range": (2, 5), "sublinear_tf": True, "analyzer": "char_wb"}  # two to five letters


def logistic_regression(texts, y):
    """TF-IDF of words and pairs of words, logistic regression. y: int (N,), 0 or 1."""
    vectors = TfidfVectorizer(**WORDS)
    fitted = LogisticRegression(C=10.0, max_iter=1000).fit(vectors.fit_transform(texts), y)
    return lambda others: fitted.predict_log_proba(vectors.transform(others))


def linear_svm(texts, y):
    """TF-IDF of words, pairs of words and parts of words, a linear SVM. y: int (N,), -1 for what belongs to no class.

    What belongs to no class is one more class; scores are above its own.
    """
    vectors = make_union(TfidfVectorizer(**WORDS), TfidfVectorizer(**PARTS))
    fitted = LinearSVC(random_state=0).fit(vectors.fit_transform(texts), y)
    first = int(np.min(y) < 0)  # the column of the first class

    def score(others):
        scores = fitted.decision_function(vectors.transform(others))
        return scores[:, first:] - scores[:, :first].sum(axis=1, keepdims=True)

    return score
