from chassis.together import Statement, together


def test_one_statement_stays_as_it_is() -> None:
    only = Statement("SELECT $1", (7,))
    assert together([only]) is only


def test_arguments_are_numbered_through() -> None:
    first = Statement("INSERT INTO a SELECT unnest($1::int[]), $2", ([1], 2))
    second = Statement("DELETE FROM b WHERE id = $2 OR id = $1", (3, 4), name="deleted")
    last = Statement("INSERT INTO c SELECT $1 FROM deleted", (5,))
    query, arguments, _ = together([first, second, last])
    assert query == (
        "WITH part_0 AS (INSERT INTO a SELECT unnest($1::int[]), $2), "
        "deleted AS (DELETE FROM b WHERE id = $4 OR id = $3) "
        "INSERT INTO c SELECT $5 FROM deleted"
    )
    assert arguments == [[1], 2, 3, 4, 5]


def test_more_than_nine_arguments_are_told_apart() -> None:
    many = Statement(f"SELECT {', '.join(f'${number}' for number in range(1, 12))}", tuple(range(11)))
    query, arguments, _ = together([many, many])
    assert query.endswith("SELECT $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22")
    assert arguments == [*range(11), *range(11)]
