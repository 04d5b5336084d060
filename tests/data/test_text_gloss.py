"""Tables of text and gloss: what is read, and what is refused with all faults at once."""

import pytest

from signllm.data.text_gloss import TextGloss, read_text_gloss
from signllm.errors import DataError


def write(tmp_path, content):
    path = tmp_path / "dev.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_reads_columns_by_name_whatever_their_order_and_company(tmp_path):
    path = write(tmp_path, 'name|speaker|translation|annotation\na-1|S1|morgen "stark"  bewölkt|MORGEN  WOLKE\n')
    assert read_text_gloss(path) == [TextGloss("a-1", 'morgen "stark" bewölkt', "MORGEN WOLKE")]


@pytest.mark.parametrize(
    "content",
    [
        "name|video|start|end|speaker|orth|translation\na|x/1/*.png|-1|-1|S1|WIND|es ist, windig\n",
        'id,gloss,sentence\na,WIND,"es ist, windig"\n',
        "编号\t注释\t句子\na\tWIND\tes ist, windig\n",
    ],
)
def test_columns_have_any_names_that_tables_of_clips_have(tmp_path, content):
    assert read_text_gloss(write(tmp_path, content)) == [TextGloss("a", "es ist, windig", "WIND")]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    path = write(tmp_path, "\ufeffid|annotation|translation\na|A|b\n")
    assert read_text_gloss(path)[0].id == "a"


def test_every_fault_is_named_with_its_line(tmp_path):
    path = write(tmp_path, "id|annotation|translation\na|A|b\nb|A\nc||d\na|B|c\n")
    with pytest.raises(DataError) as caught:
        read_text_gloss(path)
    text = str(caught.value)
    assert len(caught.value.faults) == 3
    for expected in ("dev.csv:3: 2 fields", "dev.csv:4 (c): no gloss", "dev.csv:5: the id a stands twice"):
        assert expected in text


def test_a_missing_column_is_named_with_its_neighbour(tmp_path):
    with pytest.raises(DataError, match=r"annotation.*did you mean 'annotations'"):
        read_text_gloss(write(tmp_path, "id|annotations|translation\na|A|b\n"))


def test_files_that_are_not_there_or_empty(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_text_gloss(tmp_path / "none.csv")
    with pytest.raises(DataError, match="empty"):
        read_text_gloss(write(tmp_path, ""))
