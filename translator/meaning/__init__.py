"""What a question to Elasticsearch means for one document: one meaning per field type.

Both witnesses stand on this package: the matcher (`translator.backends.matcher`, over formulas) and the
interpreter of Query DSL. A `Scope` is where fields are looked up; its methods are Elasticsearch's queries::

    scope = Scope(schema)                                   # the root of events
    scope.exists(name)                         -> Test      # `name` is a field's name, a FieldPattern or a FieldRef
    scope.term(name, value, folding=Folding.NONE)           # Folding.ASCII is ``case_insensitive: true``,
                                                            # Folding.SIGMA is Sigma's simple case folding
    scope.match(name, value)
    scope.match_phrase(name, value)
    scope.range(name, Bounds(gte=.., gt=.., lte=.., lt=.., time_zone=..))     # a bound left out is None
    scope.wildcard(name, pattern, folding=Folding.NONE)     # the ``wildcard`` query: `pattern` is a values.Pattern
    scope.query_string(names, pattern)                      # Kibana's ``query_string``; no names: default fields.
                                                            # `pattern` is the text with its escapes undone: stars
                                                            # are Wild.ANY, all else is literal (blanks and the
                                                            # words AND, OR, NOT are still operators)
    scope.multi_match(value, phrase=False)                  # ``multi_match``, lenient, over the default fields
    scope.within(path)                         -> Scope     # the scope of one object under the nested ``path``
    scope.nested(path, predicate, ignore_unmapped=False)    # some object under ``path`` satisfies ``predicate``,
                                                            # which was made from ``scope.within(path)``
    scope.everything, scope.nothing            -> Test

A `Test` says it of an event: ``test.holds(event) -> bool``. It never raises and never changes the event.
``either(tests)`` is their disjunction, asked in one pass where they look at the same field.

What Elasticsearch answers with an error raises `Refused` (``.message``, ``.hint``) when the test is made, never
when it is asked. ``lenient`` queries raise none. `read_json` reads an event so that numbers keep their spelling.
`unread` tells the values that are not there for any test, since Elasticsearch would refuse them.
"""

from translator.meaning.question import Bounds, Folding, Refused
from translator.meaning.raw_json import JsonNumber, read_json
from translator.meaning.scope import Scope
from translator.meaning.unread import Unread, unread
from translator.meaning.verdict import Test, either

__all__ = ["Bounds", "Folding", "JsonNumber", "Refused", "Scope", "Test", "Unread", "either", "read_json", "unread"]
