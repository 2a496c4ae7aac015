"""All actions, once: whatever a module here, or of `affairs` and `community`, gives a name that Rasa knows."""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from actions import dialogue
from actions.dialogue import affairs, community
from actions.dialogue.control import Matter
from actions.dialogue.frame.base import CustomAction, Services
from actions.dialogue.frame.routing import ENTRIES, Routed


def all_actions(services: Services) -> list[CustomAction]:
    """What Rasa calls when an intent begins something stands behind the table of `routing`."""
    built = [kind(services, name) for kind in named() for name in kind.names]
    matter = Matter(services)
    return [Routed(services, action, matter) if action.name() in ENTRIES else action for action in built]


def intent_names() -> dict[str, str]:
    """What staff read for an intent, in their own words."""
    return {intent: name for module in _topics() for intent, name in getattr(module, "INTENTS", {}).items()}


def _topics() -> list[ModuleType]:
    folders = (dialogue, affairs, community)
    return [import_module(m.name) for folder in folders for m in iter_modules(folder.__path__, f"{folder.__name__}.")]


def named() -> list[type[CustomAction]]:
    """The classes that say their names themselves; what is only called or inherited from says none."""
    found: list[type[CustomAction]] = []
    for module in _topics():
        for kind in vars(module).values():
            is_here = isinstance(kind, type) and kind.__module__ == module.__name__
            if is_here and issubclass(kind, CustomAction) and "names" in vars(kind):
                found.append(kind)
    return [kind for kind in found if kind is not CustomAction]
