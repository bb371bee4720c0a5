"""AWS Security Telemetry Switched Off: ``matches(event)`` is the verdict. Written by sigma-kql, and needs it."""

from translator.backends.matcher import compile_
from translator.logic import And, Equals, Matches, Not, Or
from translator.schema import Ask, FieldRef, Type
from translator.values import Wild

field_1 = FieldRef('event.dataset', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_2 = FieldRef('event.outcome', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_3 = FieldRef('event.provider', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_4 = FieldRef('event.action', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_5 = FieldRef('source.address', Type.KEYWORD, Ask.TERM, ignore_above=1024)
part_1 = Or((
    Equals(field_4, 'StopLogging'),
    Equals(field_4, 'DeleteTrail'),
    Equals(field_4, 'StopEventDataStoreIngestion'),
    Equals(field_4, 'DeleteEventDataStore'),
))
part_2 = And((Equals(field_3, 'cloudtrail.amazonaws.com'), part_1))
part_3 = Or((
    Equals(field_4, 'DeleteDetector'),
    Equals(field_4, 'StopMonitoringMembers'),
    Equals(field_4, 'DisassociateFromAdministratorAccount'),
    Equals(field_4, 'DisassociateFromMasterAccount'),
))
part_4 = And((Equals(field_3, 'guardduty.amazonaws.com'), part_3))
part_5 = Or((
    Equals(field_4, 'StopConfigurationRecorder'),
    Equals(field_4, 'DeleteConfigurationRecorder'),
    Equals(field_4, 'DeleteDeliveryChannel'),
))
part_6 = And((Equals(field_3, 'config.amazonaws.com'), part_5))
part_7 = Or((Equals(field_4, 'DisableSecurityHub'), Equals(field_4, 'DisassociateFromAdministratorAccount')))
part_8 = And((Equals(field_3, 'securityhub.amazonaws.com'), part_7))
part_9 = And((Equals(field_3, 'ec2.amazonaws.com'), Equals(field_4, 'DeleteFlowLogs')))
part_10 = Or((Equals(field_4, 'DisassociateResolverQueryLogConfig'), Equals(field_4, 'DeleteResolverQueryLogConfig')))
part_11 = And((Equals(field_3, 'route53resolver.amazonaws.com'), part_10))
part_12 = Or((part_2, part_4, part_6, part_8, part_9, part_11))
part_13 = Or((Matches(field_5, (Wild.ANY, '.amazonaws.com')), Equals(field_5, 'AWS Internal')))
part_14 = Not(part_13)
part_15 = And((Equals(field_1, 'aws.cloudtrail'), Equals(field_2, 'success'), part_12, part_14))

matches = compile_(part_15)
