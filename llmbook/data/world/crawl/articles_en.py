"""English pages of the crawl: phrases, and for each genre its titles and paragraphs."""

PHRASES = {
    "adj": """
        quiet\nsmall\ncrowded\ncheerful\ndusty\nbright\nnarrow\npleasant\nsimple\nhandsome\nsturdy\nmodest\ngraceful
        old-fashioned\nwell-kept\nfamous\nlively\nhumble\npeaceful\nclever\nstubborn\ngenerous\npractical\nremarkable
    """,
    "made": """
        carefully made\nlight but strong\nhandsome\nsolid\nfinely painted\nplain\nbeautifully finished\nwell balanced
        surprisingly light\na little rough\nhonest\ndelicate\ntougher than it looks\nsmooth to the touch
    """,
    "time": """
        early in the morning\njust before noon\nlate in the afternoon\nshortly after sunset\non a rainy evening
        before the shops opened\nduring the lunch hour\non the last day of the fair\nin the first week of {month}
        one cold night in {month}\nnot long after the spring festival\nwhile the streets were still wet
        on {weekday} morning\non {weekday} evening\nat about {2~11} o'clock\nhalf an hour before closing
    """,
    "weather": """
        a light rain\nthick fog\na warm wind from the river\nbright sunshine\nthe first snow of the year\nlow cloud
        a cold north wind\nsoft morning light\nheavy rain\na clear sky\nmist over the canal\nheat and dust
    """,
    "food": """
        noodle soup\nsteamed buns\nroasted chestnuts\nsesame cakes\nginger tea\nfried dumplings\nrice porridge
        grilled fish\npickled radish\nred bean soup\nhot soy milk\npear juice\nwalnut biscuits\nplum wine
        lotus root salad\na bowl of wontons\nsweet potato\negg pancakes\nsmoked tofu\nosmanthus jelly
    """,
    "person": """
        an old man\na young couple\ntwo students\nmy neighbour\na retired teacher\nthe woman next to me\na ferryman
        a boy of about ten\nthe shop assistant\na traveller from {city2}\nmy cousin\na postman\nthe night watchman
        a group of schoolchildren\na farmer with a cart\nan apprentice\na tired-looking clerk\nsomeone behind me
    """,
    "place": """
        the tea house\nthe ferry landing\nthe back of the hall\nthe market square\nthe old customs house\nthe canal
        the railway station\na side street\nthe bakery on {street}\nthe library\nthe workshop\nthe covered bridge
        the temple steps\nthe bus stop\nthe town hall\nthe edge of the pond\nthe third courtyard\nthe east gate
    """,
    "part": """
        the handle\nthe rim\nthe base\nthe lid\nthe seam\nthe frame\nthe lining\nthe edge\nthe lower half\nthe joint
        the painted side\nthe inside\nthe cord\nthe hook\nthe corner
    """,
    "tool": """
        a sharp knife\na soft brush\na damp cloth\na small hammer\nfine sandpaper\na ruler\na wooden clamp\nthin wire
        a bowl of warm water\nrice glue\na needle and strong thread\na pair of pliers\na pencil\na flat board
    """,
    "feeling": """
        delighted\na little disappointed\npleasantly surprised\nnot convinced\nvery happy\nhalf amused\nrelieved
        curious\nproud\ntired but content\nin two minds\ngrateful\nslightly embarrassed\nimpressed
    """,
    "group": """
        the town council\nthe guild of {craft}s\nthe market office\nthe {city} museum\nthe harbour authority
        the traders' association\na group of volunteers\nthe school board\nthe river company\nthe night market committee
        the fire brigade\nthe {city} choir\nlocal residents\nthe library trust
    """,
    "event": """
        the lantern fair\nthe {month} market\nthe boat race\nthe kite festival\nthe harvest supper\nthe craft exhibition
        the opening of the new bridge\nthe winter concert\nthe street parade\nthe auction\nthe puppet play
        the tea tasting\nthe repair day\nthe book sale
    """,
    "plan": """
        widen {street}\nrepair the {landmark}\nopen a second covered hall\nlower the stall fees\nplant {20~90} new trees
        run a late ferry on {weekday}s\nclose the square to carts\nlight the canal path at night\nrestore the old kiln
        offer evening classes for beginners\nbuild a new landing stage\nmove the fish market
        count visitors at the gates
        publish all prices on a board\nhire {3~14} more guards\nrent out empty shops to young makers
    """,
    "why": """
        because the old one had been damaged by floods\nafter years of complaints\nsince visitors keep asking for it
        as the number of visitors has doubled\nbecause the winter was so mild\nnow that the road is open again
        to make life easier for older people\nafter a small fire in {month}\nbecause materials have become dearer
        since few young people learn the trade\nin time for the holidays\nto save the stallholders some trouble
    """,
    "verb_ed": """
        admired\nrepaired\nmeasured\npainted\nborrowed\nwrapped\ncompared\nphotographed\ncarried home\ntested\nsketched
        polished\nsold\nweighed
    """,
    "reason_like": """
        it does one thing and does it well\nthe colour changes with the light\nit fits on a narrow shelf
        nobody else in the street has one\nit reminds me of my grandmother's kitchen\nit survived the journey home
        you can see the marks of the tool\nit gets better with use\nthe maker signs every piece\nit was worth the walk
        it was cheaper than the train ticket\nit weighs almost nothing\nit makes no noise at all
    """,
    "lesson": """
        patience costs nothing\na good tool is half the work\ncheap glue is never cheap\none should ask before touching
        the shortest road is not always the quickest\nold people remember more than they say\nit pays to come early
        a second look is better than a first price\nrain is no excuse\nnobody gets it right the first time
        small shops need regular customers\na promise is a kind of debt\nit is never too late to learn
    """,
    "child": """
        the youngest daughter\na boy called Pip\nthe miller's son\nan orphan from {city2}\nthe ferryman's niece
        a girl with a limp\nthe smallest apprentice\nthe baker's twin boys\na shepherd girl\nthe clockmaker's pupil
    """,
    "animal": """
        a lame fox\na grey heron\nan old carp\na talking magpie\na white ox\nthe temple cat\na very small dragon
        a hungry badger\na blind horse\na thin dog\nthree geese\na stork with one eye
    """,
    "magic": """
        a lantern that never went out\na bell without a tongue\na key of ice\nan empty birdcage\na coin with two faces
        a map that changed at night\na flute made of bone\na mirror that told the truth\na jar full of wind
        a box that could not be opened\na robe with a hundred pockets\na drum that only the dead could hear
    """,
    "hue": "red\nblue\ngreen\nyellow\nblack\nwhite\npurple\ngrey\nbrown\ncream\norange\nsea green",
    "user": """
        oldlamp{10~99}\nkite_runner\nteacup{100~999}\nmoss_and_stone\nbrushstroke\nriver_otter{2~99}\npinecone
        night.ferry\nplumtree{10~99}\nslowpotter\nhandle_with_care\nthird_bridge\nxiaohe{1~99}\npaperfan\ninkwell{1~999}
        maple88\nwoodshaving\ntinpot\nlatebus\nquietcrane
    """,
}

