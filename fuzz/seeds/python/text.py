# -*- coding: utf-8 -*-
from fastapi import FastAPI
app=FastAPI(description="""  Résumé\n\t\N{BULLET} \x41\u00e9 """ r"\raw" f"{1!r:>{4}}{'a'=}", openapi_url=None)
@app.api_route("/é/{x}", methods={"GET", "TRACE"}, openapi_extra={"x-a": 1e400, "y": 10**30, "z": -0.0})
def é(x: "int|'str'" = 0x_ff, /, *, y: bytes = b"\xff"): """doc"""
