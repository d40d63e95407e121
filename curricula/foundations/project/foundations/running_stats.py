"""Statistics of a stream, without keeping the stream."""


class RunningStats:
    """Count, mean and sample variance of all values pushed so far."""

    def __init__(self):
        # mastery:begin running_stats
        self._count = 0
        self._mean = 0.0
        self._squares = 0.0  # sum of the squared distances from the mean
        # mastery:end running_stats

    def push(self, value):
        """Take in one more value."""
        # mastery:begin running_stats
        self._count += 1
        distance = value - self._mean
        self._mean += distance / self._count
        self._squares += distance * (value - self._mean)
        # mastery:end running_stats

    @property
    def count(self):
        """How many values there are."""
        # mastery:begin running_stats
        return self._count
        # mastery:end running_stats

    @property
    def mean(self):
        """The arithmetic mean; `ValueError` when there is no value."""
        # mastery:begin running_stats
        if self._count == 0:
            raise ValueError("the mean of no values")
        return self._mean
        # mastery:end running_stats

    @property
    def variance(self):
        """The sample variance, with n - 1 below the line; `ValueError` with fewer than two values."""
        # mastery:begin running_stats
        if self._count < 2:
            raise ValueError("the variance of fewer than two values")
        return self._squares / (self._count - 1)
        # mastery:end running_stats
