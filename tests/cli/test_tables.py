import io

from agcod_guard.cli.tables import ROWS_AT_ONCE, print_table


class Terminal(io.StringIO):
    def isatty(self):
        return True


def printed(rows, out=None):
    out = out or io.StringIO()
    count = print_table(out, ("name", "number"), rows)
    return count, out.getvalue()


def test_columns_are_aligned_under_their_titles():
    assert printed([("a", "1"), ("longer", "22")]) == (
        2,
        "NAME    NUMBER\na       1\nlonger  22\n",
    )


def test_what_is_not_known_is_a_dash():
    assert printed([(None, "")])[1].splitlines()[1] == "-     -"


def test_nothing_prints_nothing():
    assert printed([]) == (0, "")


def test_rows_are_printed_as_they_come_under_one_line_of_titles():
    out = io.StringIO()

    def rows():
        for _ in range(ROWS_AT_ONCE):
            yield ("a", "1")
        assert out.getvalue().count("\n") == 1 + ROWS_AT_ONCE
        for _ in range(ROWS_AT_ONCE):
            yield ("b", "2")

    count, text = printed(rows(), out)

    assert count == 2 * ROWS_AT_ONCE
    assert text.count("NAME") == 1


def test_a_cell_cannot_act_on_a_terminal_nor_be_read_as_markup():
    _, text = printed([("[red]x\x1b[2J\n", "1")], Terminal())

    assert "[red]x\\x1b[2J" in text
    assert "\x1b[2J" not in text
