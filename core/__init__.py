"""What every package may know: value types, the error tree, settings and the small Protocols.

Imports nothing of ours and nothing heavy (numpy is the heaviest, and only for types).
"""
