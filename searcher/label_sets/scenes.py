"""Places and views, indoors and out."""

WORDS = """
beach, coast, cliff, harbour, pier, open sea, coral reef, island, lagoon, river, stream, lake, pond, waterfall, swamp,
mountain, mountain top, hill, valley, canyon, cave, glacier, snowy landscape, volcano, desert, sand dunes, savanna,
forest, jungle, bamboo forest, autumn forest, meadow, lavender field, wheat field, rice terraces, vineyard, orchard,
farm, garden, greenhouse, park, botanical garden, golf course, campsite, hiking trail, country road, motorway, tunnel,
bridge, railway line, night sky, starry sky, sunset, cloudy sky, thunderstorm,

city street, shopping street, alley, crossroads, town square, old town, village, suburb, skyline, market,
flea market, harbour at night, city at night, traffic jam, car park, petrol station, bus stop, railway station,
underground station, airport, airport runway, construction site, factory, power station, quarry, scrapyard, warehouse,
castle, palace, ruins, temple, mosque, church interior, cathedral, cemetery, monument, fountain, courtyard, balcony,
roof terrace, swimming pool, playground, amusement park, zoo, aquarium, stadium, sports field, tennis court, ski slope,
ice rink, running track, gym, bowling alley, skate park, racecourse, race track,

living room, bedroom, children's room, kitchen, dining room, bathroom, hallway, staircase, attic, cellar, garage,
wardrobe, home office, open-plan office, meeting room, reception, lift, classroom, lecture hall, laboratory, library,
bookshop, museum, art gallery, theatre, concert, cinema, nightclub, casino, bar, café, restaurant, canteen,
fast-food restaurant, bakery, butcher's shop, supermarket, clothes shop, shopping centre, pharmacy, hairdresser, spa,
hospital room, operating theatre, dentist's surgery, waiting room, prison cell, courtroom, hotel room, hotel lobby,
train compartment, aeroplane cabin, cockpit, car interior, boat deck, engine room, server room, workshop, stage,
television studio, wedding, birthday party, fairground, carnival, parade, demonstration, barn, stable, chicken coop
"""
