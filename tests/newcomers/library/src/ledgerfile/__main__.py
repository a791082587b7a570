"""``python -m ledgerfile FILE ACCOUNT`` prints a balance."""

import sys

from ledgerfile import LedgerError, parse


def main() -> None:
    _, path, account = sys.argv
    try:
        with open(path) as file:
            print(parse(file.read()).balance(account))
    except LedgerError as exc:
        sys.exit(f"ledgerfile: {exc}")


if __name__ == "__main__":
    main()
