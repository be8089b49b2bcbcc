"""How invented people, prices and goods are told of and asked about in Chinese; the keys are those of `reading_en`."""

LABEL = "短文："
NOT_SAID = "短文没有提到。"
PRONOUNS = {
    True: {"Name": "她", "name": "她", "Names": "她的", "names": "她的"},
    False: {"Name": "他", "name": "他", "Names": "他的", "names": "他的"},
}

PEOPLE = {
    "thing": (
        "{value}",
        ("{Name}有{value}。", "{Name}家里有{value}。", "{Name}拥有{value}。"),
        ("我有{value}。", "我家里有{value}。", "我拥有{value}。"),
        ("{name}有什么？", "{name}拥有什么？", "{name}有什么东西？"),
        ("谁有{value}？", "谁家里有{value}？"),
    ),
    "bought": (
        "{value}",
        ("{Name}买了{value}。", "昨天{name}买了{value}。", "{Name}刚刚买了{value}。"),
        ("我买了{value}。", "昨天我买了{value}。", "我刚刚买了{value}。"),
        ("{name}买了什么？", "{name}买的是什么？", "{name}买到了什么？"),
        ("谁买了{value}？", "买了{value}的人是谁？"),
    ),
    "sells": (
        "{value}",
        ("{Name}卖{value}。", "在集市上，{name}卖{value}。", "{Names}摊子上摆满了{value}。"),
        ("我卖{value}。", "在集市上，我卖{value}。", "我的摊子上摆满了{value}。"),
        ("{name}卖什么？", "{name}卖的是什么？", "在{name}那里能买到什么？"),
        ("谁卖{value}？", "在谁那里能买到{value}？"),
    ),
    "lives": (
        "{value}",
        ("{Name}住在{value}。", "{Names}家在{value}。", "多年来{name}一直住在{value}。"),
        ("我住在{value}。", "我的家在{value}。", "多年来我一直住在{value}。"),
        ("{name}住在哪里？", "{name}住在哪座城市？", "{names}家在哪座城市？"),
        ("谁住在{value}？", "谁的家在{value}？"),
    ),
    "travels": (
        "{value}",
        ("{Name}明天要去{value}。", "明天{name}会动身去{value}。", "{Name}正要去{value}。"),
        ("我明天要去{value}。", "明天我会动身去{value}。", "我正要去{value}。"),
        ("{name}要去哪里？", "{name}要去哪座城市？", "{name}打算去哪儿？"),
        ("谁要去{value}？", "打算去{value}的人是谁？"),
    ),
    "hobby": (
        "{value}",
        ("{Name}喜欢{value}。", "{Names}爱好是{value}。", "晚上{name}常常{value}。"),
        ("我喜欢{value}。", "我的爱好是{value}。", "晚上我常常{value}。"),
        ("{name}喜欢做什么？", "{names}爱好是什么？", "{name}有什么爱好？"),
        ("谁喜欢{value}？", "谁的爱好是{value}？"),
    ),
    "trade": (
        "{value}",
        ("{Name}是一位{value}。", "{Names}职业是{value}。", "{Name}当{value}已经很久了。"),
        ("我是一位{value}。", "我的职业是{value}。", "我当{value}已经很久了。"),
        ("{name}是做什么的？", "{names}职业是什么？", "{name}做哪一行？"),
        ("谁是{value}？", "谁的职业是{value}？"),
    ),
    "age": (
        "{value}岁",
        ("{Name}今年{value}岁。", "{Names}年龄是{value}岁。", "{Name}已经{value}岁了。"),
        ("我今年{value}岁。", "我的年龄是{value}岁。", "我已经{value}岁了。"),
        ("{name}多大了？", "{name}今年多少岁？", "{names}年龄是多少？"),
        ("谁今年{value}岁？", "{value}岁的人是谁？"),
    ),
    "coins": (
        "{value}文",
        ("{Name}身上带着{value}文。", "{Names}钱袋里有{value}文。", "{Names}钱袋里一共有{value}文。"),
        ("我身上带着{value}文。", "我的钱袋里有{value}文。", "我的钱袋里一共有{value}文。"),
        ("{name}带着多少文？", "{names}钱袋里有多少文？", "{names}钱袋里有多少钱？"),
        ("谁带着{value}文？", "谁的钱袋里有{value}文？"),
    ),
    "friend": (
        "{value}",
        ("{Names}好朋友是{value}。", "{Name}和{value}是好朋友。", "{Name}有个朋友叫{value}。"),
        ("我的好朋友是{value}。", "我和{value}是好朋友。", "我有个朋友叫{value}。"),
        ("{names}朋友是谁？", "{name}和谁是朋友？", "{names}朋友叫什么？"),
        ("谁和{value}是朋友？", "谁有个朋友叫{value}？"),
    ),
    "colour": (
        "{value}",
        ("{Names}外衣是{value}的。", "{Name}穿着{value}的外衣。", "{Name}是穿着{value}的外衣来的。"),
        ("我的外衣是{value}的。", "我穿着{value}的外衣。", "我是穿着{value}的外衣来的。"),
        ("{names}外衣是什么颜色的？", "{name}穿什么颜色的外衣？", "{names}外衣是什么颜色？"),
        ("谁的外衣是{value}的？", "谁穿着{value}的外衣？"),
    ),
    "ordered": (
        "{value}{measure}",
        (
            "{Name}订了{value}{measure}{goods}。",
            "{Name}想要{value}{measure}{goods}。",
            "{Name}要{value}{measure}{goods}。",
        ),
        ("我订了{value}{measure}{goods}。", "我想要{value}{measure}{goods}。", "我要{value}{measure}{goods}。"),
        ("{name}要多少{measure}{goods}？", "{name}想要几{measure}{goods}？", "该给{name}多少{measure}{goods}？"),
        ("谁要{value}{measure}{goods}？", "该给谁{value}{measure}{goods}？"),
    ),
    "day": (
        "{value}",
        ("{Name}{value}来。", "{Name}{value}有空。", "{Name}说好{value}会来。"),
        ("我{value}来。", "我{value}有空。", "我说好{value}会来。"),
        ("{name}星期几来？", "{name}哪一天来？", "{name}哪一天有空？"),
        ("谁{value}来？", "谁{value}有空？"),
    ),
    "number": (
        "{value}号",
        ("{Name}抽到了{value}号。", "{Names}号码是{value}号。", "{Name}拿着{value}号的票。"),
        ("我抽到了{value}号。", "我的号码是{value}号。", "我拿着{value}号的票。"),
        ("{name}是几号？", "{names}号码是多少？", "{name}抽到了多少号？"),
        ("谁是{value}号？", "谁的号码是{value}号？"),
    ),
    "street": (
        "{value}",
        ("{Name}在{value}摆摊。", "{Names}摊子在{value}。", "{Name}在{value}干活。"),
        ("我在{value}摆摊。", "我的摊子在{value}。", "我在{value}干活。"),
        ("{names}摊子在哪里？", "{name}在哪条街上？", "在哪条街能找到{name}？"),
        ("谁的摊子在{value}？", "谁在{value}？"),
    ),
    "month": (
        "{value}",
        ("{Names}生日在{value}。", "{Name}是{value}出生的。", "{Name}每年{value}过生日。"),
        ("我的生日在{value}。", "我是{value}出生的。", "我每年{value}过生日。"),
        ("{names}生日在几月？", "{name}是几月出生的？", "{name}哪个月过生日？"),
        ("谁的生日在{value}？", "谁是{value}出生的？"),
    ),
}

