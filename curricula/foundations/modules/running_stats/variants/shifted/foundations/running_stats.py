# mastery:begin running_stats
        # Sums of distances from the first value: the offset is gone before anything is squared.
        self.first = None
        self.size = 0
        self.total = 0.0
        self.total_of_squares = 0.0
# mastery:end running_stats
# mastery:begin running_stats
        if self.first is None:
            self.first = float(value)
        shifted = value - self.first
        self.size += 1
        self.total += shifted
        self.total_of_squares += shifted * shifted
# mastery:end running_stats
# mastery:begin running_stats
        return self.size
# mastery:end running_stats
# mastery:begin running_stats
        if not self.size:
            raise ValueError("no values yet")
        return self.first + self.total / self.size
# mastery:end running_stats
# mastery:begin running_stats
        if self.size <= 1:
            raise ValueError("two values are needed")
        spread = self.total_of_squares - self.total * self.total / self.size
        return max(spread, 0.0) / (self.size - 1)
# mastery:end running_stats
