"""`atelier up`: every part of the service in one terminal, supervised."""
