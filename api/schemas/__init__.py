"""Response bodies, one file per route file; views carry no defaults."""
