from starlette import status
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from fastapi.applications import FastAPI
from fastapi.background import BackgroundTasks
from fastapi.datastructures import UploadFile
from fastapi.exceptions import HTTPException, WebSocketException
from fastapi.param_functions import Body, Cookie, Depends, File, Form, Header, Path, Query, Security
from fastapi.routing import APIRouter

__version__ = "0.165.0"
