"""Chinese pages of the crawl: phrases, and for each genre its titles and paragraphs."""

PHRASES = {
    "adj": """
        安静\n热闹\n朴素\n结实\n精巧\n古旧\n明亮\n狭窄\n温和\n有名\n倔强\n慷慨\n实在\n讲究\n不起眼\n体面\n清爽\n笨重\n灵巧\n冷清
    """,
    "made": """
        做工细致\n轻巧又结实\n画得很用心\n朴素大方\n打磨得很光滑\n略显粗糙\n分量正好\n边角收得干净\n比看上去耐用
        手感温润\n样子有点老气\n没有一处多余
    """,
    "time": """
        清晨\n快到中午的时候\n傍晚时分\n一个下雨的晚上\n店铺开门之前\n午饭过后\n庙会的最后一天\n{month}的头几天
        {month}里一个很冷的夜晚\n春节过后不久\n街面还湿着的时候\n{weekday}上午\n{weekday}晚上\n大约{2~11}点钟\n快打烊的时候
        天刚擦黑
    """,
    "weather": """
        下着小雨\n起了大雾\n河上吹来暖风\n阳光正好\n飘着头一场雪\n云压得很低\n刮着北风\n晨光柔和\n下着瓢泼大雨\n天朗气清
        水面上蒙着一层薄雾\n又热又闷
    """,
    "food": """
        阳春面\n肉包子\n糖炒栗子\n芝麻饼\n姜茶\n煎饺\n白粥\n烤鱼\n腌萝卜\n红豆汤\n热豆浆\n梨汁\n核桃酥\n梅子酒\n凉拌藕片\n馄饨
        烤红薯\n鸡蛋灌饼\n熏豆腐\n桂花糕
    """,
    "person": """
        一位老人\n一对年轻夫妻\n两个学生\n我的邻居\n一位退休教师\n旁边的大姐\n摆渡的船夫\n一个十来岁的男孩\n店里的伙计
        一位从{city2}来的旅客\n我表弟\n送信的邮差\n打更的人\n一群小学生\n赶车的农夫\n一个学徒\n一位满脸倦容的账房\n身后的人
    """,
    "place": """
        茶馆\n渡口\n后院\n集市广场\n旧税关\n河边\n火车站\n一条小巷\n{street}上的面包铺\n图书馆\n作坊\n廊桥\n庙前的台阶
        汽车站\n镇公所\n池塘边\n第三进院子\n东门
    """,
    "part": """
        把手\n边沿\n底座\n盖子\n接缝\n骨架\n里衬\n棱角\n下半截\n榫头\n画面\n内壁\n提绳\n挂钩\n四角
    """,
    "tool": """
        一把快刀\n一支软毛刷\n一块湿布\n一把小锤子\n细砂纸\n一把尺子\n木夹子\n细铁丝\n一盆温水\n糯米胶\n针和粗线\n一把钳子
        一支铅笔\n一块平木板
    """,
    "feeling": """
        很高兴\n有点失望\n意外地满意\n半信半疑\n非常开心\n哭笑不得\n松了一口气\n很好奇\n挺自豪\n又累又满足\n拿不定主意
        心里感激\n有些难为情\n印象很深
    """,
    "group": """
        镇议会\n{craft}行会\n市场管理处\n{city}博物馆\n港务处\n商户联合会\n一群志愿者\n校董会\n航运公司\n夜市委员会\n消防队
        {city}合唱团\n附近居民\n图书馆基金会
    """,
    "event": """
        灯会\n{month}大集\n龙舟赛\n风筝节\n丰收宴\n手艺展\n新桥通车礼\n冬季音乐会\n花车巡游\n拍卖会\n木偶戏\n品茶会\n修补日
        旧书市
    """,
    "plan": """
        拓宽{street}\n修缮{landmark}\n再建一座大棚\n降低摊位费\n种上{20~90}棵树\n在{weekday}加开夜班渡船\n禁止车马进广场
        给河边小路装上灯\n恢复那座老窑\n开办夜间手艺班\n新修一座码头\n搬走鱼市\n在门口统计人数\n把价格都写在告示牌上
        多请{3~14}名看守\n把空铺租给年轻手艺人
    """,
    "why": """
        因为旧的被洪水冲坏了\n因为大家抱怨了好几年\n因为总有游客打听\n因为来的人多了一倍\n因为去年冬天太暖和\n因为路又通了
        为的是让老人方便些\n因为{month}里着过一次小火\n因为材料涨价了\n因为学这门手艺的年轻人太少\n好赶上过节
        也算给摊主省点事
    """,
    "verb_ed": """
        端详\n掂量\n打量\n翻看\n琢磨\n摆弄\n试\n比划
    """,
    "reason_like": """
        它只做一件事，却做得很好\n颜色会随着光线变\n放在窄架子上正合适\n整条街只有我有\n它让我想起奶奶的厨房
        一路颠簸也没坏\n看得见刀痕\n越用越顺手\n每一件都有作者的落款\n值得走那一趟\n比车票还便宜\n轻得像没有一样
        用起来一点声音也没有
    """,
    "lesson": """
        耐心不花钱\n工欲善其事，必先利其器\n便宜的胶最贵\n动手之前先问一声\n近路不一定快\n老人记得的比说出来的多\n早到不吃亏
        货要看两遍，价要问三家\n下雨不是借口\n谁也不是一次就做对的\n小店靠的是回头客\n答应了就是欠下了\n什么时候学都不晚
    """,
    "child": """
        最小的女儿\n一个叫石头的男孩\n磨坊主的儿子\n从{city2}来的孤儿\n船夫的侄女\n一个跛脚的姑娘\n年纪最小的学徒
        面点师傅的双胞胎\n一个放羊的女孩\n钟表匠的徒弟
    """,
    "animal": """
        一只瘸腿狐狸\n一只灰鹭\n一条老鲤鱼\n一只会说话的喜鹊\n一头白牛\n庙里的猫\n一条很小的龙\n一只饿獾\n一匹瞎马\n一条瘦狗
        三只大雁\n一只独眼的鹳
    """,
    "magic": """
        一盏永不熄灭的灯\n一口没有舌头的钟\n一把冰做的钥匙\n一只空鸟笼\n一枚两面都是正面的铜钱\n一张夜里会变的地图
        一支骨笛\n一面照得出真话的镜子\n满满一坛风\n一个打不开的盒子\n一件有一百个口袋的袍子\n一面只有亡者听得见的鼓
    """,
    "hue": "红色\n蓝色\n绿色\n黄色\n黑色\n白色\n紫色\n灰色\n棕色\n米色\n橘色\n墨绿",
    "user": """
        老灯{10~99}\n追风筝的人{1~99}\n半盏茶{100~999}\n苔与石\n秃笔\n河边水獭{2~99}\n松果\n夜渡\n梅子黄时{10~99}\n慢陶\n轻拿轻放
        第三座桥\n小荷{1~99}\n纸扇子\n砚台{1~999}\n枫叶88\n刨花\n铁皮罐\n末班车\n静鹤
    """,
}

