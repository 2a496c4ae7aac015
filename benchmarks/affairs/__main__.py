"""What village affairs promise in figures (village_affairs.md section 6).

    python -m benchmarks.affairs                 all four, the largest last
    python -m benchmarks.affairs groups          groups shown in noise, two camps found
    python -m benchmarks.affairs attack          what somebody learns who holds the page at every hour and knows five
    python -m benchmarks.affairs surge           400 unverified opinions in an hour, and the time of a turn meanwhile
    python -m benchmarks.affairs voices [--voices 5000] [--minutes 10]

`voices` starts the real application on a loopback port with an SQLite database of its own; nothing else is touched.
"""

import argparse

from benchmarks.affairs import attack, groups, voices

ALL = ("groups", "attack", "surge", "voices")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.affairs", description=__doc__)
    parser.add_argument("what", nargs="*", help="one or more of groups, attack, surge, voices")
    parser.add_argument("--runs", type=int, default=1000, help="of noise; a fifth of it for each power")
    parser.add_argument("--voices", type=int, default=5000)
    parser.add_argument("--minutes", type=float, default=10)
    args = parser.parse_args()
    args.what = args.what or list(ALL)
    if "groups" in args.what:
        groups.run(args.runs)
    if "attack" in args.what:
        attack.run(max(20, args.runs // 10))
    if "surge" in args.what:
        voices.run_surge()
    if "voices" in args.what:
        voices.run(args.voices, args.minutes)


main()
