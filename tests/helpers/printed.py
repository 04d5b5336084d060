"""Reading back what commands print."""


def table_rows(printed):
    """The cells of every row below the heads of the tables in a terminal's output."""
    lines = (line for line in printed.splitlines() if line.startswith("│"))
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
