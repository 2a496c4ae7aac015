"""How people themselves can have a meeting called: how many signatures, how many must come, with the articles."""

from dataclasses import dataclass

from actions.decisions.bodies import FILLED_IN_BY, Demand, Need, body_of, number_said, numbers_of
from actions.roster.models import Committee, VillageProfile
from actions.rulings.rulings import STRICT, Rulings

_ASKED_FOR = {
    Committee.village: ("villagers", "villager_representatives"),
    Committee.residents: ("residents", "resident_representatives"),
}


@dataclass(frozen=True)
class Way:
    """Who may ask for it: `least` None where the number isn't known."""

    who: str
    share: str
    least: int | None
    whole: int | None


@dataclass(frozen=True)
class Asking:
    """One meeting that people can ask for."""

    body: str
    name: str
    called_by: str
    ways: tuple[Way, ...]
    article: str
    notice: str
    begins: tuple[str, ...]
    passes: str
    missing: tuple[str, ...]


def askings(profile: VillageProfile, held: Rulings = STRICT) -> list[Asking]:
    return [_asking(name, profile, held) for name in _ASKED_FOR[profile.committee]]


def how_to_call(profile: VillageProfile, held: Rulings = STRICT) -> str:
    """The answer to 村里不开会，我们能不能自己要求开, with this village's numbers; what isn't known is named."""
    full, small = askings(profile, held)
    said = [
        f"能。{_either(full)}，{full.called_by}就应当召集{full.name}（{full.article}），{full.notice}。",
        f"{'，或者'.join(full.begins)}，会才开得成；{full.passes}才算通过。",
        f"{small.name}也行：{_either(small)}，就应当召集（{small.article}）。",
    ]
    missing = tuple(dict.fromkeys((*full.missing, *small.missing)))
    if missing:
        said.append(f"具体要几个人，我还算不出来：村里还没登记{'、'.join(missing)}各有多少。{FILLED_IN_BY}")
    return "".join([*said, "签名要写在纸上，我可以给您出一张签名表。"])


def _either(asking: Asking) -> str:
    return "，或者".join(_signed(way) for way in asking.ways)


def _signed(way: Way) -> str:
    if way.least is None:
        return f"{way.share}以上的{way.who}提出来"
    return f"{way.least}名以上的{way.who}提出来（一共{way.whole}名的{way.share}）"


def _asking(name: str, profile: VillageProfile, held: Rulings) -> Asking:
    body, numbers = body_of(name), numbers_of(profile)
    ways = tuple(_way(each, None if _is_open(each, held) else numbers[each.of]) for each in body.demands)
    begins = [_came(need, numbers[need.of]) for need in body.begins]
    asked = [each.of for each in body.demands if not _is_open(each, held)] + [need.of for need in body.begins]
    law, article = body.demands_article or body.passes_article
    days = f"要提前{body.notice_days}天通知，特殊情况可以临时通知" if body.notice_article else "开会前会通知"
    return Asking(
        body=name,
        name=body.name,
        called_by=body.called_by,
        ways=ways,
        article=f"{law}{article}",
        notice=days,
        begins=tuple(begins),
        passes=f"到会的{body.passes.share.said}同意",
        missing=tuple(dict.fromkeys(number_said(n).name for n in asked if not numbers[n])),
    )


def _way(asked: Demand, whole: int | None) -> Way:
    return Way(asked.who, asked.share.said, asked.share.of(whole) if whole else None, whole)


def _is_open(asked: Demand, held: Rulings) -> bool:
    """Whether nobody may say how many a tenth of 村民 are: 村民委员会组织法 25 doesn't name their age there."""
    return asked.who == "村民" and bool(held.of("tenth"))


def _came(need: Need, whole: int | None) -> str:
    said, sends = number_said(need.of), "派代表" if need.of == "households" else ""
    share = need.share.said if need.share.of_more else f"{need.share.said}以上"
    if not whole:
        return f"{said.name}{sends}来了{share}"
    return f"{need.share.of(whole)}{said.unit}以上{sends}来（{said.name}一共{whole}{said.unit}，要{share}）"
