"""Which engine keeps the vectors."""

from pathlib import Path
from urllib.parse import urlsplit

from knowledge.errors import EngineUnfit
from knowledge.search.vectors.base import Engine
from knowledge.search.vectors.faiss import Faiss
from knowledge.search.vectors.milvus import Milvus

FAISS: Engine = Faiss()


def engine_of(address: str, root: Path) -> Engine:
    """`address`: empty for FAISS in files below `root`, or milvus+http://user:password@host:19530/database.

    Raises EngineUnfit.
    """
    if not address:
        return FAISS
    try:
        at = urlsplit(address)
        is_good = at.scheme in ("milvus+http", "milvus+https") and bool(at.hostname) and at.port != 0
    except ValueError:  # a port that is no number
        is_good = False
    if not is_good:
        raise EngineUnfit("LINLI_SEARCH 要写成 milvus+http://主机:19530；不用 Milvus，就不设它。")
    try:
        return Milvus(address, root)
    except ModuleNotFoundError as error:
        raise EngineUnfit(
            f"LINLI_SEARCH 要用 Milvus，可是没装它的软件包（{error.name}）。请设着 LINLI_SEARCH 再运行一次 make serve。"
        ) from error
