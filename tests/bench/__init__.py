"""How long things take: ``python -m tests.bench`` (or ``make bench``). It measures and never asserts."""
