"""Runbooks: sections, steps, commands, and what the lint says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.errors import InputError
from blackstart.runbook import Command, Step, examine, load, parse

SOUND = """\
# It broke

## Symptoms

## Diagnosis: look first

### Is it `sealed`? {#check-seal}

1. Ask it:

   ```sh read-only exit=0,2
   bao status
   ```

## Fix

### Open it {#open}

```sh mutating
bao operator unseal \\
  -verbose "$(cat ~/unseal-keys/1)"
# a comment is no command

cat <<'EOF' | bao policy write p -
path "a" {

}
EOF
deploy payments && teams
```

```text
not a command
```

## Verification

## Communication

## Escalation
"""


def problems(text: str) -> list[str]:
    return [str(problem) for problem in examine(text, "r.md")[1]]


def damaged(old: str, new: str) -> list[str]:
    assert SOUND.count(old) == 1
    return problems(SOUND.replace(old, new))


def test_steps_with_their_commands() -> None:
    runbook = parse(SOUND, "scenarios/runbooks/it-broke.md")
    assert (runbook.slug, runbook.title) == ("it-broke", "It broke")
    assert runbook.steps == (
        Step(
            "check-seal",
            "Is it `sealed`?",
            "diagnosis",
            7,
            (Command("bao status", False, 12, (0, 2)),),
        ),
        Step(
            "open",
            "Open it",
            "fix",
            17,
            (
                Command('bao operator unseal \\\n  -verbose "$(cat ~/unseal-keys/1)"', True, 20),
                Command("cat <<'EOF' | bao policy write p -\npath \"a\" {\n\n}\nEOF", True, 24),
                Command("deploy payments && teams", True, 29),
            ),
        ),
    )


def test_the_steps_of_a_section() -> None:
    runbook = parse(SOUND, "r.md")
    assert [step.id for step in runbook.section("fix")] == ["open"]
    assert runbook.section("symptoms") == ()


def test_windows_line_ends_and_a_byte_order_mark() -> None:
    runbook = parse("\ufeff" + SOUND.replace("\n", "\r\n"), "r.md")
    assert [(step.id, step.line) for step in runbook.steps] == [("check-seal", 7), ("open", 17)]
    assert all("\r" not in command.text for step in runbook.steps for command in step.commands)


def test_a_heading_inside_a_comment_or_a_fence_is_none() -> None:
    more = SOUND + "\n<!--\n## Fix\n### again {#open}\n-->\n\n```text\n## Fix\n```\n"
    assert problems(more) == []


WRITE = "write ```sh read-only or ```sh mutating"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("# It broke\n", "\n", ["1:1: the runbook has no title; begin with a line # ..."]),
        ("## Verification\n", "\n", ["1:1: no section Verification; add ## Verification"]),
        (
            "## Escalation",
            "## Esclation",
            [
                "1:1: no section Escalation; add ## Escalation",
                '40:1: unknown section "Esclation"; did you mean escalation?',
            ],
        ),
        (
            "## Communication\n\n## Escalation",
            "## Escalation\n\n## Communication",
            [
                '40:1: the section "Communication" comes too late; the order is symptoms, diagnosis, fix, '
                "verification, communication, escalation"
            ],
        ),
        (
            "## Communication",
            "## Fix again",
            [
                "1:1: no section Communication; add ## Communication",
                '38:1: a second section "Fix again"; put it all in the first',
            ],
        ),
        (
            " {#check-seal}",
            "",
            ['7:1: the step "Is it `sealed`?" has no id; write ### Is it `sealed`? {#is-it-sealed}'],
        ),
        ("{#open}", "{#Open It}", ['17:1: "Open It" is no step id; did you mean open-it?']),
        ("{#open}", "{#check-seal}", ['17:1: duplicate step id "check-seal"; line 7 has it already']),
        ("sh mutating", "sh", [f"19:1: a block is either read-only or mutating; saw ```sh; {WRITE}"]),
        (
            "sh mutating",
            "sh mutating read-only",
            [f"19:1: a block is either read-only or mutating; saw ```sh mutating read-only; {WRITE}"],
        ),
        (
            "sh mutating",
            "bash mutating",
            [f"19:1: a block of commands begins with sh; saw ```bash mutating; {WRITE}"],
        ),
        (
            "exit=0,2",
            "exit=0;2",
            [
                '11:1: unknown word "exit=0;2" after the fence; saw ```sh read-only exit=0;2; '
                "known are read-only, mutating, exit=0,2"
            ],
        ),
        (
            "sh read-only",
            "sh mutating",
            [
                "11:1: a mutating command in diagnosis; look first: move it to Fix, or write read-only "
                "if it changes nothing"
            ],
        ),
        (
            "bao status",
            "boa status",
            ['12:1: "boa" is not on the PATH of the replica\'s shell; saw boa status; did you mean bao?'],
        ),
        (
            "&& teams",
            "&& kubectl get pods",
            [
                '29:1: "kubectl" is not on the PATH of the replica\'s shell; '
                "saw deploy payments && kubectl get pods; one of audit-log, bao, cache, deploy, images, inside, network, policy, resolve, service, "
                "teams, vault, zone"
            ],
        ),
        (
            "deploy payments",
            "deploy 'payments",
            [
                "29:1: a quote stays open in a command; saw deploy 'payments && teams; "
                "write it on one line, or end a line with a backslash"
            ],
        ),
        (
            "### Open it {#open}\n",
            "\n",
            [
                "15:1: the section Fix has no command; give a step and its ```sh mutating block",
                "19:1: commands stand outside a step; put a heading with an id above: ### ... {#id}",
            ],
        ),
    ],
)
def test_the_lint(old: str, new: str, told: list[str]) -> None:
    assert damaged(old, new) == [f"r.md:{line}" for line in told]


def test_all_problems_come_at_once_from_parse() -> None:
    with pytest.raises(InputError) as error:
        parse(SOUND.replace("bao status", "boa status").replace("{#open}", ""), "r.md")
    assert [problem.line for problem in error.value.problems] == [12, 17]


@pytest.mark.parametrize(
    "command",
    [
        "FOO=1 bao status | jq -r .sealed",
        'for i in 1 2; do bao operator unseal "$(cat ~/unseal-keys/$i)"; done',
        "if teams; then deploy payments; else true; fi",
        "resolve a.b SRV > /dev/null 2>&1",
        "./tool here; $TOOL there; ~/bin/x",
        "( bao status ) || ! teams",
    ],
)
def test_commands_of_a_plain_shell_are_fine(command: str) -> None:
    assert damaged("deploy payments && teams", command) == []


def test_a_file_is_loaded_with_its_text(tmp_path: Path) -> None:
    path = tmp_path / "it-broke.md"
    path.write_text(SOUND)
    runbook, text = load(path, "it-broke.md")
    assert (runbook.path, text) == ("it-broke.md", SOUND)


@given(st.text() | st.text(st.sampled_from("#`{}-~ \n\tsha<>EOF'\"\\|;&>*1.")))
def test_any_text_gives_a_runbook_and_problems(text: str) -> None:
    runbook, told = examine(text, "r.md")
    assert told  # no random text has every section
    assert all(problem.line >= 1 for problem in told)
    assert all(command.text for step in runbook.steps for command in step.commands)
