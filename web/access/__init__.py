"""Who may come in, from where, and how much of the machine they may take."""
