"""What every resident is told before the first word."""

from bot.settings import Settings

GREETING = "您好，我是邻里，村里的法律和办事助手。我是电脑程序，不是真人。您用平常话问就行，我会告诉您依据在哪一条。"


def notice(settings: Settings) -> str:
    return (
        f"聊之前请您知道：您说的话会存在本地的服务器上，只用来回答您和改进答案，最多保存 {settings.retention_days} 天；"
        "只有处理您这件事的工作人员能看到，不会给其他居民看，也不会传到外面。不用写身份证号、银行卡号。"
        "您随时可以删除这段对话。遇到危险请直接拨打 110、120、119。"
    )
