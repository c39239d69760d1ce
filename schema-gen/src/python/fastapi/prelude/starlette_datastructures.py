class UploadFile:
    pass


class State:
    pass


class Secret:
    def __init__(self, value):
        self.value = value

    def __str__(self):
        return self.value

    def __bool__(self):
        return bool(self.value)


class CommaSeparatedStrings:
    def __init__(self, value):
        self.items = [item.strip() for item in value.split(",")] if isinstance(value, str) else list(value)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]

    def __iter__(self):
        return iter(self.items)
