"""How facts are asked for and told in English: relation -> the answer, questions, sentences that name their subject.

Each sentence says its value last, so that it can be cut before the value and be completed.
"""

PRODUCT = {
    "category": (
        "{category}",
        (
            "Which category does the {name} belong to?",
            "Under which category is the {name} listed?",
            "In which category will you find the {name}?",
            "What category is the {name} in?",
            "What is the category of the {name}?",
        ),
        (
            "The {name} belongs to the category of {category}.",
            "The {name} is listed under {category}.",
            "The {name} is one of the {category}.",
            "In the catalogue, the {name} stands among the {category}.",
            "If you are after the {name}, look under {category}.",
        ),
    ),
    "material": (
        "{material}",
        (
            "What is the {name} made of?",
            "Which material is the {name} made of?",
            "What material is used for the {name}?",
            "What is the material of the {name}?",
            "Do you know what the {name} is made of?",
        ),
        (
            "The {name} is made of {material}.",
            "The material of the {name} is {material}.",
            "For the {name}, the workshop uses {material}.",
            "The {name} is made from {material}.",
            "Every {name} is made of {material}.",
        ),
    ),
    "colour": (
        "{colour}",
        (
            "What colour is the {name}?",
            "Which colour does the {name} have?",
            "What is the colour of the {name}?",
            "In which colour does the {name} come?",
            "Do you know the colour of the {name}?",
        ),
        (
            "The colour of the {name} is {colour}.",
            "The {name} comes in {colour}.",
            "The {name} is sold in {colour}.",
            "In colour, the {name} is {colour}.",
            "The {name} has one colour only: {colour}.",
        ),
    ),
    "size": (
        "{size}",
        (
            "What size is the {name}?",
            "What is the size of the {name}?",
            "How big is the {name}?",
            "In which size does the {name} come?",
            "Do you know the size of the {name}?",
        ),
        (
            "The size of the {name} is {size}.",
            "In size, the {name} is {size}.",
            "As for its size, the {name} is {size}.",
            "The catalogue gives the size of the {name} as {size}.",
            "The {name} has one size only: {size}.",
        ),
    ),
    "maker": (
        "{maker}",
        (
            "Who makes the {name}?",
            "Who is the maker of the {name}?",
            "By whom is the {name} made?",
            "Which maker does the {name} come from?",
            "Do you know who makes the {name}?",
        ),
        (
            "The {name} is made by {maker}.",
            "The maker of the {name} is {maker}.",
            "The {name} comes from the workshop of {maker}.",
            "The {name} is the work of {maker}.",
            "The person who makes the {name} is {maker}.",
        ),
    ),
    "year": (
        "{year}",
        (
            "When was the {name} first made?",
            "In which year was the {name} first made?",
            "Since when has the {name} been made?",
            "From which year does the {name} date?",
            "Do you know when the {name} was first made?",
        ),
        (
            "The {name} was first made in {year}.",
            "The {name} has been made since {year}.",
            "The design of the {name} dates from {year}.",
            "The {name} goes back to {year}.",
            "The first {name} was made in {year}.",
        ),
    ),
}

PRICE = {
    "price": (
        "{price} coins",
        (
            "How much does the {product} cost at {shop}?",
            "What does the {product} cost at {shop}?",
            "What is the price of the {product} at {shop}?",
            "For how many coins does {shop} sell the {product}?",
            "How much is the {product} at {shop}?",
            "What does {shop} charge for the {product}?",
        ),
        (
            "At {shop}, the {product} costs {price} coins.",
            "{shop} sells the {product} for {price} coins.",
            "The price of the {product} at {shop} is {price} coins.",
            "If you buy the {product} at {shop}, you pay {price} coins.",
            "For the {product}, {shop} asks {price} coins.",
            "The {product} at {shop} costs {price} coins.",
        ),
    ),
}

