"""One module a peer. Each has ``load(job: Job) -> Annotate`` and imports nothing but its own program and :mod:`peers.wire`."""
