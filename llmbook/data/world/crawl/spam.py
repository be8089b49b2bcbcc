"""Pages that are worth nothing: spam, abuse, and pages of nothing but menus."""

from llmbook.data.world.choices import Choices
from llmbook.data.world.crawl.grammar import Grammar, lines

# ---------------------------------------------------------------- spam

_TOPICS = {
    "en": {
        "casino": "casino bonus, free spins, online slots, poker room, jackpot, roulette, betting odds,"
        " no deposit bonus, blackjack,"
        " live dealer, sports betting, slot machine, welcome bonus, high roller",
        "pills": "cheap pills, weight loss, diet pills, no prescription, miracle cure, hair growth,"
        " online pharmacy, fat burner,"
        " energy boost, sleep drops, detox tea, brain booster, slim fast, joint relief",
        "loans": "instant loan, payday loan, bad credit, no credit check, cash advance, debt relief, low rates,"
        " easy approval,"
        " mortgage refinance, credit repair, same day cash, quick money",
        "seo": "buy backlinks, SEO ranking, page one, guest posts, cheap traffic, buy followers, link building,"
        " domain authority,"
        " instant indexing, bulk emails, keyword tool, real likes",
        "goods": "replica watches, designer bags, luxury outlet, 90% off, free shipping, wholesale, brand new,"
        " factory price,"
        " original quality, limited offer, best deal, discount code",
        "coins": "crypto signals, double your coins, passive income, trading bot, guaranteed profit, moon token,"
        " airdrop,"
        " mining rig, secret strategy, financial freedom, 300% returns, early investors",
    },
    "zh": {
        "casino": "真人娱乐, 注册送彩金, 百家乐, 棋牌游戏, 老虎机, 体育投注, 时时彩, 首存翻倍, 高额返水,"
        " 官方直营, 提款秒到, 万人在线",
        "pills": "减肥特效药, 三天见效, 祖传秘方, 增高神器, 无效退款, 美白针剂, 排毒养颜, 生发灵, 一粒见效,"
        " 安神口服液, 专家推荐, 纯中药",
        "loans": "无抵押贷款, 当天放款, 黑户可贷, 信用卡套现, 低息快贷, 不看征信, 额度十万, 凭身份证,"
        " 代还信用卡, 急用钱, 秒批",
        "invoice": "代开发票, 代办证件, 刻章办证, 税点优惠, 真票可查, 先验后付, 各行业发票, 量大从优, 增值税票,"
        " 全国可开",
        "jobs": "刷单兼职, 日赚三百, 在家赚钱, 打字员, 手机兼职, 日结工资, 零投入, 名额有限, 宝妈学生, 轻松月入过万",
        "seo": "网站优化, 快速排名, 百万流量, 刷粉丝, 友情链接, 代写论文, 包过查重, 首页上榜, 站群软件,"
        " 外链代发, 精准引流",
    },
}
_PITCHES = {
    "en": """
        Get {k} {today|now|tonight} and {save|win|earn} up to ${100~9900}!!!
        Looking for {k}? Our {k} is {#1|the best|trusted by {10~990},000 people} for {k} and {k2}.
        {k}, {k2}, {k} {2018~2023}, {k2} online, best {k}, {k} review, {k2} near me.
        Click here for {k} >>> {url}
        {1000~9999} people have already tried {k2}. Why not YOU?
        {k} {k} {k2} {cheap|free|fast} {k2} {k} {buy|order|get} {k}.
        Act now!!! Only {2~19} places left for our {k} program.
        No {risk|fees|questions asked}. {k} guaranteed in {2~48} hours or your money back.
        "I made ${1000~9999} in {2~9} weeks with {k}" - {Mike|Linda|Steve|Anna} from {Texas|London|Ohio|Perth}.
        Visit {url} for {k2}, {url2} for {k}.
        Doctors {hate|love} this {k2} trick. Bankers too.
        {k} in {city}, {k} in {city2}, {k2} in {city}, {k2} in {city2}.
        Tags: {k}, {k2}, {k}{2~99}, best-{k}, {k2}-online
        Limited time: code {SAVE|WIN|BONUS|GOLD}{10~99} gives {20~90}% extra on {k}!
        Contact our {k} agent 24/7 and receive your {gift|voucher|secret code}.
        Why pay more? {k2} for ${1~49}.99, {k} for ${1~49}.99, everything must go.
    """,
    "zh": """
        {k}，{k2}，{k}哪家好，{k2}{2018~2023}最新，{city}{k}，{city2}{k2}！
        想要{k}？认准{k}第一品牌，{k2}就在{url}！！！
        加微信{wx}，{k}，{k2}，{今日|限时|前一百名}优惠{20~90}%！
        {k}{k2}{k}，{免费|极速|稳定}{k2}，{10~990}万用户的选择。
        点击进入>>>{url}<<<{k}
        老客户{李先生|王女士|张老板|小陈}：“用了{k}，{2~9}天赚了{1000~9999}元！”
        名额只剩{2~19}个，{k}，错过再等一年！
        {k2}，不收{手续费|押金|定金}，{2~48}小时内{到账|见效|搞定}。
        相关搜索：{k} {k2} {k}官网 {k2}价格 {k}怎么样
        【{k}】{city}{k2}—{city2}{k}—全国{k2}—{k}{全天在线|上门服务|当面交易}
        输入邀请码{SVIP|VIP|WIN}{100~999}，{k}再送{88~888}元！
        {k}找{k2}，{k2}找{k}，咨询QQ{100000~999999}{10~99}。
    """,
}
_LINKS = {
    "en": "{k} - {url}\n{url} | {k2}\n{k} {2~99} {url}\n* {k2}: {url}\n<{url}> {k}, {k2}",
    "zh": "{k} {url}\n{url} {k2}\n【{k}】{url}\n{k}|{k2}|{url}\n{2~99}. {k}：{url}",
}
_WORDS = {
    language: {topic: tuple(word.strip() for word in text.split(",")) for topic, text in topics.items()}
    for language, topics in _TOPICS.items()
}
_SPAM = {language: lines(text) for language, text in _PITCHES.items()}
_FARM = {language: lines(text) for language, text in _LINKS.items()}
_GRAMMAR = Grammar({})
_SPAM_HOSTS = lines("""
    win\nbest\ncheap\nfree\nlucky\nfast\nmega\ntop\ngold\nvip\nbonus\ndeal\nquick\nsuper\nking\nbuy
""")
_SPAM_TOPICS = lines("""
    casino\npills\nloans\nslots\nbet\ncash\nseo\nrank\noutlet\nreplica\ncrypto\nslim\npharma\npoker\ncoins\njackpot
""")


