"""Rules whose report shows everything that a report has, written by people who mean no good."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from translator.cli import main

TITLE = "</title></h3><script>alert(1)</script> & \"quoted\" 'single' <img src=x onerror=alert(1)>"

#: Differs from its KQL as L001 declares, and has tactics and techniques of ATT&CK.
ANY_CASE = """\
title: {title}
id: 5f5e7a10-0000-4000-8000-0000000060aa
logsource:
    category: test
tags:
    - attack.execution
    - attack.t1059.001
    - attack.persistence
detection:
    selection:
        user.name:
            - administrator
            - '</code></pre><script>alert(2)</script>'
    condition: selection
"""

#: Words of analysed text, which Sigma cannot say (L002), inside a value and around it.
WORDS = 'event.action:logged-in and message:("refused by policy" or denied) and not message:"by <b>root</b>"\n'

#: `a` is said twice.
TWICE = "user.name:(a or b or a) and process.pid > 5\n"

#: KQL has no words for it (L020).
UNSAYABLE = """\
title: Numbered hosts
id: 5f5e7a10-0000-4000-8000-0000000060ab
logsource:
    category: test
detection:
    selection:
        host.name|re: '^srv[0-9]+</pre>$'
    condition: selection
"""

BROKEN = "user.name:(<i>\n"


def folder(place: Path) -> Path:
    """One rule of each kind."""
    place.mkdir()
    (place / "any_case.yml").write_text(ANY_CASE.format(title="'" + TITLE.replace("'", "''") + "'"))
    (place / "words.kql").write_text(WORDS)
    (place / "twice.kql").write_text(TWICE)
    (place / "unsayable.yml").write_text(UNSAYABLE)
    (place / "broken.kql").write_text(BROKEN)
    return place


def verify(*arguments: object) -> Result:
    """`sigma-kql verify`."""
    result = CliRunner().invoke(main, ["verify", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result
