"""What another system calls what: its names of fields, categories and statuses, read from mappings.yml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import model_validator

from actions.cases.status import CaseStatus
from actions.errors import InvalidInput
from actions.storable import storable
from knowledge.data_files import DataModel, Text, WrongAt, read

FIELDS = ("number", "place", "category", "what", "when", "spot", "phone", "status", "reply", "satisfaction")
OTHER = "其他"
# Characters; more of one thing is no order but an attack, or a table in the wrong column.
_MOST = {"number": 60, "place": 120, "category": 40, "what": 4000, "when": 60, "spot": 200, "phone": 30}
_MOST_OTHER = 2000


class Profile(DataModel):
    """`fields` and `statuses`: the first name is the one we write, all of them are understood."""

    name: Text
    note: Text
    fields: dict[str, tuple[Text, ...]]
    categories: dict[Text, Text]
    statuses: dict[CaseStatus, tuple[Text, ...]]

    @model_validator(mode="after")
    def _whole_and_without_doubles(self) -> Self:
        fields = {str(name): words for name, words in self.fields.items()}
        statuses = {str(status): words for status, words in self.statuses.items()}
        for kind, named, all_of in (("fields", fields, FIELDS), ("statuses", statuses, tuple(map(str, CaseStatus)))):
            if wrong := set(named) ^ set(all_of):
                raise WrongAt(f"多了或者少了“{min(wrong)}”", kind)
            said = [word for words in named.values() for word in words]
            if not all(named.values()) or len(set(said)) < len(said):
                raise WrongAt("有一项空着，或者同一个词写在了两处", kind)
        return self

    def name_of(self, field: str) -> str:
        return self.fields[field][0]

    def status_name(self, status: CaseStatus) -> str:
        return self.statuses[status][0]

    def category_name(self, ours: str) -> str:
        """Theirs for one of ours; ours where they have none."""
        return next((theirs for theirs, own in self.categories.items() if own == ours), ours)

    def category_of(self, theirs: str, known: Sequence[str]) -> str:
        found = self.categories.get(theirs, theirs)
        return found if found in known else OTHER

    def status_of(self, said: str) -> CaseStatus:
        """Raises InvalidInput."""
        found = next((status for status, words in self.statuses.items() if said in words), None)
        if found is None:
            allowed = "、".join(words[0] for words in self.statuses.values())
            raise InvalidInput(f"不认得状态“{said[:20]}”，可以写：{allowed}。")
        return found


class MappingsFile(DataModel):
    """The schema of mappings.yml."""

    profiles: tuple[Profile, ...]

    @model_validator(mode="after")
    def _names_stand_once(self) -> Self:
        names = [profile.name for profile in self.profiles]
        for place, name in enumerate(names):
            if len(name) > 20 or names.count(name) > 1:
                raise WrongAt(f"“{name}”写了两遍，或者超过20个字", "profiles", place)
        return self


PATH = Path(__file__).with_name("mappings.yml")
PROFILES = {profile.name: profile for profile in read(PATH, MappingsFile).profiles}


def profile_of(name: str) -> Profile:
    """The plain one for a name that is gone from the file."""
    return PROFILES.get(name) or next(iter(PROFILES.values()))


@dataclass(frozen=True)
class Order:
    """A case as another system tells of it. Empty fields are ""."""

    number: str
    what: str
    place: str = ""
    category: str = ""
    when: str = ""
    spot: str = ""
    phone: str = ""


def field_in(profile: Profile, raw: Mapping[str, object], field: str) -> str:
    """What stands under any of the field's names; "" for nothing. Raises InvalidInput for what is no text."""
    for name in profile.fields[field]:
        value = raw.get(name)
        if value is None or value == "":
            continue
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise InvalidInput(f"“{name}”要写成文字。")
        text = storable(str(value)).strip()
        if len(text) > _MOST.get(field, _MOST_OTHER):
            raise InvalidInput(f"“{name}”太长，最多 {_MOST.get(field, _MOST_OTHER)} 个字。")
        return text
    return ""


def read_order(profile: Profile, raw: Mapping[str, object]) -> Order:
    """Raises InvalidInput."""
    found = {name: field_in(profile, raw, name) for name in FIELDS[:7]}
    for name in ("number", "what"):
        if not found[name]:
            raise InvalidInput(f"“{profile.name_of(name)}”没写。")
    return Order(**found)
