"""Other systems, as the administrator lists them: name, address, key, from where they may call."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotFound
from actions.exchange.mapping import PROFILES
from actions.exchange.models import ExternalRef, ExternalSystem, Outbox
from actions.exchange.outgoing import check_url
from actions.storable import row_of, storable
from knowledge.places import Place

Seal = Callable[[str, str], str]  # secret and owner to what may be stored
_MOST_NETWORKS = 20
_WIDEST = {4: 16, 6: 32}  # bits: what is wider lets half a province in


def get(session: Session, system_id: int) -> ExternalSystem:
    """Raises NotFound."""
    found = row_of(session, ExternalSystem, system_id)
    if found is None:
        raise NotFound("没有这个系统。")
    return found


def of_places(session: Session, places: Sequence[str] | None) -> list[ExternalSystem]:
    """Those of the places that somebody sees; None: all."""
    found = select(ExternalSystem).order_by(ExternalSystem.name)
    return list(session.scalars(found if places is None else found.where(ExternalSystem.place_id.in_(places))))


def for_case(session: Session, places_above: Sequence[str]) -> list[ExternalSystem]:
    """To which a case of the first of these places may go."""
    own = select(ExternalSystem).where(ExternalSystem.is_active, ExternalSystem.place_id.in_(places_above))
    return list(session.scalars(own.order_by(ExternalSystem.name)))


def by_key(session: Session, key_id: str) -> ExternalSystem | None:
    own = select(ExternalSystem).where(ExternalSystem.key_id == storable(key_id, 24), ExternalSystem.is_active)
    return session.scalar(own)


def add(
    session: Session, *, name: str, place: str, contact: str, url: str, profile: str, networks: str, by: str,
    seal: Seal, now: datetime,
) -> tuple[ExternalSystem, str]:  # fmt: skip
    """The system and its secret, which is shown once. The caller commits. Raises InvalidInput, Conflict."""
    key_id, secret = f"lx{secrets.token_hex(8)}", secrets.token_urlsafe(32)
    system = ExternalSystem(key_id=key_id, secret=seal(secret, key_id), made_by=by[:40], made_at=now, place_id="")
    change(session, system, name=name, place=place, contact=contact, url=url, profile=profile, networks=networks)
    session.add(system)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise Conflict("这个名字的系统已经有了。") from None
    return system, secret


def change(
    session: Session,
    system: ExternalSystem,
    *,
    name: str,
    place: str,
    contact: str,
    url: str,
    profile: str,
    networks: str,
) -> None:
    """The caller flushes and commits. Raises InvalidInput, Conflict."""
    name = storable(name, 41).strip()
    if not 2 <= len(name) <= 40:
        raise InvalidInput("系统的名字要写2到40个字，居民会看到。")
    if session.get(Place, place) is None:
        raise InvalidInput("请选这个系统管哪个地方。")
    if profile not in PROFILES:
        raise InvalidInput("请选一种对照表。")
    taken = select(ExternalSystem.id).where(ExternalSystem.name == name, ExternalSystem.id != (system.id or 0))
    if session.scalar(taken) is not None:
        raise Conflict("这个名字的系统已经有了。")
    found = read_networks(networks)
    system.name, system.place_id, system.contact = name, place, storable(contact, 60).strip()
    system.url, system.profile, system.networks = check_url(storable(url)), profile, found


def rotate(session: Session, system: ExternalSystem, *, seal: Seal) -> str:
    """A new secret, shown once; the old one opens nothing any more. The caller commits."""
    secret = secrets.token_urlsafe(32)
    system.secret = seal(secret, system.key_id)
    return secret


def read_networks(text: str) -> list[str]:
    """One a line, or apart by commas: 10.1.2.3 or 10.1.2.0/24. Raises InvalidInput."""
    parts = [part for part in storable(text, 2000).replace("，", " ").replace(",", " ").split() if part]
    if len(parts) > _MOST_NETWORKS:
        raise InvalidInput(f"最多写 {_MOST_NETWORKS} 个地址。")
    found = []
    for part in parts:
        try:
            network = ip_network(part, strict=False)
        except ValueError:
            raise InvalidInput(f"“{part[:40]}”不是地址。写成 10.1.2.3 或者 10.1.2.0/24。") from None
        if network.prefixlen < _WIDEST[network.version]:
            raise InvalidInput(f"“{part[:40]}”太宽了，请写对方服务器自己的地址。")
        found.append(str(network.network_address) if network.num_addresses == 1 else str(network))
    return found


def may_call(system: ExternalSystem, address: str) -> bool:
    """Whether this address may call in its name; an empty list lets nobody in."""
    try:
        own = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    own = getattr(own, "ipv4_mapped", None) or own
    return any(own in ip_network(network) for network in system.networks)


def stuck(session: Session, system_ids: Sequence[int]) -> list[Outbox]:
    """What was tried often enough and waits for a person, oldest first."""
    given_up = (Outbox.sent_at.is_(None), Outbox.next_try_at.is_(None), ExternalRef.system_id.in_(system_ids))
    return list(session.scalars(select(Outbox).join(ExternalRef).where(*given_up).order_by(Outbox.id).limit(200)))


def waiting(session: Session, system_ids: Sequence[int]) -> int:
    """How many rows are on their way."""
    own = (Outbox.sent_at.is_(None), Outbox.next_try_at.is_not(None), ExternalRef.system_id.in_(system_ids))
    return session.scalar(select(func.count()).select_from(Outbox).join(ExternalRef).where(*own)) or 0
