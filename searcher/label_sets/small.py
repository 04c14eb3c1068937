"""The short sets: what people do, the weather, the time of day, the kind of picture, its colours."""

ACTIVITIES = """
walking, running, hiking, climbing, jumping, dancing, swimming, diving, surfing, sailing, rowing, fishing, skiing,
snowboarding, ice skating, skateboarding, cycling, riding a horse, riding a motorcycle, driving, flying a kite,
playing football, playing basketball, playing tennis, playing golf, playing baseball, playing volleyball, playing
chess, playing cards, playing a video game, playing the guitar, playing the piano, playing the violin, playing the
drums, singing, conducting, acting, giving a speech, teaching, studying, reading, writing, drawing, painting, taking
a picture, using a telephone, using a computer, working in an office, working in a laboratory, building, repairing,
welding, sawing, sewing, knitting, gardening, harvesting, cooking, baking, barbecuing, eating, drinking, cleaning,
washing dishes, ironing, shopping, having a haircut, putting on make-up, brushing teeth, bathing, sleeping, resting,
sunbathing, meditating, doing yoga, lifting weights, boxing, fencing, wrestling, doing gymnastics, practising
archery, marching, protesting, praying, marrying, celebrating, opening a present, blowing out candles, hugging,
kissing, laughing, crying, shaking hands, waving, pointing, posing, carrying a child, pushing a pram, feeding an
animal, walking a dog, camping, waiting, queueing, travelling by train
"""

WEATHER = "sunny, cloudy, rainy, snowy, foggy, stormy, windy"

TIMES = "daytime, sunset, twilight, night"

KINDS = """
photograph, black-and-white photograph, old photograph, selfie, portrait, close-up, aerial photograph, satellite
picture, X-ray, microscope picture, screenshot, scanned document, handwritten note, receipt, business card, book
page, newspaper page, map, floor plan, diagram, bar chart, line chart, table of numbers, formula, source code,
presentation slide, poster, flyer, book cover, album cover, logo, icon, barcode, QR code, meme, comic strip,
cartoon, anime drawing, pencil drawing, child's drawing, watercolour, oil painting, engraving, mosaic, graffiti,
tattoo, sculpture, embroidery, 3D rendering, video game scene, film still, collage, pattern
"""

COLOURS = "red, orange, yellow, green, blue, purple, pink, brown, white, grey, black"
