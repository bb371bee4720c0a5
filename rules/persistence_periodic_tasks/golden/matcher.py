"""Potential Persistence via Periodic Tasks: ``matches(event)`` is the verdict. Written by sigma-kql, and needs it."""

from translator.backends.matcher import compile_
from translator.logic import And, Equals, Matches, Not, Or
from translator.schema import Ask, FieldRef, Type
from translator.values import Wild

field_1 = FieldRef('event.category', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_2 = FieldRef('host.os.type', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_3 = FieldRef('event.type', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_4 = FieldRef('file.path', Type.KEYWORD, Ask.TERM, ignore_above=1024)
part_1 = Not(Equals(field_3, 'deletion'))
part_2 = Or((
    Matches(field_4, ('/private/etc/periodic/', Wild.ANY)),
    Equals(field_4, '/private/etc/defaults/periodic.conf'),
    Equals(field_4, '/private/etc/periodic.conf'),
))
part_3 = And((Equals(field_1, 'file'), Equals(field_2, 'macos'), part_1, part_2))

matches = compile_(part_3)
