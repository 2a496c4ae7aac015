from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from scipy.sparse import random

import bot.nlu.e5  # noqa: F401
from bot.nlu import intent_weights


def test_weights_are_laid_out_once_and_give_the_same_figures(tmp_path: Path) -> None:
    storage, resource = LocalModelStorage(tmp_path), Resource("intents")
    context = ExecutionContext(GraphSchema({}), node_name="intents")
    config: dict[str, Any] = LogisticRegressionClassifier.get_default_config()
    rows = random(60, 500, density=0.2, format="csr", random_state=1)
    trained = LogisticRegressionClassifier.create(config, storage, resource, context)
    trained.clf.fit(rows, [f"intent {i % 4}" for i in range(60)])
    trained.persist()
    loaded = LogisticRegressionClassifier.load(config, storage, resource, context)
    assert loaded.clf.coef_.T.flags.c_contiguous, "scipy copies what isn't"
    assert np.array_equal(loaded.clf.predict_proba(rows), trained.clf.predict_proba(rows))


def test_a_classifier_that_was_never_trained_is_loaded_too(tmp_path: Path) -> None:
    context = ExecutionContext(GraphSchema({}), node_name="intents")
    config: dict[str, Any] = LogisticRegressionClassifier.get_default_config()
    storage = LocalModelStorage(tmp_path)
    loaded = LogisticRegressionClassifier.load(config, storage, Resource("none"), context)
    assert not hasattr(loaded.clf, "coef_")
    assert LogisticRegressionClassifier.load.__func__ is intent_weights._load
