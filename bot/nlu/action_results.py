"""Rasa 3.6.21 validates the schema of an action's result anew at every call (`jsonschema.validate`): half of its share
of a turn.

Here the validator is built once; what it accepts and the words of its error are the same. LINLI_RASA_UNPATCHED=1 leaves
Rasa alone.
"""

from __future__ import annotations

import os
from typing import Any

from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction

_stock = RemoteAction._validate_action_result
_schema = RemoteAction.action_response_format_spec()
_validator = validator_for(_schema)(_schema)


def _validate_action_result(self: RemoteAction, result: dict[str, Any]) -> bool:
    """Whether the result is well formed. Raises ValidationError."""
    if _validator.is_valid(result):
        return True
    return bool(_stock(self, result))  # says what is wrong, in Rasa's words


def install() -> None:
    """Make every RemoteAction of this process use it; calling it again changes nothing."""
    if os.environ.get("LINLI_RASA_UNPATCHED") != "1":
        RemoteAction._validate_action_result = _validate_action_result
