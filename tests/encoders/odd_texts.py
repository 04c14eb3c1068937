"""More than a thousand texts that tokenizers stumble over, the same ones in every run."""

import random
import string

_PIECES = (
    *("a dog on the beach", "two cats' bowls", "it's", "I'LL", "we'Re", "don't", "'S", "'", "''", "rock'n'roll", "O'ſ"),
    *("&amp;", "&lt;b&gt;", "&amp;amp;", "&eacute;", "&#128054;", "&#x1F436;", "&nbsp;", "&", "&notanentity;", "AT&T"),
    *("🐶", "👩‍👩‍👧‍👦", "🇩🇪", "✌🏽", "❤️", "☃", "™", "¾", "①", "½", "²", "٣", "४", "Ⅷ", "ﬁ", "Å", "ſ", "İ", "ẞ", "ǅ"),
    *(
        "犬が海辺を走る写真",
        "一只狗在海滩上",
        "강아지",
        "สุนัขบนชายหาด",
        "собака на пляже",
        "σκύλος",
        "كلب",
        "כלב",
        "कुत्ता",
    ),
    *(
        "cafÃ©",
        "â€œquotedâ€\x9d",
        "naïve",
        "e\u0301",
        "\u0301",
        "“curly”",
        "‘one’",
        "…",
        "ａｂｃ",
        "ＤＯＧ",
        "l’été",
        "ΑΣ",
    ),
    *("\x00", "\x07", "\x1b[31mred\x1b[0m", "\x7f", "\x85", "\x9d", "\u200b", "\u200d", "\u202e", "\ufeff", "\ufffd"),
    *("\ud800", "\udc00", "\U000e0041", "\t", "\n", "\r\n", "\u2028", "\u3000", "\u00a0", "   ", "\x1c", "\x0b"),
    *("<start_of_text>", "<end_of_text>", "<START_OF_TEXT>", "<|endoftext|>", "<s>", "</s>", "<pad>", "<unk>", "[CLS]"),
    *("1234567890", "3.14", "10,000", "a_b_c", "snake_case", "x" * 40, "!" * 30, "#tag", "@you", "C++", "e-mail", "--"),
    *(
        "antidisestablishmentarianism",
        "Donaudampfschifffahrt",
        "DSC_0042.JPG",
        "https://example.org/?q=a&b=c",
        "~",
        "\\",
    ),
)


def odd_texts() -> list[str]:
    """The pieces alone, joined at random with and without spaces, random characters of all planes, and long texts."""
    draw = random.Random(6)
    texts = ["", " ", *_PIECES]
    texts += [
        draw.choice(["", " ", "  ", "\n"]).join(draw.choices(_PIECES, k=count))
        for count in range(2, 12)
        for _ in range(70)
    ]
    planes = (0x250, 0x3000, 0x20000)
    texts += ["".join(chr(draw.randrange(draw.choice(planes))) for _ in range(20)) for _ in range(200)]
    texts += ["".join(draw.choices(string.printable, k=draw.randrange(1, 60))) for _ in range(150)]
    return [*texts, "dog " * 400, "犬" * 700, "👍" * 300, "x" * 2000, " ".join(_PIECES), string.printable * 20]
