"""Everyday sentences in eleven languages, which teach `llmbook.data.language_id` what each of them looks like.

The sentences of a line number mean about the same in every language; Italian, Portuguese, Dutch, Russian and Korean
have the first 30 of them.
"""

SENTENCES = {
    "en": """
The weather is beautiful today, so we are going for a walk in the park.
My sister bought a new coat because winter is coming soon.
Could you please tell me where the nearest station is?
The children were playing in the garden while their parents prepared dinner.
I have never seen such a large library in my whole life.
If it rains tomorrow, the match will be played next week.
He works as a doctor in a small hospital near the coast.
The train was late, and nobody knew the reason.
Every morning she drinks a cup of coffee and reads the newspaper.
They decided to sell their old house and move to the countryside.
The government announced new measures to protect the environment.
Students must hand in their work before the end of the month.
This book tells the story of a girl who travels around the world.
The shop is closed on Sundays and public holidays.
We should talk about this problem with the other members of the group.
Fresh bread smells wonderful when it comes out of the oven.
The company has developed a machine that uses less energy.
What would you do if you had more time for yourself?
The river flows through the city and then into the sea.
My grandfather always said that patience is a great virtue.
Scientists have discovered a new kind of bird in the mountains.
The museum was founded more than one hundred years ago.
You can pay by card or in cash at the counter.
After the concert we ate something in a little restaurant.
The price of vegetables has risen again since last year.
It is difficult to learn a language without speaking it.
The dog slept in front of the fire all evening.
Thank you very much for your help and your kind words.
The road to the village is narrow and full of holes.
She answered the letter immediately, but she did not tell the whole truth.
Which of these two pictures do you like better?
The police are looking for a man with a black hat.
Our teacher explained the rule three times until everybody understood it.
The bridge was destroyed during the war and rebuilt afterwards.
Nobody wanted to be the first to leave the party.
On the left you can see the church, and behind it the town hall.
I would like a room with a view of the lake for two nights.
The new law comes into force at the beginning of next year.
He has forgotten the key, therefore he cannot open the door.
Young people today spend a lot of time on their phones.
The farmer grows wheat, potatoes and apples on his land.
In my opinion this film is too long and rather boring.
The water is boiling, now you can add the salt and the noodles.
Most of the visitors come from abroad during the summer.
She learned to play the violin when she was six years old.
The results of the election were published yesterday evening.
We have known each other since we were at school.
An apple a day is said to keep the doctor away.
The workers are building a new road between the two towns.
Please close the window, it is getting cold in here.
""",
    "zh": """
今天天气很好，所以我们要去公园散步。
冬天快到了，我妹妹买了一件新大衣。
请问最近的车站在哪里？
父母准备晚饭的时候，孩子们在花园里玩耍。
我这辈子从来没有见过这么大的图书馆。
如果明天下雨，比赛就改到下个星期举行。
他在海边的一家小医院里当医生。
火车晚点了，谁也不知道是什么原因。
她每天早上都喝一杯咖啡，看看报纸。
他们决定卖掉老房子，搬到乡下去住。
政府宣布了保护环境的新措施。
学生必须在月底之前交作业。
这本书讲的是一个女孩环游世界的故事。
这家商店星期天和节假日不开门。
我们应该和小组的其他成员谈谈这个问题。
刚出炉的面包闻起来特别香。
这家公司研制出了一种更节能的机器。
要是有更多属于自己的时间，你会做什么？
这条河穿过城市，然后流入大海。
我的爷爷常说，耐心是一种美德。
科学家在山里发现了一种新的鸟。
这座博物馆是一百多年前建立的。
您可以在柜台刷卡或者付现金。
音乐会结束以后，我们在一家小饭馆吃了点东西。
从去年开始，蔬菜的价格又上涨了。
学习一门语言而不去说它是很困难的。
那只狗整个晚上都睡在火炉前面。
非常感谢您的帮助和您的好意。
通往村子的路又窄又坑坑洼洼。
她马上就回了信，但是没有把真相全说出来。
这两幅画你更喜欢哪一幅？
警察正在寻找一个戴黑帽子的男人。
我们的老师把规则讲了三遍，直到大家都明白为止。
那座桥在战争中被毁，后来又重新修建了。
没有人愿意第一个离开晚会。
左边可以看到教堂，后面就是市政厅。
我想要一个能看到湖景的房间，住两个晚上。
新的法律将从明年年初开始实行。
他忘了带钥匙，因此打不开门。
现在的年轻人在手机上花很多时间。
这位农民在自己的地里种小麦、土豆和苹果。
我认为这部电影太长了，而且相当无聊。
水开了，现在可以放盐和面条了。
大多数游客都是夏天从国外来的。
她六岁的时候就学会了拉小提琴。
选举的结果是昨天晚上公布的。
我们从上学的时候起就互相认识了。
据说一天吃一个苹果，医生就不会来找你。
工人们正在两个城镇之间修一条新路。
请把窗户关上，这里越来越冷了。
""",
    "de": """
Das Wetter ist heute schön, deshalb gehen wir im Park spazieren.
Meine Schwester hat einen neuen Mantel gekauft, weil bald der Winter kommt.
Können Sie mir bitte sagen, wo der nächste Bahnhof ist?
Die Kinder spielten im Garten, während ihre Eltern das Abendessen vorbereiteten.
Ich habe in meinem ganzen Leben noch nie eine so große Bibliothek gesehen.
Wenn es morgen regnet, wird das Spiel nächste Woche stattfinden.
Er arbeitet als Arzt in einem kleinen Krankenhaus an der Küste.
Der Zug hatte Verspätung, und niemand wusste den Grund.
Jeden Morgen trinkt sie eine Tasse Kaffee und liest die Zeitung.
Sie haben beschlossen, ihr altes Haus zu verkaufen und aufs Land zu ziehen.
Die Regierung hat neue Maßnahmen zum Schutz der Umwelt angekündigt.
Die Studenten müssen ihre Arbeit vor dem Ende des Monats abgeben.
Dieses Buch erzählt die Geschichte eines Mädchens, das um die Welt reist.
Das Geschäft ist an Sonntagen und Feiertagen geschlossen.
Wir sollten mit den anderen Mitgliedern der Gruppe über dieses Problem sprechen.
Frisches Brot riecht wunderbar, wenn es aus dem Ofen kommt.
Die Firma hat eine Maschine entwickelt, die weniger Energie verbraucht.
Was würdest du tun, wenn du mehr Zeit für dich hättest?
Der Fluss fließt durch die Stadt und dann ins Meer.
Mein Großvater sagte immer, dass Geduld eine große Tugend ist.
Forscher haben in den Bergen eine neue Vogelart entdeckt.
Das Museum wurde vor mehr als hundert Jahren gegründet.
Sie können an der Kasse mit Karte oder bar bezahlen.
Nach dem Konzert haben wir in einem kleinen Restaurant etwas gegessen.
Der Preis für Gemüse ist seit dem letzten Jahr wieder gestiegen.
Es ist schwierig, eine Sprache zu lernen, ohne sie zu sprechen.
Der Hund schlief den ganzen Abend vor dem Feuer.
Vielen Dank für Ihre Hilfe und Ihre freundlichen Worte.
Die Straße zum Dorf ist schmal und voller Löcher.
Sie antwortete sofort auf den Brief, aber sie sagte nicht die ganze Wahrheit.
Welches von diesen beiden Bildern gefällt dir besser?
Die Polizei sucht einen Mann mit einem schwarzen Hut.
Unser Lehrer hat die Regel dreimal erklärt, bis alle sie verstanden haben.
Die Brücke wurde im Krieg zerstört und danach wieder aufgebaut.
Niemand wollte als Erster das Fest verlassen.
Links sehen Sie die Kirche und dahinter das Rathaus.
Ich hätte gern für zwei Nächte ein Zimmer mit Blick auf den See.
Das neue Gesetz tritt am Anfang des nächsten Jahres in Kraft.
Er hat den Schlüssel vergessen und kann deshalb die Tür nicht öffnen.
Junge Leute verbringen heute viel Zeit mit ihren Handys.
Der Bauer baut auf seinem Land Weizen, Kartoffeln und Äpfel an.
Meiner Meinung nach ist dieser Film zu lang und ziemlich langweilig.
Das Wasser kocht, jetzt kannst du das Salz und die Nudeln hinzufügen.
Die meisten Besucher kommen im Sommer aus dem Ausland.
Mit sechs Jahren hat sie Geige spielen gelernt.
Die Ergebnisse der Wahl wurden gestern Abend veröffentlicht.
Wir kennen uns seit der Schulzeit.
Man sagt, dass ein Apfel am Tag den Arzt fernhält.
Die Arbeiter bauen eine neue Straße zwischen den beiden Städten.
Bitte mach das Fenster zu, es wird hier drinnen kalt.
""",
    "fr": """
Il fait très beau aujourd'hui, alors nous allons nous promener dans le parc.
Ma sœur a acheté un nouveau manteau parce que l'hiver arrive bientôt.
Pourriez-vous me dire où se trouve la gare la plus proche ?
Les enfants jouaient dans le jardin pendant que leurs parents préparaient le dîner.
Je n'ai jamais vu une aussi grande bibliothèque de toute ma vie.
S'il pleut demain, le match aura lieu la semaine prochaine.
Il travaille comme médecin dans un petit hôpital près de la côte.
Le train avait du retard et personne ne savait pourquoi.
Chaque matin, elle boit une tasse de café et lit le journal.
Ils ont décidé de vendre leur vieille maison et de s'installer à la campagne.
Le gouvernement a annoncé de nouvelles mesures pour protéger l'environnement.
Les étudiants doivent rendre leur travail avant la fin du mois.
Ce livre raconte l'histoire d'une fille qui voyage autour du monde.
Le magasin est fermé le dimanche et les jours fériés.
Nous devrions parler de ce problème avec les autres membres du groupe.
Le pain frais sent merveilleusement bon quand il sort du four.
L'entreprise a mis au point une machine qui consomme moins d'énergie.
Que ferais-tu si tu avais plus de temps pour toi ?
Le fleuve traverse la ville, puis se jette dans la mer.
Mon grand-père disait toujours que la patience est une grande vertu.
Des chercheurs ont découvert une nouvelle espèce d'oiseau dans les montagnes.
Le musée a été fondé il y a plus de cent ans.
Vous pouvez payer par carte ou en espèces à la caisse.
Après le concert, nous avons mangé quelque chose dans un petit restaurant.
Le prix des légumes a encore augmenté depuis l'année dernière.
Il est difficile d'apprendre une langue sans la parler.
Le chien a dormi devant le feu toute la soirée.
Merci beaucoup pour votre aide et vos paroles aimables.
La route qui mène au village est étroite et pleine de trous.
Elle a répondu tout de suite à la lettre, mais elle n'a pas dit toute la vérité.
Lequel de ces deux tableaux préfères-tu ?
La police recherche un homme qui porte un chapeau noir.
Notre professeur a expliqué la règle trois fois jusqu'à ce que tout le monde la comprenne.
Le pont a été détruit pendant la guerre, puis reconstruit.
Personne ne voulait être le premier à quitter la fête.
À gauche, vous voyez l'église, et derrière elle la mairie.
Je voudrais une chambre avec vue sur le lac pour deux nuits.
La nouvelle loi entrera en vigueur au début de l'année prochaine.
Il a oublié la clé, c'est pourquoi il ne peut pas ouvrir la porte.
Les jeunes passent aujourd'hui beaucoup de temps sur leur téléphone.
Le paysan cultive du blé, des pommes de terre et des pommes sur ses terres.
À mon avis, ce film est trop long et plutôt ennuyeux.
L'eau bout, maintenant tu peux ajouter le sel et les pâtes.
La plupart des visiteurs viennent de l'étranger pendant l'été.
Elle a appris à jouer du violon à l'âge de six ans.
Les résultats des élections ont été publiés hier soir.
Nous nous connaissons depuis l'école.
On dit qu'une pomme par jour éloigne le médecin.
Les ouvriers construisent une nouvelle route entre les deux villes.
Ferme la fenêtre, s'il te plaît, il commence à faire froid ici.
""",
    "es": """
Hoy hace muy buen tiempo, así que vamos a dar un paseo por el parque.
Mi hermana compró un abrigo nuevo porque pronto llega el invierno.
¿Podría decirme dónde está la estación más cercana?
Los niños jugaban en el jardín mientras sus padres preparaban la cena.
Nunca he visto una biblioteca tan grande en toda mi vida.
Si mañana llueve, el partido se jugará la semana que viene.
Trabaja como médico en un pequeño hospital cerca de la costa.
El tren llegó con retraso y nadie sabía el motivo.
Todas las mañanas toma una taza de café y lee el periódico.
Decidieron vender su vieja casa y mudarse al campo.
El gobierno anunció nuevas medidas para proteger el medio ambiente.
Los estudiantes deben entregar su trabajo antes de fin de mes.
Este libro cuenta la historia de una niña que viaja por todo el mundo.
La tienda está cerrada los domingos y los días festivos.
Deberíamos hablar de este problema con los demás miembros del grupo.
El pan fresco huele de maravilla cuando sale del horno.
La empresa ha desarrollado una máquina que consume menos energía.
¿Qué harías si tuvieras más tiempo para ti?
El río atraviesa la ciudad y luego desemboca en el mar.
Mi abuelo siempre decía que la paciencia es una gran virtud.
Los científicos han descubierto una nueva especie de ave en las montañas.
El museo fue fundado hace más de cien años.
Puede pagar con tarjeta o en efectivo en la caja.
Después del concierto comimos algo en un pequeño restaurante.
El precio de las verduras ha vuelto a subir desde el año pasado.
Es difícil aprender un idioma sin hablarlo.
El perro durmió toda la noche delante del fuego.
Muchas gracias por su ayuda y por sus amables palabras.
El camino al pueblo es estrecho y está lleno de baches.
Ella contestó enseguida a la carta, pero no dijo toda la verdad.
¿Cuál de estos dos cuadros te gusta más?
La policía busca a un hombre con un sombrero negro.
Nuestro profesor explicó la regla tres veces hasta que todos la entendieron.
El puente fue destruido durante la guerra y reconstruido después.
Nadie quería ser el primero en irse de la fiesta.
A la izquierda se ve la iglesia y, detrás de ella, el ayuntamiento.
Quisiera una habitación con vistas al lago para dos noches.
La nueva ley entrará en vigor a principios del próximo año.
Se le olvidó la llave, por eso no puede abrir la puerta.
Los jóvenes de hoy pasan mucho tiempo con el teléfono.
El campesino cultiva trigo, patatas y manzanas en sus tierras.
En mi opinión, esta película es demasiado larga y bastante aburrida.
El agua está hirviendo, ahora puedes añadir la sal y los fideos.
La mayoría de los visitantes vienen del extranjero durante el verano.
Aprendió a tocar el violín cuando tenía seis años.
Los resultados de las elecciones se publicaron ayer por la noche.
Nos conocemos desde que íbamos a la escuela.
Dicen que una manzana al día mantiene alejado al médico.
Los obreros construyen una carretera nueva entre las dos ciudades.
Cierra la ventana, por favor, está empezando a hacer frío aquí.
""",
    "ja": """
今日は天気がとてもいいので、公園へ散歩に行きます。
もうすぐ冬が来るので、妹は新しいコートを買いました。
すみません、一番近い駅はどこですか。
両親が夕食の準備をしている間、子どもたちは庭で遊んでいた。
こんなに大きな図書館は生まれてから一度も見たことがない。
もし明日雨が降ったら、試合は来週に行われます。
彼は海の近くの小さな病院で医者として働いている。
電車は遅れていたが、誰もその理由を知らなかった。
彼女は毎朝コーヒーを一杯飲んで新聞を読みます。
二人は古い家を売って、田舎に引っ越すことにした。
政府は環境を守るための新しい対策を発表しました。
学生は月末までにレポートを提出しなければなりません。
この本は、世界中を旅する女の子の物語です。
その店は日曜日と祝日には閉まっています。
この問題についてグループのほかのメンバーと話し合うべきだ。
焼きたてのパンはとてもいい匂いがする。
その会社はエネルギーをあまり使わない機械を開発した。
もっと自分の時間があったら、あなたは何をしますか。
その川は町の中を流れて、それから海に注いでいる。
祖父はいつも、忍耐は大切な美徳だと言っていました。
科学者たちは山の中で新しい種類の鳥を発見した。
その博物館は百年以上前に設立されました。
レジではカードでも現金でもお支払いいただけます。
コンサートのあとで、小さなレストランで少し食べました。
去年から野菜の値段がまた上がっている。
話さないで言葉を覚えるのは難しい。
犬は一晩中、火の前で眠っていた。
ご親切に手伝っていただき、本当にありがとうございました。
村へ行く道は狭くて、穴だらけです。
彼女はすぐに手紙の返事を書いたが、本当のことを全部は言わなかった。
この二枚の絵のうち、どちらが好きですか。
警察は黒い帽子をかぶった男を探しています。
先生はみんながわかるまで、その規則を三回説明してくれた。
その橋は戦争で壊されて、後でまた建てられた。
誰も最初にパーティーから帰りたくなかった。
左に教会が見え、その後ろに市役所があります。
湖が見える部屋を二泊お願いしたいのですが。
新しい法律は来年の初めから始まります。
彼は鍵を忘れたので、ドアを開けることができません。
今の若い人たちはスマートフォンに多くの時間を使っている。
その農家は畑で小麦とじゃがいもとりんごを作っています。
私の考えでは、この映画は長すぎて、かなり退屈だ。
お湯が沸いたから、塩と麺を入れてもいいですよ。
ほとんどの観光客は夏に外国から来ます。
彼女は六歳のときにバイオリンを習いました。
選挙の結果は昨日の夜に発表された。
私たちは学校のころからの知り合いです。
一日に一個のりんごは医者を遠ざけると言われている。
作業員たちは二つの町の間に新しい道を作っています。
窓を閉めてください、ここはだんだん寒くなってきました。
""",
    "it": """
Oggi il tempo è molto bello, quindi andiamo a fare una passeggiata nel parco.
Mia sorella ha comprato un cappotto nuovo perché presto arriva l'inverno.
Mi può dire, per favore, dov'è la stazione più vicina?
I bambini giocavano in giardino mentre i loro genitori preparavano la cena.
Non ho mai visto una biblioteca così grande in tutta la mia vita.
Se domani piove, la partita si giocherà la settimana prossima.
Lavora come medico in un piccolo ospedale vicino alla costa.
Il treno era in ritardo e nessuno sapeva il motivo.
Ogni mattina beve una tazza di caffè e legge il giornale.
Hanno deciso di vendere la loro vecchia casa e di trasferirsi in campagna.
Il governo ha annunciato nuove misure per proteggere l'ambiente.
Gli studenti devono consegnare il lavoro entro la fine del mese.
Questo libro racconta la storia di una ragazza che viaggia intorno al mondo.
Il negozio è chiuso la domenica e nei giorni festivi.
Dovremmo parlare di questo problema con gli altri membri del gruppo.
Il pane fresco ha un profumo meraviglioso quando esce dal forno.
L'azienda ha sviluppato una macchina che consuma meno energia.
Che cosa faresti se avessi più tempo per te?
Il fiume attraversa la città e poi sfocia nel mare.
Mio nonno diceva sempre che la pazienza è una grande virtù.
Gli scienziati hanno scoperto una nuova specie di uccello nelle montagne.
Il museo è stato fondato più di cento anni fa.
Può pagare con la carta o in contanti alla cassa.
Dopo il concerto abbiamo mangiato qualcosa in un piccolo ristorante.
Il prezzo della verdura è aumentato di nuovo rispetto all'anno scorso.
È difficile imparare una lingua senza parlarla.
Il cane ha dormito davanti al fuoco per tutta la sera.
Grazie mille per il vostro aiuto e per le vostre parole gentili.
La strada che porta al paese è stretta e piena di buche.
Lei ha risposto subito alla lettera, ma non ha detto tutta la verità.
""",
    "pt": """
Hoje o tempo está muito bonito, por isso vamos passear no parque.
A minha irmã comprou um casaco novo porque o inverno está a chegar.
Podia dizer-me, por favor, onde fica a estação mais próxima?
As crianças brincavam no jardim enquanto os pais preparavam o jantar.
Nunca vi uma biblioteca tão grande em toda a minha vida.
Se amanhã chover, o jogo será na próxima semana.
Ele trabalha como médico num pequeno hospital perto da costa.
O comboio estava atrasado e ninguém sabia a razão.
Todas as manhãs ela bebe uma chávena de café e lê o jornal.
Eles decidiram vender a sua velha casa e mudar-se para o campo.
O governo anunciou novas medidas para proteger o meio ambiente.
Os estudantes devem entregar o trabalho antes do fim do mês.
Este livro conta a história de uma menina que viaja pelo mundo.
A loja está fechada aos domingos e nos feriados.
Devíamos falar sobre este problema com os outros membros do grupo.
O pão fresco cheira muito bem quando sai do forno.
A empresa desenvolveu uma máquina que gasta menos energia.
O que você faria se tivesse mais tempo para si?
O rio atravessa a cidade e depois corre para o mar.
O meu avô dizia sempre que a paciência é uma grande virtude.
Os cientistas descobriram uma nova espécie de ave nas montanhas.
O museu foi fundado há mais de cem anos.
Pode pagar com cartão ou em dinheiro no balcão.
Depois do concerto comemos alguma coisa num pequeno restaurante.
O preço dos legumes voltou a subir desde o ano passado.
É difícil aprender uma língua sem a falar.
O cão dormiu em frente da lareira durante toda a noite.
Muito obrigado pela sua ajuda e pelas suas palavras gentis.
O caminho para a aldeia é estreito e cheio de buracos.
Ela respondeu logo à carta, mas não contou toda a verdade.
""",
    "nl": """
Het weer is vandaag mooi, dus we gaan een wandeling maken in het park.
Mijn zus heeft een nieuwe jas gekocht omdat het bijna winter is.
Kunt u mij alstublieft zeggen waar het dichtstbijzijnde station is?
De kinderen speelden in de tuin terwijl hun ouders het avondeten klaarmaakten.
Ik heb nog nooit in mijn leven zo'n grote bibliotheek gezien.
Als het morgen regent, wordt de wedstrijd volgende week gespeeld.
Hij werkt als arts in een klein ziekenhuis bij de kust.
De trein had vertraging en niemand wist waarom.
Elke ochtend drinkt ze een kopje koffie en leest ze de krant.
Ze hebben besloten hun oude huis te verkopen en op het platteland te gaan wonen.
De regering heeft nieuwe maatregelen aangekondigd om het milieu te beschermen.
De studenten moeten hun werk voor het einde van de maand inleveren.
Dit boek vertelt het verhaal van een meisje dat over de hele wereld reist.
De winkel is gesloten op zondagen en feestdagen.
We zouden met de andere leden van de groep over dit probleem moeten praten.
Vers brood ruikt heerlijk als het uit de oven komt.
Het bedrijf heeft een machine ontwikkeld die minder energie verbruikt.
Wat zou jij doen als je meer tijd voor jezelf had?
De rivier stroomt door de stad en daarna naar de zee.
Mijn grootvader zei altijd dat geduld een grote deugd is.
Wetenschappers hebben in de bergen een nieuwe vogelsoort ontdekt.
Het museum is meer dan honderd jaar geleden opgericht.
U kunt bij de kassa met een kaart of contant betalen.
Na het concert hebben we iets gegeten in een klein restaurant.
De prijs van groenten is sinds vorig jaar weer gestegen.
Het is moeilijk een taal te leren zonder haar te spreken.
De hond sliep de hele avond voor het vuur.
Hartelijk dank voor uw hulp en uw vriendelijke woorden.
De weg naar het dorp is smal en zit vol gaten.
Ze beantwoordde de brief meteen, maar ze vertelde niet de hele waarheid.
""",
    "ru": """
Сегодня прекрасная погода, поэтому мы идём гулять в парк.
Моя сестра купила новое пальто, потому что скоро зима.
Скажите, пожалуйста, где находится ближайшая станция?
Дети играли в саду, пока их родители готовили ужин.
Я никогда в жизни не видел такой большой библиотеки.
Если завтра пойдёт дождь, матч состоится на следующей неделе.
Он работает врачом в маленькой больнице на побережье.
Поезд опоздал, и никто не знал почему.
Каждое утро она пьёт чашку кофе и читает газету.
Они решили продать свой старый дом и переехать в деревню.
Правительство объявило о новых мерах по защите природы.
Студенты должны сдать работу до конца месяца.
Эта книга рассказывает о девочке, которая путешествует по всему миру.
Магазин закрыт по воскресеньям и праздникам.
Нам следует поговорить об этой проблеме с другими членами группы.
Свежий хлеб чудесно пахнет, когда его достают из печи.
Компания разработала машину, которая потребляет меньше энергии.
Что бы ты сделал, если бы у тебя было больше времени?
Река течёт через город, а потом впадает в море.
Мой дедушка всегда говорил, что терпение — великая добродетель.
Учёные открыли в горах новый вид птиц.
Музей был основан более ста лет назад.
Вы можете заплатить на кассе картой или наличными.
После концерта мы немного поели в маленьком ресторане.
Цены на овощи снова выросли с прошлого года.
Трудно выучить язык, если на нём не говорить.
Собака весь вечер спала перед камином.
Большое спасибо за вашу помощь и добрые слова.
Дорога в деревню узкая и вся в ямах.
Она сразу ответила на письмо, но не сказала всей правды.
""",
    "ko": """
오늘은 날씨가 아주 좋아서 우리는 공원으로 산책을 갑니다.
곧 겨울이 오기 때문에 여동생은 새 외투를 샀다.
실례합니다, 가장 가까운 역이 어디에 있습니까?
부모님이 저녁을 준비하는 동안 아이들은 마당에서 놀고 있었다.
나는 평생 이렇게 큰 도서관을 본 적이 없다.
만약 내일 비가 오면 경기는 다음 주에 열립니다.
그는 바닷가 근처의 작은 병원에서 의사로 일하고 있다.
기차가 늦었지만 아무도 그 이유를 몰랐다.
그녀는 매일 아침 커피를 한 잔 마시고 신문을 읽습니다.
그들은 오래된 집을 팔고 시골로 이사하기로 했다.
정부는 환경을 보호하기 위한 새로운 대책을 발표했습니다.
학생들은 이번 달 말까지 과제를 제출해야 합니다.
이 책은 세계를 여행하는 한 소녀의 이야기이다.
그 가게는 일요일과 공휴일에는 문을 닫습니다.
우리는 이 문제에 대해 다른 회원들과 이야기해야 한다.
갓 구운 빵은 정말 좋은 냄새가 난다.
그 회사는 에너지를 적게 쓰는 기계를 개발했다.
자신을 위한 시간이 더 있다면 무엇을 하고 싶습니까?
강은 도시를 지나서 바다로 흘러 들어간다.
할아버지는 항상 인내가 큰 미덕이라고 말씀하셨다.
과학자들은 산속에서 새로운 종류의 새를 발견했다.
그 박물관은 백 년도 더 전에 세워졌습니다.
계산대에서 카드나 현금으로 낼 수 있습니다.
음악회가 끝난 뒤에 우리는 작은 식당에서 밥을 먹었다.
채소 가격이 작년부터 다시 올랐다.
말을 하지 않고 언어를 배우는 것은 어렵다.
개는 저녁 내내 난로 앞에서 잠을 잤다.
도와주시고 친절하게 말씀해 주셔서 대단히 감사합니다.
마을로 가는 길은 좁고 구멍이 많다.
그녀는 바로 편지에 답장을 했지만 사실을 모두 말하지는 않았다.
""",
}