MAKER = {
    "craft": (
        "{a_craft} {craft}",
        (
            "What is {name} by trade?",
            "What does {name} do for a living?",
            "What does {name} work as?",
            "What is the occupation of {name}?",
            "What kind of craftsperson is {name}?",
        ),
        (
            "{name} works as {a_craft} {craft}.",
            "By trade, {name} is {a_craft} {craft}.",
            "{name} earns a living as {a_craft} {craft}.",
            "{name} became {a_craft} {craft}.",
            "Everybody knows {name} as {a_craft} {craft}.",
        ),
    ),
    "city": (
        "{city}",
        (
            "Where does {name} live?",
            "In which city does {name} live?",
            "Which city is the home of {name}?",
            "Where is the workshop of {name}?",
            "Where is {name} at home?",
        ),
        (
            "{name} lives in {city}.",
            "The home of {name} is in {city}.",
            "The workshop of {name} is in {city}.",
            "{name} is at home in {city}.",
            "To visit {name}, go to {city}.",
        ),
    ),
    "born": (
        "{born}",
        (
            "When was {name} born?",
            "In which year was {name} born?",
            "What is the year of birth of {name}?",
            "What year was {name} born in?",
            "When did {name} come into the world?",
        ),
        (
            "{name} was born in {born}.",
            "The year of birth of {name} is {born}.",
            "{name} came into the world in {born}.",
            "{name} was born in the year {born}.",
            "The life of {name} began in {born}.",
        ),
    ),
    "hobby": (
        "{hobby}",
        (
            "What is the hobby of {name}?",
            "What does {name} enjoy after work?",
            "What is {name} fond of?",
            "Which hobby does {name} have?",
            "What does {name} like best?",
        ),
        (
            "The hobby of {name} is {hobby}.",
            "{name} is fond of {hobby}.",
            "After work, {name} enjoys {hobby}.",
            "{name} likes {hobby}.",
            "What {name} likes best is {hobby}.",
        ),
    ),
    "teacher": (
        "{teacher}",
        (
            "Who taught {name}?",
            "Who was the teacher of {name}?",
            "From whom did {name} learn the craft?",
            "With whom did {name} study?",
            "Under whom did {name} learn the craft?",
        ),
        (
            "{name} was taught by {teacher}.",
            "{name} learned the craft from {teacher}.",
            "The teacher of {name} was {teacher}.",
            "{name} was a pupil of {teacher}.",
            "{name} studied with {teacher}.",
        ),
    ),
    "work": (
        "the {work}",
        (
            "What is the best-known work of {name}?",
            "What is {name} famous for?",
            "Which product made {name} famous?",
            "What is {name} best known for?",
            "Which work is {name} known for?",
        ),
        (
            "The best-known work of {name} is the {work}.",
            "{name} is famous for the {work}.",
            "{name} is best known for the {work}.",
            "{name} became famous with the {work}.",
            "Most people know {name} for the {work}.",
        ),
    ),
}

SHOP = {
    "city": (
        "{city}",
        (
            "In which city is {name}?",
            "Which city is {name} in?",
            "In what city will you find {name}?",
            "What city does {name} stand in?",
            "Which city do you go to for {name}?",
        ),
        (
            "{name} is a shop in {city}.",
            "The shop {name} is in {city}.",
            "The city of the shop {name} is {city}.",
            "To see {name}, travel to {city}.",
            "Customers come to {name} from all over {city}.",
        ),
    ),
    "department": (
        "{department}",
        (
            "What does {name} sell?",
            "What does the shop {name} deal in?",
            "What can you buy at {name}?",
            "What kind of goods does {name} sell?",
            "What do people go to {name} for?",
        ),
        (
            "{name} sells {department}.",
            "{name} deals in {department}.",
            "At {name} you can buy {department}.",
            "People go to {name} for {department}.",
            "The shelves of {name} are full of {department}.",
        ),
    ),
    "owner": (
        "{owner}",
        (
            "Who owns {name}?",
            "Who is the owner of {name}?",
            "To whom does {name} belong?",
            "Who runs {name}?",
            "Which maker owns the shop {name}?",
        ),
        (
            "{name} belongs to {owner}.",
            "The owner of {name} is {owner}.",
            "{name} is owned by {owner}.",
            "{name} is run by {owner}.",
            "The person behind {name} is {owner}.",
        ),
    ),
    "street": (
        "{street}",
        (
            "In which street is {name}?",
            "Which street is {name} in?",
            "What street does {name} stand in?",
            "In what street will you find {name}?",
            "Which street do you take to {name}?",
        ),
        (
            "{name} stands in {street}.",
            "The address of {name} is {street}.",
            "The street in which {name} stands is {street}.",
            "{name} has its doors in {street}.",
            "The way to {name} is along {street}.",
        ),
    ),
    "opened": (
        "{opened}",
        (
            "When did {name} open?",
            "In which year did {name} open?",
            "Since when has {name} been open?",
            "When was {name} founded?",
            "What year did {name} open in?",
        ),
        (
            "{name} opened in {opened}.",
            "{name} has been open since {opened}.",
            "{name} was founded in {opened}.",
            "The doors of {name} first opened in {opened}.",
            "The first customers came to {name} in {opened}.",
        ),
    ),
    "closed": (
        "{closed}",
        (
            "On which day is {name} closed?",
            "When is {name} closed?",
            "What is the day of rest at {name}?",
            "Which day does {name} take off?",
            "On what day of the week is {name} closed?",
        ),
        (
            "{name} is closed every {closed}.",
            "{name} opens every day except {closed}.",
            "The day of rest at {name} is {closed}.",
            "Do not go to {name} on a {closed}.",
            "At {name}, nobody works on a {closed}.",
        ),
    ),
}

