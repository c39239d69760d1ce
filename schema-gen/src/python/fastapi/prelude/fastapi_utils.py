from fastapi.routing import generate_unique_id


def is_body_allowed_for_status_code(status_code):
    if status_code is None or status_code in {"default", "1XX", "2XX", "3XX", "4XX", "5XX"}:
        return True
    status_code = int(status_code)
    return not (status_code < 200 or status_code in {204, 205, 304})
