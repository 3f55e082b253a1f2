"""The fault proxy: a program of its own that speaks Toxiproxy's API. README.md in this folder says how it works.

Standard library only: the program starts with each drill, and must be up in a moment.
"""
