class UploadFile:
    pass


class State:
    pass
