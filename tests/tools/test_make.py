"""Every command of the Makefile is run by something that fails when it does: `.ci/run` or `make test-long`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
NAME = r"[a-z]+(?:-[a-z]+)*"
# Run by nothing, and why.
NOT_RUN = {"test-long": "it takes hours, and runs what is left"}


def makefile() -> str:
    return (ROOT / "Makefile").read_text(encoding="utf-8")


def targets(text: str) -> set[str]:
    """Those that a person calls, rather than files that are made."""
    return set(re.findall(rf"^({NAME}):(?!=)", text, re.MULTILINE))


def recipe(text: str, target: str) -> str:
    found = re.search(rf"^{target}:.*\n((?:\t.*\n|#.*\n)*)", text, re.MULTILINE)
    assert found is not None
    return found[1]


def run_by_ci(script: str) -> set[str]:
    """What follows `make`, or `unchanged` and its environment, in a line that is no comment."""
    code = "\n".join(re.sub(r"(^|\s)#.*", "", line) for line in script.splitlines())
    code = re.sub(r'"make [^"]*"', "", code)  # the names of the steps are no commands
    return set(re.findall(rf'\b(?:make|unchanged "[^"]+") ({NAME})\b', code))


def run_by_test_long(text: str) -> set[str]:
    return set(re.findall(rf"\$\(MAKE\) --no-print-directory ({NAME})\b", recipe(text, "test-long")))


def test_every_command_of_the_makefile_is_run_by_ci_or_by_test_long_or_says_why_not() -> None:
    text = makefile()
    run = run_by_ci((ROOT / ".ci" / "run").read_text(encoding="utf-8")) | run_by_test_long(text)
    assert targets(text) - run - NOT_RUN.keys() == set()
    assert NOT_RUN.keys() - run == NOT_RUN.keys(), "a reason for what is run"


def left_out(script: str, name: str) -> set[str]:
    """The paths that one of the two runs of the suite leaves to the other."""
    found = re.search(rf"^{name}=\((.*?)\)$", script, re.MULTILINE | re.DOTALL)
    assert found is not None
    return set(re.findall(r"--ignore (\S+)", found[1]))


def test_what_one_run_of_the_suite_leaves_out_the_other_has() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    before, once = left_out(script, "BEFORE"), left_out(script, "ONCE")
    assert before and once
    for path in before | once:
        assert (ROOT / path).exists(), path
    for one in before:
        for other in once:
            apart = not Path(one).is_relative_to(other) and not Path(other).is_relative_to(one)
            assert apart, f"nothing runs {one}: {other}"


def test_a_command_that_nothing_runs_would_be_noticed() -> None:
    script = (
        'step "make lint" true # make lint\nstep "other" unchanged "$PWD/.venv" countries\nmake run >log &\n'
    )
    assert run_by_ci(script) == {"countries", "run"}
    text = "new: $(VENV)/x\n\techo\ntest-long:\n\t$(MAKE) --no-print-directory bench ARGS=1\n\nVALUE := 1\n"
    assert targets(text) == {"new", "test-long"}
    assert run_by_test_long(text) == {"bench"}


def test_every_command_is_named_by_make_help() -> None:
    text = makefile()
    said = set(re.findall(NAME, recipe(text, "help")))
    assert targets(text) - said == {"help"}


def test_no_command_is_taken_for_a_file() -> None:
    """A folder called `tools` or `bench` would else be up to date."""
    text = makefile()
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None and set(phony[1].split()) == targets(text)


@pytest.mark.parametrize(
    "page", ["README.md", "CHANGELOG.md", *sorted(p.name for p in (ROOT / "docs").glob("*.md"))]
)
def test_every_command_that_the_documentation_names_is_there(page: str) -> None:
    path = next(path for path in (ROOT / page, ROOT / "docs" / page) if path.exists())
    named = set(re.findall(rf"`make ({NAME})\b", path.read_text(encoding="utf-8")))
    assert named - targets(makefile()) == set()
