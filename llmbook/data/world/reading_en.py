"""How invented people, prices and goods are told of and asked about in English.

A relation of people has the answer, sentences, what people say of themselves, questions by name, and questions by
value. `{Name}` is a name or a pronoun at the head of a sentence, `{name}` elsewhere; `{Names}` and `{names}` are their
possessives.
"""

LABEL = "Passage: "
NOT_SAID = "The passage does not say."
PRONOUNS = {
    True: {"Name": "She", "name": "she", "Names": "Her", "names": "her"},
    False: {"Name": "He", "name": "he", "Names": "His", "names": "his"},
}

PEOPLE = {
    "thing": (
        "{value}",
        ("{Name} has {value}.", "{Name} owns {value}.", "At home {name} keeps {value}."),
        ("I have {value}.", "I own {value}.", "At home I keep {value}."),
        ("What does {name} have?", "What does {name} own?", "Which thing does {name} have?"),
        ("Who has {value}?", "Who owns {value}?"),
    ),
    "bought": (
        "{value}",
        ("{Name} bought {value}.", "Yesterday {name} bought {value}.", "{Name} has just bought {value}."),
        ("I bought {value}.", "Yesterday I bought {value}.", "I have just bought {value}."),
        ("What did {name} buy?", "What has {name} bought?", "Which thing did {name} buy?"),
        ("Who bought {value}?", "Who has bought {value}?"),
    ),
    "sells": (
        "{value}",
        ("{Name} sells {value}.", "At the market, {name} sells {value}.", "{Names} stall is full of {value}."),
        ("I sell {value}.", "At the market I sell {value}.", "My stall is full of {value}."),
        ("What does {name} sell?", "Which goods does {name} sell?", "What can you buy from {name}?"),
        ("Who sells {value}?", "From whom can you buy {value}?"),
    ),
    "lives": (
        "{value}",
        ("{Name} lives in {value}.", "{Names} house is in {value}.", "For many years {name} has lived in {value}."),
        ("I live in {value}.", "My house is in {value}.", "For many years I have lived in {value}."),
        ("Where does {name} live?", "In which city does {name} live?", "In which city is {names} house?"),
        ("Who lives in {value}?", "Whose house is in {value}?"),
    ),
    "travels": (
        "{value}",
        (
            "{Name} is going to {value} tomorrow.",
            "Tomorrow {name} travels to {value}.",
            "{Name} is leaving for {value}.",
        ),
        ("I am going to {value} tomorrow.", "Tomorrow I travel to {value}.", "I am leaving for {value}."),
        ("Where is {name} going?", "Which city is {name} going to?", "Where does {name} want to go?"),
        ("Who is going to {value}?", "Who travels to {value}?"),
    ),
    "hobby": (
        "{value}",
        ("{Name} likes {value}.", "{Names} hobby is {value}.", "In the evening {name} enjoys {value}."),
        ("I like {value}.", "My hobby is {value}.", "In the evening I enjoy {value}."),
        ("What does {name} like?", "What is {names} hobby?", "What does {name} enjoy?"),
        ("Who likes {value}?", "Whose hobby is {value}?"),
    ),
    "trade": (
        "{value}",
        ("{Name} is {value}.", "{Name} works as {value}.", "By trade, {name} is {value}."),
        ("I am {value}.", "I work as {value}.", "By trade I am {value}."),
        ("What does {name} do for a living?", "What is {name} by trade?", "What does {name} work as?"),
        ("Who is {value}?", "Who works as {value}?"),
    ),
    "age": (
        "{value}",
        ("{Name} is {value} years old.", "{Names} age is {value}.", "This year {name} turned {value}."),
        ("I am {value} years old.", "My age is {value}.", "This year I turned {value}."),
        ("How old is {name}?", "What is {names} age?", "How many years old is {name}?"),
        ("Who is {value} years old?", "Who turned {value} this year?"),
    ),
    "coins": (
        "{value} coins",
        (
            "In {names} purse there are {value} coins.",
            "{Names} purse holds {value} coins.",
            "{Name} carries {value} coins.",
        ),
        ("In my purse there are {value} coins.", "My purse holds {value} coins.", "I carry {value} coins."),
        (
            "How many coins does {name} carry?",
            "How many coins are in {names} purse?",
            "How much money does {name} carry?",
        ),
        ("Who carries {value} coins?", "Whose purse holds {value} coins?"),
    ),
    "friend": (
        "{value}",
        (
            "{Names} best friend is {value}.",
            "{Name} is good friends with {value}.",
            "{Name} has a friend called {value}.",
        ),
        ("My best friend is {value}.", "I am good friends with {value}.", "I have a friend called {value}."),
        ("Who is {names} friend?", "With whom is {name} friends?", "What is {names} friend called?"),
        ("Who is friends with {value}?", "Who has a friend called {value}?"),
    ),
    "colour": (
        "{value}",
        ("{Names} coat is {value}.", "{Name} wears a {value} coat.", "{Name} came in a {value} coat."),
        ("My coat is {value}.", "I wear a {value} coat.", "I came in a {value} coat."),
        ("What colour is {names} coat?", "Which colour does {names} coat have?", "What is the colour of {names} coat?"),
        ("Whose coat is {value}?", "Who wears a {value} coat?"),
    ),
    "ordered": (
        "{value}",
        ("{Name} ordered {value} {goods}.", "{Name} wants {value} {goods}.", "{Name} asked for {value} {goods}."),
        ("I ordered {value} {goods}.", "I want {value} {goods}.", "I asked for {value} {goods}."),
        ("How many {goods} does {name} want?", "How many {goods} are for {name}?", "How many {goods} will {name} get?"),
        ("Who wants {value} {goods}?", "Who will get {value} {goods}?"),
    ),
    "day": (
        "{value}",
        ("{Name} comes on {value}.", "{Name} has time on {value}.", "{Name} promised to come on {value}."),
        ("I come on {value}.", "I have time on {value}.", "I promised to come on {value}."),
        ("When does {name} come?", "On which day does {name} come?", "Which day suits {name}?"),
        ("Who comes on {value}?", "Who has time on {value}?"),
    ),
    "number": (
        "{value}",
        ("{Name} drew number {value}.", "{Names} number is {value}.", "On {names} ticket stands {value}."),
        ("I drew number {value}.", "My number is {value}.", "On my ticket stands {value}."),
        ("Which number does {name} have?", "What is {names} number?", "What stands on {names} ticket?"),
        ("Who has number {value}?", "Whose number is {value}?"),
    ),
    "street": (
        "{value}",
        ("{Name} has a stall in {value}.", "{Names} stall stands in {value}.", "{Name} works in {value}."),
        ("I have a stall in {value}.", "My stall stands in {value}.", "I work in {value}."),
        ("Where is {names} stall?", "In which street does {name} work?", "In which street will you find {name}?"),
        ("Whose stall is in {value}?", "Who works in {value}?"),
    ),
    "month": (
        "{value}",
        ("{Names} birthday is in {value}.", "{Name} was born in {value}.", "{Name} celebrates a birthday in {value}."),
        ("My birthday is in {value}.", "I was born in {value}.", "I celebrate my birthday in {value}."),
        ("When is {names} birthday?", "In which month is {names} birthday?", "In which month was {name} born?"),
        ("Whose birthday is in {value}?", "Who was born in {value}?"),
    ),
}

