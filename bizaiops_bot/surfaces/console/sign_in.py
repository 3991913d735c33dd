"""The sign-in page of a bot that is not a demo."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bizaiops_bot.surfaces.console.forms import Form
from bizaiops_bot.surfaces.console.views import page
from bizaiops_bot.surfaces.site import SiteDep
from bizaiops_bot.surfaces.tokens import COOKIE

router = APIRouter(include_in_schema=False)
WEEK_S = 7 * 24 * 3600


@router.get("/sign-in")
async def show(request: Request) -> HTMLResponse:
    """The form."""
    return page(request, "sign_in.html", wrong=False)


@router.post("/sign-in")
async def sign_in(site: SiteDep, request: Request, form: Form) -> Response:
    """Keeps the token in a cookie that scripts cannot read, if it is somebody's."""
    token = form.get("token", "").strip()[:500]
    given = Request({**request.scope, "headers": [(b"authorization", b"Bearer " + token.encode())]})
    if not token or site.identify is None or site.identify(given) is None:
        return page(request, "sign_in.html", status=403, wrong=True)
    answer = RedirectResponse("/", 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token, max_age=WEEK_S, httponly=True, samesite="strict", secure=secure)
    return answer


@router.post("/sign-out")
async def sign_out() -> Response:
    """Forgets the token."""
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE)
    return answer
