"""Remote Administration from the Internet: ``matches(event)`` is the verdict. Written by sigma-kql, and needs it."""

from translator.backends.matcher import compile_
from translator.logic import And, Equals, Exists, Not, Or, Phrase, Words
from translator.schema import Ask, FieldRef, Type

field_1 = FieldRef('event.category', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_2 = FieldRef('network.transport', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_3 = FieldRef('network.direction', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_4 = FieldRef('event.type', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_5 = FieldRef('destination.port', Type.LONG)
field_6 = FieldRef('destination.ip', Type.IP)
field_7 = FieldRef('source.ip', Type.IP)
part_1 = Or((Equals(field_3, 'ingress'), Equals(field_3, 'inbound')))
part_2 = Not(Equals(field_4, 'denied'))
part_3 = Or((
    Words(field_5, '22'),
    Words(field_5, '23'),
    Words(field_5, '445'),
    Words(field_5, '3389'),
    Words(field_5, '5900'),
    Words(field_5, '5985'),
    Words(field_5, '5986'),
))
part_4 = Or((
    Words(field_6, '10.0.0.0/8'),
    Words(field_6, '172.16.0.0/12'),
    Words(field_6, '192.168.0.0/16'),
    Phrase(field_6, 'fd00::/8'),
))
part_5 = Or((
    Words(field_7, '10.0.0.0/8'),
    Words(field_7, '100.64.0.0/10'),
    Words(field_7, '127.0.0.0/8'),
    Words(field_7, '169.254.0.0/16'),
    Words(field_7, '172.16.0.0/12'),
    Words(field_7, '192.168.0.0/16'),
    Phrase(field_7, '::1'),
    Phrase(field_7, 'fc00::/7'),
    Phrase(field_7, 'fe80::/10'),
))
part_6 = Not(part_5)
part_7 = And((Equals(field_1, 'network'), Equals(field_2, 'tcp'), part_1, part_2, part_3, part_4, Exists(field_7), part_6))

matches = compile_(part_7)
