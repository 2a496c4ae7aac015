"""The menu, from menu.yml."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from knowledge.data_files import DataModel, read


class _Item(DataModel):
    name: Annotated[str, Field(min_length=1, max_length=8)]
    key: Literal[
        "ask",
        "village_rule",
        "report",
        "progress",
        "book",
        "person",
        "affairs",
        "raise_topic",
        "decision",
        "disclosure",
    ]


class _Button(DataModel):
    name: Annotated[str, Field(min_length=1, max_length=4)]
    items: Annotated[tuple[_Item, ...], Field(min_length=1, max_length=5)]


class MenuFile(DataModel):
    """The schema of menu.yml: what telephones can show, longer names are cut on them."""

    buttons: Annotated[tuple[_Button, ...], Field(min_length=1, max_length=3)]

    def for_wechat(self) -> dict[str, Any]:
        """As WeChat's menu/create takes it."""
        return {
            "button": [
                {
                    "name": button.name,
                    "sub_button": [{"type": "click", "name": item.name, "key": item.key} for item in button.items],
                }
                for button in self.buttons
            ]
        }


MENU = read(Path(__file__).with_name("menu.yml"), MenuFile).for_wechat()
# The field's name since WeChat moved it from 公众平台 to 开发者平台:
# developers.weixin.qq.com/doc/subscription/guide/dev/migration.html
PUSH = "微信开发者平台－我的业务－公众号/服务号－基础信息－域名与消息推送配置"
