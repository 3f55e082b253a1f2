"""Builds the images of `.env` from package registries. `images/bake` is its command, `images/README.md` its manual."""
