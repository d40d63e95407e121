# mastery:begin versioned_map
from foundations.binary_search import lower_bound


class Nothing:
    """Stands where a key has no value."""


class VersionedMap:
    def __init__(self):
        self.histories = {}

    def set(self, key, value, at):
        if key not in self.histories:
            self.histories[key] = ([], [])
        moments, contents = self.histories[key]
        place = lower_bound(moments, at)
        is_new = place == len(moments) or moments[place] > at
        if is_new:
            contents[place:place] = [value]
            moments.insert(place, at)
        else:
            contents[place] = value

    def delete(self, key, at):
        self.set(key, Nothing, at)

    def get(self, key, at, default=None):
        if key not in self.histories:
            return default
        moments, contents = self.histories[key]
        place = lower_bound(moments, at)
        exact = place < len(moments) and moments[place] == at
        if not exact:
            place -= 1
        if place < 0 or contents[place] is Nothing:
            return default
        return contents[place]
# mastery:end versioned_map
