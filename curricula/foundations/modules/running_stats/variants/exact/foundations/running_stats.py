# mastery:begin running_stats
        # Floats are fractions: their sums can be kept without rounding.
        self.n = 0
        self.sum_1 = self.sum_2 = 0
# mastery:end running_stats
# mastery:begin running_stats
        from fractions import Fraction

        fraction = Fraction(value)
        self.n += 1
        self.sum_1 += fraction
        self.sum_2 += fraction**2
# mastery:end running_stats
# mastery:begin running_stats
        return self.n
# mastery:end running_stats
# mastery:begin running_stats
        if self.n < 1:
            raise ValueError
        return float(self.sum_1 / self.n)
# mastery:end running_stats
# mastery:begin running_stats
        n = self.n
        if n < 2:
            raise ValueError
        return float((self.sum_2 - self.sum_1**2 / n) / (n - 1))
# mastery:end running_stats
