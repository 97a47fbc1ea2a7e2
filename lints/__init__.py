"""House rules that no general linter knows. Each module holds one rule: `check() -> complaints`."""
