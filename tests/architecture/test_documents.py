from cli.documents import stale


def test_generated_documents_say_what_the_code_says() -> None:
    assert stale() == []
