"""Everyday things that a query has to fit a picture better than: a list written by hand, and nothing else.

What photographs are about, in no order that matters; sentences in it made nothing better. A space keeps their vectors:
seconds of encoding on a CPU. `match` asks how much better a picture fits the query than it fits these. Where the list
changes, every space encodes it anew at its next index run.
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


def neutral_texts() -> tuple[str, ...]:
    """Them all as they are encoded, with an article, the form in which they were measured."""
    return tuple(f"{_article(thing)} {thing}" for thing in " ".join(_THINGS.split()).split(", "))


def _article(thing: str) -> str:
    return "an" if thing[0] in "aeiou" else "a"