GENRES = {
    "news": {
        "titles": """
            {group}拟{plan}
            {city}{colour}{noun}{获奖|引发争论|受追捧}
            {event}吸引大批游客来到{city}
            {city}{craft}获{month}大奖
            {region}{noun}行情{看涨|走低|平稳}
            {city}市场新规{weekday}起施行
            {city}送别最年长的{craft}
            {noun}少了，价钱高了
        """,
        "paragraphs": (
            (("lead", 2, 2),),
            (("detail", 3, 4), ("quote", 1, 1)),
            (("quote", 1, 2), ("background", 2, 3)),
            (("detail", 2, 4), ("figures", 1, 2)),
            (("background", 1, 3), ("next", 1, 2)),
        ),
        "lead": """
            {group}{weekday}宣布，将{plan}，{why}。
            今年的{event}给{city}带来了{2~49}万{1~9}千人次的客流，{明显超过|略低于|与之相当的是}{1990~2022}年。
            {time}，{person}在{city}的{landmark}附近发现了一件{残破|少见|年代久远}的{material}{noun}。
            在{place}经营{3~30}年之后，{city}的{shop}即将{关门|搬到{street}|开一家分店}。
            {city}{craft}{maker}在{event}上拿下了头奖。
            {group}说，{month}以来{region}的{noun}价格{上涨|下跌}了百分之{2~38}。
            要不要{plan}，{city}人意见不一，而这里从{founded}年起就做{noun}了。
            {city}的商户说，这是{3~40}年来{最好|最冷清|最奇怪}的一个{month}。
            {weather}，{event}{weekday}在{city}开幕。
            {time}，一件{material}做的{colour}{noun}以{40~900}文成交，创下{city}的纪录。
        """,
        "detail": """
            工程{time}动工，预计要花{2~30}个星期。
            在场的{person}说，人一直排到了{place}。
            摊位会沿{street}一直摆到{landmark}，车辆改走{place}那条路。
            {city}大约有{10~90}户人家靠{noun}吃饭，多数人赞成这个主意。
            费用约{1~9}万文，由{group}分担一部分。
            没有人受伤，只是损失了{3~40}{measure}{noun}和不少{material}。
            那座{adj}的大厅能坐{60~800}人，从{1950~2015}年起一直空着。
            想参加的人可以在{month}底以前到{place}报名。
            客人有从{city2}来的，也有从{region}来的，很多人坐的是{渡船|夜车|班车|自行车}。
            {maker}在偏厅演示了一件{material}{noun}从头到尾是怎么做出来的。
            评委头一回接受了{city2}{学生|学徒|业余爱好者}的作品。
            有些摊主更愿意{plan}，说那样花钱少。
            {street}上的{shop}，{9~12}点钟就把最后几{measure}{colour}{noun}卖光了。
            委员会一共收到{20~400}封信，其中反对的有{3~19}封。
        """,
        "quote": """
            “这件事我们等{很久|好多年|得太久}了。”{1960~2005}年来到{city}的{maker}说。
            “大家来，不是为了{noun}，是为了{听街头的曲子|闻{food}的香味|凑个热闹}。”{shop}的{owner}说。
            “要是他们真的{plan}，我头一个道谢。”退休{craft}{name}说。
            {group}的发言人{name}说，这些数字“{让人鼓舞|让人担心|比想的要好}”。
            “我父亲就在这个街角卖{noun}，我也会一直卖下去。”{name}{time}对记者说。
            “不是钱的事，”{maker}说，“是{lesson}。”
            据{name}介绍，{group}要“等每个人都说完话”才会做决定。
            {owner}比较谨慎：“到{month}再来问我吧。”
            “我{feeling}。”{和{person}一起从{city2}赶来|天没亮就来排队|抽中一件{noun}}的{name}说。
        """,
        "background": """
            {city}位于{region}，人口{population}，以{speciality}闻名。
            {shop}开张于{opened}年，专卖{department}，{closed}休息。
            {maker}{是在{city2}|很晚才|跟着姑姑}学的手艺，据说一有空就去{hobby}。
            {landmark}上一次修缮是在{1920~1999}年，{group}为此捐了{100~900}文。
            {event}从{1850~1990}年办起，闹水灾的时候停过{2~9}年。
            在{region}，{noun}向来用{material}做，虽然{material2}更便宜。
            {1960~1999}年以前，{street}是通往{place}唯一的路，什么东西都靠船运。
            类似的计划在{city2}没有成功，{why}。
        """,
        "figures": """
            去年一共卖出{noun}{300~900}{measure}，其中{60~290}{measure}卖给了{city2}来的客人。
            如今一{measure}好{noun}要{price}到{price2}文，{1980~2010}年只要一半。
            {group}现有{20~80}名成员，不满三十岁的只有{3~19}人。
            {month}的统计显示，新开的摊位有{4~60}个，关掉的有{2~30}个。
            平均下来，每位客人在市场里待{2~9}个小时，花{6~60}文。
            相比之下，{city2}同月接待了{1~9}万{100~999}人次。
        """,
        "next": """
            下一次会议定在{weekday}{下午|晚上}{2~9}点，谁都可以来。
            如果天气允许，{event}将在{month}再办一次。
            在那之前，{place}暂不开放。
            {month}底以前会有结果。
            这件{noun}会在{place}展出到{weekday}。
            {city2}会不会跟着做，还不好说。
        """,
    },
    "blog": {
        "titles": """
            一件{adj}的{noun}教我的事
            {city}的{weekday}
            {month}手记
            和一件{material}{noun}相处的{3~12}个月
            我为什么又回到{city}
            关于{hobby}和{noun}
            从{event}带回来的东西
            架子上的{noun}
        """,
        "paragraphs": (
            (("opening", 1, 2), ("scene", 2, 2)),
            (("scene", 2, 4), ("talk", 1, 1)),
            (("thought", 1, 2), ("object", 2, 3)),
            (("talk", 1, 2), ("scene", 2, 3)),
            (("thought", 1, 2), ("end", 1, 2)),
        ),
        "opening": """
            本来没打算再写{city}，可是{time}我{碰见了|遇到了|坐在了}{person}{，就改了主意|，不写不行了}。
            离上一篇已经过去{3~40}{天|个星期}了，主要是{why}。
            有人问起那件{material}{noun}怎么样了，今天就来说说。
            每到{month}我都说要少做点事，结果每年{month}都在{place}{hobby}。
            上个{weekday}我坐{头班|末班|错了方向的}车到了{city}，一住就是{两|三|四}天。
            我{姑姑|爷爷|房东|姐姐}{送|留|寄}给我一件{colour}{noun}，东西后面还有一段故事。
            {city}人分两种：爱吃{food}的，和没吃过的。
        """,
        "scene": """
            {time}，外面{weather}，{street}上全是{food}的味道。
            {person}在{place}旁边{补{noun}|数铜钱|大声念书|跟卖饼的争价钱|打瞌睡}。
            我们在{place}坐下，先要了{food}，后来又要了{food}。
            站在{landmark}上，看得见{place}、{大河|稻田|窑上的烟}，天好的时候还看得见{city2}。
            我把那件{noun}{verb_ed}了两遍，还是说不出是什么做的。
            桌上放着{tool}和{tool}，好像活儿随时要接着干。
            一到{5~8}点，{street}上的灯就一盏接一盏亮了。
            一辆拉{noun}的车堵住了去{place}的路，也没有人着急。
            从{place}走到{place}，我数了数，橱窗里有{7~45}{measure}{noun}。
            回来的路上{weather}，我们躲进了{place}。
            {maker}开着门，趁没有客人的时候{hobby}。
            {shop}的伙计{包|称|掸}东西的样子，就像那是{玻璃|蛋壳|金箔}做的。
        """,
        "talk": """
            “{你来早了|又是你|冷了吧}。”{owner}说着，{把水烧上了|指了指凳子|接着扫地}。
            我问{name}那件{noun}卖不卖，{她}笑了好一会儿。
            {name}对我说，{lesson}，这话在{food}面前说起来容易。
            “{price}文，”{person}说，“一文也不能少，{why}。”
            {maker}说{material}有自己的脾气，还说{lesson}。
            朋友{name}劝我去看看{event}，可{name2}对谁都这么说。
            我们聊{event}，聊{hobby}，也聊那些搬去{city2}的人。
        """,
        "object": """
            这件{noun}{made}，{part}用的是{material}，别处用的是{material2}。
            我喜欢它，是因为{reason_like}。
            它花了我{price}文，比在{city2}看到的那件便宜{price2}文。
            过了{2~20}个星期，{part}的颜色深了，我看它的次数反倒多了。
            {part}下面有作者的记号，是{motif}。
            它{made}，而且{reason_like}。
            真要挑毛病，就是{part}{会响|有点松|爱落灰|容易烫手}。
            旁边放的是我{1995~2021}年买的{product}，两样东西相处得不错。
        """,
        "thought": """
            我一直在想，{lesson}。
            也许人们说{lesson}，就是这个意思。
            这让我{feeling}，也说不清为什么。
            一件{noun}不算什么，可是{reason_like}，我的电话可没有这个好处。
            好多年里我想的正相反，{why}。
            说实话，我{feeling}，下次还会这么做。
            最后记住的，是{time}{place}的声音。
            光写{noun}就能写一本书，还可以一个字不提{material}。
        """,
        "end": """
            下回说说{food}，以及怎么才能不煳。
            你要是到了{city}，{time}去{place}走走，替我问声好。
            {month}就写到这里。
            你那边是不是也{lesson}？来信告诉我。
            到了{month}再跟大家汇报。
            不说了，{food}要凉了。
            谢谢你读到这里。
        """,
    },
    "review": {
        "titles": """
            {product}：用了{2~10}个星期之后
            测评：{maker}做的{product}
            {product}还是{product2}？
            {product}值不值{price}文
            {city}来的一件{adj}的{noun}
            {city}{shop}：去之前先看看
        """,
        "paragraphs": (
            (("bought", 2, 2),),
            (("look", 3, 4),),
            (("use", 3, 4),),
            (("against", 1, 2), ("compare", 1, 3)),
            (("verdict", 2, 3),),
        ),
        "bought": """
            这件{product}是我在{city}的{shop}花{price}文{买|订|挑}的，{why}。
            {time}旧{noun}坏了，急着要一件新的。
            {shop}的{owner}{推荐了它|没推荐它|不太情愿地卖给了我}。
            我们{天天用|一个星期用两回|只在来客人时用|放在院子里用}，它见过{food}，淋过雨，也被{person}借走过。
            {2~20}天后东西到了，用{牛皮纸|一只过大的箱子|稻草|布袋}装着。
            我在{《{city}指南》|一本旧目录|朋友的信}里读到过它，本来没抱什么希望。
            这是我买的第{二|三|四}件{city}{noun}，可以比一比。
        """,
        "look": """
            这件{noun}是{size}的，{tint}，{made}。
            {part}用{material}做，{part}用{material2}做，{看着不错|有点出乎意料|跟标签上写的不一样}。
            重{120~980}克，{高|宽|长}{8~60}厘米。
            {part}上的{motif}是手画的，没有两件一样。
            刚打开时有股{松香|烟|新漆}味，{2~9}天后就散了。
            比起照片，{tint}要{深一点|浅一点|暖一点}。
            {part}上的小划痕说明，真有人拿着{tool}做过它。
            没有标签，只在{part}下面有{maker}的{motif}记号。
        """,
        "use": """
            平时用下来，外面就算{weather}，{part}也一直是{凉|干|干净|紧}的。
            拿{tool}擦{2~9}分钟就干净了，不费事。
            用过{20~200}次以后，{part}有几道印子，不要紧。
            {time}被我{儿子|妈妈|室友|同事}摔过一次，没坏。
            带去{event}的时候，{person}问我在哪儿买的。
            {part}要适应一阵子，不过{reason_like}。
            能装{2~9}{杯|份|支|个}，够{两|三|四}个人用。
            第{二|三|十}天发现{part}有点晃，用{tool}弄好了。
            我还拿它配过{food}，结果{feeling}。
        """,
        "against": """
            不满意的地方：{part}够不着，{part}{会响|发烫|积灰}。
            {price}文{不便宜|贵了点|算是奢侈}。
            店里{closed}不开门，{owner}{time}才回信。
            出了{city}就配不到{part}了。
            说明书有{2~9}页，偏偏没写怎么{打开|清洗|携带}。
            要是{换个颜色|绳子好一点|再小一号|少上点漆}就更好了。
        """,
        "compare": """
            {product2}要{price2}文，{更轻|更重|没这么好看|更好修}。
            在{city2}花{5~60}文能买到{material2}做的，样子差不多，可是没有这么{adj}。
            朋友有一件{product2}，{2~9}年了{part}还跟新的一样。
            跟我奶奶{1930~1970}年那件{noun}摆在一起，它显得{年轻|单薄|有点害羞}。
            {shop}还有{tint}的，我觉得{更好看|太扎眼|有点闷}。
        """,
        "verdict": """
            还会再买吗？{会，因为{reason_like}。|便宜一点就买。|会，不过要换个颜色。|过一年再问我。}
            五颗星给{四|三|五}颗：{reason_like}。
            我起初{feeling}，现在{feeling}。
            喜欢{hobby}的人可以买，赶时间的就算了。
            刚入门的话，先买{简单点的|{product2}|二手的}，{lesson}。
            总的来说是件{adj}的{noun}，{reason_like}。
            {maker}要是看到这里，请改改{part}，别的都不用动。
        """,
    },
    "howto": {
        "titles": """
            {material}{noun}坏了怎么修
            {noun}清洁{3~9}步
            在家做一件{size}{noun}
            怎样挑{noun}才不后悔
            {material}保养小常识
            {city}风味{food}（{4~12}人份）
        """,
        "paragraphs": (
            (("why", 2, 2), ("need", 1, 2)),
            (("first", 2, 4), ("warn", 0, 1)),
            (("then", 3, 5),),
            (("then", 2, 4), ("warn", 1, 1)),
            (("last", 2, 3), ("tip", 1, 2)),
        ),
        "why": """
            {material}做的{noun}，好好待它能用{10~60}年，多数人做不到。
            我这辈子修过{20~400}{measure}{noun}，毛病多半出在{part}。
            {city}的{maker}{time}教了我这个办法，到现在也没找到更好的。
            花{price}文可以买件新的，花一个下午可以留住旧的。
            很多教程都叫你用{tool}，其实有更温和的办法。
            这个办法适合{material}的{noun}，小心一点也能用在{material2}上。
        """,
        "need": """
            要准备{tool}、{tool}，再留出{20~90}分钟。
            {tool}放在手边，{tool}也备着，万一滑了手用得上。
            这些东西在{shop}或者别的{department}店都买得到，一共{4~40}文。
            在靠窗的桌上做，别在{place}做，桌面铺上{旧报纸|毛巾|木板}。
        """,
        "first": """
            先从下面看{part}：要是{裂了|松了|发黑了}，就从那里下手。
            用{tool}把{part}取下来，放在找得到的地方。
            用温水洗{part}，晾{2~24}个小时。
            拿{tool}在{part}中间做个记号，离{part}{3~30}毫米。
            拍张照片，免得忘了{part}原来怎么装的。
            把{material}泡{一夜|{10~50}分钟|到能弯为止}，{tool}别走远。
        """,
        "then": """
            然后把{part}往里折，慢一点，直到碰着{part}。
            在{part}上点{2~9}滴胶，按住{20~90}秒。
            把{noun}转过来，{part}也照样做一遍。
            剪一条{material}，{4~40}厘米长，一指宽，绕在{part}上。
            两头用{细铁丝|棉线|树皮条}扎好，等{5~50}分钟。
            用{tool}把{part}磨到摸不出棱为止。
            {part}要是装不上，不要硬来，用蒸汽熏{2~9}分钟再试。
            给{part}上{hue}或者{hue}，薄薄两层比厚厚一层好。
            每过{5~30}分钟看一眼，{part}有没有走位。
            用{蜂蜡|亚麻油|半个核桃|干盐}擦{part}，始终朝一个方向。
            提着{part}挂到晒不着太阳的地方，比如{place}那边。
        """,
        "warn": """
            这一步千万别用{tool}，一滑手{part}就没了。
            这一步急不得，{lesson}。
            干活的时候，{tool}别让孩子碰。
            闻到烟味就马上停下来开窗。
            外面{weather}的时候别放在外头。
        """,
        "last": """
            最后把{part}装回去，再拧{小半|半|大半}圈。
            放上{2~9}天再用。
            用{水|一截蜡烛头|一把米|自己的分量}试试，不{漏|晃|响}就成了。
            在{part}上写下日期，过{3~9}年你会想知道的。
        """,
        "tip": """
            {maker}的一句忠告：{lesson}。
            {product}也可以这么弄，只要换成{material2}。
            弄不好就去{city}的{shop}问{owner}，{她}{很和气|嘴硬心软|{weekday}多半在店里}。
            剩下的{material}还能做一{measure2}{noun2}。
            做第二件只要一半工夫。
        """,
    },
    "forum": {
        "titles": """
            {求助|请教|提问}：{material}{noun}的{part}{坏了|松了|发黑}怎么办？
            {city}哪里买{noun}好？
            新手买什么{noun}？
            【{已解决|未解决|已移动}】我的{noun}老是响
            {event}还有谁去了？
            {month}去{city}还是{city2}？
        """,
        "paragraphs": (
            (("ask", 2, 4),),
            (("reply", 2, 4),),
            (("reply", 3, 4),),
            (("back", 1, 2), ("reply", 1, 2)),
            (("reply", 1, 3), ("done", 1, 1)),
        ),
        "speakers": (0, 1, 2, 0, 3),  # who writes which paragraph
        "ask": """
            大家好，我{time}{买|收|捡}了一件{material}{noun}，不知道怎么{清洗|用|收}。
            {part}{裂了|发粘|弯了}，大概{2~20}毫米，怕越弄越糟。
            书上说可以用{tool}，{person}却说那样会毁了{material}。
            预算{20~200}文，人在{city}，去{shop}比较方便。
            我们{month}要在{city}待{2~9}天，想看{event}。
            听说{shop}{closed}不开门，是真的吗？
            换了你们会怎么办？
            搜过论坛，帖子都是{1999~2012}年的。
        """,
        "reply": """
            {2~9}年前我的{part}也这样，靠{tool}和耐心弄好了。
            叫你用{tool}的都别听，{lesson}。
            去{street}的{shop}找{owner}，{noun}的事没有{她}不知道的。
            {material}我一直用{tool}，从来不用{tool}。
            看情况：{part}是{粘|缝|钉}的？有多少年了？
            {month}的{city}很好，就是{event}人多。
            我那件是{1960~2010}年的{product}，{made}，拿新的来也不换。
            做{noun}吃饭的人说一句：{lesson}。
            我那件花了{price}文，{why}。
            我们去的时候{weather}，带件厚衣服，到{place}吃{food}。
            能发张{part}的照片吗？
            便宜的都是{material2}做的，顶多用{2~12}个月。
            同意楼上，{reason_like}。
            我{舅舅|老师|邻居}只信{food}和{tool}，我{feeling}。
        """,
        "back": """
            谢谢，{time}试过了，{part}好多了。
            后续：{tool}管用，{part}没保住。
            去{shop}问了，修一下要{price2}文。
            回复晚了，前几天在{event}。
            {part}的事你说对了，我{feeling}。
        """,
        "done": """
            结帖，{lesson}。
            弄好了就好，{noun}做完发张照片上来。
            那就{event}见。
            {month}我把过程整理出来。
        """,
    },
    "company": {
        "titles": """
            关于{shop}
            {shop}：{opened}年以来的{department}
            我们的{craft}
            到{city}来看我们
            {season}的{shop}：作坊近况
        """,
        "paragraphs": (
            (("who", 2, 4),),
            (("what", 3, 4),),
            (("people", 2, 4),),
            (("service", 2, 4),),
            (("visit", 2, 3), ("bye", 0, 1)),
        ),
        "who": """
            {shop}从{opened}年起就在{city}的{street}上卖{department}。
            我们是一家{3~19}个人的家庭作坊，当家的{owner}已经是第{二|三|四}代。
            起初只是{landmark}旁边一个{adj}的小摊，摆着{4~30}{measure}{noun}。
            {1930~1975}年失火以后，房子用{material2}和{石头|青砖|松木}重建。
            我们的招牌是{motif}，当年{name}画的，润笔是{food}。
        """,
        "what": """
            我们的{noun}用{region}的{material}做，每件大约要{2~40}个小时。
            来的人多半是冲着{maker}的{product}，一件{price}文。
            店里常备{40~900}件，定做要等{2~12}个星期。
            每件{noun}都{made}，出门之前还要查{两|三}遍。
            坏了的东西不管多旧都修，{why}。
            {season}上新：{tint}的{noun}，还有小一号的{product2}。
            我们不用{清漆|塑料|机制胶}，{part}都是{缝|销|扎}的，跟{1890~1940}年一样。
        """,
        "people": """
            我们的{craft}{maker}{1970~2015}年来到店里，每天照旧先去{hobby}。
            {name}管账，也管猫；{name2}管{city2}来的订单。
            学徒要待{2~5}年，头一件要学的是{lesson}。
            每逢{weekday}晚上，{maker}在{place}给新手上课，一次{6~14}个人。
            我们有三个人生在{city}，一个生在{city2}，谁也不想走。
        """,
        "service": """
            包裹{weekday}发出，{2~9}天到{city2}。
            {part}不合心意，{10~60}天内可以退。
            学校和合唱团买满{6~30}件，便宜百分之{5~20}。
            包装不收钱，用的是{稻草|旧报纸|棉花|稻壳}。
            动手之前可以先要张图样，{2~9}文，以后从货款里扣。
            修东西要{3~30}天，{event}之前会慢一些。
        """,
        "visit": """
            店里{7~10}点开门，晚上{5~8}点关门，{closed}休息。
            从车站走{4~25}分钟：过了{place}，到{place}往左。
            有茶喝，{month}里还有{food}。
            门要是锁着，到{place}敲一敲，总有人在。
            {event}那几天，我们开到晚上{9~11}点。
        """,
        "bye": """
            欢迎来坐坐。
            进来慢慢看。
            门上挂着{colour}{noun}的那家就是。
        """,
    },
    "travel": {
        "titles": """
            {city}{2~5}日
            从{city}走到{city2}
            {month}的{city}：一本日记
            {landmark}附近吃什么
            慢慢去{city}
        """,
        "paragraphs": (
            (("arrive", 2, 3), ("view", 1, 1)),
            (("walk", 3, 4),),
            (("eat", 1, 2), ("meet", 1, 3)),
            (("walk", 2, 3), ("view", 1, 1)),
            (("advice", 2, 4),),
        ),
        "arrive": """
            {time}我们到了{city}，{又累|又饿|浑身湿透}，身后{weather}。
            从{city2}来的{渡船|班车|火车}要走{2~9}个小时，票价{3~30}文。
            {city}在{region}，有{population}口人，建于{founded}年。
            多数指南只给{city}半页，{不公平|也差不多|我们正是为这个去的}。
            房间在{place}楼上，一晚{6~40}文，开窗就是{landmark}。
            {1985~2015}年我来过一回，{street}几乎没变。
        """,
        "view": """
            从{landmark}顶上望下去，{region}像一{measure}铺开的{colour}{noun}。
            屋顶上{weather}，不知哪里有{person}在唱歌。
            {street}上的光变成了{tint}，连{person}也停下来看。
            夜里的河上满是{倒影|蛙声|纸船|人声}。
        """,
        "walk": """
            从{landmark}出发，沿{street}走，闻到{food}就往{左|右}拐。
            {上午|下午}我们走到{place}，从{1700~1900}年起这里就有{craft}干活。
            {shop}卖{department}，我把一件{noun}{verb_ed}了半天，空着手出来了。
            河边的小路有{3~19}公里长，经过{place}和{place}。
            正赶上{event}，家家窗口都摆着{noun}。
            我们在{place}附近迷了路，多亏{person}。
            博物馆里有{30~700}{measure}{noun}，最老的是{1500~1890}年的。
            {place}后面有个{adj}的园子，地图上没有。
            {weekday}什么都不开门，只有{shop}和{place}开着。
            花{2~9}文租了自行车，骑到{city2}再骑回来。
        """,
        "eat": """
            早饭是{place}的{food}，{5~7}点就有。
            城里最好的{food}是{place}旁边{person}卖的，{4~15}文。
            {food}要配{food}，人人都这么点。
            晚上吃了{food}和{food}，又喝多了梅子酒，一共{10~60}文。
            {food}不要错过，哪怕{person}劝你别吃。
        """,
        "meet": """
            {craft}{maker}让我们看了一个钟头，还说{lesson}。
            邻桌坐着{name}，{4~30}年来每到{month}都来。
            {person}问我们从哪里来，{画了张地图|给了我们{food}|纠正了我们的口音}。
            {owner}解释说，这里的{noun}用{material}做，是因为{reason_like}。
            同船的有{person}和{person}。
        """,
        "advice": """
            要去就{month}去，别{month2}去，避开{closed}。
            带上{好鞋|伞|零钱|一个空包}，{noun}留在家里。
            只有一天的话，{place}可以不去，{time}去看{landmark}。
            赶上{event}，{船票|房间|向导}要提前{2~9}个星期订。
            还有一句：{lesson}。
            两个人一共花了{40~400}文，{noun}也算在里面。
            还会再来吗？{time}已经又来过了。
        """,
    },
    "story": {
        "titles": """
            {city}的{noun}
            {name}和{noun}
            {craft}与{animal}
            {region}的传说
            {landmark}听见了什么
            {magic}
        """,
        "paragraphs": (
            (("once", 2, 3),),
            (("trouble", 2, 4),),
            (("road", 3, 5),),
            (("turn", 2, 4),),
            (("after", 2, 3),),
        ),
        "once": """
            很久以前，{city}还是个只有{7~90}间草屋的村子，住着一个{craft}，家里有{magic}。
            {发大水|冬天特别长|天上有两个月亮}的那一年，{child}抱着{magic}来到{city}。
            整个{region}没有人比{maker}更会做{noun}，也没有人比{她}更{孤单|骄傲|穷}。
            {child}有{2~9}个兄弟，没有鞋穿，吹口哨却吹得像{animal}。
            每天傍晚，{animal}都坐在{landmark}的台阶上等。
            那时候{noun}是用{material}做的，要{藏上一百年|锁在三道门后面|供在庙里}。
        """,
        "trouble": """
            一天夜里，{weather}，{magic}被人偷走了。
            “{month}之前给我做一件纯{material}的{noun}，”太守说，“不然就{离开这里|交出房子|嫁给我叔叔}。”
            大水涨到{place}，{noun}一件一件漂走了。
            {animal}来到门口说：“我知道你丢了什么。”
            接着{city}的灯灭了，先是{street}，后来到处都灭了。
            有{2~9}个人劝过，{child}还是打开了盒子。
            {craft}病倒了，什么药都不管用，除了{food}。
        """,
        "road": """
            {child}带上{food}和{tool}，走上了去{city2}的路。
            到了第{二|三|七}天，一个陌生人要拿{magic}换那件{noun}。
            {animal}在{place}拦住了去路，出了一个有{2~9}个答案的谜。
            走着走着，{weather}，远处传来鼓声，却没有打鼓的人。
            在{city2}没有人跟他们说话，除了{person}。
            “{lesson}，”{animal}说，“可是不到{month}你不会信。”
            整整{3~40}个夜晚，他们睡在车底下，只有{food}可吃。
            {child}把{noun}卖了{3~30}文，又花{31~90}文买了回来。
            {landmark}后面有一扇门，门后面是{magic}。
            {animal}笑得连桥都晃了。
            {craft}数星星，数乱了，又从头数起。
        """,
        "turn": """
            {child}点亮了{noun}，大家才看清，太守不过是披着袍子的{animal}。
            小偷不是别人，正是{person}，哭着交出了{magic}。
            “东西一直在你手里。”{animal}说完，消失在{weather}的夜里。
            {noun}碎了，从{part}里掉出{一百文钱|一封{1600~1800}年的信|一粒种子|一支歌}。
            {child}没有回答，只递过去{food}，那就是答案。
            水退到{place}，把{magic}留在了台阶上。
            {child}拿着{tool}，手一点不抖，修好了{2~9}位师傅都不肯接的东西。
        """,
        "after": """
            从那以后，{street}上一直挂着一件{colour}{noun}，没有人记得是为什么。
            他们在{street}住了{20~70}年，从来不锁门。
            {city}人至今还说：“{lesson}。”
            至于{animal}，有人说，{weather}的时候在{place}附近见过。
            那件{noun}要是还没有烧完，现在也还亮着。
        """,
    },
    "qa": {
        "titles": """
            关于{noun}的常见问题
            {shop}答客问
            {city}市场：游客常问的事
            {material}好还是{material2}好？有问有答
        """,
        "paragraphs": (
            (("intro", 1, 2),),
            (("pair", 1, 2), ("more", 1, 2)),
            (("pair", 1, 2), ("more", 1, 2)),
            (("pair", 1, 2), ("more", 1, 2)),
            (("pair", 1, 2), ("more", 1, 2)),
        ),
        "intro": """
            {shop}的{owner}来回答大家{最常问的|柜台上问的|信里问的}问题。
            这些问题是{event}上收集的，多谢{maker}作答。
            本页由{name}于{2015~2023}年{month}核对。
            没有你要问的？{weekday}到{place}来问吧。
        """,
        "pair": """
            {noun}能用多久？{part}不受潮的话，能用{3~30}年。
            哪里的{material}最好？{region}的，因为{reason_like}。
            去{shop}怎么走？过了{place}，往{左|右}拐进{street}。
            可以带{狗|孩子|自己的{material}}来吗？可以，{event}的时候不行。
            {product}为什么这么贵？{maker}要做{12~80}个小时，{part}全靠手工。
            {part}坏了怎么办？拿到{place}来，修一次{2~30}文。
            什么时候来{city}最好？{month}，{time}。
            {tint}颜料安全吗？安全，用{草木|矿石|烟和油}做的，跟{1800~1930}年一样。
            {city2}能寄吗？能，一包最多{4~40}{measure}{noun}。
            可以看{craft}干活吗？{weekday}{8~11}点到下午{2~5}点可以。
            怎么清洗？用{tool}，别用{tool}。
            {motif}是什么意思？在{city}，它代表{好运|长寿|归家|丰年}。
        """,
        "more": """
            {1950~1985}年以前的老东西要更小心，特别是{part}。
            {maker}补充说，{lesson}。
            拿不准的话，{month}以前写信来。
            {material2}做的{noun}不一样，{part}是{软|粘|空心}的。
            换{part}要{2~25}文。
            不管{person}怎么说，都别用{tool}。
            {city2}的做法正相反，也行得通。
            很多客人听了都{feeling}。
            只有{event}例外，样样都要多等{2~9}天。
            也可以试试{food}，不花什么钱，心情还好。
            {4~9}位客人里有三位选{material}，{why}。
        """,
    },
}

