"""`python -m autograd.testing` has moved: the project's own audit is not part of the library."""

if __name__ == "__main__":
    raise SystemExit(
        "the project's own audit is run in a checkout, by `python -m tests.mutation`; "
        "to audit a check of your own, call autograd.testing.audit(check)"
    )