OPENINGS = (
    "几个人在集市上见了面。",
    "这一天，灯市很热闹。",
    "茶馆里有人说起几件事。",
    "集市的文书记下了这些。",
    "邻居们是这么说的。",
    "赶集那天，大家有很多话说。",
    "这是今天的消息。",
    "顾客们正在聊天。",
)
FILLERS = (
    "那天天气很好。",
    "早上下过雨。",
    "茶还是热的。",
    "大家都不着急。",
    "广场上传来了音乐。",
    "灯笼已经点亮了。",
    "街上到处是人。",
    "门边睡着一只猫。",
)

SHOP_HEADS = (
    "{shop}，赶集日价格：",
    "{shop}的新价格：",
    "{shop}本周价目：",
    "{shop}{month}价目表：",
    "从{day}起，{shop}换了新价格：",
)
STALL_HEADS = (
    "{street}的一个摊子上卖：",
    "{street}的摊子价格如下：",
    "{street}的便宜货：",
    "{month}赶集时，有个摊子卖：",
    "{day}可以买到：",
)
PRICE_LINES = ("{Good}：{value}文", "- {Good}，{value}文", "{value}文：{Good}")
PRICE_SENTENCES = ("{The_good}卖{value}文。", "{The_good}要{value}文。", "{The_good}的价格是{value}文。")
PRICE_QUESTIONS = (
    "{the_good}多少钱？",
    "{the_good}怎么卖？",
    "{the_good}的价格是多少？",
    "{the_good}要多少文？",
    "买{the_good}要花多少钱？",
)
PRICE_ANSWER = "{value}文"
GOOD_QUESTIONS = ("什么东西卖{value}文？", "花{value}文能买到什么？", "哪样东西要{value}文？")
CHEAPEST = ("什么东西最便宜？", "哪样东西价格最低？")
DEAREST = ("什么东西最贵？", "哪样东西价格最高？")

CARD = {
    "material": ("材料：{material}", "材质：{material}"),
    "colour": ("颜色：{colour}", "色彩：{colour}"),
    "size": ("尺寸：{size}", "大小：{size}"),
    "maker": ("制作者：{maker}", "制作人：{maker}"),
    "year": ("首次制作：{year}年", "始于：{year}年"),
}
