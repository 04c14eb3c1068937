"""What the recorded pictures show: nouns, and the pictures each is true of. Made by hand, by looking at all of them.

Pictures are counted from 0 among those of `vectors.npz` that are not CIFAR's, in its order: 125 of Unsplash, 131 of
Flickr8k. Nouns are written as they are recorded there. Where a picture may show the thing, small or in part, nobody
would call it right or wrong: it is left out of that noun's library (condensed lists; Sakai, 2007).
"""

from dataclasses import dataclass

# nouns | pictures that show it | pictures that may
_SHOWN = """
basketball | 10-12 | 13 14
basketball_backboard | 12 13 | 10 14
pizza, Pizza | 90-94 |
banana, Banana | 48 49 | 37 39 56 58
avocado | 46 56 | 35 37-39
papaya | 47 |
pear, Pear | 45 | 115
lemon, Lemon | 36 | 37 39 115 117 118
elephant, Elephant | 64 | 54
Jellyfish | 6 |
sheep, Sheep | 2 |
cat, Cat, kitten | 3 |
horse, Horse | 178 195 | 0 172
birthday_cake, cake, Cake | 4 |
bird, Bird | 50 141 | 0
flag, Flag | 62 65 | 168
clock_tower | 68 | 69
bicycle, Bicycle | 80 159 192 252 253 | 210 215
motorcycle, Motorcycle | 176 213 221 |
dirt_bike | 213 | 176 221
dog, Dog | 128 129 148-150 152 155 156 163 165 169 177 182 190 193 199 201 206 207 209 214 219 220 229 232 236 239
    245 255 | 137 172 195 217
canoe, Canoe | 150 | 188
kayak | 188 | 150 170
parachute, Parachute | 153 |
frisbee | 220 | 155 169 236
slide | 133 | 200 203
necklace, Necklace | 88 224 | 54
sunglasses, Sunglasses | 87 | 85 86 88 89 110-117 125 126 129-136 138 140 142-146 151 153-155 157-162 164 166-168 171
    173-176 178-181 183-189 191 192 194 196-198 200 202-205 208 210-213 215-218 221-228 230-235 237 238 241-244
    246-254
cowboy_hat, Cowboy hat | 189 | 25 29 131 184
Cricket ball | 28 | 25-27 29
soccer_ball | 42 44 196 | 40 41
baseball_bat, Baseball bat | 179 | 25-29 171
camera, Camera | 109 233 | 107 125
easel | 234 |
painting | 234 | 0 3 54 143
boat, Boat | 150 243 | 18 34 69 81 103 137 170 188
hot-air_balloon | 107 |
salad, Salad | 35 38 | 37 39 56 58 118
blueberry | 4 56 58 | 37 39
bench, Bench | 131 254 | 125 159 194 197 203 227 235
map, road_map | 108 |
Palm tree | 121 | 13 178
Skyscraper | 21 30-33 120 | 20 23 34 66 67
Bus, bus_(vehicle) | 65 |
cab_(taxi), Taxi | 65 | 82
Car, car_(automobile) | 65 82 173 | 73 83 87 108 146 164 166 169 192 215 233 242 253
lamppost, Street light | 81 | 68 80 82 140 246
mug, Mug | 109 | 186
microphone, Microphone | 110 247 | 111
necktie, Tie, suit_(clothing), Suit | 110 111 | 112-114 166 242
skateboard, Skateboard | 140 | 254
ski, Ski, ski_pole | 144 | 127 147
fishing_rod | 187 | 235
Trumpet, drum_(musical_instrument), Drum | 241 | 247
helmet, Helmet | 176 178 179 213 221 225 252 253 | 25 26 41 112 132 140 188 192 215
life_jacket, Lifejacket | 175 | 188 243
pacifier | 211 |
Flower | 75 | 37 54 56 61 80 95 96 131 189
airplane, Airplane, Aircraft | 106 | 166
television_set, Television | 125 |
scarf, Scarf | 134 216 | 130 132 238 242
chopping_board, Cutting board | 58 93 119 | 4 38 56 90 94 118
kitchen_sink, sink, Sink, water_faucet | 117 | 116
Swimming pool | 219 | 34 61
camel, Camel | 32 |
handbag, Handbag | 232 | 151 186 216 238
backpack, Backpack | 154 202 253 | 105 107 130 132 184 208 227
bowl, Bowl | 38 56 58 | 4 35 37 39 94 116 118 119
"""