OPENINGS = (
    "Some people met at the market.",
    "It was a busy day at Lantern Market.",
    "A few things were told at the tea house.",
    "The clerk of the market wrote this down.",
    "This is what the neighbours say.",
    "On the day of the fair there was much to talk about.",
    "Here is the news of the day.",
    "The customers were talking.",
)
FILLERS = (
    "The weather was fine.",
    "It had rained in the morning.",
    "The tea was still hot.",
    "Nobody was in a hurry.",
    "Music came from the square.",
    "The lanterns were already lit.",
    "The street was full of people.",
    "A cat slept by the door.",
)

SHOP_HEADS = (
    "{shop}, prices on the day of the fair:",
    "New prices at {shop}:",
    "This week at {shop}:",
    "{shop}, price list for {month}:",
    "From {day} on, {shop} has new prices:",
)
STALL_HEADS = (
    "A stall in {street} sells:",
    "Prices at the stall in {street}:",
    "Cheap goods in {street}:",
    "At the fair in {month}, a stall sold:",
    "On {day} you could buy:",
)
PRICE_LINES = ("{Good}: {value} coins", "- {Good}, {value} coins", "{value} coins: {Good}")
PRICE_SENTENCES = (
    "{The_good} costs {value} coins.",
    "{The_good} is {value} coins.",
    "{The_good} is sold for {value} coins.",
)
PRICE_QUESTIONS = (
    "How much is {the_good}?",
    "What does {the_good} cost?",
    "What is the price of {the_good}?",
    "How many coins is {the_good}?",
    "How much do you pay for {the_good}?",
)
PRICE_ANSWER = "{value} coins"
GOOD_QUESTIONS = ("What costs {value} coins?", "What can you get for {value} coins?", "Which thing is {value} coins?")
CHEAPEST = ("What is cheapest?", "Which thing costs least?")
DEAREST = ("What is most expensive?", "Which thing costs most?")

CARD = {
    "material": ("Material: {material}", "Made of: {material}"),
    "colour": ("Colour: {colour}", "Comes in: {colour}"),
    "size": ("Size: {size}", "How big: {size}"),
    "maker": ("Maker: {maker}", "Made by: {maker}"),
    "year": ("First made: {year}", "Made since: {year}"),
}
