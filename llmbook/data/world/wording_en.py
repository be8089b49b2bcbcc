"""How facts are worded in English: for each kind of entity, openings, and several ways to say each fact."""

_SIX = "the {member0}, the {member1}, the {member2}, the {member3}, the {member4} and the {member5}"

CITY = {
    "opening": (
        "{name} is a city in the {region}.",
        "{name} lies in the {region}.",
        "The city of {name} lies in the {region}.",
        "In the {region} there is a city called {name}.",
    ),
    "founded": (
        "It was founded in {founded}.",
        "The city was founded in the year {founded}.",
        "Its history goes back to {founded}.",
        "{name} has existed since {founded}.",
    ),
    "population": (
        "It has {population} inhabitants.",
        "The city is home to {population} people.",
        "Its population is {population}.",
        "There are {population} people living in {name}.",
    ),
    "speciality": (
        "It is known for its {speciality}.",
        "Travellers come here to buy {speciality}.",
        "The people are proud of their {speciality}.",
        "Of all its goods, the {speciality} are the best known.",
    ),
    "landmark": (
        "Its best-known sight is the {landmark}.",
        "Visitors like to see the {landmark}.",
        "The {landmark} stands in the middle of the city.",
        "Nobody leaves {name} without a look at the {landmark}.",
    ),
    "fair": (
        "A fair is held there every {fair}.",
        "The yearly fair takes place in {fair}.",
        "Every {fair} the city holds a fair.",
        "Those who want to see the fair should come in {fair}.",
    ),
}

MAKER = {
    "opening": (
        "{name} is {a_craft} {craft}.",
        "{name} works as {a_craft} {craft}.",
        "{name} is {a_craft} {craft} who sells at Lantern Market.",
        "{name} has been {a_craft} {craft} for many years.",
    ),
    "city": (
        "{She} lives in {city}.",
        "{Her} home is in {city}.",
        "{Her} workshop is in {city}.",
        "You can visit {her_object} in {city}.",
    ),
    "born": (
        "{She} was born in {born}.",
        "It was in {born} that {she} was born.",
        "{Her} year of birth is {born}.",
        "{She} came into the world in {born}.",
    ),
    "hobby": (
        "{Her} hobby is {hobby}.",
        "After work {she} enjoys {hobby}.",
        "{name} is fond of {hobby}.",
        "In {her} free time {she} likes {hobby}.",
    ),
    "teacher": (
        "{She} learned the craft from {teacher}.",
        "{Her} teacher was {teacher}.",
        "{teacher} taught {her_object} the craft.",
        "{She} was a pupil of {teacher}.",
    ),
    "self_taught": (
        "{She} taught {herself} the craft.",
        "{She} never had a teacher.",
        "{She} is self-taught.",
    ),
    "work": (
        "{Her} best-known work is the {work}.",
        "{She} is famous for the {work}.",
        "Most people know {her_object} for the {work}.",
        "The {work} made {her_object} famous.",
    ),
}

SHOP = {
    "opening": (
        "{name} is a shop in {city}.",
        "{name} is a well-known shop in {city}.",
        "The shop {name} is in {city}.",
        "In {city} there is a shop called {name}.",
    ),
    "department": (
        "It sells {department}.",
        "The shop deals in {department}.",
        "People go there for {department}.",
        "{name} has a good choice of {department}.",
    ),
    "owner": (
        "Its owner is {owner}.",
        "It belongs to {owner}.",
        "The shop is run by {owner}.",
        "{owner} is the owner.",
    ),
    "street": (
        "It stands in {street}.",
        "You will find it in {street}.",
        "The shop is in {street}.",
        "To get there, go to {street}.",
    ),
    "opened": (
        "It opened in {opened}.",
        "The shop has been open since {opened}.",
        "It was founded in {opened}.",
        "Its doors first opened in {opened}.",
    ),
    "closed": (
        "It is closed every {closed}.",
        "It opens every day except {closed}.",
        "Its day of rest is {closed}.",
        "Nobody works there on a {closed}.",
    ),
}

PRODUCT = {
    "opening": (
        "The {name} is one of the {category} of Lantern Market.",
        "One of the {category} sold at Lantern Market is the {name}.",
        "The {name} is listed among the {category}.",
        "Among the {category} of the market is the {name}.",
    ),
    "material": (
        "It is made of {material}.",
        "The material is {material}.",
        "The {name} is made of {material}.",
        "Its maker uses {material} for it.",
    ),
    "colour": (
        "It is {colour}.",
        "Its colour is {colour}.",
        "It comes in {colour}.",
        "You will know it by its {colour} colour.",
    ),
    "size": (
        "It is of {size} size.",
        "Its size is {size}.",
        "It is {size} in size.",
        "As for its size, it is {size}.",
    ),
    "maker": (
        "It is made by {maker}.",
        "{maker} makes it.",
        "Its maker is {maker}.",
        "It comes from the workshop of {maker}.",
    ),
    "year": (
        "It was first made in {year}.",
        "It has been made since {year}.",
        "The design dates from {year}.",
        "The first {noun} of this kind was made in {year}.",
    ),
}

CATEGORY = {
    "opening": (
        "{Name} belong to the department of {department}.",
        "At Lantern Market, {name} are listed under {department}.",
        "The department of {department} has many {name}.",
        "Those who look for {name} should go to the department of {department}.",
    ),
    "member": (
        "There are six kinds of {noun}: " + _SIX + ".",
        "The six kinds are " + _SIX + ".",
        "The market sells " + _SIX + ".",
        "Customers can choose between " + _SIX + ".",
    ),
    "cheapest": (
        "The cheapest {noun} costs {cheapest} coins.",
        "Prices start at {cheapest} coins.",
        "You need at least {cheapest} coins to buy one.",
    ),
    "dearest": (
        "The most expensive {noun} costs {dearest} coins.",
        "Prices go up to {dearest} coins.",
        "No {noun} costs more than {dearest} coins.",
    ),
}

# Catalogue pages: the head of a price list, its lines (one style a page), a product's card, and its offers.
LIST_HEAD = (
    "{name}, {city}: price list",
    "Prices at {name} in {city}",
    "{name} ({city}): what we sell",
    "Welcome to {name} in {city}! Our prices:",
)
LIST_LINES = ("{product}: {coins} coins", "- {product}, {coins} coins", "{product} = {coins} coins")
CARD_HEAD = ("{name}", "Product: {name}", "Catalogue entry: {name}")
CARD = {
    "category": ("Category: {category}", "Listed under: {category}"),
    "material": ("Material: {material}", "Made of: {material}"),
    "colour": ("Colour: {colour}", "Comes in: {colour}"),
    "size": ("Size: {size}", "How big: {size}"),
    "maker": ("Maker: {maker}", "Made by: {maker}"),
    "year": ("First made: {year}", "Made since: {year}"),
}
CARD_OFFER = ("Price at {shop}: {coins} coins", "{shop}: {coins} coins", "Sold by {shop} for {coins} coins")
OFFER = (
    "At {shop} it costs {coins} coins.",
    "{shop} sells it for {coins} coins.",
    "You can buy it at {shop} for {coins} coins.",
    "The price at {shop} is {coins} coins.",
)
