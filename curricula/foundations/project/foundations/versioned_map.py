# mastery:begin versioned_map
"""A map that can be asked about the past."""

from foundations.binary_search import lower_bound

_DELETED = object()


class VersionedMap:
    """Remembers which value each key had at which time."""

    def __init__(self):
        self._times = {}  # key -> the times of its writes, sorted
        self._values = {}  # (key, time) -> what was written

    def set(self, key, value, at):
        """Record that `key` has `value` from time `at` on."""
        if (key, at) not in self._values:
            times = self._times.setdefault(key, [])
            times.insert(lower_bound(times, at), at)
        self._values[key, at] = value

    def delete(self, key, at):
        """Record that `key` has no value from time `at` on."""
        self.set(key, _DELETED, at)

    def get(self, key, at, default=None):
        """Return the value that `key` had at time `at`, or `default` when it had none."""
        times = self._times.get(key, [])
        index = lower_bound(times, at)
        if index < len(times) and times[index] == at:
            value = self._values[key, at]
        elif index > 0:
            value = self._values[key, times[index - 1]]
        else:
            return default
        return default if value is _DELETED else value
# mastery:end versioned_map
