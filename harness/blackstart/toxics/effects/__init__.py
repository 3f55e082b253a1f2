"""One file per toxic that acts on the bytes of a connection. Each file has its `TYPE`, and the effect if it has one."""
