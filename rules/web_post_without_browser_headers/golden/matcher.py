"""Web Script in an Upload Folder Posted to without Browser Headers: ``matches(event)`` is the verdict. Written by sigma-kql, and needs it."""

from translator.backends.matcher import compile_
from translator.logic import And, Compare, Equals, Exists, Matches, Not, Or, RangeOp
from translator.schema import Ask, FieldRef, Type
from translator.values import Wild

field_1 = FieldRef('event.category', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_2 = FieldRef('http.request.method', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_3 = FieldRef('http.response.status_code', Type.LONG)
field_4 = FieldRef('url.path', Type.WILDCARD, Ask.TERM)
field_5 = FieldRef('source.ip', Type.IP)
field_6 = FieldRef('user_agent.original', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_7 = FieldRef('http.request.referrer', Type.KEYWORD, Ask.TERM, ignore_above=1024)
part_1 = Or((
    Matches(field_4, (Wild.ANY, '.php')),
    Matches(field_4, (Wild.ANY, '.phtml')),
    Matches(field_4, (Wild.ANY, '.jsp')),
    Matches(field_4, (Wild.ANY, '.jspx')),
    Matches(field_4, (Wild.ANY, '.aspx')),
    Matches(field_4, (Wild.ANY, '.ashx')),
))
part_2 = Or((
    Matches(field_4, (Wild.ANY, '/upload/', Wild.ANY)),
    Matches(field_4, (Wild.ANY, '/uploads/', Wild.ANY)),
    Matches(field_4, (Wild.ANY, '/images/', Wild.ANY)),
    Matches(field_4, (Wild.ANY, '/img/', Wild.ANY)),
    Matches(field_4, (Wild.ANY, '/files/', Wild.ANY)),
    Matches(field_4, (Wild.ANY, '/tmp/', Wild.ANY)),
))
part_3 = Not(Exists(field_6))
part_4 = Not(Exists(field_7))
part_5 = And((
    Equals(field_1, 'web'),
    Equals(field_2, 'POST'),
    Compare(field_3, RangeOp.GTE, '200'),
    Compare(field_3, RangeOp.LT, '300'),
    part_1,
    part_2,
    Exists(field_5),
    part_3,
    part_4,
))

matches = compile_(part_5)
