"""network_host_bridges_segments: ``matches(event)`` is the verdict. Written by sigma-kql, and needs it."""

from translator.backends.matcher import compile_
from translator.logic import And, Equals, Matches, Not, Or, Phrase, Words
from translator.schema import Ask, FieldRef, Type
from translator.values import Wild

field_1 = FieldRef('event.kind', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_2 = FieldRef('host.ip', Type.IP)
field_3 = FieldRef('host.name', Type.KEYWORD, Ask.TERM, ignore_above=1024)
part_1 = Or((Words(field_2, '10.99.0.0/24'), Phrase(field_2, 'fd99:1::/64')))
part_2 = And((Words(field_2, '10.20.0.0/16'), part_1))
part_3 = Or((Words(field_2, '10.99.0.1'), Words(field_2, '10.99.0.2'), Phrase(field_2, 'fd99:1::1')))
part_4 = Not(part_3)
part_5 = Or((Matches(field_3, ('fw-', Wild.ANY)), Matches(field_3, ('jump-', Wild.ANY))))
part_6 = Not(part_5)
part_7 = And((Equals(field_1, 'event'), part_2, part_4, part_6))

matches = compile_(part_7)
