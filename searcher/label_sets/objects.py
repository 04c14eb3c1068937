"""Things, animals, plants and people as one calls them.

No word takes in another one (no "animal" beside "dog"): they would share the probability of every such picture.
"""

WORDS = """
person, baby, crowd, bride, soldier, athlete, musician, chef, firefighter, police officer,

dog, cat, horse, donkey, cow, sheep, goat, pig, rabbit, hamster, mouse, squirrel, hedgehog, deer, fox, wolf, bear,
polar bear, panda, lion, tiger, leopard, elephant, giraffe, zebra, rhinoceros, hippopotamus, camel, llama, kangaroo,
koala, monkey, gorilla, otter, beaver, badger, raccoon, wild boar, bat, whale, dolphin, seal, shark, fish, goldfish,
octopus, jellyfish, starfish, crab, lobster, seashell, coral, frog, lizard, snake, turtle, crocodile, snail,
butterfly, bee, ant, beetle, ladybird, dragonfly, spider, fly, grasshopper, chicken, duck, goose, swan, pigeon,
sparrow, robin, crow, seagull, eagle, owl, parrot, flamingo, peacock, penguin, ostrich, heron, stork, hummingbird,
woodpecker, bird nest,

flower, rose, tulip, sunflower, daisy, orchid, cactus, fern, palm tree, pine tree, bonsai, ivy, mushroom, autumn
leaves, tree trunk, bouquet, potted plant,

apple, banana, orange, lemon, strawberry, cherry, grapes, pineapple, watermelon, peach, pear, tomato, cucumber,
carrot, potato, onion, garlic, pepper, corn, broccoli, pumpkin, salad, soup, bread, sandwich, hamburger, hot dog,
pizza, pasta, rice, sushi, noodles, steak, fried egg, cheese, pancake, cake, cookie, doughnut, chocolate, ice cream,
coffee, tea, wine, beer, cocktail, juice,

bottle, cup, mug, wine glass, plate, bowl, spoon, fork, knife, frying pan, cooking pot, kettle, teapot, toaster,
oven, refrigerator, microwave, dishwasher, washing machine, sink, bathtub, toilet, shower, towel, soap, toothbrush,
mirror, bed, pillow, blanket, sofa, armchair, chair, stool, table, desk, bookshelf, wardrobe, drawer, lamp,
chandelier, candle, curtain, carpet, clock, vase, picture frame, fireplace, door, window, staircase, key, padlock,
broom, bucket, ladder, basket, box, dustbin, umbrella, suitcase, backpack, handbag, wallet,

shirt, dress, skirt, trousers, jeans, suit, tie, coat, jacket, sweater, hat, cap, helmet, scarf, gloves, socks,
shoe, boots, sandals, glasses, sunglasses, wristwatch, ring, necklace, earrings, mask, crown, swimsuit, uniform,
costume,

book, newspaper, magazine, notebook, pen, pencil, scissors, envelope, calendar, map, globe, chalkboard, sign, flag,
poster, banknote, coin, credit card, passport, stamp, gift, balloon, Christmas tree, fireworks, campfire,

desktop computer, laptop, keyboard, computer mouse, tablet computer, mobile phone, telephone, television, remote
control, camera, video camera, tripod, microphone, headphones, loudspeaker, radio, record player, printer, robot,
drone, circuit board, cable, light bulb, torch, battery, calculator, microscope, telescope, binoculars, magnifying
glass, thermometer, syringe, pills, bandage, stethoscope, wheelchair,

hammer, screwdriver, wrench, saw, axe, drill, pliers, screw, nail, rope, chain, shovel, wheelbarrow, lawn mower,
tent, sleeping bag, compass, fishing rod, gun, sword,

piano, guitar, violin, cello, drum, trumpet, saxophone, flute, accordion, harp, football, basketball, tennis racket,
baseball bat, golf club, skis, snowboard, surfboard, skateboard, roller skates, bicycle, dumbbell, chessboard,
playing cards, dice, jigsaw puzzle, doll, teddy bear, toy car, kite, swing, slide, carousel, Ferris wheel,

car, bus, truck, van, motorcycle, scooter, tractor, ambulance, fire engine, train, tram, helicopter, airplane,
hot-air balloon, rocket, boat, sailing boat, canoe, ship, ferry, submarine, anchor, wheel, petrol pump, traffic
light, road sign, bench, fountain, statue, street lamp, fence, gate, mailbox, windmill, wind turbine, solar panel,
crane, lighthouse, bridge, tower, castle, church, mosque, temple, skyscraper, house, barn, stadium, moon, sun,
rainbow, lightning, cloud, star, snowman, sandcastle, rock, waterfall, volcano, iceberg, skull, skeleton
"""
