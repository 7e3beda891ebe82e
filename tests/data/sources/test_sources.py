"""Good tables in every form give the same rows."""

from __future__ import annotations

import gzip
import http.server
import sqlite3
import threading
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config.errors import InputError
from pipeline.data.description import describe
from pipeline.data.sources import dispatch as sources
from tests.data.conftest import Load

ROWS = 30


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "größe": rng.normal(size=ROWS).round(3),
            "count": rng.integers(0, 9, ROWS),
            "town": rng.choice(["Köln", "None", "NA", "São Paulo"], ROWS),
            "label": np.resize(["no", "yes", "NA"], ROWS),
        }
    )


def test_named_sources(load: Load) -> None:
    sizes = {"breast_cancer": (569, 30, 2), "digits": (1797, 64, 10), "wine": (178, 13, 3),
             "iris": (150, 4, 3)}  # fmt: skip
    for name, (rows, columns, classes) in sizes.items():
        table = load(name)
        assert table.frame.shape == (rows, columns + 1)
        assert len(table.classes) == classes
        assert table.name == name


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_files_are_read_however_written(
    load: Load, tmp_path: Path, frame: pd.DataFrame, delimiter: str, encoding: str
) -> None:
    decimal = "," if delimiter == ";" else "."
    path = tmp_path / "table.csv"
    frame.to_csv(path, sep=delimiter, decimal=decimal, encoding=encoding, index=False)
    table = load(path, target="label")
    pd.testing.assert_frame_equal(table.frame, frame, check_dtype=False)
    assert table.classes == ("NA", "no", "yes")
    guessed = [finding.check for finding in table.findings]
    assert guessed == (["reading"] if encoding == "cp1252" else [])


def test_gzip_parquet_parts_and_text_are_the_same(
    load: Load, tmp_path: Path, frame: pd.DataFrame
) -> None:
    frame.to_csv(tmp_path / "plain.csv", index=False)
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress((tmp_path / "plain.csv").read_bytes()))
    frame.to_parquet(tmp_path / "table.parquet")
    frame[:10].to_csv(tmp_path / "part-1.csv", index=False)
    # Another order of columns, and whole numbers where the first part has fractions.
    frame[10:].iloc[:, ::-1].to_csv(tmp_path / "part-2.csv", index=False)
    for source in ("plain.csv", "packed.csv.gz", "table.parquet", "part-*.csv"):
        table = load(tmp_path / source, target="label")
        pd.testing.assert_frame_equal(table.frame, frame, check_dtype=False)


def test_texts_that_look_like_gaps_are_texts_unless_listed(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = ["None,1,yes", "NA,2,no", "nan,,no", ",4,yes"] * 5
    path.write_text("word,number,y\n" + "\n".join(rows))
    table = load(path, target="y")
    assert table.frame["word"][:3].tolist() == ["None", "NA", "nan"]
    assert table.frame["word"].isna().sum() == 5
    assert table.frame["number"].isna().sum() == 5
    table = load(path, target="y", missing=["", "NA", "4"])
    assert table.frame["word"].isna().sum() == 10
    assert table.frame["number"].isna().sum() == 10


def test_missing_markers_count_in_every_format(load: Load, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, -999] * 10, "b": ["x", "?"] * 10, "y": ["n", "p"] * 10})
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_csv(tmp_path / "t.csv", index=False)
    for name in ("t.parquet", "t.csv"):
        table = load(tmp_path / name, target="y", missing=["?", "-999"])
        assert table.frame.isna().sum().tolist() == [10, 10, 0]


def test_columns_are_picked_and_typed(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{n},0{n % 3}100,{n % 28 + 1:02d}.02.2024,{'ja' if n % 2 else '1'},{n % 2}"
            for n in range(20)]  # fmt: skip
    path.write_text("id,zip,since,odd,y\n" + "\n".join(rows))
    types = {"zip": "category", "since": "date:%d.%m.%Y"}
    table = load(path, target="y", drop=["id"], types=types)
    assert list(table.frame) == ["zip", "since", "odd", "y"]
    assert table.frame["zip"][0] == "00100"
    assert table.frame["since"][0] == pd.Timestamp("2024-02-01")
    schema = describe(table, None)
    assert [column.kind for column in schema.columns] == ["category", "date", "category"]
    assert list(load(path, target="y", drop=[], types={}, keep=["zip"]).frame) == ["zip", "y"]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([7, 1, 2], ("1", "2", "7")),
        ([10, 9, -1], ("-1", "9", "10")),
        ([True, False], ("False", "True")),
        (["b", "a"], ("a", "b")),
        ([1.0, 0.0], ("0", "1")),
    ],
)
def test_labels_of_any_kind_are_classes_in_order(
    load: Load, tmp_path: Path, labels: list, classes: tuple[str, ...]
) -> None:
    frame = pd.DataFrame({"x": np.arange(30) % 7, "y": np.resize(labels, 30)})
    frame.to_parquet(tmp_path / "t.parquet")
    assert load(tmp_path / "t.parquet", target="y").classes == classes


