"""windows_system_tool_outside_its_folder: ``matches(event)`` is the verdict. Written by sigma-kql, and needs it."""

from translator.backends.matcher import compile_
from translator.logic import And, Equals, Exists, Matches, Not, Or
from translator.schema import Ask, FieldRef, Type
from translator.values import Wild

field_1 = FieldRef('host.os.type', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_2 = FieldRef('event.category', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_3 = FieldRef('event.type', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_4 = FieldRef('process.name', Type.KEYWORD, Ask.TERM, ignore_above=1024)
field_5 = FieldRef('process.executable', Type.KEYWORD, Ask.TERM, ignore_above=1024)
part_1 = Or((
    Equals(field_4, 'at.exe'),
    Equals(field_4, 'attrib.exe'),
    Equals(field_4, 'auditpol.exe'),
    Equals(field_4, 'bcdedit.exe'),
    Equals(field_4, 'bitsadmin.exe'),
    Equals(field_4, 'cacls.exe'),
    Equals(field_4, 'certreq.exe'),
    Equals(field_4, 'certutil.exe'),
    Equals(field_4, 'cipher.exe'),
    Equals(field_4, 'cmd.exe'),
    Equals(field_4, 'cmdkey.exe'),
    Equals(field_4, 'cmstp.exe'),
    Equals(field_4, 'conhost.exe'),
    Equals(field_4, 'control.exe'),
    Equals(field_4, 'cscript.exe'),
    Equals(field_4, 'csrss.exe'),
    Equals(field_4, 'dllhost.exe'),
    Equals(field_4, 'dsquery.exe'),
    Equals(field_4, 'esentutl.exe'),
    Equals(field_4, 'extrac32.exe'),
    Equals(field_4, 'fltMC.exe'),
    Equals(field_4, 'forfiles.exe'),
    Equals(field_4, 'ftp.exe'),
    Equals(field_4, 'gpresult.exe'),
    Equals(field_4, 'icacls.exe'),
    Equals(field_4, 'ipconfig.exe'),
    Equals(field_4, 'lsass.exe'),
    Equals(field_4, 'makecab.exe'),
    Equals(field_4, 'mavinject.exe'),
    Equals(field_4, 'mmc.exe'),
    Equals(field_4, 'mshta.exe'),
    Equals(field_4, 'msiexec.exe'),
    Equals(field_4, 'mstsc.exe'),
    Equals(field_4, 'net.exe'),
    Equals(field_4, 'net1.exe'),
    Equals(field_4, 'netsh.exe'),
    Equals(field_4, 'netstat.exe'),
    Equals(field_4, 'nltest.exe'),
    Equals(field_4, 'nslookup.exe'),
    Equals(field_4, 'odbcconf.exe'),
    Equals(field_4, 'pcalua.exe'),
    Equals(field_4, 'quser.exe'),
    Equals(field_4, 'reg.exe'),
    Equals(field_4, 'regini.exe'),
    Equals(field_4, 'regsvr32.exe'),
    Equals(field_4, 'rundll32.exe'),
    Equals(field_4, 'runonce.exe'),
    Equals(field_4, 'sc.exe'),
    Equals(field_4, 'schtasks.exe'),
    Equals(field_4, 'services.exe'),
    Equals(field_4, 'smss.exe'),
    Equals(field_4, 'spoolsv.exe'),
    Equals(field_4, 'svchost.exe'),
    Equals(field_4, 'systeminfo.exe'),
    Equals(field_4, 'takeown.exe'),
    Equals(field_4, 'taskhostw.exe'),
    Equals(field_4, 'taskkill.exe'),
    Equals(field_4, 'tasklist.exe'),
    Equals(field_4, 'vssadmin.exe'),
    Equals(field_4, 'wbadmin.exe'),
    Equals(field_4, 'wevtutil.exe'),
    Equals(field_4, 'whoami.exe'),
    Equals(field_4, 'wininit.exe'),
    Equals(field_4, 'winlogon.exe'),
    Equals(field_4, 'winrs.exe'),
    Equals(field_4, 'wscript.exe'),
    Equals(field_4, 'wsmprovhost.exe'),
    Equals(field_4, 'wusa.exe'),
    Equals(field_4, 'xcopy.exe'),
    Equals(field_4, 'xwizard.exe'),
))
part_2 = Or((
    Matches(field_5, ('C:\\Windows\\System32\\', Wild.ANY)),
    Matches(field_5, ('C:\\Windows\\system32\\', Wild.ANY)),
    Matches(field_5, ('C:\\WINDOWS\\System32\\', Wild.ANY)),
    Matches(field_5, ('C:\\WINDOWS\\system32\\', Wild.ANY)),
    Matches(field_5, ('C:\\Windows\\SysWOW64\\', Wild.ANY)),
    Matches(field_5, ('C:\\Windows\\SysWow64\\', Wild.ANY)),
    Matches(field_5, ('C:\\WINDOWS\\SysWOW64\\', Wild.ANY)),
    Matches(field_5, ('C:\\Windows\\WinSxS\\', Wild.ANY)),
    Matches(field_5, ('C:\\Windows\\SoftwareDistribution\\Download\\', Wild.ANY)),
    Matches(field_5, ('C:\\$WINDOWS.~BT\\', Wild.ANY)),
    Matches(field_5, ('\\Device\\HarddiskVolume', Wild.ANY, '\\Windows\\System32\\', Wild.ANY)),
))
part_3 = Not(part_2)
part_4 = And((
    Equals(field_1, 'windows'),
    Equals(field_2, 'process'),
    Equals(field_3, 'start'),
    part_1,
    Exists(field_5),
    part_3,
))

matches = compile_(part_4)