LEADS = """
    说句公道话，
    说到底，
    奇怪的是，
    据我所知，
    多年以后，
    顺便说一句，
    没记错的话，
    这已经不是头一回了：
    又一次，
    至少在这里，
    听人说，
    老实讲，
"""

ASIDES = {
    "town": """
        {city}有{2~14}座桥、{3~40}口井，好面包铺有几家，就看你问谁了。
        {street}上的房子互相挨得近，{person}伸手就能跟对门握上。
        最老的房子在{place}旁边，{1500~1850}年盖的，后来一直是{学堂|马厩|客栈}。
        这里的人起得{早|晚}，站着吃{food}，说起{weather2}来像说自家亲戚。
        一到{month}，河水就带来{泥沙|木料|客人}，走的时候又带走{一半|一大半|一点点}。
        {city}的孩子闭着眼睛也能从{place}走到{landmark}。
        从前{place}和{place}之间有一道城墙，如今剩下{10~90}米。
        钟楼早上{5~9}点敲一遍，晚上{6~10}点敲一遍，没有人拿它对表。
        {month}里，满城都是{food}和湿{material}的气味。
        {region}有句老话：{city2}下雨，{city}卖伞。
        去{city2}的班车一天{3~12}趟，{weekday}除外，那天看司机的心情。
        两条河在{place}后面汇合，一条黄，一条{hue}，流出好远都不混在一起。
        {group}有一本册子，记着公家屋里的{noun}，最近一次数出来{40~900}{measure}。
        {1995~2015}年以来，{street}的房租{翻了一番|没怎么动|稍稍降了些}。
    """,
    "trade": """
        好{material}要放上{2~9}年才动手。
        在{region}的土话里，{noun}的意思是“{小月亮|耐心的朋友|借来的东西}”。
        一个{craft}要学{3~12}年，剩下的一辈子靠它吃饭。
        {noun}多半在{time}收工，那时候光线匀。
        每做{10~40}件，总有{一|两|三}件要回炉。
        {motif}这个花样是{1600~1930}年从{city2}传来的，多半是{person}带来的。
        {part}上看着像装饰的地方，其实是防它{变形|打滑|开裂}的。
        冬天一冷，{material}就脆，作坊只好改用{material2}。
        {1650~1900}年的行会册子上记着{4~30}种{noun}，现在还做的只有{两|三|五}种。
        师傅在{part}上落款，学徒不落款。
        一件{size}的{noun}要做{2~20}个小时，晾干的工夫不算在内。
        旧{noun}由{group}收去，送给{学校|新手|戏班子}。
        {material}和{material2}的差别一听就知道：敲敲{part}就行。
        做买卖的爱说{lesson}，说完就涨价。
    """,
    "people": """
        {person}常说{lesson}，说得多半不错。
        {name}有个本子，记了{2~40}年的天气和{food}的价钱。
        我认识{person}，闻一闻就知道{noun}有多少年头。
        每天晚上，{person}都要从{place}走到{place}再走回来，刮风下雨也不例外。
        {name2}{1975~2018}年本来只打算住一个周末，后来就没走。
        {place}总有人对{hobby}有话要说。
        孩子们收集{商标纸|碎瓷片|羽毛}，拿去换{food}。
        自从{1988~2019}年的{event}以后，{person}和{person}就没说过话。
        好故事都是{time}讲的，桌上得有{food}。
        听说{maker}的奶奶顶着一件{noun}游过了河。
        合唱团缺{男高音|女低音|会数拍子的人}，每逢{weekday}在{place}排练。
        {name}一笑，{place}的人都要回头看。
        {2~9}个月来，每到{weekday}都有人在{landmark}的台阶上放{food}。
        这件事里我没出多少力，只是拿着{tool}，没说话。
    """,
}
PHRASES["weather2"] = "雨\n雾\n风\n霜\n{1930~1999}年的大水\n暑天\n雪\n那条河"
