"""How facts are worded in Chinese; the keys are those of `wording_en`, the sentences are not translations."""

_SIX = "{member0}、{member1}、{member2}、{member3}、{member4}和{member5}"

CITY = {
    "opening": (
        "{name}是{region}的一座城市。",
        "{name}位于{region}。",
        "在{region}，有一座城市叫{name}。",
        "{name}这座城市坐落在{region}。",
    ),
    "founded": (
        "这座城市建于{founded}年。",
        "它始建于{founded}年。",
        "它的历史可以追溯到{founded}年。",
        "早在{founded}年，人们就在这里建了城。",
    ),
    "population": (
        "这里有{population}名居民。",
        "全城人口为{population}人。",
        "城里住着{population}人。",
        "{name}共有{population}人。",
    ),
    "speciality": (
        "{name}以{speciality}闻名。",
        "这里的{speciality}很有名。",
        "外地人常来这里买{speciality}。",
        "当地人最引以为豪的是{speciality}。",
    ),
    "landmark": (
        "最有名的景点是{landmark}。",
        "游客都喜欢去看{landmark}。",
        "{landmark}就在城中心。",
        "来到{name}，一定要去看看{landmark}。",
    ),
    "fair": (
        "每年{fair}，这里都会举办集市。",
        "一年一度的集市定在{fair}。",
        "集市每年在{fair}举行。",
        "想赶集的人应该{fair}来。",
    ),
}

MAKER = {
    "opening": (
        "{name}是一位{craft}。",
        "{name}的职业是{craft}。",
        "{name}是在灯市做买卖的{craft}。",
        "{name}当{craft}已经很多年了。",
    ),
    "city": (
        "{她}住在{city}。",
        "{name}家在{city}。",
        "{她}的作坊在{city}。",
        "去{city}就能找到{她}。",
    ),
    "born": (
        "{她}出生于{born}年。",
        "{她}生于{born}年。",
        "{name}是{born}年出生的。",
        "{她}的出生年份是{born}年。",
    ),
    "hobby": (
        "{她}的爱好是{hobby}。",
        "{name}喜欢{hobby}。",
        "闲暇时{她}喜欢{hobby}。",
        "工作之余，{她}常常{hobby}。",
    ),
    "teacher": (
        "{她}的师傅是{teacher}。",
        "{她}师从{teacher}。",
        "{她}的手艺是跟{teacher}学的。",
        "{teacher}教会了{她}这门手艺。",
    ),
    "self_taught": (
        "{她}的手艺是自学的。",
        "{name}没有拜过师。",
        "{她}自学成才。",
    ),
    "work": (
        "{她}的代表作是{work}。",
        "{她}因{work}而出名。",
        "{她}最有名的作品是{work}。",
        "大家都知道{她}做的{work}。",
    ),
}

SHOP = {
    "opening": (
        "{name}是{city}的一家店铺。",
        "{name}是一家开在{city}的店铺。",
        "{city}有一家店叫{name}。",
        "{name}位于{city}。",
    ),
    "department": (
        "店里卖{department}。",
        "它专营{department}。",
        "人们去那里买{department}。",
        "{name}的{department}种类齐全。",
    ),
    "owner": (
        "店主是{owner}。",
        "它的主人是{owner}。",
        "这家店由{owner}经营。",
        "{owner}是这家店的主人。",
    ),
    "street": (
        "店铺在{street}。",
        "它开在{street}上。",
        "去{street}就能找到它。",
        "店铺的地址是{street}。",
    ),
    "opened": (
        "它于{opened}年开业。",
        "店铺是{opened}年开张的。",
        "从{opened}年起，它就开门迎客了。",
        "{name}创办于{opened}年。",
    ),
    "closed": (
        "每逢{closed}休息。",
        "{closed}不营业。",
        "除了{closed}，它每天都营业。",
        "它的休息日是{closed}。",
    ),
}

PRODUCT = {
    "opening": (
        "{name}是一种{category}。",
        "{name}是灯市出售的一种{category}。",
        "灯市有一种{category}叫{name}。",
        "在灯市的{category}当中，有一种叫{name}。",
    ),
    "material": (
        "它由{material}制成。",
        "它的材料是{material}。",
        "{name}是用{material}做的。",
        "制作时用的是{material}。",
    ),
    "colour": (
        "它是{colour}的。",
        "它的颜色是{colour}。",
        "颜色为{colour}。",
        "{name}是{colour}的。",
    ),
    "size": (
        "尺寸为{size}。",
        "它的尺寸是{size}。",
        "它属于{size}{noun}。",
        "{name}是{size}的。",
    ),
    "maker": (
        "它由{maker}制作。",
        "制作者是{maker}。",
        "它出自{maker}之手。",
        "做它的人是{maker}。",
    ),
    "year": (
        "它从{year}年开始制作。",
        "它于{year}年首次制作。",
        "这一款式始于{year}年。",
        "第一{measure}做于{year}年。",
    ),
}

CATEGORY = {
    "opening": (
        "{name}属于{department}类。",
        "在灯市，{name}归在{department}一类。",
        "{department}类中有许多{name}。",
        "想买{name}，要到{department}区去。",
    ),
    "member": (
        "{name}共有六种：" + _SIX + "。",
        "这六种分别是" + _SIX + "。",
        "灯市出售" + _SIX + "。",
        "顾客可以选择" + _SIX + "。",
    ),
    "cheapest": (
        "最便宜的{noun}要{cheapest}文。",
        "价格从{cheapest}文起。",
        "买一{measure}至少要花{cheapest}文。",
    ),
    "dearest": (
        "最贵的{noun}要{dearest}文。",
        "价格最高到{dearest}文。",
        "没有哪{measure}{noun}超过{dearest}文。",
    ),
}

LIST_HEAD = (
    "{name}（{city}）价目表",
    "{city}{name}商品价格",
    "{name}，{city}：本店商品",
    "欢迎光临{city}的{name}！本店价格：",
)
LIST_LINES = ("{product}：{coins}文", "- {product}，{coins}文", "{product} = {coins}文")
CARD_HEAD = ("{name}", "商品：{name}", "目录条目：{name}")
CARD = {
    "category": ("类别：{category}", "所属类别：{category}"),
    "material": ("材料：{material}", "材质：{material}"),
    "colour": ("颜色：{colour}", "色彩：{colour}"),
    "size": ("尺寸：{size}", "大小：{size}"),
    "maker": ("制作者：{maker}", "制作人：{maker}"),
    "year": ("首次制作：{year}年", "始于：{year}年"),
}
CARD_OFFER = ("{shop}售价：{coins}文", "{shop}：{coins}文", "在{shop}卖{coins}文")
OFFER = (
    "在{shop}卖{coins}文。",
    "{shop}的售价是{coins}文。",
    "在{shop}花{coins}文就能买到。",
    "{shop}卖{coins}文。",
)
