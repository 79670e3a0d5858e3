"""Tools of the project: set-up, bench, generated documents."""
