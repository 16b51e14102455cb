"""What scikit-learn checks of an estimator: all that can be asked of one that takes texts."""

import warnings

import numpy as np
import pytest

from seqlab.estimator import TextClassifier, TextClassifierError

pytest.importorskip("sklearn")

from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import validate_data

LEARNED = {"feature_min_count": 1, "epochs": 3, "lr": 0.05, "device": "cpu"}
SETTINGS = {"ngram": {"order": 1, "smoothing": "additive"}, "softmax": LEARNED}


class OfTables(TextClassifier):
    """Says that it takes tables of numbers, since scikit-learn has no checks for what does not."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.one_d_array = True, False
        return tags


class OfRows(OfTables):
    """Writes each row of a table down as a text: of each number a character that tells its column and its value."""

    def fit(self, X, y):  # noqa: N803
        return super().fit(self._written(X, reset=True), y)

    def predict_log_proba(self, X):  # noqa: N803
        if not hasattr(self, "classes_"):
            raise NotFittedError("fit it first")
        return super().predict_log_proba(self._written(X, reset=False))

    def _written(self, table, reset):
        table = np.clip(np.round(4 * validate_data(self, table, reset=reset)), -300, 300)
        return ["".join(chr(0x4E00 + 300 + 600 * c + int(value)) for c, value in enumerate(row)) for row in table]


NUMBERS = "it fits or predicts a table of numbers, which is refused: the estimator takes texts"
NO_TABLES = dict.fromkeys(
    [
        "check_fit_score_takes_y", "check_estimators_overwrite_params", "check_dont_overwrite_parameters",
        "check_fit_idempotent", "check_estimators_fit_returns_self", "check_readonly_memmap_input",
        "check_n_features_in_after_fitting", "check_estimators_dtypes", "check_positive_only_tag_during_fit",
        "check_dtype_object", "check_pipeline_consistency", "check_estimators_pickle",
        "check_f_contiguous_array_estimator", "check_classifier_data_not_an_array", "check_classifiers_classes",
        "check_classifiers_train", "check_supervised_y_2d", "check_methods_sample_order_invariance",
        "check_methods_subset_invariance", "check_dict_unchanged", "check_fit_check_is_fitted", "check_n_features_in",
        "check_fit2d_predict1d",
    ],
    NUMBERS,
) | {
    "check_estimators_empty_data_messages": "it wants to hear of 0 features; a text has none",
    "check_estimators_nan_inf": "it wants to hear of NaN in a table; a table is refused whatever is in it",
    "check_fit2d_1feature": "it wants to hear of 1 feature; a text has none",
}  # fmt: skip
ENVIRONMENT = "check_array_api_input"  # skipped unless scipy was told of other kinds of arrays before it was imported


def outcomes(estimator, expected=None):
    """What came of each check of scikit-learn, by its name: passed, xfail or failed; and with what exception."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = check_estimator(estimator, on_fail=None, on_skip=None, expected_failed_checks=expected)
    return [(check["check_name"], check["status"], check["exception"]) for check in done]


@pytest.mark.parametrize("model", ["ngram", pytest.param("softmax", marks=pytest.mark.slow)])
def test_every_check_passes_on_rows_that_are_written_down(model):
    done = outcomes(OfRows(model, SETTINGS[model]))
    assert len(done) >= 50
    assert [(name, error) for name, status, error in done if status != "passed" and name != ENVIRONMENT] == []


def test_of_the_checks_with_tables_those_fail_that_are_listed_and_no_others():
    done = outcomes(OfTables("ngram", SETTINGS["ngram"]), NO_TABLES)
    assert [(name, error) for name, status, error in done if status == "failed"] == []
    assert {name for name, status, _ in done if status == "xfail"} == set(NO_TABLES)
    assert {name for name, status, _ in done if status == "passed"}.isdisjoint(NO_TABLES)
    for name, status, error in done:
        if status == "xfail" and NO_TABLES[name] == NUMBERS and not isinstance(error, AssertionError):
            assert isinstance(error, TextClassifierError), name
            assert "X is a list of texts" in str(error)


def test_the_tags_say_what_is_taken():
    tags = TextClassifier().__sklearn_tags__().input_tags
    assert (tags.string, tags.one_d_array, tags.two_d_array, tags.sparse) == (True, True, False, False)
    assert is_classifier(TextClassifier())
    with pytest.warns(SkipTestWarning, match="Can't test estimator TextClassifier"):
        check_estimator(TextClassifier())  # all that scikit-learn checks of what takes texts: it can be cloned
