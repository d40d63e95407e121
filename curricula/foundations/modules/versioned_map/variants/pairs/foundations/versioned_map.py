# mastery:begin versioned_map
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from operator import itemgetter

time_of = itemgetter(0)


@dataclass
class VersionedMap:
    """Keeps, per key, a sorted list of `(time, box)`: a box is a list of one value, or of none."""

    writes: dict = field(default_factory=dict)

    def set(self, key, value, at):
        self._write(key, at, [value])

    def delete(self, key, at):
        self._write(key, at, [])

    def _write(self, key, at, box):
        writes = self.writes.setdefault(key, [])
        start, stop = (search(writes, at, key=time_of) for search in (bisect_left, bisect_right))
        writes[start:stop] = [(at, box)]

    def get(self, key, at, default=None):
        writes = self.writes.get(key, [])
        count = bisect_right(writes, at, key=time_of)
        _, box = writes[count - 1] if count else (None, [])
        return box[0] if box else default
# mastery:end versioned_map
