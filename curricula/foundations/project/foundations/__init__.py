"""Small building blocks, one module of the curriculum per file."""
