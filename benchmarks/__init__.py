"""The figures of this product, beside those of its peers. `script/bench` prints them.

Every figure is taken as its module says; walls on a shared machine are noise, so look at the
ratios and at the CPU. Names are those of the design; `results.jsonl` holds a line a figure.
"""
