"""One box for everything that can be looked for: what was typed, and what of it one may see."""
