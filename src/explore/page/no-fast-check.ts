// A page makes no random runs, so it does without fast-check: domains import it, and use it for random values alone.
export {};
