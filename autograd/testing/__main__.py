if __name__ == "__main__":
    raise SystemExit(
        "the project's own audit is run in a checkout, by `python -m tests.mutation`; "
        "to audit a check of your own, call autograd.testing.audit(check)"
    )
