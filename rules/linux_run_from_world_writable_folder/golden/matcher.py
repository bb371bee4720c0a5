"""Linux Program Run from a World-Writable Folder: ``matches(event)`` is the verdict. Written by sigma-kql, and needs it."""

from translator.backends.matcher import compile_
from translator.logic import And, Equals, Matches, Not, Or
from translator.schema import Ask, FieldRef, Type
from translator.values import Wild

field_1 = FieldRef('host.os.type', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_2 = FieldRef('event.category', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_3 = FieldRef('event.type', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_4 = FieldRef('process.executable', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_5 = FieldRef('process.parent.name', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_6 = FieldRef('user.id', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_7 = FieldRef('process.args', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_8 = FieldRef('process.parent.executable', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_9 = FieldRef('process.name', Type.KEYWORD, Ask.TERM, ignore_above=1024)
part_1 = Or((Matches(field_4, ('/tmp/', Wild.ANY)), Matches(field_4, ('/var/tmp/', Wild.ANY))))
part_2 = Or((Equals(field_5, 'dpkg'), Equals(field_5, 'rpm'), Equals(field_5, 'dracut'), Equals(field_5, 'mkinitramfs')))
part_3 = Or((Equals(field_5, 'make'), Equals(field_5, 'ninja'), Equals(field_5, 'ctest'), Equals(field_5, 'go')))
part_4 = Not(Equals(field_6, '0'))
part_5 = And((part_3, part_4))
part_6 = And((Equals(field_6, '0'), Matches(field_7, ('--target', Wild.ANY))))
part_7 = Not(part_6)
part_8 = And((Matches(field_5, ('python3', Wild.ANY)), Matches(field_4, (Wild.ANY, '/pip-', Wild.ANY)), part_7))
part_9 = Or((part_2, part_5, part_8))
part_10 = Not(part_9)
part_11 = And((part_1, part_10))
part_12 = Or((
    Matches(field_8, ('/tmp/', Wild.ANY)),
    Matches(field_8, ('/var/tmp/', Wild.ANY)),
    Matches(field_8, ('/dev/shm/', Wild.ANY)),
))
part_13 = Or((Equals(field_9, 'sh'), Equals(field_9, 'bash'), Equals(field_9, 'dash')))
part_14 = Or((Matches(field_7, (Wild.ANY, 'conftest', Wild.ANY)), Matches(field_7, (Wild.ANY, 'cmake', Wild.ANY))))
part_15 = Not(part_14)
part_16 = And((part_12, part_13, Equals(field_7, '-c'), part_15))
part_17 = Or((Matches(field_4, ('/dev/shm/', Wild.ANY)), part_11, part_16))
part_18 = And((Equals(field_1, 'linux'), Equals(field_2, 'process'), Equals(field_3, 'start'), part_17))

matches = compile_(part_18)
