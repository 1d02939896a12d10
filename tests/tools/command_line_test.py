#!/usr/bin/env python3
"""progeny as scripts use it: exit codes, streams, signals, files. The same on every system.

    command_line_test.py <posix or windows> <progeny, behind its emulator if it needs one>...
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

POSIX = sys.argv[1] == "posix"
TOOL = sys.argv[2:]
PATIENCE = 60
EXIT_7 = ["sh", "-c", "exit 7"] if POSIX else ["cmd", "/c", "exit 7"]
SPEAKS = ["sh", "-c", "echo ready"] if POSIX else ["cmd", "/c", "echo ready"]
A_WHILE = ["sleep", "0.3"] if POSIX else [TOOL[-1], "doctor"]   # long enough to be looked at
posix_only = unittest.skipUnless(POSIX, "of POSIX systems only")


def progeny(*arguments, **options):
    return subprocess.run([*TOOL, *arguments], capture_output=True, timeout=PATIENCE, **{"stdin": subprocess.DEVNULL, **options})


def start(*arguments):
    return subprocess.Popen([*TOOL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class Usage(unittest.TestCase):
    def test_help_and_version_are_answers(self):
        self.assertEqual(progeny("--help").returncode, 0)
        self.assertIn(b"progeny memory", progeny("memory", "--help").stdout)
        self.assertRegex(progeny("--version").stdout, rb"^progeny \d+\.\d+\.\d+")

    def test_what_makes_no_sense_is_a_usage_error(self):
        for arguments in ([], ["nonsense"], ["memory"], ["memory", "sh"], ["memory", "--pid", "1", "--", "sh"],
                          ["top", "--", "sh"], ["doctor", "--pid", "1"], ["top", "-o", "x.html"], ["memory", "--interval", "-1s", "--", "sh"]):
            run = progeny(*arguments)
            self.assertEqual(run.returncode, 2, arguments)
            self.assertIn(b"usage:", run.stderr)


class RunningAProgram(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        os.chdir(self.folder.name)

    def tearDown(self):
        os.chdir("/")
        self.folder.cleanup()

    def test_its_exit_code_is_passed_on(self):
        self.assertEqual(progeny("memory", "--", *EXIT_7).returncode, 7)

    def test_flags_behind_the_dashes_are_its_own(self):
        run = progeny("memory", "--", *(["echo", "--json", "-o", "x"] if POSIX else ["cmd", "/c", "echo --json -o x"]))
        self.assertEqual(run.stdout.split(), [b"--json", b"-o", b"x"])
        self.assertFalse(pathlib.Path("x").exists())

    def test_a_program_that_is_not_there_is_127(self):
        run = progeny("memory", "--", "no-such-program-anywhere")
        self.assertEqual(run.returncode, 127)
        self.assertIn(b"no-such-program-anywhere", run.stderr)

    def test_a_report_that_can_not_be_written_is_told_before_anything_runs(self):
        run = progeny("memory", "-o", "no/such/folder/x.html", "--", *SPEAKS)
        self.assertEqual(run.returncode, 125)
        self.assertNotIn(b"ready", run.stdout)

    def test_a_process_that_is_not_there_is_an_error(self):
        for command in ("memory", "top"):
            run = progeny(command, "--pid", "2147483646")
            self.assertEqual(run.returncode, 125)
            self.assertIn(b"2147483646", run.stderr)

    def test_reports_come_in_the_format_of_their_files(self):
        run = progeny("memory", "--interval", "20ms", "-o", "a.html,a.json,a.txt", "--", *A_WHILE)
        self.assertEqual(run.returncode, 0, run.stderr)
        data = json.loads(pathlib.Path("a.json").read_text(encoding="utf-8"))
        self.assertEqual(data["title"], " ".join(A_WHILE))
        self.assertGreaterEqual(data["looks"], 2)
        self.assertEqual(data["interval_ms"], 20)
        self.assertGreater(data["peak"]["resident"], 0)
        self.assertTrue(data["processes"][0]["ended"])
        self.assertTrue(pathlib.Path("a.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>"))
        self.assertIn("all, at one moment", pathlib.Path("a.txt").read_text())
        self.assertIn(b"all, at one moment", run.stderr)

    def test_json_goes_to_standard_output_behind_what_the_program_printed(self):
        run = progeny("memory", "--json", "--", *(["sh", "-c", "echo first; sleep 0.2"] if POSIX else ["cmd", "/c", f"echo first& {TOOL[-1]} doctor >nul"]))
        first, rest = run.stdout.split(b"\n", 1)
        self.assertEqual(first.strip(), b"first")
        self.assertIn("processes", json.loads(rest))

    @posix_only
    def test_what_is_there_but_no_program_is_126(self):
        pathlib.Path("text").write_text("no program")
        for name in ("./text", "/"):
            self.assertEqual(progeny("memory", "--", name).returncode, 126, name)

    @posix_only
    def test_a_script_without_an_interpreter_runs(self):
        pathlib.Path("script").write_text("exit 9\n")
        os.chmod("script", 0o755)
        self.assertEqual(progeny("memory", "--", "./script").returncode, 9)

    @posix_only
    def test_death_by_a_signal_is_128_and_its_number(self):
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV):
            self.assertEqual(progeny("memory", "--", "sh", "-c", f"kill -{int(number)} $$").returncode, 128 + number)

    @posix_only
    def test_standard_streams_are_its_own(self):
        text = os.urandom(300_000)
        run = progeny("memory", "--", "sh", "-c", "cat; echo complaint >&2", stdin=None, input=text)
        self.assertEqual(run.stdout, text)
        self.assertTrue(run.stderr.startswith(b"complaint\n"))

    @posix_only
    def test_a_signal_to_the_tool_reaches_the_program_and_the_report_is_written(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            tool = start("memory", "-o", "a.html", "--", "sh", "-c", f"trap 'echo caught; exit 3' {int(number)}; echo ready; while :; do sleep 0.05; done")
            self.assertEqual(tool.stdout.readline(), b"ready\n")
            tool.send_signal(number)
            out, _ = tool.communicate(timeout=PATIENCE)
            self.assertEqual((out, tool.returncode), (b"caught\n", 3))
            self.assertGreater(pathlib.Path("a.html").stat().st_size, 1000)

    @posix_only
    def test_a_process_is_looked_at_until_it_ends(self):
        program = subprocess.Popen(["sleep", "60"])
        tool = start("memory", "--pid", str(program.pid), "--json")
        time.sleep(0.3)   # no condition to wait for: that it looks on is what is shown
        self.assertIsNone(tool.poll())
        program.kill()
        program.wait()
        out, _ = tool.communicate(timeout=PATIENCE)
        self.assertEqual(tool.returncode, 0)
        self.assertEqual(json.loads(out)["processes"][0]["id"], program.pid)

    @posix_only
    def test_an_interrupt_ends_the_look_at_a_process_but_not_the_process(self):
        program = subprocess.Popen(["sleep", "60"])
        tool = start("memory", "--pid", str(program.pid), "-o", "a.json")
        while not pathlib.Path("a.json").exists():   # from then on it takes signals, or soon
            time.sleep(0.01)
        time.sleep(0.1)
        tool.send_signal(signal.SIGINT)
        tool.communicate(timeout=PATIENCE)
        self.assertEqual(tool.returncode, 0)
        self.assertIsNone(program.poll())
        self.assertFalse(json.loads(pathlib.Path("a.json").read_text())["processes"][0]["ended"])
        program.kill()
        program.wait()


class Doctor(unittest.TestCase):
    def test_json_names_start_methods_with_their_costs(self):
        report = json.loads(progeny("doctor", "--json").stdout)
        methods = {method["name"]: method for method in report["start_methods"]}
        self.assertGreater(methods["spawn"]["start_and_join_us"], 0)
        self.assertEqual("fork" in methods, POSIX)
        self.assertEqual(sum(method["default"] for method in methods.values()), 1)
        facts = {fact["name"]: fact for fact in report["facts"]}
        self.assertGreater(facts["usable"]["number"], 0)
        self.assertGreater(facts["total"]["number"], facts["available"]["number"])

    @posix_only
    def test_a_limit_that_will_bite_is_pointed_out(self):
        run = subprocess.run(["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", *TOOL, "doctor"], capture_output=True, timeout=PATIENCE)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stdout, rb"! RLIMIT_NOFILE +64\n")
        self.assertRegex(run.stdout, rb"! RLIMIT_NOFILE 64: .*ulimit -n")


class TopWithoutATerminal(unittest.TestCase):
    def test_prints_once(self):
        run = progeny("top")
        self.assertEqual(run.returncode, 0)
        self.assertNotIn(b"\x1b", run.stdout)
        self.assertIn(b"progeny", run.stdout)

    @posix_only
    def test_json_is_the_tree_of_a_process(self):
        run = progeny("top", "--pid", str(os.getpid()), "--json")
        processes = json.loads(run.stdout)["processes"]
        self.assertEqual((processes[0]["id"], processes[0]["depth"]), (os.getpid(), 0))
        self.assertEqual((processes[-1]["parent"], processes[-1]["depth"]), (os.getpid(), 1))
        self.assertGreater(processes[0]["resident"], 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
