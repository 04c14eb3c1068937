"""Everyday words and sentences that a query has to fit a picture better than: a list written by hand, nothing else.

What photographs are about, in no order that matters, and no more than a minute of encoding by the largest model on a
CPU. A space keeps their vectors; `match` asks how much better a picture fits the query than it fits these. Where the
list changes, every space encodes it anew at its next index run.
"""

_THINGS = """
cat, horse, cow, sheep, pig, goat, rabbit, squirrel, mouse, bear, lion, tiger, elephant, giraffe, zebra, monkey,
camel, deer, fox, wolf, kangaroo, chicken, duck, goose, owl, eagle, parrot, penguin, swan, pigeon, fish, shark,
dolphin, whale, crab, octopus, starfish, frog, turtle, snake, lizard, crocodile, spider, bee, ant, butterfly, snail,
apple, banana, orange, lemon, strawberry, grape, pineapple, watermelon, pear, tomato, potato, carrot, onion, mushroom,
pumpkin, bread, cheese, egg, pizza, hamburger, sandwich, salad, soup, pasta, rice, sushi, cake, cookie, doughnut,
ice cream, chocolate, coffee, tea, beer, bottle of wine, glass of water, bowl of fruit,
car, truck, bus, taxi, motorcycle, bicycle, train, tram, airplane, helicopter, rocket, boat, ship, canoe, tractor,
ambulance, fire engine, wheel, traffic light, street sign, road, railway, bridge, tunnel, harbor, airport,
house, castle, church, tower, skyscraper, lighthouse, windmill, factory, barn, tent, stadium, museum, shop, restaurant,
kitchen, bedroom, bathroom, office, classroom, garden, street, city, village, market, playground, swimming pool,
door, window, wall, roof, stairs, fence, floor, bed, chair, sofa, table, desk, bookshelf, wardrobe, mirror, lamp,
candle, clock, curtain, pillow, blanket, carpet, vase, toilet, bathtub, sink, refrigerator, oven, washing machine,
cup, plate, spoon, fork, knife, pan, bucket, basket, box, bag, suitcase, umbrella, key, coin, ring, necklace,
hat, shirt, dress, coat, trousers, shoe, glove, scarf, tie, helmet, glasses, watch, mask, wig,
book, newspaper, letter, map, flag, poster, painting, statue, drawing, cartoon, diagram, screenshot, handwriting,
pencil, scissors, hammer, screwdriver, saw, ladder, rope, wrench, gun, sword, telescope, microscope, syringe,
computer, laptop, keyboard, telephone, television, camera, radio, robot, printer, light bulb, battery,
guitar, piano, violin, drum, trumpet, flute, ball, tennis racket, baseball bat, skateboard, surfboard, ski, kite,
doll, toy, balloon, chess board, playing card, trophy,
tree, flower, rose, sunflower, leaf, grass, cactus, forest, mountain, hill, rock, desert, beach, island, river, lake,
waterfall, sea, wave, sky, cloud, rainbow, sunset, moon, star, snow, ice, rain, fog, lightning, fire, smoke, shadow,
man, woman, child, baby, old man, face, hand, foot, eye, crowd, doctor, police officer, soldier, cook, farmer, dancer
"""

_SENTENCES = """
people eating at a table
two friends laughing together
a family posing for a photograph
a bride and groom at their wedding
children playing in a park
a baby sleeping in a bed
a man standing in front of a building
a woman smiling at the camera
a man reading a newspaper on a bench
a group of people walking down a street
a crowd watching a concert at night
a man playing a guitar on a stage
a girl riding a bicycle on a path
a boy kicking a ball on the grass
a player throwing a ball during a game
a runner crossing the finish line
a swimmer diving into a pool
a surfer riding a big wave
a climber on a steep rock face
skiers on a snowy slope
a person walking along the beach at sunset
a hiker looking at the mountains
a fisherman in a small boat
a dog running through the grass
a brown dog carrying a stick in the water
a cat lying on a sofa
a bird sitting on a branch
horses standing in a field
cows grazing on a green meadow
a fish swimming under water
a butterfly on a flower
a bowl of soup on a wooden table
a plate of food with vegetables
a cake with candles
a cup of coffee and a book
fruit at a market stall
a red car parked on the street
a train arriving at a station
an airplane flying in a blue sky
a sailing boat on calm water
a motorcycle on a winding road
traffic in a busy city at night
an old church in a small town
a house with a garden
a tall building seen from below
a bridge over a river
an empty room with a window
a living room with a sofa and a lamp
a desk with a computer and papers
a person working on a laptop
a woman cooking in a kitchen
a worker wearing a helmet
a doctor talking to a patient
a teacher in front of a class
snow covered trees in winter
a forest path in autumn
a field of yellow flowers
a waterfall in the jungle
clouds over the sea
stars in the night sky
fireworks above a city
a close up of a leaf
a black and white portrait
an abstract painting
a page of printed text
a sign with words on it
a map of a country
a chart with numbers
a screenshot of a website
a blurry photo
"""


def neutral_texts() -> tuple[str, ...]:
    """Them all, as they are encoded: things with an article, as nothing else says "a photo of"."""
    things = " ".join(_THINGS.split()).split(", ")
    return (*(f"{_article(thing)} {thing}" for thing in things), *_SENTENCES.strip().splitlines())


def _article(thing: str) -> str:
    return "an" if thing[0] in "aeiou" else "a"