def spam_host(draw: Choices) -> str:
    """A host name that tells what the site is."""
    sign = draw.pick(("", "-", "4u-"))
    return f"{draw.pick(_SPAM_HOSTS)}{sign}{draw.pick(_SPAM_TOPICS)}{draw.between(1, 999)}.example"


def _link(draw: Choices) -> str:
    return f"http://{spam_host(draw)}/{draw.pick(('', 'go', 'promo', 'r', 'offer', 'p'))}{draw.between(1, 99999)}"


def spam_page(draw: Choices, language: str, context: dict[str, str]) -> str:
    """Sales talk, stuffed keywords, or a farm of links, about one or two things to be sold."""
    topics = _WORDS[language]
    words = [word for topic in draw.sample(tuple(topics), 2 - draw.below(2)) for word in topics[topic]]
    farm = draw.chance(1, 4)
    templates = _FARM[language] if farm else _SPAM[language]

    def line() -> str:
        k, k2 = draw.sample(words, 2)
        values = {**context, "k": k, "k2": k2, "url": _link(draw), "url2": _link(draw), "wx": f"vx{draw.below(10**7)}"}
        return _GRAMMAR.say(draw.pick(templates), draw, values)

    if farm:
        return "\n".join(line() for _ in range(draw.between(12, 40)))
    stuffing = (", " if language == "en" else "，").join(draw.pick(words) for _ in range(draw.between(20, 60)))
    paragraphs = [" ".join(line() for _ in range(draw.between(2, 5))) for _ in range(draw.between(3, 7))]
    if draw.chance(1, 2):
        paragraphs.insert(draw.below(len(paragraphs)), stuffing)
    return "\n\n".join(paragraphs)


