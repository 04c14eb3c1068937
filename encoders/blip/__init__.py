"""BLIP: one family, three models. It says whether a text fits a picture, writes captions, answers questions.

transformers has the architecture and reads the weights; the arithmetic that is slow there is done here. Import from
the modules (or from `encoders`): this file stays empty of imports, since the catalogue reads `encoders.blip.rows`.
"""
