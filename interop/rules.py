"""Reads rules with pySigma and says which events they match.

pySigma reads rules and leaves matching to what it writes queries for. So the
tree that it makes of each rule is walked here over JSON, value by value, with
the meaning that FORMATS.md gives to fields, letter case, null and absent.

Standard input: {"rules": [{"key", "text"}], "events": [text], "vars": {}}.
Standard output, by key: {"refused": text}, {"hits": [index of event]}, or, of a
correlation, {"correlation": {...}}.
"""

import ipaddress
import json
import re
import sys
from datetime import datetime

from sigma.collection import SigmaCollection
from sigma.conditions import (ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR,
                              ConditionValueExpression)
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import ValueListPlaceholderTransformation
from sigma.types import (SigmaBool, SigmaCasedString, SigmaCIDRExpression, SigmaCompareExpression, SigmaExists,
                         SigmaExpansion, SigmaFieldReference, SigmaNull, SigmaNumber, SigmaRegularExpression,
                         SigmaString, SigmaTimestampPart, SpecialChars)


class Object(list):
    """Members in order, as pairs."""


class Figure(str):
    """A number as the record spells it."""


def load(text):
    return json.loads(text, object_pairs_hook=Object, parse_int=Figure, parse_float=Figure)


def plain(v):
    """JSON without blanks and escapes."""
    if isinstance(v, Object):
        return "{" + ",".join('"%s":%s' % (k, plain(x)) for k, x in v) + "}"
    if isinstance(v, list):
        return "[" + ",".join(map(plain, v)) + "]"
    if isinstance(v, Figure):
        return v
    if isinstance(v, str):
        return '"%s"' % v
    return {None: "null", True: "true", False: "false"}[v]


def flat(v):
    """The values of a field; None stands for null."""
    if isinstance(v, list) and not isinstance(v, Object):
        return [y for x in v for y in flat(x)] or [None]
    if v is None:
        return [None]
    return [str(v) if isinstance(v, str) else plain(v)]


def find(v, name):
    if isinstance(v, Object):
        out = []
        for k, x in v:
            if k == name:
                out += flat(x)
            elif k and name.startswith(k + "."):
                out += find(x, name[len(k) + 1:])
        return out
    if isinstance(v, list):
        return [y for x in v for y in find(x, name)]
    if isinstance(v, str) and not isinstance(v, Figure) and v.lstrip().startswith("{"):
        try:
            return find(load(v), name)
        except ValueError:
            return []
    return []


patterns = {}


def pattern(s, whole=True):
    """A string of pySigma as a regular expression."""
    key = id(s), whole
    if key not in patterns:
        cased = isinstance(s, SigmaCasedString)
        text = "".join({SpecialChars.WILDCARD_MULTI: ".*", SpecialChars.WILDCARD_SINGLE: "."}.get(p) or
                       re.escape(p if cased else p.lower()) for p in s.s)
        patterns[key] = re.compile("^(?:%s)$(?!\n)" % text if whole else text, re.DOTALL), cased, s
    return patterns[key][:2]


compare = {"LT": float.__lt__, "LTE": float.__le__, "GT": float.__gt__, "GTE": float.__ge__}


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


class Event:
    def __init__(self, text):
        self.top = load(text)
        self.known, self.text = {}, plain(self.top)
        self.low = self.text.lower()

    def get(self, name):
        if name not in self.known:
            self.known[name] = find(self.top, name)
        return self.known[name]

    def holds(self, e):
        if isinstance(e, ConditionAND):
            return all(self.holds(x) for x in e.args)
        if isinstance(e, ConditionOR):
            return any(self.holds(x) for x in e.args)
        if isinstance(e, ConditionNOT):
            return not self.holds(e.args[0])
        if isinstance(e, ConditionValueExpression):
            return self.keyword(e.value)
        assert isinstance(e, ConditionFieldEqualsValueExpression), e
        return self.field(e.field, e.value)

    def keyword(self, v):
        if isinstance(v, SigmaExpansion):
            return any(map(self.keyword, v.values))
        if not isinstance(v, SigmaString):
            v = SigmaString(str(v))
        p, cased = pattern(v, whole=False)
        return p.search(self.text if cased else self.low) is not None

    def field(self, name, v):
        have = self.get(name)
        if isinstance(v, SigmaExists):
            return bool(have) == bool(v)
        if isinstance(v, SigmaNull):
            return all(x is None for x in have)
        if isinstance(v, SigmaExpansion):
            return any(self.field(name, x) for x in v.values)
        return any(self.one(x, v) for x in have if x is not None)

    def one(self, text, v):
        if isinstance(v, SigmaString):
            p, cased = pattern(v)
            return p.match(text if cased else text.lower()) is not None
        if isinstance(v, SigmaBool):
            return text.lower() == str(v.boolean).lower()
        if isinstance(v, SigmaTimestampPart):
            try:
                at = datetime.fromisoformat(text)
            except ValueError:
                return False
            part = v.timestamp_part.name.lower()
            return (at.isocalendar()[1] if part == "week" else getattr(at, part)) == v.number
        if isinstance(v, SigmaNumber):
            return text == str(v.number)
        if isinstance(v, SigmaRegularExpression):
            flags = 0
            for f in v.flags:
                flags |= v.sigma_to_python_flags[f]
            return re.search(str(v.regexp), text, flags) is not None
        if isinstance(v, SigmaCIDRExpression):
            try:
                return ipaddress.ip_address(text) in v.network
            except ValueError:
                return False
        if isinstance(v, SigmaCompareExpression):
            x = number(text)
            return x is not None and compare[v.op.name](x, float(v.number.number))
        if isinstance(v, SigmaFieldReference):
            for other in self.get(v.field):
                a, b = text.lower(), (other or "").lower()
                if other is not None and (v.starts_with and v.ends_with and b in a or v.starts_with and a.startswith(b) or
                                          v.ends_with and a.endswith(b) or a == b):
                    return True
            return False
        raise TypeError(type(v))


def answer(text, events, pipeline):
    collection = SigmaCollection.from_yaml(text)
    collection.resolve_rule_references()
    rule = next((r for r in collection.rules if isinstance(r, SigmaCorrelationRule)), collection.rules[0])
    if isinstance(rule, SigmaCorrelationRule):
        c = rule.condition
        return {"correlation": {"type": rule.type.name.lower(), "rules": [r.reference for r in rule.rules], "seconds": rule.timespan.seconds,
                                "group_by": rule.group_by or [], "condition": c and c.to_dict()}}
    pipeline.apply(rule)
    trees = [c.parsed for c in rule.detection.parsed_condition]
    return {"hits": [i for i, e in enumerate(events) if any(e.holds(t) for t in trees)]}


def main():
    asked = json.load(sys.stdin)
    events = [Event(t) for t in asked["events"] or []]
    out = {}
    for r in asked["rules"]:
        pipeline = ProcessingPipeline(items=[ProcessingItem(ValueListPlaceholderTransformation())], vars=asked["vars"] or {})
        try:
            out[r["key"]] = answer(r["text"], events, pipeline)
        except (SigmaError, re.error) as e:
            out[r["key"]] = {"refused": "%s: %s" % (type(e).__name__, e)}
    json.dump(out, sys.stdout)


main()
