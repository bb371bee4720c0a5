"""container_shell_in_privileged_container: ``matches(event)`` is the verdict. Written by sigma-kql, and needs it."""

from translator.backends.matcher import compile_
from translator.logic import And, Equals, Exists, Not, Or, Words
from translator.schema import Ask, FieldRef, Type

field_1 = FieldRef('event.category', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_2 = FieldRef('event.type', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_3 = FieldRef('container.id', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_4 = FieldRef('container.security_context.privileged', Type.BOOLEAN)
field_5 = FieldRef('process.interactive', Type.BOOLEAN)
field_6 = FieldRef('process.name', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_7 = FieldRef('process.entry_leader.same_as_process', Type.BOOLEAN)
part_1 = Or((
    Equals(field_6, 'sh'),
    Equals(field_6, 'bash'),
    Equals(field_6, 'ash'),
    Equals(field_6, 'dash'),
    Equals(field_6, 'zsh'),
    Equals(field_6, 'busybox'),
))
part_2 = Not(Words(field_7, False))
part_3 = And((
    Equals(field_1, 'process'),
    Equals(field_2, 'start'),
    Exists(field_3),
    Words(field_4, True),
    Words(field_5, True),
    part_1,
    part_2,
))

matches = compile_(part_3)
