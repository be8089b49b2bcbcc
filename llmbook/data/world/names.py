"""The pools of names and properties that a world draws from. A draw depends on its whole pool: do not add to these."""

from llmbook.data.world.lexicon import names

CITIES = names("""
    Harbour City 海港城, Willow Town 柳镇, Moonlake 月湖, Stone Bridge 石桥, Pine Ridge 松岭, White Sands 白沙,
    Lotus Bay 莲花湾, North Gate 北门, Silver Creek 银溪, Plum Valley 梅谷, Tea Hill 茶山, Cloud Ferry 云渡,
    Eastwall 东墙, Crane Island 鹤岛, Redcliff 赤崖, Maple Hollow 枫坳
""")
SURNAMES = names("""
    Lin 林, Chen 陈, Wang 王, Zhao 赵, Zhu 朱, Zhou 周, Wu 吴, Zheng 郑, Feng 冯, Han 韩, Yang 杨, Xu 许, Hu 胡,
    Shen 沈, Tang 唐, Ding 丁
""")
# Women's and men's names by turns, so that a name's place in the list tells which pronoun goes with it.
GIVEN_NAMES = names("""
    Mei 梅, Bo 波, Lan 兰, Jun 军, Hua 华, Tao 涛, Yun 云, Gang 刚, Xue 雪, Peng 鹏, Li 丽, Qiang 强, Ying 英, Wei 伟,
    Juan 娟, Ming 明, Qing 青, Hai 海, Xia 霞, Yong 勇, Yan 燕, Kai 凯, Fang 芳, Lei 雷, Min 敏, Kun 坤, Na 娜,
    Chao 超, Ping 萍, Jie 杰
""")
REGIONS = names("Northern Hills 北部山区, Eastern Lakes 东部湖区, Southern Valleys 南部谷地, Western Forests 西部林区")
LANDMARKS = names("""
    Drum Tower 鼓楼, White Pagoda 白塔, Old Well 古井, Moon Bridge 月桥, Stone Lion 石狮子, Bell Tower 钟楼,
    Great Gate 大城门, Lotus Pond 荷花池, Star Terrace 观星台, Peach Garden 桃园, Echo Wall 回音壁,
    Iron Pavilion 铁亭, Nine Arches 九孔桥, Thousand Steps 千级石阶, Crane Temple 鹤寺, Mirror Pool 镜池
""")
MONTHS = names("""
    January 一月, February 二月, March 三月, April 四月, May 五月, June 六月, July 七月, August 八月,
    September 九月, October 十月, November 十一月, December 十二月
""")
WEEKDAYS = names(
    "Monday 星期一, Tuesday 星期二, Wednesday 星期三, Thursday 星期四, Friday 星期五, Saturday 星期六, Sunday 星期日"
)
STREETS = names("""
    Market Street 集市街, River Road 河边路, Temple Lane 寺前巷, Bridge Street 桥头街, Willow Lane 柳巷,
    Bell Street 钟楼街, Garden Road 花园路, Old Wall Lane 旧城巷, Well Street 水井街, Harbour Road 码头路,
    Bamboo Lane 竹巷, Gate Street 城门街
""")
HOBBIES = names("""
    fishing 钓鱼, gardening 种花, chess 下棋, singing 唱歌, cooking 做菜, dancing 跳舞, swimming 游泳, hiking 爬山,
    painting 画画, reading 看书
""")
SHOP_COLOURS = names("Golden 金, Silver 银, Red 红, White 白, Jade 玉, Blue 蓝")
SHOP_ANIMALS = names(
    "Crane 鹤, Carp 鲤, Tiger 虎, Swallow 燕, Deer 鹿, Dragon 龙, Phoenix 凤, Horse 马, Rabbit 兔, Ox 牛"
)
SHOP_HOUSES = names("House 斋, Hall 堂, Pavilion 阁, Workshop 坊")
MOTIFS = names("""
    Crane 仙鹤, Plum Blossom 梅花, Lotus 莲花, Carp 锦鲤, Moon 明月, Star 星辰, Cloud 祥云, Wave 海浪, Swallow 飞燕,
    Peony 牡丹, Phoenix 凤凰, Tiger 猛虎, Deer 白鹿, Maple 红枫, Snow 飞雪, Mountain 远山, Butterfly 彩蝶,
    Orchid 兰花, Chrysanthemum 菊花, Rabbit 玉兔, Dragonfly 蜻蜓, Sunrise 朝阳, Rain 春雨, Magpie 喜鹊
""")
SIZES = names("small 小号, medium 中号, large 大号")
TINTS = names("red 红色, blue 蓝色, green 绿色, yellow 黄色, black 黑色, white 白色, purple 紫色, grey 灰色")
STUFFS = {
    name.en: name
    for name in names("""
        paper 纸, silk 丝绸, glass 玻璃, wood 木头, bamboo 竹子, jade 玉石, copper 铜, iron 铁, silver 银, stone 石头,
        clay 陶土, porcelain 瓷, cotton 棉布, wool 羊毛, straw 麦秆, leather 皮革, beeswax 蜂蜡, tallow 油脂,
        stoneware 粗陶, pine 松木, oak 橡木
    """)
}
