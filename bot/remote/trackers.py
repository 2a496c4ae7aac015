"""What Rasa holds of conversations, where several Rasas keep it on one PostgreSQL (LINLI_TRACKER_URL).

Rasa's own table, `events`; its HTTP API can't take a turn back, nor delete a conversation.
"""

import json
from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import Connection, Engine, bindparam, create_engine, text

_THERE = text("SELECT to_regclass('events') IS NOT NULL")
_LAST = text("SELECT id, data FROM events WHERE sender_id = :who AND type_name = 'user' ORDER BY id DESC LIMIT 1")
_SINCE = text("DELETE FROM events WHERE sender_id = :who AND id >= :since")
_ALL = text("DELETE FROM events WHERE sender_id IN :who").bindparams(bindparam("who", expanding=True))
_HEARD = text("SELECT sender_id, max(timestamp) FROM events GROUP BY sender_id")


@lru_cache(maxsize=4)
def _engine(url: str) -> Engine:
    return create_engine(url, pool_pre_ping=True, pool_size=4, hide_parameters=True)


def _is_there(connection: Connection) -> bool:
    """Not before Rasa's first start."""
    return bool(connection.scalar(_THERE))


def erase_turn(url: str, conversation_id: str, message_id: int) -> bool:
    """As `bot.rasa_client.erase_turn`."""
    with _engine(url).begin() as connection:
        if not _is_there(connection):
            return True
        last = connection.execute(_LAST, {"who": conversation_id}).first()
        at = (json.loads(last.data).get("metadata") or {}).get("message") if last else None
        if last and at == message_id:
            connection.execute(_SINCE, {"who": conversation_id, "since": last.id})
        return not isinstance(at, int) or at <= message_id


def erase(url: str, conversation_ids: Iterable[str]) -> None:
    gone = list(conversation_ids)
    with _engine(url).begin() as connection:
        if gone and _is_there(connection):
            connection.execute(_ALL, {"who": gone})


def heard(url: str) -> list[tuple[str, float]]:
    """Each conversation, and when Rasa heard of it last."""
    with _engine(url).connect() as connection:
        rows = connection.execute(_HEARD).all() if _is_there(connection) else []
        return [(str(who), float(at or 0)) for who, at in rows]
