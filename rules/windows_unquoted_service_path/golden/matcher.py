"""Windows Service Started Through an Unquoted Path: ``matches(event)`` is the verdict. Written by sigma-kql, and needs it."""

from translator.backends.matcher import compile_
from translator.logic import And, Equals, Matches, Not, Or
from translator.schema import Ask, FieldRef, Type
from translator.values import Wild

field_1 = FieldRef('host.os.type', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_2 = FieldRef('event.category', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_3 = FieldRef('event.type', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_4 = FieldRef('process.parent.name', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_5 = FieldRef('process.executable', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_6 = FieldRef('process.command_line', Type.WILDCARD, Ask.TERM)
part_1 = Or((
    Matches(field_5, (Wild.ANY, ':\\Program.exe')),
    Matches(field_5, (Wild.ANY, ':\\Program Files.exe')),
    Matches(field_5, (Wild.ANY, ':\\Program Files\\Common.exe')),
    Matches(field_5, (Wild.ANY, ':\\Program Files (x86)\\Common.exe')),
    Matches(field_5, (Wild.ANY, ':\\Program Files\\Microsoft.exe')),
    Matches(field_5, (Wild.ANY, ':\\Program Files (x86)\\Microsoft.exe')),
    Matches(field_5, (Wild.ANY, ':\\Program Files\\Windows.exe')),
    Matches(field_5, (Wild.ANY, ':\\Program Files (x86)\\Windows.exe')),
    Matches(field_5, (Wild.ANY, ':\\Documents.exe')),
    Matches(field_5, (Wild.ANY, ':\\Documents and.exe')),
))
part_2 = Not(Matches(field_6, ('"', Wild.ANY)))
part_3 = And((
    Equals(field_1, 'windows'),
    Equals(field_2, 'process'),
    Equals(field_3, 'start'),
    Equals(field_4, 'services.exe'),
    part_1,
    Matches(field_6, (Wild.ANY, ':\\', Wild.ANY, ' ', Wild.ANY, '.exe', Wild.ANY)),
    part_2,
))

matches = compile_(part_3)
