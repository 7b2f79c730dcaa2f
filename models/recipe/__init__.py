"""How `mini` is made: drawn scenes, their captions, three small networks, and a verifier."""