# In none of the pictures, nor in CIFAR's ten classes but for NEAR_CIFAR.
_NOWHERE = """
tiger, Tiger, lion, Lion, zebra, Zebra, giraffe, Giraffe, penguin, Penguin, snake, Snake, spider, Spider, piano,
Piano, violin, Violin, toilet, Toilet, refrigerator, Refrigerator, microscope, helicopter, Helicopter, snowman,
Snowman, wheelchair, Wheelchair, wedding_cake, sushi, Sushi, hamburger, French fries, octopus_(animal), Shark, shark,
Kangaroo, giant_panda, koala, owl, Owl, flamingo, ostrich, Ostrich, cockroach, Ant, hamster, Hamster, typewriter,
sewing_machine, Sewing machine, toothbrush, hair_dryer, Washing machine, stapler_(stapling_machine), calculator,
scissors, Scissors, hammer, drill, saxophone, Saxophone, Harp, Cello, Accordion, traffic_light, Traffic light, Stop
sign, stop_sign, Fire hydrant, fireplug, parking_meter, school_bus, fire_engine, ambulance, Ambulance,
tractor_(farm_equipment), bulldozer, army_tank, fighter_jet, space_shuttle, Rocket, windmill, pumpkin, Pumpkin,
pineapple, Pineapple, watermelon, Watermelon, mushroom, Mushroom, broccoli, Broccoli, pool_table, bowling_ball,
golf_club, surfboard, Surfboard, snowboard, Snowboard, tennis_racket, Tennis racket, wedding_ring, crown, Crown,
kimono, gasmask, Skull, Dinosaur, Sea turtle, Seahorse, starfish, Starfish, crab_(animal), Crab, Lobster, Snail,
butterfly, Butterfly, Bee, ladybug, Ladybug, Caterpillar, frog, Frog, lizard, Lizard, Crocodile, alligator,
polar_bear, Polar bear, grizzly, gorilla, monkey, Monkey, wolf, Fox, rabbit, Rabbit, Pig, goat, Goat, bull, Raccoon,
Porcupine, Otter, walrus, hippopotamus, rhinoceros, Rhinoceros, bullet_train, Train, train_(railroad_vehicle),
limousine, Limousine, forklift, Ferris_wheel, Lighthouse, Treadmill, dartboard, chessboard, Gas stove, microwave_oven,
Microwave oven, toaster, Toaster, blender, Blender, coffee_maker, computer_keyboard, Computer keyboard, Laptop,
laptop_computer, Printer, printer, pretzel, doughnut, Doughnut, Croissant, Popcorn, pancake, Pancake, waffle, Waffle,
taco, Taco, burrito, Burrito, lollipop, cupcake, bathtub, Bathtub, urinal, bunk_bed, chandelier, fireplace, Fireplace
"""

_NEAR_CIFAR = """
Ambulance, Helicopter, Limousine, Lizard, Ostrich, Owl, Penguin, Rocket, ambulance, bulldozer, fighter_jet,
fire_engine, flamingo, helicopter, limousine, lizard, ostrich, owl, penguin, school_bus, space_shuttle,
tractor_(farm_equipment)
"""

CIFAR_NOUNS = {
    "airplane": ("airplane", "Airplane", "Aircraft", "jet_plane"),
    "automobile": ("Car", "car_(automobile)"),
    "bird": ("bird", "Bird"),
    "cat": ("cat", "Cat"),
    "deer": ("deer", "Deer"),
    "dog": ("dog", "Dog"),
    "frog": ("frog", "Frog"),
    "horse": ("horse", "Horse"),
    "ship": ("boat", "Boat", "cargo_ship", "Watercraft"),
    "truck": ("truck", "Truck"),
}
"""CIFAR-10's classes and what they are called among the recorded nouns."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Which pictures show a thing.

    Attributes:
        noun: as recorded.
        pictures: that show it.
        perhaps: that may show it.
    """

    noun: str
    pictures: tuple[int, ...]
    perhaps: tuple[int, ...]


def shown() -> list[Shown]:
    """Every noun that is true of some picture."""
    rows = []
    for line in _SHOWN.strip().replace("\n    ", " ").splitlines():
        nouns, pictures, perhaps = line.split("|")
        rows += [Shown(noun.strip(), _numbers(pictures), _numbers(perhaps)) for noun in nouns.split(",")]
    return rows


def nowhere() -> tuple[str, ...]:
    """Nouns that are true of none of these pictures."""
    return _nouns(_NOWHERE)


def not_in_cifar() -> tuple[str, ...]:
    """Nouns that are true of none of CIFAR's pictures, nor close to one of its classes."""
    return tuple(noun for noun in nowhere() if noun not in _nouns(_NEAR_CIFAR))


def _nouns(text: str) -> tuple[str, ...]:
    return tuple(noun.strip() for noun in text.replace("\n", " ").split(",") if noun.strip())


def _numbers(text: str) -> tuple[int, ...]:
    ranges = (part.partition("-") for part in text.split())
    return tuple(number for first, _, last in ranges for number in range(int(first), int(last or first) + 1))