GENRES = {
    "news": {
        "titles": """
            {group} to {plan}
            {city} {wins prize for|argues about|celebrates} {its|the} {colour} {nouns}
            Visitors crowd {city} for {event}
            {craft} from {city} wins {month} prize
            {Record|Poor|Mixed} season for {nouns} in {region}
            New rules for {city} market from {weekday}
            {city} says goodbye to its oldest {craft}
            Fewer {nouns}, higher prices in {city}
        """,
        "paragraphs": (
            (("lead", 2, 2),),
            (("detail", 2, 4), ("quote", 1, 1)),
            (("quote", 1, 2), ("background", 1, 3)),
            (("detail", 1, 3), ("figures", 1, 2)),
            (("background", 1, 2), ("next", 1, 2)),
        ),
        "lead": """
            {group} announced on {weekday} that it would {plan} {why}.
            {event} drew {2~49},{100~999} visitors to {city} this year, {well over the figure of|slightly fewer \
            than in|about as many as in} {1990~2022}.
            {time}, {person} found {a broken|an unusual|a very old} {material} {noun} near the {landmark} in {city}.
            After {3~30} years at {place}, {shop} in {city} is to {close its doors|move to {street}|open a second \
            branch}.
            {maker}, {adj} {craft} of {city}, has won the first prize at {event}.
            Prices of {nouns} in {region} have {risen|fallen} by {2~38} per cent since {month}, {group} said.
            A plan to {plan} has divided {city}, where {nouns} have been made since {founded}.
            Traders in {city} {spoke of|reported|complained about} {the best|the slowest|an odd} {month} in {3~40} \
            years.
            With {weather} over the town, {event} opened in {city} on {weekday}.
            A {colour} {noun} made of {material} was sold for {40~900} coins {time}, a record for {city}.
        """,
        "detail": """
            The work should begin {time} and take about {2~30} weeks.
            {person} who saw it said that the crowd reached as far as {place}.
            Stalls will stand on {street} and around the {landmark}, and carts must take the road past {place}.
            About {10~90} families in {city} live from {nouns}, and most of them welcome the idea.
            The cost, some {1~9}0,000 coins, will be shared with {group}.
            Nobody was hurt, but {3~40} {nouns} and a quantity of {material} were lost.
            The hall, with its {adj} roof and room for {60~800} people, had stood empty since {1950~2015}.
            Those who want to take part can register at {place} until the end of {month}.
            Visitors came from {city2} and even from {region}, many of them by {ferry|night train|bus|bicycle}.
            In the side rooms, {maker} showed how a {noun} of {material} is made from start to finish.
            For the first time the jury also accepted work by {students|apprentices|amateurs} from {city2}.
            Some stallholders would rather {plan}, which they say costs less.
            At {shop} on {street} the last {colour} {nouns} were gone by {9~12} o'clock.
            The committee had received {20~400} letters, of which {3~19} were against it.
        """,
        "quote": """
            "We have waited {a long time|years|far too long} for this," said {maker}, who {has worked in|was born \
            in|came to} {city} in {1960~2005}.
            "{People|Customers|Visitors} don't come for the {noun}, they come for the {street music|smell of \
            {food}|company}," {owner} of {shop} said.
            "If they really {plan}, I shall be the first to say thank you," said {name}, a retired {craft}.
            {name}, who speaks for {group}, called the figures "{encouraging|worrying|better than we feared}".
            "My father sold {nouns} on this corner, and so shall I," {name} told us {time}.
            "It is not the money," {maker} said. "It is that {lesson}."
            According to {name}, {group} will decide "when everybody has been heard and not a day sooner".
            {owner} was more careful: "Ask me again in {month}."
            "I was {feeling}," said {name}, {who had come from {city2} with {person}|who had waited since dawn|who \
            won a {noun}}.
        """,
        "background": """
            {city}, a town of {population} people in {region}, is known for its {speciality}.
            {shop} was opened in {opened} and sells {department}; it is closed on {closed}.
            {maker} learned the trade {in {city2}|late in life|from an aunt} and is said to think of nothing but \
            {hobby}.
            The {landmark} was last repaired in {1920~1999}, when {group} gave {100~900} coins for it.
            The town has held {event} since {1850~1990}, with a pause of {2~9} years during the floods.
            In {region} {nouns} are traditionally made of {material}, though {material2} is cheaper.
            Until {1960~1999} {street} was the only road to {place}, and everything came by boat.
            Similar plans failed in {city2} {why}.
        """,
        "figures": """
            Last year {300~900} {nouns} were sold, {60~290} of them to visitors from {city2}.
            A good {noun} costs between {price} and {price2} coins today; in {1980~2010} it was half of that.
            Of {group}'s {20~80} members, {3~19} are younger than thirty.
            The {month} figures show {4~60} new stalls and {2~30} closures.
            On average a visitor spends {2~9} hours and {6~60} coins in the market.
            {city2}, by comparison, counted {1~9},{100~999} visitors in the same month.
        """,
        "next": """
            The next meeting is on {weekday} at {2~9} in the {afternoon|evening}, and everybody is welcome.
            {event} will return in {month}, weather permitting.
            Until then {place} remains closed.
            A decision is expected before the end of {month}.
            The {noun} can be seen at {place} until {weekday}.
            Whether {city2} will follow is an open question.
        """,
    },
    "blog": {
        "titles": """
            What I learned from a {adj} {noun}
            A {weekday} in {city}
            Notes from my {adj} kitchen, {month}
            {3~12} months with a {material} {noun}
            Why I went back to {city}
            On {hobby} and {nouns}
            Things I carried home from {event}
            The {noun} on my shelf
        """,
        "paragraphs": (
            (("opening", 1, 2), ("scene", 1, 2)),
            (("scene", 2, 3), ("talk", 1, 1)),
            (("thought", 1, 2), ("object", 1, 3)),
            (("talk", 1, 2), ("scene", 1, 2)),
            (("thought", 1, 2), ("end", 1, 2)),
        ),
        "opening": """
            I had not planned to write about {city} again, but {time} I {met|ran into|sat next to} {person} and \
            changed my mind.
            It has been {3~40} {days|weeks} since I last posted here, mostly {why}.
            Some of you asked how the {material} {noun} is doing, so here is the answer.
            Every {month} I promise myself to do less, and every {month} I end up at {place}, busy with {hobby}.
            Last {weekday} I took the {first|last|wrong} train to {city} and stayed {two|three|four} days.
            My {aunt|grandfather|landlady|sister} {gave|left|sent} me a {colour} {noun}, and with it came a story.
            There are two kinds of people in {city}: those who like {food} and those who have not tried it.
        """,
        "scene": """
            {time} there was {weather}, and {street} smelled of {food}.
            {person} was {mending a {noun}|counting coins|reading aloud|arguing with the baker|asleep} near {place}.
            We sat down at {place} and ordered {food} and, later, {food} as well.
            From the {landmark} you can see {place}, {the river|the rice fields|the smoke of the kilns} and, on a \
            clear day, {city2}.
            I {verb_ed} the {noun} twice and still could not say what it was made of.
            Somebody had left {tool} and {tool} on the table, as if the work were to go on any minute.
            The lamps went on at {5~8}, one after the other, all along {street}.
            A cart with {nouns} blocked the way to {place}, and nobody seemed to be in a hurry.
            I walked from {place} to {place} and counted {7~45} {nouns} in the windows.
            On the way back {weather} caught us near {place}.
            {maker} had the door open and talked about {hobby} between two customers.
            At {shop} they {wrapped|weighed|dusted} everything as though it were made of {glass|eggshell|gold leaf}.
        """,
        "talk": """
            "{You are early|You again|You look cold}," said {owner}, and {put the kettle on|pointed at a \
            stool|went on sweeping}.
            I asked {name} whether the {noun} was for sale, and heard a good minute of laughter.
            {name} told me that {lesson}, which is easy to say with {food} in front of you.
            "{price} coins," said {person}, "and not one less, {why}."
            {maker} says that {material} has its own will and that {lesson}.
            My friend {name} thinks I should {plan}, but then {name2} thinks so about everybody.
            We talked about {event}, about {hobby}, and about people who had moved to {city2}.
        """,
        "object": """
            The {noun} is {made}; {part} is of {material}, the rest of {material2}.
            I like it because {reason_like}.
            It cost {price} coins, {price2} less than the one I saw in {city2}.
            After {2~20} weeks {part} has become darker, and I find that I look at it more often.
            The maker's mark, a {motif}, is under {part}.
            It is {made}, and {reason_like}.
            If I had to complain, it would be about {part}, which {creaks|is a bit loose|catches dust|gets hot}.
            Beside it stands the {product} that I bought in {1995~2021}, and they get along.
        """,
        "thought": """
            I keep thinking that {lesson}.
            Perhaps this is what people mean when they say that {lesson}.
            It made me {feeling}, and I am not sure that I can explain it.
            A {noun} is not much, but {reason_like}, and that is more than I can say of my telephone.
            For years I believed the opposite, {why}.
            I am {feeling}, to be honest, and would do it again.
            What stays is the sound of {place} {time}.
            One could write a whole book about {nouns} and never mention {material}.
        """,
        "end": """
            Next time: {food}, and how not to burn it.
            If you are ever in {city}, go to {place} {time} and say hello from me.
            That is all for {month}.
            Write me what you think, and whether {lesson} where you live.
            I shall report back in {month}.
            And now I must go, the {food} is getting cold.
            Thank you for reading, as always.
        """,
    },
    "review": {
        "titles": """
            {product}: {2~10} weeks later
            Review: the {product} by {maker}
            {product} or {product2}?
            Is the {product} worth {price} coins?
            A {adj} {noun} from {city}
            {shop}, {city}: what to expect
        """,
        "paragraphs": (
            (("bought", 2, 2),),
            (("look", 2, 4),),
            (("use", 2, 4),),
            (("against", 1, 2), ("compare", 1, 2)),
            (("verdict", 2, 3),),
        ),
        "bought": """
            I {bought|ordered|was given} the {product} at {shop} in {city} for {price} coins, {why}.
            My old {noun} broke {time}, so I needed another one quickly.
            {owner} at {shop} {recommended|did not recommend|only reluctantly sold me} it.
            We use it {every day|twice a week|only for guests|in the garden}, and by now it has seen {food}, rain \
            and {person}.
            It came in {brown paper|a box that was too large|straw|a cotton bag} after {2~20} days.
            I had read about it in {a guide to {city}|an old catalogue|somebody's letter} and expected little.
            This is my {second|third|fourth} {noun} from {city}, so I can compare.
        """,
        "look": """
            The {noun} is {size}, {colour} and {made}.
            {part} is made of {material}, and {part} of {material2}, which {looks good|was a surprise|is not what \
            the label says}.
            It weighs {120~980} grams and is {8~60} centimetres {high|wide|across}.
            The {motif} on {part} is painted by hand, so no two are the same.
            Out of the box it smelled of {resin|smoke|new paint|nothing at all}, which went away after {2~9} days.
            Compared to the pictures, the colour is {darker|paler|warmer}.
            Small scratches on {part} show that somebody really made this with {tool}.
            There is no label, only the {motif} of {maker} under {part}.
        """,
        "use": """
            In daily use {part} stays {cool|dry|clean|tight}, even when there is {weather} outside.
            Cleaning takes {2~9} minutes with {tool} and a little patience.
            After {20~200} uses {part} shows a few marks, nothing serious.
            My {son|mother|flatmate|colleague} dropped it {time}; it survived.
            I took it to {event}, and {person} asked me where to buy one.
            You have to get used to {part}, but then {reason_like}.
            It holds {2~9} {cups|portions|candles|brushes}, which is enough for {two|three|four} people.
            On the {second|third|tenth} day I noticed that {part} moves a little; {tool} put it right.
            I have also tried it with {food}, and I was {feeling}.
        """,
        "against": """
            What I don't like: {part} is hard to reach, and {part} {creaks|gets warm|collects dust}.
            At {price} coins it is {not cheap|dearer than it should be|a luxury}.
            The shop is closed on {closed}, and {owner} answers letters only {time}.
            There are no spare parts for {part} outside {city}.
            The instructions, {2~9} pages of them, forget to say how to {open it|clean it|carry it}.
            I would have wished for {another colour|a better cord|a smaller size|less paint}.
        """,
        "compare": """
            The {product2} costs {price2} coins and is {lighter|heavier|less pretty|easier to repair}.
            In {city2} you can get something similar of {material2} for {5~60} coins, but it isn't {made}.
            A friend has the {product2}, and after {2~9} years {part} is still like new.
            Next to my grandmother's {noun} of {1930~1970} it looks {young|thin|almost shy}.
            {shop} also sells one in {tint}, which I find {nicer|rather loud|dull}.
        """,
        "verdict": """
            Would I buy it again? {Yes, because {reason_like}.|Probably, at a lower price.|Yes, but in another \
            colour.|Ask me in a year.}
            {Four|Three and a half|Five|Three} stars out of five: {reason_like}.
            I was {feeling} at first and am {feeling} now.
            Buy it if you like {hobby}; leave it if you are in a hurry.
            For beginners I would say: start with {something simpler|the {product2}|a used one}, {lesson}.
            All in all a {adj} {noun}, and {reason_like}.
            If {maker} reads this: please change {part}, and leave the rest as it is.
        """,
    },
    "howto": {
        "titles": """
            How to repair a {noun} of {material}
            {3~9} steps to a clean {noun}
            Making a {size} {noun} at home
            How to choose a {noun} (and not regret it)
            Looking after {material}: a short guide
            {food} for {4~12} people, {city} style
        """,
        "paragraphs": (
            (("why", 2, 2), ("need", 1, 2)),
            (("first", 2, 3), ("warn", 0, 1)),
            (("then", 3, 4),),
            (("then", 2, 3), ("warn", 1, 1)),
            (("last", 2, 2), ("tip", 1, 2)),
        ),
        "why": """
            A {noun} of {material} lasts {10~60} years if you treat it well, and most people don't.
            I have repaired {20~400} {nouns} in my life, and {part} is nearly always where the trouble begins.
            {maker} of {city} showed me this method {time}, and I have not found a better one since.
            You can buy a new {noun} for {price} coins, or spend an afternoon and keep the old one.
            Many guides tell you to use {tool}; there is a gentler way.
            This works for {nouns} of {material} and, with some care, of {material2}.
        """,
        "need": """
            You need {tool}, {tool} and about {20~90} minutes.
            Have {tool} ready, and {tool} in case something slips.
            Everything can be had at {shop} or any shop that sells {department}, for {4~40} coins in all.
            Work on a table near a window, not at {place}, and cover it with {old newspaper|a towel|a board}.
        """,
        "first": """
            First look at {part} from below: if it is {cracked|loose|dark}, start there.
            Remove {part} with {tool} and put it where you'll find it again.
            Wash {part} in lukewarm water and let it dry for {2~24} hours.
            Mark the middle of {part} with {tool}, {3~30} millimetres from {part}.
            Take a picture, so that you know later how {part} was fixed.
            Soak the {material} {overnight|for {10~50} minutes|until it bends} and keep {tool} at hand.
        """,
        "then": """
            Then fold {part} inwards, slowly, until it touches {part}.
            Now put {2~9} drops of glue on {part} and press for {20~90} seconds.
            Turn the {noun} round and do the same with {part}.
            Cut a strip of {material}, {4~40} centimetres long and a finger wide, and lay it around {part}.
            Tie both ends with {thin wire|cotton thread|a strip of bark} and wait {5~50} minutes.
            With {tool}, smooth {part} until you feel no edge.
            If {part} does not fit, don't force it; warm it over steam for {2~9} minutes and try again.
            Paint {part} in {colour} or {hue}, two thin coats rather than a thick one.
            Check every {5~30} minutes that {part} has not moved.
            Rub {part} with {beeswax|linseed oil|half a walnut|dry salt}, always in the same direction.
            Hang it up by {part} in a place without sun, for instance near {place}.
        """,
        "warn": """
            Never use {tool} here: one slip and {part} is gone.
            Do not hurry this step, as {lesson}.
            Keep children away from {tool} while you work.
            If it smells of smoke, stop at once and open a window.
            Don't leave it out in {weather}.
        """,
        "last": """
            At the end put {part} back and tighten it by {a quarter|half|three quarters} of a turn.
            Leave the {noun} alone for {2~9} days before you use it.
            Test it with {water|a candle stump|a little rice|your own weight}: nothing should {drip|wobble|rattle}.
            Write the date on {part}; you will want to know it in {3~9} years.
        """,
        "tip": """
            A tip from {maker}: {lesson}.
            The same trick works for a {product}, only with {material2}.
            If you get stuck, ask at {shop} in {city}; {owner} is {friendly|strict but helpful|usually there on \
            {weekday}s}.
            Leftover {material} makes a good {noun2}.
            Your second {noun} will take half the time.
        """,
    },
    "forum": {
        "titles": """
            {Question|Help|Advice wanted}: {material} {noun}, {part} {broken|loose|too dark}?
            Where to buy {nouns} in {city}?
            Which {noun} for a beginner?
            [{solved|open|moved}] My {noun} makes a noise
            Who else went to {event}?
            {city} or {city2} for a week in {month}?
        """,
        "paragraphs": (
            (("ask", 2, 3),),
            (("reply", 2, 3),),
            (("reply", 2, 4),),
            (("back", 1, 2), ("reply", 1, 1)),
            (("reply", 1, 2), ("done", 1, 1)),
        ),
        "speakers": (0, 1, 2, 0, 3),  # who writes which paragraph
        "ask": """
            Hello everybody, I {bought|inherited|found} a {noun} of {material} {time} and don't know how to \
            {clean|use|store} it.
            {part} is {cracked|sticky|bent}, about {2~20} millimetres, and I am afraid to make it worse.
            I read that one can use {tool}, but {person} told me that this ruins {material}.
            My budget is {20~200} coins and I live in {city}, so {shop} would be easy.
            We shall be in {city} for {2~9} days in {month} and want to see {event}.
            Is it true that {shop} closes on {closed}?
            What would you do in my place?
            I have searched the forum, but the threads are from {1999~2012}.
        """,
        "reply": """
            I had the same problem with {part} {2~9} years ago; {tool} and patience helped.
            Don't listen to people who tell you to use {tool}, {lesson}.
            Go to {shop} on {street} and ask for {owner}, who knows everything about {nouns}.
            For {material} I always take {tool}, never {tool}.
            It depends: is {part} {glued|sewn|nailed}, and how old is it?
            {city} is lovely in {month}, though {event} is rather crowded.
            Mine is a {product} from {1960~2010}, {made}, and I would not swap it for a new one.
            As somebody who makes {nouns} for a living: {lesson}.
            I paid {price} coins for mine, {why}.
            There was {weather} when we were there, so bring a coat and eat {food} at {place}.
            Can you post a picture of {part}?
            The cheap ones are of {material2} and last {2~12} months at best.
            Seconded, and {reason_like}.
            My {uncle|teacher|neighbour} swears by {food} and {tool}, but I am {feeling}.
        """,
        "back": """
            Thanks, I tried it {time} and {part} is much better now.
            Update: {tool} worked, {part} did not survive.
            I asked at {shop}; they want {price2} coins for the repair.
            Sorry for the late answer, I was at {event}.
            You were right about {part}, and I was {feeling}.
        """,
        "done": """
            Closing this, since {lesson}.
            Glad it worked, send us a picture when the {noun} is done.
            See you at {event}, then.
            I'll write it up for the wiki in {month}.
        """,
    },
    "company": {
        "titles": """
            About {shop}
            {shop}: {department} since {opened}
            Our {craft}s
            Visit us in {city}
            {shop} in {season}: news from the workshop
        """,
        "paragraphs": (
            (("who", 2, 3),),
            (("what", 2, 4),),
            (("people", 2, 3),),
            (("service", 2, 3),),
            (("visit", 2, 2), ("bye", 0, 1)),
        ),
        "who": """
            {shop} has sold {department} on {street} in {city} since {opened}.
            We are a family business of {3~19} people, and {owner} runs it in the {second|third|fourth} generation.
            It began with a {adj} stall near the {landmark} and {4~30} {nouns}.
            After the fire of {1930~1975} the house was rebuilt in {material2} and {stone|brick|pine}.
            Our sign, a {motif}, was painted by {name} in exchange for {food}.
        """,
        "what": """
            Our {nouns} are made of {material} from {region}, and each takes about {2~40} hours.
            The {product} by {maker} is what most people come for; it costs {price} coins.
            We keep {40~900} pieces in stock and make to order in {2~12} weeks.
            Every {noun} is {made} and is checked {twice|three times} before it leaves the house.
            Broken pieces are repaired, whatever their age, {why}.
            New this {season}: {nouns} in {tint} and a smaller {product2}.
            We use no {varnish|plastic|machine glue}; {part} is {sewn|pegged|tied} as it was in {1890~1940}.
        """,
        "people": """
            {maker}, our {craft}, came to us in {1970~2015} and still finds time for {hobby}.
            {name} looks after the accounts and the cat, {name2} after orders from {city2}.
            Apprentices stay for {2~5} years; the first thing they learn is that {lesson}.
            On {weekday} evenings {maker} teaches beginners at {place}, {6~14} at a time.
            Three of us were born in {city}, one in {city2}, and nobody wants to leave.
        """,
        "service": """
            Parcels go out on {weekday} and reach {city2} within {2~9} days.
            You may return a {noun} within {10~60} days if {part} is not to your liking.
            For schools and choirs we give {5~20} per cent off from {6~30} pieces.
            Wrapping is free, and we use {straw|old newspaper|cotton|rice husks}.
            Ask us for a drawing before we begin; it costs {2~9} coins and is deducted later.
            Repairs take {3~30} days, longer before {event}.
        """,
        "visit": """
            The shop is open from {7~10} to {5~8}, and closed on {closed}.
            From the station it is {4~25} minutes on foot: past {place}, then left at {place}.
            There is tea, and in {month} there is {food}.
            If the door is locked, knock at {place}; somebody is always in.
            During {event} we stay open until {9~11} in the evening.
        """,
        "bye": """
            We look forward to seeing you.
            Come in, and take your time.
            You will know us by the {colour} {noun} above the door.
        """,
    },
    "travel": {
        "titles": """
            {2~5} days in {city}
            From {city} to {city2} on foot
            {city} in {month}: a diary
            Where to eat near the {landmark}
            The slow way to {city}
        """,
        "paragraphs": (
            (("arrive", 2, 2), ("view", 1, 1)),
            (("walk", 2, 4),),
            (("eat", 1, 2), ("meet", 1, 2)),
            (("walk", 1, 3), ("view", 1, 1)),
            (("advice", 2, 3),),
        ),
        "arrive": """
            We reached {city} {time}, {tired|hungry|wet to the skin}, with {weather} behind us.
            The {ferry|bus|train} from {city2} takes {2~9} hours and costs {3~30} coins.
            {city} lies in {region}, has {population} inhabitants and was founded in {founded}.
            Most guides give {city} half a page, which is {unfair|about right|why we went}.
            Our room, above {place}, cost {6~40} coins and had a view of the {landmark}.
            I had been here in {1985~2015}, and {street} has hardly changed.
        """,
        "view": """
            From the top of the {landmark} one sees {region} spread out like a {colour} {noun}.
            {weather} lay over the roofs, and somewhere {person} was singing.
            The light on {street} turned {tint}, and even {person} stopped to look.
            At night the canal is full of {reflections|frogs|paper boats|voices}.
        """,
        "walk": """
            Start at the {landmark}, go down {street} and turn {left|right} where you smell {food}.
            In the {morning|afternoon} we walked to {place}, where {craft}s have worked since {1700~1900}.
            At {shop}, which sells {department}, I {verb_ed} a {noun} and left without it.
            The path along the river is {3~19} kilometres long and passes {place} and {place}.
            {event} happened to be on, so every window had a {noun} in it.
            We got lost near {place} and were rescued by {person}.
            The museum keeps {30~700} {nouns}, the oldest from {1500~1890}.
            Behind {place} there is a {adj} garden that no map shows.
            On {weekday} everything was closed except {shop} and {place}.
            We rented bicycles for {2~9} coins and rode to {city2} and back.
        """,
        "eat": """
            For breakfast there is {food} at {place}, from {5~7} o'clock on.
            The best {food} in town, {4~15} coins, is sold by {person} next to {place}.
            Order {food} with {food}; everybody does.
            In the evening we had {food}, {food} and too much plum wine for {10~60} coins.
            Don't miss the {food}, even if {person} warns you.
        """,
        "meet": """
            {maker}, a {craft}, let us watch for an hour and told us that {lesson}.
            At the next table sat {name}, who has come every {month} for {4~30} years.
            {person} asked where we were from and {drew us a map|gave us {food}|corrected our accent}.
            {owner} explained why {nouns} here are made of {material}: {reason_like}.
            We shared the boat with {person} and {person}.
        """,
        "advice": """
            Go in {month}, not in {month2}, and avoid {closed}.
            Take {good shoes|an umbrella|small coins|a second bag} and leave the {noun} at home.
            If you have only one day, skip {place} and see the {landmark} {time}.
            Book the {ferry|room|guide} {2~9} weeks ahead when there is {event}.
            And remember that {lesson}.
            We spent {40~400} coins for two, {nouns} included.
            Would I return? I already have, {time}.
        """,
    },
    "story": {
        "titles": """
            The {noun} of {city}
            {name} and the {noun}
            The {craft} and {animal}
            A tale from {region}
            What the {landmark} heard
            {magic}
        """,
        "paragraphs": (
            (("once", 2, 2),),
            (("trouble", 2, 3),),
            (("road", 3, 4),),
            (("turn", 2, 3),),
            (("after", 2, 2),),
        ),
        "once": """
            Long ago, when {city} was a village of {7~90} huts, there lived a {craft} who owned {magic}.
            In the year of the {great flood|long winter|two moons} {child} came to {city} with {magic} under one arm.
            Nobody in {region} could make a {noun} like {maker}, and nobody was {lonelier|prouder|poorer}.
            {child} had {2~9} brothers and no shoes, but could whistle like {animal}.
            Every evening {animal} sat on the steps of the {landmark} and waited.
            In those days {nouns} were made of {material} and kept {for a hundred years|behind three doors|in the \
            temple}.
        """,
        "trouble": """
            One night, with {weather} over the town, {magic} was stolen.
            "Bring me a {noun} of pure {material}," said the governor, "before {month} ends, or {leave the \
            town|lose your house|marry my uncle}."
            The river rose as far as {place}, and the {nouns} floated away one by one.
            {animal} came to the door and said: "I know what you have lost."
            Then the lamps of {city} went out, first on {street}, then everywhere.
            {child} opened the box, although {2~9} people had said not to.
            The {craft} fell ill, and no medicine but {food} would help.
        """,
        "road": """
            So {child} packed {food} and {tool} and took the road to {city2}.
            On the {second|third|seventh} day a stranger offered {magic} in exchange for the {noun}.
            At {place} {animal} blocked the way and asked a riddle that had {2~9} answers.
            They walked through {weather} until they heard a drum, though there was no drummer.
            In {city2} nobody would speak to them except {person}.
            "{lesson}," said {animal}, "but you will not believe me until {month}."
            For {3~40} nights they slept under a cart and ate nothing but {food}.
            {child} sold the {noun} for {3~30} coins and bought it back for {31~90}.
            Behind the {landmark} they found a door, and behind the door {magic}.
            {animal} laughed so hard that the bridge shook.
            The {craft} counted the stars, lost count, and began again.
        """,
        "turn": """
            When {child} lit the {noun}, everybody saw that the governor was only {animal} in a robe.
            The thief was nobody else than {person}, who wept and gave back {magic}.
            "You had it all the time," said {animal}, and vanished in {weather}.
            Then the {noun} broke, and out of {part} fell {a hundred coins|a letter from {1600~1800}|a seed|a song}.
            Instead of an answer {child} offered {food}, and that was the answer.
            The water went back as far as {place} and left {magic} on the steps.
            With {tool} and a steady hand {child} mended what {2~9} masters had given up.
        """,
        "after": """
            Since then a {colour} {noun} hangs above {street}, and no one remembers why.
            They lived on {street} for {20~70} years and never locked the door.
            People in {city} still say: "{lesson}."
            As for {animal}, some have seen it near {place} when there is {weather}.
            And if the {noun} has not burnt out, it shines there still.
        """,
    },
    "qa": {
        "titles": """
            Frequently asked questions about {nouns}
            {shop}: your questions
            {city} market: what visitors ask
            {material} or {material2}? Questions and answers
        """,
        "paragraphs": (
            (("intro", 1, 2),),
            (("pair", 1, 1), ("more", 1, 2)),
            (("pair", 1, 1), ("more", 1, 2)),
            (("pair", 1, 1), ("more", 1, 2)),
            (("pair", 1, 1), ("more", 1, 2)),
        ),
        "intro": """
            {owner} of {shop} answers what people ask {most often|at the counter|by letter}.
            We collected these questions during {event}, and {maker} was kind enough to answer them.
            This page was last checked in {month} {2015~2023} by {name}.
            Can't find your question? Ask at {place} on {weekday}s.
        """,
        "pair": """
            How long does a {noun} last? With normal use {3~30} years, if {part} stays dry.
            Which {material} is best? The one from {region}, because {reason_like}.
            How do I get to {shop}? Walk past {place} and turn {left|right} into {street}.
            Can I bring {my dog|children|my own {material}}? Yes, but please not during {event}.
            Why is the {product} so expensive? It takes {maker} {12~80} hours, and {part} is made by hand.
            What if {part} breaks? Bring it to {place}; a repair costs {2~30} coins.
            When is the best time to visit {city}? In {month}, {time}.
            Is the {colour} paint safe? Yes: it is made from {plants|minerals|soot and oil}, as in {1800~1930}.
            Do you sell to {city2}? We do, in parcels of up to {4~40} {nouns}.
            May I watch the {craft}s at work? On {weekday}s, from {8~11} to {2~5}.
            How should I clean it? With {tool}, never with {tool}.
            What does the {motif} mean? In {city} it stands for {luck|a long life|homecoming|a good harvest}.
        """,
        "more": """
            Older ones, from before {1950~1985}, need more care, especially around {part}.
            {maker} adds that {lesson}.
            If you are unsure, write to us before {month}.
            For {nouns} of {material2} the answer is different, as {part} is {softer|glued|hollow}.
            Replacing {part} costs {2~25} coins.
            Please don't use {tool}, whatever {person} tells you.
            In {city2} they do it the other way round, and it works as well.
            Many customers were {feeling} when they heard that.
            The exception is {event}, when everything takes {2~9} days longer.
            You may also try {food}, which costs nothing and helps the mood.
            Three out of {4~9} customers decide for {material}, {why}.
        """,
    },
}

