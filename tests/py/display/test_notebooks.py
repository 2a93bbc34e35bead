# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The notebooks of the examples run, and one of them is looked at in a browser."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
pytest.importorskip("ipykernel", reason="ipykernel is not installed")
pytest.importorskip("ipywidgets", reason="ipywidgets is not installed")
pytest.importorskip("matplotlib", reason="matplotlib is not installed")

NOTEBOOKS = Path(__file__).resolve().parents[3] / "examples" / "notebooks"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
VIRIDIS = np.array([[68, 1, 84], [33, 145, 140]]) / 255  # Its begin and its middle.

pytestmark = [
    pytest.mark.skipif(not NOTEBOOKS.is_dir(), reason="only in a checkout"),
    # What Jupyter says of itself.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def _settings(tmp_path_factory):
    place = str(tmp_path_factory.mktemp("jupyter"))
    # Jupyter's own files, which lie beside the libraries that were installed with them.
    shared = Path(nbformat.__file__).resolve().parents[4] / "share" / "jupyter"
    settings = {
        "JUPYTER_PATH": str(shared),
        "JUPYTER_PLATFORM_DIRS": "1",
        "IPYTHONDIR": place,
        "MPLCONFIGDIR": place,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def executed():
    """Return a function that runs a notebook, once."""
    done = {}

    def run(name):
        if name not in done:
            notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
            client = nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3")
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("PASTREAM_DEVICE", "loopback")
                done[name] = client.execute(cwd=str(NOTEBOOKS))
        return done[name]

    return run


def _outputs(notebook, kind):
    """Return what cells show of a MIME type."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.data[kind] for output in outputs if kind in output.get("data", {})]


def test_all_notebooks_are_tried():
    names = {path.name for path in NOTEBOOKS.glob("*.ipynb")}
    assert names == {"make_a_sound.ipynb", "turn_the_knobs.ipynb"}


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_kept_without_what_they_show(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


def test_a_sound_is_made_played_and_seen(executed):
    notebook = executed("make_a_sound.ipynb")
    assert "(96000, 1)" in _outputs(notebook, "text/plain")
    (audio,) = [html for html in _outputs(notebook, "text/html") if "<audio" in html]
    assert "data:audio/wav;base64,UklGR" in audio  # RIFF.
    assert len(_outputs(notebook, "image/png")) == 1
    assert any("<svg" in svg for svg in _outputs(notebook, "image/svg+xml"))


def test_knobs_turn_what_sounds(executed):
    notebook = executed("turn_the_knobs.ipynb")
    (panel,) = _outputs(notebook, "application/vnd.jupyter.widget-view+json")
    assert panel["model_id"]
    assert "330.0" in _outputs(notebook, "text/plain")
    assert len(_outputs(notebook, "image/png")) >= 1


def test_the_page_shows_it_in_a_browser(executed, tmp_path):
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("Chromium is not installed")
    nbconvert = pytest.importorskip("nbconvert", reason="nbconvert is not installed")
    image = pytest.importorskip("matplotlib.image")
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    html, _ = nbconvert.HTMLExporter().from_notebook_node(executed("make_a_sound.ipynb"))
    # What the page would fetch is not there.
    page.write_text(re.sub(r"<script[^>]*\bsrc=[^>]*></script>", "", html), encoding="utf-8")
    command = [
        *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--hide-scrollbars", "--window-size=1000,2600", f"--user-data-dir={tmp_path / 'user'}"),
        *(f"--screenshot={picture}", page.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert picture.exists(), done.stderr
    pixels = image.imread(picture)[:, :, :3]
    assert pixels.shape == (2600, 1000, 3)
    # The spectrogram is there, from its darkest colour to its middle, and the axes' black.
    for colour in VIRIDIS:
        assert (np.abs(pixels - colour).max(axis=2) < 0.03).sum() > 100
    assert (pixels.max(axis=2) < 0.1).sum() > 500
