"""A number and what it counts, as one says it."""


def counted(n: int, one: str, several: str = "") -> str:
    """`1 text`, `0 texts`, `2,000 texts`; where more than the end changes, `several` stands for what is not one."""
    return f"{n:,} {one if n == 1 else several or one + 's'}"
