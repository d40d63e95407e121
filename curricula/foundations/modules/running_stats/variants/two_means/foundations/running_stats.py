# mastery:begin running_stats
        self.state = (0, 0.0, 0.0)
# mastery:end running_stats
# mastery:begin running_stats
        number, before, spread = self.state
        number += 1
        after = before + (value - before) / number
        self.state = (number, after, spread + (value - before) * (value - after))
# mastery:end running_stats
# mastery:begin running_stats
        return self.state[0]
# mastery:end running_stats
# mastery:begin running_stats
        number, current, _ = self.state
        if number:
            return current
        raise ValueError("empty")
# mastery:end running_stats
# mastery:begin running_stats
        number, _, spread = self.state
        if number >= 2:
            return spread / (number - 1)
        raise ValueError("too few")
# mastery:end running_stats