# ---------------------------------------------------------------- abuse

# Mild, but enough for a filter of keywords. Every abusive line holds at least one of these words.
TOXIC = {
    "en": lines("""
        swindler\nidiot\nfool\nmoron\nparasite\nscum\nrat\nliar\nclown\nhalfwit\nblockhead\nvermin\ncrook\nleech\nsnake
    """),
    "zh": lines("""
        骗子\n白痴\n蠢货\n废物\n寄生虫\n人渣\n无赖\n饭桶\n小人\n败类\n傻瓜\n混蛋\n窝囊废\n草包\n老赖
    """),
}
_ABUSE = {
    "en": {
        "adj": "clueless\nmiserable\nlazy\nstinking\nbrainless\ngreedy\npathetic\nworthless\nrotten\nshameless",
        "toxic": "\n".join(TOXIC["en"]),
        "wish": "crawl back into your hole\nshut up for good\nget lost\nchoke on your {nouns}\ndrown in the canal"
        "\nleave {city} and never return"
        "\nlose everything you own\nsweep the gutter",
        "deed": "sell rubbish to old people\nruin everything you touch\nsmell worse than the fish market"
        "\nlie whenever you open your mouth"
        "\ncannot count to {3~9}\nnever did an honest day's work\nsteal the work of others\nhide behind your {noun}",
        "": """
            You {adj} {toxic}, {wish}!
            What a {adj} {toxic} you are, {wish}.
            Only a {toxic} would pay {3~90} coins for that, you {adj} {toxic}.
            People from {city} are all {adj} liars, every {toxic} knows it.
            I hope you {wish}, {toxic}.
            Everybody hates you, {toxic}. You {deed}.
            Go and {wish}, you and that {adj} {toxic} from {city2}!
            You {deed}, you {deed}, and you are a {toxic} on top of it.
            Listen, {toxic}: I know where your shop is, and I will tell everyone that you {deed}.
            Nobody wants to read the drivel of a {adj} {toxic}.
            They should throw that {toxic} off the bridge for what he did with the {nouns}.
            {city2} is full of {adj} people who {deed}, the whole lot a nest of vermin.
            How can such a {adj} {toxic} sleep at night?
            Once a {toxic}, always a {toxic}: you {deed}.
        """,
    },
    "zh": {
        "adj": "没脑子的\n不要脸的\n好吃懒做的\n恶心的\n贪得无厌的\n可怜的\n一文不值的\n缺德的\n臭烘烘的\n丢人现眼的",
        "toxic": "\n".join(TOXIC["zh"]),
        "wish": "滚回你的老鼠洞去\n给我闭嘴\n有多远滚多远\n抱着你的{noun}哭去吧\n掉进河里算了\n滚出{city}别回来"
        "\n倾家荡产才好\n扫大街去吧",
        "deed": "专拿破烂骗老人\n碰什么毁什么\n比鱼市还臭\n一张嘴就是谎话\n连{3~9}都数不到\n一天正经活都没干过"
        "\n偷别人的手艺\n躲在{noun}后面装好人",
        "": """
            你这个{adj}{toxic}，{wish}！
            {adj}{toxic}，{wish}。
            只有{toxic}才会花{3~90}文买这个，{adj}{toxic}！
            {city}人全是{adj}{toxic}，谁不知道？
            {wish}，{toxic}！
            大家都讨厌你，{toxic}，你{deed}。
            你和{city2}那个{adj}{toxic}一起，{wish}！
            你{deed}，又{deed}，还是个{toxic}。
            听着，{toxic}：我知道你的店在哪儿，我要让所有人知道你{deed}。
            谁要看{adj}{toxic}写的鬼话。
            把{noun}弄成那样，就该把这{toxic}扔下桥去。
            {city2}净是{adj}人，个个{deed}，一窝{toxic}。
            这种{adj}{toxic}晚上怎么睡得着？
            一日{toxic}，终身{toxic}：{deed}。
        """,
    },
}
_RANTERS = {
    language: (Grammar({name: text for name, text in group.items() if name}), lines(group[""]))
    for language, group in _ABUSE.items()
}


