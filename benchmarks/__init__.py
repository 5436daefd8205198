"""What it costs: each module here is one benchmark, found by its presence; `make bench` runs them all.

`make bench ARGS="crawl reading"` (or `python -m benchmarks crawl reading`) runs some.

A benchmark is a module whose docstring says on its first line what is measured, with

- `bench() -> list[Row]` (`benchmarks.measuring`): what was measured, one row for each number. Two things that are
  compared take turns (`in_turn`), and the row has the median of their ratios with its spread (`beside`); what stands
  alone has a median (`alone`). A goal is a part of its row;
- `profile() -> list[str]`, where there is something to profile: lines that say where the time goes (`top_of`). It is
  called where a goal is missed;
- `NEEDS`, the modules that it needs beside those that it imports; where one is not installed, it is left out;
- `NEXT`, a sentence for whoever wants to meet a goal that is missed: what the next step is.

A module without `bench` is a part of others. Benchmarks run on their own, with nothing but the `bench` group of
dependencies beside those of development, and all together within ten minutes.
"""