# How a boast, a question or an aside may begin or end a sentence that would otherwise be bare.
LEADS = """
    To be fair,
    In the end,
    Oddly enough,
    As far as I know,
    Years later,
    By the way,
    Strangely,
    If I remember rightly,
    Not for the first time,
    Once again,
    At least here,
    So they say:
"""

# Paragraphs for pages of any genre, each of some sentences from one of these pools.
ASIDES = {
    "town": """
        {city} has {2~14} bridges, {3~40} wells and, depending on whom you ask, {two|three|several} good bakeries.
        On {street} the houses lean towards each other, and {person} can shake hands with the house opposite.
        The oldest house, next to {place}, was built in {1500~1850} and has been {a school|a stable|an inn} ever since.
        People here get up {early|late}, eat {food} standing, and talk about {weather2} as if it were a relative.
        The river brings {mud|timber|visitors} in {month} and takes {half of it|most of it|nothing} away again.
        Every child in {city} knows the way from {place} to the {landmark} with closed eyes.
        Between {place} and {place} there used to be a wall, of which {10~90} metres are left.
        The bell rings at {5~9} in the morning and at {6~10} in the evening, and nobody sets a clock by it.
        In {month} the whole town smells of {food} and wet {material}.
        There is a saying in {region}: when it rains in {city2}, they sell umbrellas in {city}.
        The bus to {city2} leaves {3~12} times a day, except on {weekday}, when it leaves when it likes.
        Two rivers meet behind {place}, one brown and one {hue}, and for a while they do not mix.
        {group} keeps a list of all {nouns} in public buildings; at the last count there were {40~900}.
        Rents on {street} have {doubled|stood still|fallen a little} since {1995~2015}.
    """,
    "trade": """
        Good {material} is {2~9} years old before anybody touches it.
        The word for {noun} in the dialect of {region} means {little moon|patient friend|something borrowed}.
        A {craft} needs about {3~12} years to learn the trade and the rest of a life to earn with it.
        Most {nouns} are finished {time}, when the light is even.
        Of every {10~40} pieces {one|two|three} {goes|go} back into the fire.
        The pattern with the {motif} was brought from {city2} in {1600~1930}, probably by {person}.
        What looks like decoration on {part} is in fact there to keep it from {warping|slipping|cracking}.
        In a cold winter {material} becomes brittle, and the workshops switch to {material2}.
        The guild book of {1650~1900} lists {4~30} kinds of {nouns}, of which {two|three|five} are still made.
        A master signs on {part}, an apprentice does not sign at all.
        For a {size} {noun} one counts {2~20} hours, without the drying.
        Old {nouns} are collected by {group} and given to {the school|beginners|the theatre}.
        The difference between {material} and {material2} is easy to hear: knock on {part} and listen.
        Dealers like to say that {lesson}, and then they raise the price.
    """,
    "people": """
        {person} used to say that {lesson}, and was right more often than not.
        {name} keeps a notebook with the weather of {2~40} years and the price of {food}.
        I know {person} who can tell the age of a {noun} by smelling it.
        Every evening {person} walks from {place} to {place} and back, whatever the weather.
        {name2} came for a weekend in {1975~2018} and never left.
        There is always somebody at {place} who has an opinion on {hobby}.
        Children collect {the labels|broken bits|feathers} and trade them for {food}.
        {person} and {person} have not spoken since {event} in {1988~2019}.
        The best stories are told {time}, when {food} is on the table.
        {maker}'s grandmother is said to have swum across the river with a {noun} on her head.
        In the choir they need {tenors|altos|somebody who can count}, and they rehearse at {place} on {weekday}s.
        When {name} laughs, people at {place} turn round.
        Somebody has been leaving {food} on the steps of the {landmark} every {weekday} for {2~9} months.
        My own part in all this was small: I held {tool} and kept quiet.
    """,
}
PHRASES["weather2"] = "the rain\nthe fog\nthe wind\nthe frost\nthe flood of {1930~1999}\nthe heat\nthe snow\nthe river"
