"""`DIR/up.json`: how other programs find the service that `up` runs."""

UP_FILE = "up.json"
