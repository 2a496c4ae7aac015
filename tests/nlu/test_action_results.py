import pytest
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction

import bot.nlu.e5  # noqa: F401
from bot.nlu import action_results


def test_a_good_result_passes_and_a_bad_one_is_refused_in_rasas_words() -> None:
    action = RemoteAction("action_x", None)
    assert RemoteAction._validate_action_result is action_results._validate_action_result
    assert action._validate_action_result(
        {"events": [{"event": "slot", "name": "a", "value": 1, "timestamp": None}], "responses": [{"text": "x"}]}
    )
    with pytest.raises(ValidationError, match="Failed to validate Action server response"):
        action._validate_action_result({"events": "none", "responses": []})
    with pytest.raises(ValidationError):
        action._validate_action_result({"events": [], "responses": ["text"]})
