#!/usr/bin/env python3
"""progeny memory looks at Python's multiprocessing under fork; the page it writes is opened in Chromium.

    memory_page_test.py <progeny> <program that writes a made-up page> <folder for screenshots>
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from browser import Browser, chromium

TOOL, MADE_UP, ARTEFACTS = sys.argv[1:4]
HERE = pathlib.Path(__file__).parent
FIGURES = ["resident", "proportional", "unique", "shared", "copied", "swapped"]
MIB = 1 << 20
TABLE_MIB, CHILDREN = 64, 4
EVIL = "</script><img src=x onerror=\"document.title='broken'\">"


class MemoryOfForkReaders(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.page, data = pathlib.Path(cls.folder.name, "page.html"), pathlib.Path(cls.folder.name, "data.json")
        cls.run_ = subprocess.run([TOOL, "memory", "-o", f"{cls.page},{data}", "--", sys.executable, str(HERE / "fork_readers.py"),
                                   str(TABLE_MIB), str(CHILDREN), EVIL], capture_output=True, text=True, timeout=100)
        cls.data = json.loads(data.read_text())

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_1_the_program_runs_as_without_it(self):
        self.assertEqual(self.run_.returncode, 0, self.run_.stderr)
        self.assertEqual(self.run_.stdout, "")
        self.assertIn("Together they took", self.run_.stderr)

    def test_2_children_look_big_and_are_small(self):
        processes = self.data["processes"]
        self.assertEqual(len(processes), 1 + CHILDREN)
        for child in processes[1:]:
            self.assertEqual(child["parent"], processes[0]["id"])
            self.assertTrue(child["ended"])
            self.assertGreater(child["peak"]["resident"], TABLE_MIB * MIB)
        # On a busy machine one may end before the share of the CPU allows a close look at it.
        looked_at = [child["peak"] for child in processes[1:] if child["peak"]["unique"] is not None]
        self.assertGreaterEqual(len(looked_at), CHILDREN // 2)
        for peak in looked_at:
            self.assertLess(peak["unique"], 16 * MIB)
            self.assertLess(peak["copied"], 16 * MIB)
        peak = self.data["peak"]
        self.assertGreater(peak["resident"], CHILDREN * TABLE_MIB * MIB)
        self.assertLess(peak["proportional"], 2 * TABLE_MIB * MIB)

    def test_3_looking_costs_less_than_one_percent(self):
        first_readings = 20   # ms, that nothing has paid for when a short run ends
        self.assertLess(self.data["reading_ms"], 0.01 * self.data["duration_ms"] + first_readings)

    def test_4_the_page_shows_what_the_json_tells(self):
        if chromium() is None:
            self.skipTest("no Chromium on this machine: the page was not opened")
        pathlib.Path(ARTEFACTS).mkdir(parents=True, exist_ok=True)
        made_up = pathlib.Path(self.folder.name, "made_up.html")
        subprocess.run([MADE_UP, str(made_up)], check=True, timeout=60)
        with Browser() as page:
            page.open(self.page)
            self.check_page(page)
            self.check_hover(page)
            for scheme, paper in (("light", "rgb(245, 246, 248)"), ("dark", "rgb(17, 20, 24)")):
                page.color_scheme(scheme)
                self.assertEqual(page.evaluate("getComputedStyle(document.body).backgroundColor"), paper)
                page.screenshot(pathlib.Path(ARTEFACTS, f"memory_report_{scheme}.png"))
            page.open(made_up, width=480)
            self.check_made_up(page)
            page.screenshot(pathlib.Path(ARTEFACTS, "memory_report_narrow.png"))
            self.assertEqual(page.errors, [])

    def check_page(self, page):
        self.assertEqual(page.evaluate("document.title"), "Memory: " + self.data["title"])
        self.assertIn(EVIL, page.evaluate("document.querySelector('h1').textContent"))
        self.assertEqual(page.evaluate("document.querySelectorAll('img').length"), 0)
        self.assertEqual(page.evaluate("JSON.parse(document.getElementById('record').textContent)"), self.data)
        rows = page.evaluate("""[...document.querySelectorAll('#table tbody tr')].map(row => [row.dataset.pid,
            ...[...row.querySelectorAll('[data-figure]')].map(cell => cell.dataset.bytes ?? null)])""")
        def row(name, peak):
            return [name] + [None if peak[figure] is None else str(peak[figure]) for figure in FIGURES]
        expected = [row(str(process["id"]), process["peak"]) for process in self.data["processes"]]
        self.assertEqual(rows, expected + [row("all", self.data["peak"])])
        tiles = page.evaluate("[...document.querySelectorAll('[data-tile]')].map(tile => [tile.dataset.tile, tile.dataset.bytes])")
        self.assertIn(["All together, at most", str(self.data["peak"]["proportional"])], tiles)
        self.assertIn(["Sum of resident", str(self.data["peak"]["resident"])], tiles)
        self.assertEqual(page.evaluate("document.querySelectorAll('#lanes line.life').length"), 3 * (1 + CHILDREN))
        self.assertGreater(page.evaluate("document.querySelectorAll('#together path.unique')[0].getBBox().height"), 1)
        self.assertIn("time since the report began", page.evaluate("document.getElementById('together').textContent"))

    def check_hover(self, page):
        box = "(id => { const svg = document.querySelector('#' + id + ' svg'); svg.scrollIntoView({block: 'center'}); " \
              "const r = svg.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; })"
        for plot, series in (("together", self.data["total"]), ("lanes", self.data["processes"][0]["samples"])):
            x, y, width, height = page.evaluate(f"{box}('{plot}')")
            page.move_pointer(x + width * 0.6, y + (height / 2 if plot == "together" else 20))
            shown = page.evaluate("[...document.querySelectorAll('#tip [data-bytes]')].map(cell => Number(cell.dataset.bytes))")
            self.assertFalse(page.evaluate("document.getElementById('tip').hidden"))
            self.assertEqual(len(shown), len(FIGURES))
            for figure, value in zip(FIGURES, shown):
                self.assertIn(value, series[figure], f"{plot}: {figure}")
            page.move_pointer(1, 1)
            self.assertTrue(page.evaluate("document.getElementById('tip').hidden"))

    def check_made_up(self, page):
        """Marks are drawn and labelled; what a system doesn't tell is no zero; narrow windows don't scroll sideways."""
        self.assertEqual(page.evaluate("document.querySelectorAll('#together line.mark').length"), 2)
        self.assertIn("table loaded", page.evaluate("document.querySelector('#together text.mark').textContent"))
        cells = page.evaluate("[...document.querySelectorAll('#table tr.sum [data-figure]')].map(cell => cell.textContent)")
        self.assertEqual(cells, ["48.0 MiB"] + ["–"] * 5)
        self.assertIn("Not told by this system", page.evaluate("document.getElementById('notes').textContent"))
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 480)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
