"""How much of an address is borne."""

MAX_URL_CHARACTERS = 2_048
