"""Tables in the terminal show every cell whole and as it is."""

from signllm.cli.tables import PIPE_WIDTH, print_lines, print_table


def test_cells_are_shown_as_they_are_and_whole(capsys):
    long = "x" * 200
    print_table(("clip [1]", "score"), [("[red]a[/red]", 0.5), (long, None)], "of [b]two[/b]")
    out = capsys.readouterr().out
    assert "of [b]two[/b]" in out
    assert "clip [1]" in out
    assert "[red]a[/red]" in out
    assert out.count("x") == 200
    assert "None" in out
    assert max(map(len, out.splitlines())) <= PIPE_WIDTH


def test_lines_are_not_broken_and_not_markup(capsys):
    line = "[b]" + "word " * 60
    print_lines([line, "二"])
    assert capsys.readouterr().out == f"{line}\n二\n"