def test_positive_class_is_the_last(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1,0\n2,1\n" * 10)
    assert load(path, target="y", positive=0).classes == ("1", "0")


def test_rows_without_a_target_are_left_out_and_said(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1,a\n2,b\n3,\n" * 10)
    table = load(path, target="y")
    assert len(table.frame) == 20
    assert "10 rows have no value in it" in table.findings[0].message


def test_headerless_names_get_places(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",x,y\n" + "1,1,a\n2,2,b\n" * 10)
    assert list(load(path, target="y").frame) == ["column 1", "x", "y"]


STRANGE = ['a "quoted" name', "comma, name", "new\nline", "🦀", "__class__", "../../x", " blank ",
           "$x^2$", "{braces}", "%s", "-1", "名前"]  # fmt: skip


def test_strange_column_names_are_names(load: Load, tmp_path: Path) -> None:
    frame = pd.DataFrame(np.arange(20 * len(STRANGE)).reshape(20, -1), columns=STRANGE)
    frame.assign(y=["a", "b"] * 10).to_csv(tmp_path / "t.csv", index=False)
    table = load(tmp_path / "t.csv", target="y")
    assert list(table.frame) == [*STRANGE, "y"]
    assert describe(table, None).numeric == STRANGE


def test_sql(
    load: Load, tmp_path: Path, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        frame.to_sql("people", connection, index=False)
    connection.close()
    monkeypatch.setenv("SHOP", f"sqlite:///{tmp_path}/shop.db")
    table = load("sql:SHOP", query="SELECT * FROM people", target="label")
    pd.testing.assert_frame_equal(table.frame, frame, check_dtype=False)
    assert table.name == "shop"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """An HTTP server of the test's folder; /hangs never answers, and /locked refuses."""
    ended = threading.Event()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(tmp_path))  # type: ignore[arg-type]

        def do_GET(self) -> None:
            if self.path.startswith("/hangs"):
                ended.wait(30)
            elif self.path.startswith("/locked"):
                self.send_error(403)
            else:
                super().do_GET()

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        ended.set()
        server.shutdown()
        thread.join()


def test_url(load: Load, tmp_path: Path, frame: pd.DataFrame, server: str) -> None:
    frame.to_csv(tmp_path / "churn.csv.gz", index=False)
    table = load(f"{server}/churn.csv.gz?token=secret", target="label")
    pd.testing.assert_frame_equal(table.frame, frame, check_dtype=False)
    assert table.name == "churn"
    assert "secret" not in table.description


def test_url_that_fails_is_told(load: Load, tmp_path: Path, server: str) -> None:
    (tmp_path / "big.csv").write_bytes(b"x,y\n" + b"1,a\n" * 400_000)
    for path, extra, message in (
        ("absent.csv", {}, "absent.csv: not found, want a file"),
        ("locked", {}, r"locked: the server answers 403 \(Forbidden\), want the file"),
        ("hangs", {"timeout_s": 1}, "within data.timeout_s = 1"),
        ("big.csv", {"max_mb": 1}, "larger than data.max_mb = 1"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            load(f"{server}/{path}?key=secret", target="y", **extra)
        assert "secret" not in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "127.0.0.1:9"])
def test_a_host_that_is_not_reached_is_named(load: Load, host: str) -> None:
    with pytest.raises(InputError, match=f"no connection to '{host.split(':')[0]}'") as caught:
        load(f"https://user:secret@{host}/x.csv?key=secret", target="y")
    assert "secret" not in str(caught.value)


def test_mnist_from_the_cache(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (80, 28, 28), np.uint8)
    labels = (np.arange(80) % 10).astype(np.uint8)
    (tmp_path / "datasets").mkdir()
    np.savez(
        tmp_path / "datasets/mnist.npz",
        x_train=images[:60], y_train=labels[:60], x_test=images[60:], y_test=labels[60:],
    )  # fmt: skip
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    table = load("mnist", split={"role": "role"})
    assert table.frame.shape == (80, 28 * 28 + 2)
    assert table.frame["role"].value_counts().to_dict() == {"train": 60, "test": 20}
    assert table.classes == tuple("0123456789")
    assert (table.frame.iloc[:, : 28 * 28].to_numpy() == images.reshape(80, -1)).all()
    assert table.frame["pixel_350"].dtype == np.uint8
    assert "another checksum" in table.findings[0].message
    # Without split.role the column is no feature either.
    assert "role" not in load("mnist", split={"role": None}).frame


def test_mnist_offline_is_told(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    # Port 9 discards: nobody listens there.
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(InputError, match=r"URL fetch failure.* Put mnist\.npz there, or set KERAS"):
        load("mnist")


def test_damaged_mnist_is_told(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/mnist.npz").write_bytes(b"PK\x03\x04 cut")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"mnist\.npz: damaged"):
        load("mnist")


def test_openml_by_number_and_by_name(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers of openml.org that scikit-learn ships, where its downloads are cached."""
    answers = files("sklearn.datasets.tests.data.openml.id_61")
    cached = {
        "json/data/61": "api-v1-jd-61",
        "json/data/features/61": "api-v1-jdf-61",
        "json/data/qualities/61": "api-v1-jdq-61",
        "json/data/list/data_name/iris/limit/2/data_version/1": "api-v1-jdl-dn-iris-l-2-dv-1",
    }
    site = tmp_path / "openml/openml.org"
    for place, name in cached.items():
        path = site / f"api/v1/{place}.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(answers.joinpath(f"{name}.json.gz").read_bytes())
    table = site / "data/v1/download/61/iris.arff.gz"
    table.parent.mkdir(parents=True)
    table.write_bytes(answers.joinpath("data-v1-dl-61.arff.gz").read_bytes())
    monkeypatch.setattr(sources, "OPENML_CACHE", tmp_path)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    for source in ("openml:61", "openml:iris"):
        found = load(source)
        assert found.name == "openml-iris"
        assert found.classes == ("Iris-setosa", "Iris-versicolor", "Iris-virginica")
        assert found.frame.shape == (150, 5)
        assert describe(found, None).numeric == list(found.frame.columns[:4])
