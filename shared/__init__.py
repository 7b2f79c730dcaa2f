"""What both edges need: settings, rows, operations and the promises between them."""
