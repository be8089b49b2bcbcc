"""Pages in other languages than English and Chinese, each from a small grammar of its own."""

from llmbook.data.world.choices import Choices
from llmbook.data.world.crawl.grammar import Grammar, lines

_GRAMMARS = {
    "de": {
        "who": "Meine Großmutter\nDer alte Töpfer\nDie Nachbarin\nUnser Lehrer\nEin Händler aus dem Norden"
        "\nDie Wirtin\nMein Bruder"
        "\nDer Bürgermeister\nEine junge Malerin\nDer Fährmann\nDie Bibliothekarin\nEin Student",
        "did": "hat gestern {thing} gekauft\nerzählt gern von {thing}\nsuchte lange nach {thing}"
        "\nhat {thing} verschenkt"
        "\nwollte {thing} reparieren\nstellte {thing} auf den Tisch\nhat uns {thing} gezeigt"
        "\nverkauft seit Jahren nur {thing}",
        "thing": "eine kleine Laterne\nden blauen Krug\neinen Korb voller Äpfel\ndas alte Wörterbuch"
        "\neine Geige ohne Saiten"
        "\nzwei Fahrkarten\nden Schlüssel zum Turm\nein Glas Honig\neinen Regenschirm\ndie schönste Uhr der Stadt",
        "when": "am frühen Morgen\nnach dem Regen\nim letzten Winter\nkurz vor Mitternacht"
        "\nan einem Sonntag im {3~30}. Jahr"
        "\nwährend des Jahrmarkts\nim Herbst {1950~2020}\ngegen {2~11} Uhr",
        "where": "hinter dem Bahnhof\nauf dem Marktplatz\nin der Werkstatt\nan der Brücke\nim Garten des Museums"
        "\nneben der Kirche"
        "\nin einem Dorf am See\nam Ufer",
        "and": "weil es nicht mehr zu bekommen war\nobwohl niemand daran glaubte\nund alle waren zufrieden"
        "\naber der Preis war zu hoch"
        "\nwas man ihm nicht ansieht\ndamit die Kinder nicht frieren\nund das war erst der Anfang"
        "\nohne ein Wort zu sagen",
        "": """
            {who} {did}, {and}.
            {when} war es {where} so still, dass man die Uhr hören konnte.
            {who} sagt, dass man {where} noch immer {2~90} Laternen sehen kann.
            Wer {when} {where} vorbeikommt, sollte sich Zeit nehmen.
            Das Haus {where} wurde {1700~1990} gebaut und kostete {100~9000} Taler.
            „Ich habe {thing} nie vergessen“, sagte sie {when}.
            {who} {did}, und zwar {where}.
            Für {2~40} Euro bekommt man {where} {thing}.
            Die Straßen {where} sind schmal, die Häuser hoch und die Leute freundlich.
            Am Ende blieb {thing} {where} liegen, {and}.
        """,
    },
    "fr": {
        "who": "Ma grand-mère\nLe vieux potier\nLa voisine\nNotre professeur\nUn marchand du nord"
        "\nLa patronne du café\nMon frère"
        "\nLe maire\nUne jeune peintre\nLe passeur\nLa bibliothécaire\nUn étudiant",
        "did": "a acheté {thing} hier\nparle souvent de {thing2}\na longtemps cherché {thing}"
        "\na offert {thing} à sa fille"
        "\nvoulait réparer {thing}\na posé {thing} sur la table\nnous a montré {thing}\nne vend plus que des lampes",
        "thing": "une petite lanterne\nla cruche bleue\nun panier de pommes\nle vieux dictionnaire"
        "\nun violon sans cordes"
        "\ndeux billets de train\nla clé de la tour\nun pot de miel\nun parapluie\nla plus belle horloge de la ville",
        "thing2": "cette lanterne\nson jardin\nla guerre des chats\nses voyages\nla rivière\nla fête du village",
        "when": "tôt le matin\naprès la pluie\nl'hiver dernier\npeu avant minuit\nun dimanche de printemps"
        "\npendant la foire"
        "\nà l'automne {1950~2020}\nvers {2~11} heures",
        "where": "derrière la gare\nsur la place du marché\ndans l'atelier\nprès du pont\ndans le jardin du musée"
        "\nà côté de l'église"
        "\ndans un village au bord du lac\nsur la rive",
        "and": "parce qu'on n'en trouve plus\nbien que personne n'y croie\net tout le monde était content"
        "\nmais le prix était trop élevé"
        "\nce qui ne se voit pas\npour que les enfants n'aient pas froid\net ce n'était que le début\nsans dire un mot",
        "": """
            {who} {did}, {and}.
            {when}, il faisait si calme {where} qu'on entendait l'horloge.
            {who} dit qu'on peut encore voir {2~90} lanternes {where}.
            Si vous passez {where} {when}, prenez votre temps.
            La maison {where} a été construite en {1700~1990} et a coûté {100~9000} francs.
            « Je n'ai jamais oublié {thing} », disait-elle {when}.
            {who} {did} {where}.
            Pour {2~40} euros, on trouve {thing} {where}.
            Les rues sont étroites, les maisons sont hautes et les gens sont aimables.
            À la fin, {thing} est resté {where}, {and}.
        """,
    },
    "es": {
        "who": "Mi abuela\nEl viejo alfarero\nLa vecina\nNuestro maestro\nUn comerciante del norte"
        "\nLa dueña de la posada"
        "\nMi hermano\nEl alcalde\nUna joven pintora\nEl barquero\nLa bibliotecaria\nUn estudiante",
        "did": "compró {thing} ayer\nhabla siempre de {thing}\nbuscó {thing} durante años\nregaló {thing} a su hija"
        "\nquería arreglar {thing}\ndejó {thing} sobre la mesa\nnos enseñó {thing}\nya solo vende {thing}",
        "thing": "un farol pequeño\nla jarra azul\nuna cesta de manzanas\nel viejo diccionario\nun violín sin cuerdas"
        "\ndos billetes de tren\nla llave de la torre\nun tarro de miel\nun paraguas\nel reloj más bonito de la ciudad",
        "when": "por la mañana temprano\ndespués de la lluvia\nel invierno pasado\npoco antes de la medianoche"
        "\nun domingo de primavera"
        "\ndurante la feria\nen el otoño de {1950~2020}\na eso de las {2~11}",
        "where": "detrás de la estación\nen la plaza del mercado\nen el taller\njunto al puente\nen el jardín del museo"
        "\nal lado de la iglesia\nen un pueblo junto al lago\nen la orilla",
        "and": "porque ya no se encuentra\naunque nadie lo creía\ny todos quedaron contentos"
        "\npero el precio era demasiado alto"
        "\ny eso no se nota\npara que los niños no pasen frío\ny aquello fue solo el principio\nsin decir una palabra",
        "": """
            {who} {did}, {and}.
            {when} había tanto silencio {where} que se oía el reloj.
            {who} dice que todavía se ven {2~90} faroles {where}.
            Quien pase {where} {when} debería tomarse su tiempo.
            La casa {where} fue construida en {1700~1990} y costó {100~9000} pesos.
            —Nunca olvidé {thing} —dijo ella {when}.
            {who} {did} {where}.
            Por {2~40} euros se consigue {thing} {where}.
            Las calles son estrechas, las casas son altas y la gente es amable.
            Al final {thing} se quedó {where}, {and}.
        """,
    },
    "it": {
        "who": "Mia nonna\nIl vecchio vasaio\nLa vicina\nIl nostro maestro\nUn mercante del nord"
        "\nLa padrona della locanda"
        "\nMio fratello\nIl sindaco\nUna giovane pittrice\nIl traghettatore\nLa bibliotecaria\nUno studente",
        "did": "ha comprato {thing} ieri\nha cercato {thing} per anni\nha regalato {thing} a sua figlia"
        "\nvoleva riparare {thing}"
        "\nha lasciato {thing} sul tavolo\nci ha mostrato {thing}\nora vende soltanto {thing}",
        "thing": "una piccola lanterna\nla brocca azzurra\nun cesto di mele\nil vecchio dizionario"
        "\nun violino senza corde"
        "\ndue biglietti del treno\nla chiave della torre\nun vasetto di miele\nun ombrello"
        "\nl'orologio più bello della città",
        "when": "la mattina presto\ndopo la pioggia\nl'inverno scorso\npoco prima di mezzanotte"
        "\nuna domenica di primavera"
        "\ndurante la fiera\nnell'autunno del {1950~2020}\nverso le {2~11}",
        "where": "dietro la stazione\nin piazza del mercato\nnella bottega\nvicino al ponte\nnel giardino del museo"
        "\naccanto alla chiesa\nin un paese sul lago\nsulla riva",
        "and": "perché non si trova più\nanche se nessuno ci credeva\ne tutti erano contenti"
        "\nma il prezzo era troppo alto"
        "\nperché i bambini non avessero freddo\ne quello era solo l'inizio\nsenza dire una parola",
        "": """
            {who} {did}, {and}.
            {when} c'era un tale silenzio {where} che si sentiva l'orologio.
            {who} dice che si vedono ancora {2~90} lanterne {where}.
            Chi passa {where} {when} dovrebbe prendersi il suo tempo.
            La casa {where} fu costruita nel {1700~1990} e costò {100~9000} lire.
            «Non ho mai dimenticato {thing}», disse {when}.
            {who} {did} {where}.
            Per {2~40} euro si trova {thing} {where}.
            Le strade sono strette, le case sono alte e la gente è gentile.
            Alla fine {thing} è rimasto {where}, {and}.
        """,
    },
    "ru": {
        "who": "Моя бабушка\nСтарый гончар\nСоседка\nНаш учитель\nТорговец с севера\nХозяйка постоялого двора\nМой брат"
        "\nГородской голова\nМолодая художница\nПеревозчик\nБиблиотекарь\nОдин студент",
        "did": "может долго искать {thing}\nлюбит рассказывать про {thing}\nвсегда носит с собой {thing}"
        "\nхочет починить {thing}"
        "\nникому не отдаст {thing}\nснова рассматривает {thing}\nпродаёт теперь только {thing}",
        "thing": "маленький фонарь\nсиний кувшин\nстарый словарь\nскрипку без струн\nдва билета на поезд\nключ от башни"
        "\nбанку мёда\nзонт\nсамые красивые часы в городе",
        "when": "рано утром\nпосле дождя\nпрошлой зимой\nнезадолго до полуночи\nв одно весеннее воскресенье"
        "\nво время ярмарки"
        "\nосенью {1950~2020} года\nчасов в {2~11}",
        "where": "за вокзалом\nна рыночной площади\nв мастерской\nу моста\nв саду музея\nрядом с церковью"
        "\nв деревне у озера\nна берегу",
        "and": "потому что такого больше не найти\nхотя никто в это не верил\nи все остались довольны"
        "\nно цена была слишком высока"
        "\nчтобы дети не мёрзли\nи это было только начало\nне говоря ни слова",
        "": """
            {who} {did}, {and}.
            {when} {where} было так тихо, что слышно было часы.
            {who} говорит, что {where} до сих пор горят {2~90} фонарей.
            Кто бывает {where} {when}, пусть не спешит.
            Дом {where} построили в {1700~1990} году, и стоил он {100~9000} рублей.
            «Я навсегда запомнила {thing}», — говорила она {when}.
            {who} {did} {where}.
            За {2~40} монет {where} можно купить {thing}.
            Улицы здесь узкие, дома высокие, а люди приветливые.
        """,
    },
    "ja": {
        "who": "祖母は\n年老いた陶工は\n隣の奥さんは\n私たちの先生は\n北から来た商人は\n宿の女将は\n弟は\n町長は"
        "\n若い絵描きは\n渡し守は"
        "\n図書館の人は\nある学生は",
        "did": "昨日{thing}を買いました\nよく{thing}の話をします\n長いあいだ{thing}を探していました"
        "\n{thing}を娘に贈りました"
        "\n{thing}を直そうとしていました\n{thing}を机の上に置きました\n私たちに{thing}を見せてくれました"
        "\n今では{thing}しか売りません",
        "thing": "小さな提灯\n青い水差し\nかごいっぱいのりんご\n古い辞書\n弦のないバイオリン\n二枚の切符\n塔の鍵"
        "\nはちみつの瓶\n傘"
        "\n町でいちばんきれいな時計",
        "when": "朝早く\n雨が上がったあと\n去年の冬\n真夜中の少し前\n春の日曜日\n祭りのあいだ\n{1950~2020}年の秋"
        "\n{2~11}時ごろ",
        "where": "駅の裏で\n市場の広場で\n工房で\n橋のそばで\n美術館の庭で\n神社の隣で\n湖のほとりの村で\n川岸で",
        "and": "もう手に入らないからです\n誰も信じていませんでしたが\nみんな喜んでいました\n値段が高すぎたのです"
        "\n子どもたちが寒くないようにと\nそれはまだ始まりにすぎませんでした\n一言も話さずに",
        "": """
            {who}{when}{where}{did}。
            {when}、あたりは時計の音が聞こえるほど静かでした。
            {who}、今でも{2~90}個の提灯が見えると言います。
            {where}{thing}を見かけたら、ゆっくり眺めてください。
            この家は{1700~1990}年に建てられ、{100~9000}円かかったそうです。
            「{thing}のことは忘れたことがありません」と、{when}話してくれました。
            {who}{did}。{and}。
            {2~40}円で{thing}が買えます。
            道は狭く、家は高く、人々はとても親切です。
            最後に{thing}だけが残りました。
        """,
    },
    "ko": {
        "who": "할머니는\n늙은 도공은\n이웃집 아주머니는\n우리 선생님은\n북쪽에서 온 상인은\n주막 주인은\n동생은"
        "\n시장은\n젊은 화가는"
        "\n뱃사공은\n도서관 사서는\n어떤 학생은",
        "did": "어제 {thing} 샀습니다\n오랫동안 {thing} 찾았습니다\n딸에게 {thing} 선물했습니다"
        "\n{thing} 고치려고 했습니다"
        "\n책상 위에 {thing} 놓았습니다\n우리에게 {thing} 보여 주었습니다\n이제는 {thing} 팔지 않습니다",
        "thing": "작은 등불을\n파란 물병을\n사과 한 바구니를\n낡은 사전을\n줄 없는 바이올린을\n기차표 두 장을"
        "\n탑의 열쇠를\n꿀 한 병을"
        "\n우산을\n가장 예쁜 시계를",
        "when": "이른 아침에\n비가 그친 뒤에\n지난겨울에\n자정이 되기 조금 전에\n봄날 일요일에\n축제 동안에"
        "\n{1950~2020}년 가을에\n{2~11}시쯤에",
        "where": "역 뒤에서\n시장 광장에서\n작업실에서\n다리 옆에서\n박물관 마당에서\n성당 옆에서\n호숫가 마을에서"
        "\n강가에서",
        "": """
            {who} {when} {where} {did}.
            {when} {where} 시계 소리가 들릴 만큼 조용했습니다.
            {who} 아직도 등불 {2~90}개가 보인다고 말합니다.
            {where} {thing} 보시면 천천히 구경하세요.
            이 집은 {1700~1990}년에 지어졌고 {100~9000}원이 들었다고 합니다.
            "{thing} 잊은 적이 없어요." 하고 {when} 이야기했습니다.
            {who} {did}.
            {2~40}원이면 {thing} 살 수 있습니다.
            길은 좁고 집은 높고 사람들은 아주 친절합니다.
        """,
    },
    "pt": {
        "who": "A minha avó\nO velho oleiro\nA vizinha\nO nosso professor\nUm mercador do norte\nA dona da pousada"
        "\nO meu irmão"
        "\nO prefeito\nUma jovem pintora\nO barqueiro\nA bibliotecária\nUm estudante",
        "did": "comprou {thing} ontem\nprocurou {thing} durante anos\nofereceu {thing} à filha"
        "\nqueria consertar {thing}"
        "\ndeixou {thing} em cima da mesa\nmostrou-nos {thing}\nagora só vende {thing}\nfala muito sobre {thing}",
        "thing": "uma pequena lanterna\no jarro azul\num cesto de maçãs\no velho dicionário\num violino sem cordas"
        "\ndois bilhetes de trem\na chave da torre\num pote de mel\num guarda-chuva\no relógio mais bonito da cidade",
        "when": "de manhã cedo\ndepois da chuva\nno inverno passado\npouco antes da meia-noite"
        "\nnum domingo de primavera"
        "\ndurante a feira\nno outono de {1950~2020}\npor volta das {2~11}",
        "where": "atrás da estação\nna praça do mercado\nna oficina\njunto à ponte\nno jardim do museu"
        "\nao lado da igreja"
        "\nnuma aldeia à beira do lago\nna margem",
        "and": "porque já não se encontra\nembora ninguém acreditasse\ne todos ficaram contentes"
        "\nmas o preço era alto demais"
        "\npara que as crianças não passem frio\ne isso foi só o começo\nsem dizer uma palavra",
        "": """
            {who} {did}, {and}.
            {when} havia tanto silêncio {where} que se ouvia o relógio.
            {who} diz que ainda se veem {2~90} lanternas {where}.
            Quem passar {where} {when} deve ir com calma.
            A casa {where} foi construída em {1700~1990} e custou {100~9000} réis.
            “Nunca me esqueci de {thing}”, disse ela {when}.
            {who} {did} {where}.
            Por {2~40} euros consegue-se {thing} {where}.
            As ruas são estreitas, as casas são altas e as pessoas são amáveis.
            No fim {thing} ficou {where}, {and}.
        """,
    },
}

# The weights follow, loosely, how much of the web is in each of these languages.
OTHER_LANGUAGES = ((4, "de"), (3, "ru"), (3, "ja"), (3, "es"), (3, "fr"), (2, "it"), (2, "pt"), (1, "ko"))


def _capitalised(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


_SPEAKERS = {
    language: (Grammar({name: text for name, text in group.items() if name}, _capitalised), lines(group[""]))
    for language, group in _GRAMMARS.items()
}


def foreign_page(draw: Choices) -> tuple[str, str]:
    """A page in another language, as (language, text): two to five paragraphs."""
    language = draw.weighted(OTHER_LANGUAGES)
    grammar, templates = _SPEAKERS[language]
    space = "" if language == "ja" else " "
    paragraphs = [
        space.join(grammar.say(template, draw, {}) for template in draw.sample(templates, draw.between(3, 6)))
        for _ in range(draw.between(2, 5))
    ]
    return language, "\n\n".join(paragraphs)
