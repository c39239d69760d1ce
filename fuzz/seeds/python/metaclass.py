from fastapi import FastAPI


class Meta(type):
    def __new__(cls, *args, **kwargs):
        return cls(*args, **kwargs)


class Own(metaclass=Meta):
    @property
    def p(self):
        return self.p


app = FastAPI()
x = [1]
for _ in range(60):
    x.extend(x)


@app.get("/x", tags=x)
def f(q: Own = x, r=f"{1:>1000000000000}", s=10**10**10): ...
