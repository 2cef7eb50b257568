"""`python -m autograd.testing` has moved: it runs the project's own tests, which are not installed."""

import sys

if __name__ == "__main__":
    sys.exit(
        "the project's own audit is no part of the library any more: run `python -m tests.mutation` "
        "in a checkout; to audit a check of your own, call autograd.testing.audit(check)"
    )
