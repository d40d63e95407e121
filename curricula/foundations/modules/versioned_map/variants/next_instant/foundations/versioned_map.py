# mastery:begin versioned_map
"""Times are integers: the writes up to a time are those before the next one."""

from collections import defaultdict

from foundations.binary_search import lower_bound


class VersionedMap:
    _gone = object()

    def __init__(self):
        self._writes = defaultdict(dict)
        self._order = defaultdict(list)

    def set(self, key, value, at):
        order, writes = self._order[key], self._writes[key]
        if at not in writes:
            order.insert(lower_bound(order, at), at)
        writes[at] = value

    def delete(self, key, at):
        self.set(key, self._gone, at)

    def get(self, key, at, default=None):
        order = self._order.get(key, ())
        known = lower_bound(order, at + 1)
        if not known:
            return default
        value = self._writes[key][order[known - 1]]
        return value if value is not self._gone else default
# mastery:end versioned_map
