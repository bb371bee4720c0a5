"""network_bulk_upload_at_risk: ``matches(event)`` is the verdict. Written by sigma-kql, and needs it."""

from translator.backends.matcher import compile_
from translator.logic import And, Compare, Equals, Not, Or, RangeOp, Words
from translator.schema import Ask, FieldRef, Type

field_1 = FieldRef('event.category', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_2 = FieldRef('network.direction', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_3 = FieldRef('source.bytes', Type.LONG)
field_4 = FieldRef('destination.bytes', Type.LONG)
field_5 = FieldRef('event.duration', Type.LONG)
field_6 = FieldRef('host.risk.calculated_score_norm', Type.FLOAT)
field_7 = FieldRef('destination.port', Type.LONG)
part_1 = Or((Equals(field_2, 'egress'), Equals(field_2, 'outbound')))
part_2 = Or((Words(field_7, '25'), Words(field_7, '53')))
part_3 = Not(part_2)
part_4 = And((Compare(field_7, RangeOp.GTE, '9101'), Compare(field_7, RangeOp.LTE, '9103')))
part_5 = Not(part_4)
part_6 = And((
    Equals(field_1, 'network'),
    part_1,
    Compare(field_3, RangeOp.GTE, '1073741824'),
    Compare(field_4, RangeOp.LT, '104857600'),
    Compare(field_5, RangeOp.GT, '0'),
    Compare(field_5, RangeOp.LTE, '14400000000000'),
    Compare(field_6, RangeOp.GTE, '70.5'),
    part_3,
    part_5,
))

matches = compile_(part_6)
