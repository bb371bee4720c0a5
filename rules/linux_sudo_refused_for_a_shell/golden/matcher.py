"""linux_sudo_refused_for_a_shell: ``matches(event)`` is the verdict. Written by sigma-kql, and needs it."""

from translator.backends.matcher import compile_
from translator.logic import And, Equals, Matches, Not, Or, Phrase, Words
from translator.schema import Ask, FieldRef, Type
from translator.values import Wild

field_1 = FieldRef('event.dataset', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_2 = FieldRef('process.name', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_3 = FieldRef('message', Type.MATCH_ONLY_TEXT)
part_1 = Or((
    Phrase(field_3, 'NOT in sudoers'),
    Phrase(field_3, 'NOT authorized on host'),
    Phrase(field_3, 'command not allowed'),
))
part_2 = Or((
    Words(field_3, 'su'),
    Words(field_3, 'bash'),
    Words(field_3, 'dash'),
    Words(field_3, 'zsh'),
    Words(field_3, 'visudo'),
    Matches(field_3, ('python', Wild.ANY)),
    Matches(field_3, ('perl', Wild.ANY)),
    Matches(field_3, ('vim', Wild.ANY)),
))
part_3 = Not(Phrase(field_3, 'USER=nagios'))
part_4 = And((Equals(field_1, 'system.auth'), Equals(field_2, 'sudo'), part_1, part_2, part_3))

matches = compile_(part_4)