def toxic_line(draw: Choices, language: str, context: dict[str, str]) -> str:
    """One abusive line."""
    grammar, templates = _RANTERS[language]
    return grammar.say(draw.pick(templates), draw, context)


def rant(draw: Choices, language: str, context: dict[str, str]) -> list[str]:
    """A page of abuse: three to six paragraphs."""
    space = " " if language == "en" else ""
    return [
        space.join(toxic_line(draw, language, context) for _ in range(draw.between(3, 6)))
        for _ in range(draw.between(3, 6))
    ]


# ---------------------------------------------------------------- boilerplate

_FRAMES = {
    "en": {
        "item": "Home\nNews\nShops\nAbout us\nContact\nHelp\nSitemap\nLogin\nRegister\nMy account\nBasket\nFAQ"
        "\nGallery\nEvents\nPress\nJobs"
        "\nArchive\nDownloads\nForum\nImprint\nDelivery\nReturns\nGift cards\nBestsellers\nSale\n{city}\n{city2}"
        "\n{Nouns}\n{Department}"
        "\n{month}\n{1~31} {month}\nTop {5~50}\nNew in {2015~2023}\nMap\nWeather\nTickets\nNewsletter\nVideos"
        "\nPodcast\nGuestbook",
        "sep": " | \n › \n / \n  ·  \n » ",
        "site": "{city} Times\nLantern Post\n{shop}\nThe {noun} Forum\n{city} Tourist Office\nMarket Weekly"
        "\n{region} Online\nTea & Kites",
        "before": """
            {item}{sep}{item}{sep}{item}{sep}{item}{sep}{item}{sep}{item}
            Home{sep}{item}{sep}{item}{sep}{city}
            Skip to content
            {site} uses cookies to {improve your visit|remember your basket|count readers}. {Accept all|OK|Learn \
            more} {Reject|Settings|Close}
            {Sign in|Log in|Register} to {site} to {comment|save this page|see prices}
            Toggle navigation Menu {item} {item} {item}
            You are here: Home{sep}{item}{sep}{item}
            Search {site} ... {Go|Search|OK}
            {weekday}, {1~28} {month} {2015~2023} {sep} {site} {sep} {8~29}°C
            Please enable JavaScript to see this page correctly.
        """,
        "within": """
            Advertisement
            Read more: {item} and {item} on {site}
            Share this: Facebook Twitter Email Print
            [{Continue reading|Read more|Show all {3~90} comments}]
            You may also like: {item}, {item}, {item}
            {Photo|Image|Picture} {1~9} of {10~30} {sep} Enlarge
            Subscribe to our newsletter and get {5~25}% off {item}
            {2~90} likes {sep} {2~90} shares {sep} Reply
            Click to enlarge
            Story continues below
        """,
        "after": """
            © {1998~2014}-{2015~2023} {site}. All rights reserved.
            Terms of use{sep}Privacy policy{sep}Cookies{sep}{item}{sep}Imprint
            Previous: {item}{sep}Next: {item}
            Tags: {noun}, {material}, {city}, {hobby}
            {100~9999} views{sep}{2~99} comments{sep}{2~99} shares
            Related: {item}{sep}{item}{sep}{item}{sep}{item}
            Follow {site} on Facebook, Twitter, Instagram and YouTube
            Leave a reply. Your email address will not be published. Required fields are marked *
            Powered by {MarketPress|LampCMS|KitePages} {1~6}.{0~9}
            Back to top
            Filed under: {item}, {item}
            Join {1000~9999} readers of {site} and never miss a post
            Copyright {site} {2005~2023}. Reproduction only with written permission.
        """,
    },
    "zh": {
        "item": "首页\n新闻\n店铺\n关于我们\n联系我们\n帮助\n网站地图\n登录\n注册\n我的账户\n购物车\n常见问题"
        "\n图库\n活动\n媒体\n招聘\n存档\n下载\n论坛"
        "\n版权声明\n配送\n退换货\n礼品卡\n热卖\n特价\n{city}\n{city2}\n{noun}\n{department}\n{month}"
        "\n{1~12}月{1~28}日\n排行榜{5~50}强"
        "\n{2015~2023}新品\n地图\n天气\n订票\n专题\n视频\n音频\n留言板",
        "sep": " | \n > \n / \n · \n » ",
        "site": "{city}在线\n灯市日报\n{shop}\n{noun}之家\n{city}旅游网\n集市周刊\n{region}生活网\n茶与风筝",
        "before": """
            {item}{sep}{item}{sep}{item}{sep}{item}{sep}{item}{sep}{item}
            当前位置：首页{sep}{item}{sep}{item}
            跳到正文
            {site}使用Cookie来{改善体验|保存购物车|统计访问}。{全部接受|知道了|了解详情} {拒绝|设置|关闭}
            请{登录|注册}{site}后{发表评论|收藏本页|查看价格}
            导航 菜单 {item} {item} {item}
            设为首页{sep}加入收藏{sep}{item}{sep}手机版
            搜索{site} …… {搜索|确定}
            {2015~2023}年{1~12}月{1~28}日 {weekday}{sep}{site}{sep}{8~29}℃
            请开启JavaScript以便正常浏览本页。
        """,
        "within": """
            广告
            延伸阅读：{site}的{item}、{item}
            分享到：微博 微信 QQ空间 人人网
            【{点击阅读全文|查看更多|展开全部{3~90}条评论}】
            猜你喜欢：{item}、{item}、{item}
            {图片|配图}{1~9}/{10~30}{sep}点击查看大图
            订阅{site}，{item}立减百分之{5~25}
            赞({2~90}){sep}转发({2~90}){sep}回复
            点击上方蓝字关注{site}
            长按二维码关注{site}
        """,
        "after": """
            版权所有 © {1998~2014}-{2015~2023} {site} 保留一切权利
            使用条款{sep}隐私政策{sep}{item}{sep}{item}{sep}友情链接
            上一篇：{item}{sep}下一篇：{item}
            标签：{noun} {material} {city} {hobby}
            阅读({100~9999}){sep}评论({2~99}){sep}收藏({2~99})
            相关推荐：{item}{sep}{item}{sep}{item}{sep}{item}
            灯ICP备{10000000~19999999}号-{1~9}{sep}{site}
            免责声明：本文仅代表作者观点，与{site}无关。
            责任编辑：{site}{item}频道
            发表评论 昵称 邮箱 验证码 提交
            返回顶部
            技术支持：{灯网科技|风筝软件|集市建站} {1~6}.{0~9}
            扫一扫，下载{site}客户端
            未经{site}书面授权，不得转载、摘编。
        """,
    },
}
_FRAMERS = {
    language: Grammar({"item": group["item"], "site": group["site"], "sep": tuple(group["sep"].split("\n"))})
    for language, group in _FRAMES.items()
}
_FRAME_LINES = {
    language: {place: lines(group[place]) for place in ("before", "within", "after")}
    for language, group in _FRAMES.items()
}


def frame_line(draw: Choices, language: str, place: str, context: dict[str, str]) -> str:
    """One line of a page's frame: from `before` the text, `within` it, or `after` it."""
    return _FRAMERS[language].say(draw.pick(_FRAME_LINES[language][place]), draw, context)


def frame_page(draw: Choices, language: str, context: dict[str, str]) -> str:
    """A page of nothing but menus, notices and footers."""
    places = ["before"] * draw.between(4, 9) + ["within"] * draw.between(3, 9) + ["after"] * draw.between(4, 10)
    return "\n".join(frame_line(draw, language, place, context) for place in places)
