"""Baselines for text classification: TF-IDF features of words and character n-grams, and linear classifiers.

All fit scikit-learn's models and return a function from texts to scores (N, classes). For the recipes that classify
sentences they are baselines, teachers of networks, or both.
"""

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC

WORDS = {"ngram_range": (1, 2), "sublinear_tf": True, "token_pattern": r"\S+"}  # and pairs of words
PARTS = {"ngram_range": (2, 5), "sublinear_tf": True, "analyzer": "char_wb"}  # two to five letters
TRIPLES = {"ngram_range": (1, 3), "binary": True, "token_pattern": r"\S+"}  # and pairs and triples, there or not


def plain_logistic_regression(texts, y):
    """TF-IDF and logistic regression with scikit-learn's defaults. y: int (N,), 0 or 1."""
    vectors = TfidfVectorizer()
    fitted = LogisticRegression().fit(vectors.fit_transform(texts), y)
    return lambda others: fitted.predict_log_proba(vectors.transform(others))


def logistic_regression(texts, y, parts=False):
    """TF-IDF of words and pairs of words, perhaps of parts of words too, logistic regression. y: int (N,)."""
    vectors = make_union(TfidfVectorizer(**WORDS), TfidfVectorizer(**PARTS)) if parts else TfidfVectorizer(**WORDS)
    fitted = LogisticRegression(C=10.0, max_iter=1000).fit(vectors.fit_transform(texts), y)
    return lambda others: fitted.predict_log_proba(vectors.transform(others))


def nb_logistic_regression(texts, y):
    """Words, pairs and triples, weighed by the logarithm of how much oftener each is in one class, logistic regression.

    S. Wang, C. Manning, "Baselines and Bigrams" (ACL 2012): its log-count ratio, binary and smoothed by 1; with
    logistic regression where they have an SVM. y: int (N,), 0 or 1.
    """
    vectors = CountVectorizer(**TRIPLES)
    counts = vectors.fit_transform(texts)  # (N, words)
    pro, con = (np.asarray(counts[y == label].sum(axis=0)) + 1 for label in (1, 0))  # (1, words)
    log_count_ratio = np.log(pro / pro.sum()) - np.log(con / con.sum())
    fitted = LogisticRegression(max_iter=1000).fit(counts.multiply(log_count_ratio).tocsr(), y)
    return lambda others: fitted.predict_log_proba(vectors.transform(others).multiply(log_count_ratio).tocsr())


def linear_svm(texts, y):
    """TF-IDF of words, pairs of words and parts of words, a linear SVM. y: int (N,), -1 for texts of no class.

    Texts of no class are one more class; scores are relative to its score.
    """
    vectors = make_union(TfidfVectorizer(**WORDS), TfidfVectorizer(**PARTS))
    fitted = LinearSVC(random_state=0).fit(vectors.fit_transform(texts), y)
    first = int(np.min(y) < 0)  # the column of the first class

    def score(others):
        scores = fitted.decision_function(vectors.transform(others))
        return scores[:, first:] - scores[:, :first].sum(axis=1, keepdims=True)

    return score
