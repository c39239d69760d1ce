from starlette.background import BackgroundTasks as _BackgroundTasks


class BackgroundTasks(_BackgroundTasks):
    pass
