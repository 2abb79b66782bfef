"""Looking for bytes in the memory of a process, as a core dump would show it."""
import re


class Region:
    def __init__(self, start, end, name):
        self.start, self.end, self.name, self.flags = start, end, name, set()

    @property
    def is_guarded(self):
        """Neither written to a core dump nor swapped out."""
        return {"dd", "lo"} <= self.flags


def regions(pid):
    found = []
    with open(f"/proc/{pid}/smaps") as smaps:
        for line in smaps:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r\S+) \S+ \S+ \S+\s*(.*)", line)
            if head:
                found.append(Region(int(head[1], 16), int(head[2], 16), head[4]))
            elif re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                found.append(Region(0, 0, ""))
            elif line.startswith("VmFlags:"):
                found[-1].flags = set(line.split()[1:])
    return [region for region in found if region.end and region.name not in ("[vvar]", "[vsyscall]")]


def search(pid, texts):
    """text -> the regions that hold it."""
    found = {text: [] for text in texts}
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for region in regions(pid):
            try:
                memory.seek(region.start)
                data = memory.read(region.end - region.start)
            except (OSError, OverflowError, ValueError):
                continue  # a guard page
            for text in texts:
                if text.encode() in data:
                    found[text].append(region)
    return found
