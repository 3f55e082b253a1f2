"""Programs that run as processes of the replica, and the two small clients they share with the probes.

They import nothing of the harness but each other: a server must not pay for what only a drill needs.
"""
