from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from models.runtime import Runtime

pytestmark = pytest.mark.models
PASSAGES = ("How to train a cat to roll over", "Stock prices fell on Monday", "A recipe for noodle soup")


def test_texts_become_unit_rows_of_384_numbers(runtime: Runtime) -> None:
    vectors = runtime.text.embed_passages([*PASSAGES, "", "一只猫"])
    assert vectors.shape == (5, 384)
    assert runtime.text.dim == 384
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-5)


def test_no_texts_give_no_rows(runtime: Runtime) -> None:
    assert runtime.text.embed_queries([]).shape == (0, 384)


def test_a_query_is_told_apart_from_a_passage(runtime: Runtime) -> None:
    query, passage = runtime.text.embed_queries(["cat"])[0], runtime.text.embed_passages(["cat"])[0]
    assert 0.5 < float(query @ passage) < 0.999


@pytest.mark.parametrize(("query", "nearest"), [("教猫打滚", 0), ("股市下跌", 1), ("怎么煮面条汤", 2)])
def test_a_chinese_query_is_nearest_to_the_english_passage_that_means_it(
    query: str, nearest: int, runtime: Runtime
) -> None:
    scores = runtime.text.embed_passages(PASSAGES) @ runtime.text.embed_queries([query])[0]
    assert int(np.argmax(scores)) == nearest


def test_what_follows_a_nul_counts(runtime: Runtime) -> None:
    cut, whole, with_nul = runtime.text.embed_passages(["a cat", "a cat on a rocket", "a cat\0on a rocket"])
    assert with_nul == pytest.approx(whole, abs=1e-6)
    assert not np.allclose(with_nul, cut, atol=1e-3)


def test_half_an_emoji_does_not_stop_the_rest_from_being_read(runtime: Runtime) -> None:
    broken, clean = runtime.text.embed_passages(["funny cats \ud83d", "funny cats"])
    assert float(broken @ clean) > 0.8


def test_threads_get_what_they_would_get_alone(runtime: Runtime) -> None:
    texts = [f"{number} ways to cook a potato" for number in range(16)]
    alone = np.concatenate([runtime.text.embed_queries([text]) for text in texts])
    with ThreadPoolExecutor(4) as pool:
        together = np.concatenate(list(pool.map(lambda text: runtime.text.embed_queries([text]), texts)))
    assert np.array_equal(together, alone)