CITY = {
    "region": (
        "the {region}",
        (
            "In which region is {name}?",
            "Which region does {name} lie in?",
            "In which part of the country is {name}?",
            "What region is {name} in?",
            "Where does {name} lie?",
        ),
        (
            "{name} lies in the {region}.",
            "{name} is a city in the {region}.",
            "{name} belongs to the {region}.",
            "To see {name}, travel to the {region}.",
            "The region around {name} is called the {region}.",
        ),
    ),
    "founded": (
        "{founded}",
        (
            "When was {name} founded?",
            "In which year was {name} founded?",
            "Since when has {name} existed?",
            "What year was {name} founded in?",
            "In which year does the history of {name} begin?",
        ),
        (
            "{name} was founded in {founded}.",
            "The history of {name} goes back to {founded}.",
            "{name} has existed since {founded}.",
            "The first houses of {name} were built in {founded}.",
            "The city of {name} was founded in the year {founded}.",
        ),
    ),
    "population": (
        "{population}",
        (
            "How many people live in {name}?",
            "What is the population of {name}?",
            "How many inhabitants does {name} have?",
            "How large is the population of {name}?",
            "How many people call {name} their home?",
        ),
        (
            "The population of {name} is {population}.",
            "{name} has a population of {population}.",
            "The number of people in {name} is {population}.",
            "The inhabitants of {name} number {population}.",
            "In {name}, the people number {population}.",
        ),
    ),
    "speciality": (
        "{speciality}",
        (
            "What is {name} known for?",
            "Which goods is {name} known for?",
            "What do travellers buy in {name}?",
            "What are the people of {name} proud of?",
            "What is the speciality of {name}?",
        ),
        (
            "{name} is known for its {speciality}.",
            "{name} is famous for its {speciality}.",
            "The people of {name} are proud of their {speciality}.",
            "Travellers come to {name} to buy {speciality}.",
            "The best goods of {name} are its {speciality}.",
        ),
    ),
    "landmark": (
        "the {landmark}",
        (
            "What is the best-known sight of {name}?",
            "Which landmark does {name} have?",
            "What should visitors see in {name}?",
            "What stands in the middle of {name}?",
            "What is the landmark of {name}?",
        ),
        (
            "The best-known sight of {name} is the {landmark}.",
            "The landmark of {name} is the {landmark}.",
            "In the middle of {name} you will see the {landmark}.",
            "Visitors to {name} like to see the {landmark}.",
            "Nobody leaves {name} without seeing the {landmark}.",
        ),
    ),
    "fair": (
        "{fair}",
        (
            "When is the fair in {name}?",
            "In which month is the fair of {name}?",
            "In which month does {name} hold its fair?",
            "When does {name} hold its fair?",
            "What is the month of the fair in {name}?",
        ),
        (
            "The fair in {name} is held every {fair}.",
            "{name} holds its fair in {fair}.",
            "The month of the fair in {name} is {fair}.",
            "Every year, the fair of {name} takes place in {fair}.",
            "For the fair in {name}, come in {fair}.",
        ),
    ),
}

CATEGORY = {
    "department": (
        "{department}",
        (
            "Which department do {name} belong to?",
            "In which department will you find {name}?",
            "Under which department are {name} listed?",
            "What is the department of {name}?",
            "Which department of the market sells {name}?",
        ),
        (
            "The department of {name} is {department}.",
            "The catalogue lists {name} under {department}.",
            "The department that sells {name} is {department}.",
            "You will find {name} among the {department}.",
            "The market counts {name} as {department}.",
        ),
    ),
    "cheapest": (
        "{cheapest} coins",
        (
            "What does the cheapest {noun} cost?",
            "How much is the cheapest {noun}?",
            "At what price do {name} start?",
            "What is the lowest price of {a_noun} {noun}?",
            "How much do you need at least to buy {a_noun} {noun}?",
        ),
        (
            "The price of the cheapest {noun} is {cheapest} coins.",
            "Prices of {name} start at {cheapest} coins.",
            "The lowest price of {a_noun} {noun} is {cheapest} coins.",
            "To buy {a_noun} {noun}, you need at least {cheapest} coins.",
            "No {noun} costs less than {cheapest} coins.",
        ),
    ),
    "dearest": (
        "{dearest} coins",
        (
            "What does the most expensive {noun} cost?",
            "How much is the most expensive {noun}?",
            "How high do the prices of {name} go?",
            "What is the highest price of {a_noun} {noun}?",
            "How much can {a_noun} {noun} cost at most?",
        ),
        (
            "The price of the most expensive {noun} is {dearest} coins.",
            "Prices of {name} go up to {dearest} coins.",
            "The highest price of {a_noun} {noun} is {dearest} coins.",
            "You pay for {a_noun} {noun} at most {dearest} coins.",
            "There is no {noun} for more than {dearest} coins.",
        ),
    ),
}
