"""The HTTP edge: JSON in rest/, HTML in pages/, the command line in cli/."""
