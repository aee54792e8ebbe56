"""The generated documents: each module gives its files. `python -m infra.docs` writes them all."""
