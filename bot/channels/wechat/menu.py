"""The menu, from menu.yml."""

from typing import Any

# At most 3 buttons of 4 Chinese characters, 5 of 8 below each; longer names are cut on telephones.
MENU: dict[str, Any] = {
    "button": [
        {
            "name": "问一问",
            "sub_button": [
                {"type": "click", "name": "问法", "key": "ask"},
                {"type": "click", "name": "村规", "key": "village_rule"},
            ],
        },
        {
            "name": "办一办",
            "sub_button": [
                {"type": "click", "name": "报事", "key": "report"},
                {"type": "click", "name": "查进度", "key": "progress"},
            ],
        },
        {
            "name": "找帮手",
            "sub_button": [
                {"type": "click", "name": "预约", "key": "book"},
                {"type": "click", "name": "找人", "key": "person"},
            ],
        },
    ]
}
# The fields' names since WeChat moved them from 公众平台 to 开发者平台:
# developers.weixin.qq.com/doc/subscription/guide/dev/migration.html
BASIC = "微信开发者平台－我的业务－公众号/服务号－基础信息"
KEYS, PUSH = f"{BASIC}－开发密钥", f"{BASIC}－域名与消息推送配置"
