"""One's own account: password, the telephone's codes, recovery codes, browsers signed in."""

import base64
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import pyotp
import segno
from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import delete, select

from actions.errors import ActionError, InvalidInput, NotAllowed
from bot.staff import accounts, passwords, recovery, rights, second_factor
from bot.staff.models import StaffSession
from bot.web.staff.account.sign_in import secret_of
from bot.web.staff.desk import Form, Seat, form, seat

_SECRET = re.compile(r"[A-Z2-7]{32}")  # base32, as pyotp makes it
_CODE = 20  # a recovery code as it is written down, with its blanks
_TRIES = 10  # a minute, of passwords and codes by whoever sits at a browser left open
_WRONG_CODE = "动态码不对，请再扫一次、再填一次。"

router = APIRouter(prefix="/staff/account")
OwnSeat = Annotated[Seat, seat()]
OwnForm = Annotated[Form, form()]


@router.get("", response_class=HTMLResponse)
def account(at: OwnSeat) -> Response:
    return _account(at)


@router.post("/password")
def password(at: OwnForm) -> Response:
    new = secret_of(at.sent, "new")
    try:
        _check_password(at)
        if new == secret_of(at.sent, "old"):
            raise InvalidInput("新密码和原来的一样，请换一个。")
        accounts.set_password(at.session, at.staff, new)
        at.record("改密码")
        at.session.commit()
    except ActionError as error:
        return _refused(at, error)
    return RedirectResponse("/staff/sign-in", 303)


@router.post("/totp")
def totp(at: OwnForm) -> Response:
    """Without a secret one is drawn and shown; with it, the code proves that the telephone has it. The password, and
    the code in use until now, prove that it isn't somebody at a browser left open.
    """
    try:
        _check_own(at)
    except ActionError as error:
        return _refused(at, error)
    secret = at.text("secret", 40)
    if not secret:
        at.session.rollback()  # the old code is asked for again with the new one
        return _account(at, secret=pyotp.random_base32())
    if not _SECRET.fullmatch(secret):
        at.session.rollback()
        return _account(at, problem=_WRONG_CODE)
    if not second_factor.enrol(
        at.session, at.staff, secret, at.text("code", 8), now=datetime.now(UTC), vault=at.desk.vault
    ):
        at.session.rollback()
        return _account(at, problem=_WRONG_CODE, secret=secret)
    codes = recovery.renew(at.session, at.staff)
    _end_others(at)
    at.record("启用动态码")
    at.session.commit()
    return _account(at, done="动态码启用了，下次登录要填。其他设备都退出了。", codes=codes)


@router.post("/totp-off")
def totp_off(at: OwnForm) -> Response:
    """Where their role doesn't ask for it."""
    try:
        if not at.staff.totp_secret:
            raise InvalidInput("还没有启用动态码。")
        if at.staff.role in second_factor.required(at.session):
            raise NotAllowed("您的岗位要用动态码，不能停用。换手机请按“换一部手机”。")
        _check_own(at)
        second_factor.remove(at.session, at.staff)
        _end_others(at)
        at.record("停用动态码")
        at.session.commit()
    except ActionError as error:
        return _refused(at, error)
    return _account(at, done="动态码停用了，恢复码也一起作废。其他设备都退出了。")


@router.post("/recovery")
def new_recovery_codes(at: OwnForm) -> Response:
    """As for another telephone: whoever had new ones for the password alone could replace the telephone by them."""
    try:
        if not at.staff.totp_secret:
            raise InvalidInput("先启用动态码，才有恢复码。")
        _check_own(at)
    except ActionError as error:
        return _refused(at, error)
    codes = recovery.renew(at.session, at.staff)
    at.record("换恢复码")
    at.session.commit()
    return _account(at, done="恢复码换了一套，原来的都作废。", codes=codes)


@router.post("/revoke")
def revoke(at: OwnForm) -> Response:
    _end_others(at)
    at.record("退出其他设备")
    at.session.commit()
    return _account(at, done="其他设备都退出了。")


@router.post("/presence")
def presence(at: OwnForm) -> Response:
    at.staff.is_present = not at.staff.is_present
    at.session.commit()
    return at.back(rights.home_of(at.staff))


def _check_password(at: Form) -> None:
    """Raises SignInFailed, ApiError after too many tries."""
    at.desk.knocks.check(f"own {at.staff.id}", _TRIES)
    passwords.check_right(at.staff, secret_of(at.sent, "old"))


def _check_own(at: Form) -> None:
    """Raises SignInFailed, NotAllowed, ApiError."""
    _check_password(at)
    if at.staff.totp_secret and not _has_old(at):
        raise NotAllowed("现在用的动态码不对。手机不在身边，可以填一个恢复码；都没有，请管理员给您重设密码。")


def _has_old(at: Form) -> bool:
    """A code of the telephone in use, or a recovery code, which is used up with it."""
    now, code = datetime.now(UTC), at.text("old_code", _CODE)
    if second_factor.code_fits(at.session, at.staff, code, now=now, vault=at.desk.vault):
        return True
    if not recovery.use(at.session, at.staff, recovery.digest_of(at.session, at.staff, code), now):
        return False
    at.record("用恢复码改动态码", detail=f"还剩 {recovery.left(at.session, at.staff)} 个")
    return True


def _end_others(at: Form) -> None:
    others = StaffSession.token_hash != at.who.held.token_hash
    at.session.execute(delete(StaffSession).where(StaffSession.staff_id == at.staff.id, others))


def _refused(at: Form, error: ActionError) -> HTMLResponse:
    at.session.rollback()
    return _account(at, problem=error.message_zh)


def _account(
    at: Seat,
    *,
    problem: str | None = None,
    done: str | None = None,
    secret: str | None = None,
    codes: Sequence[str] = (),
) -> HTMLResponse:
    """`codes`: recovery codes just drawn, shown this once."""
    own = select(StaffSession).where(StaffSession.staff_id == at.staff.id).order_by(StaffSession.seen_at.desc())
    return at.page(
        "account/account.html",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        held=list(at.session.scalars(own)),
        secret=secret,
        picture=_picture(at.staff.login, secret) if secret else None,
        codes=codes,
        left=recovery.left(at.session, at.staff),
        used=recovery.used(at.session, at.staff),
        is_required=at.staff.role in second_factor.required(at.session),
        must_enrol=second_factor.is_missing(at.session, at.who.held),
    )


def _picture(login: str, secret: str) -> str:
    """The QR code that an authenticator scans, as an address of its own."""
    drawn = io.BytesIO()
    segno.make(pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name="邻里")).save(drawn, kind="svg", scale=5)
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()
