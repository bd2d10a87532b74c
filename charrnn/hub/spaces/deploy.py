"""Puts the whole page on the Hub as a Gradio Space: on which hardware, at what cost, until it runs.

Every account may host it. Since 2026 a free one may have two Spaces on ZeroGPU, while cpu-basic
needs PRO, Team or Enterprise.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, Volume
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from charrnn.hub.account import checked_name, client, endpoint_of, write_token
from charrnn.hub.calls import Call, Transfer, result_of, supervise
from charrnn.hub.card import LIBRARY
from charrnn.hub.faults import HubError
from charrnn.hub.names import bare_name
from charrnn.hub.push import Pushed, account_of
from charrnn.hub.spaces.files import NOTEBOOK, at_address, files_of_space, space_readme
from charrnn.hub.spaces.push import pushing_files

ZEROGPU, CPU_BASIC = "zero-a10g", "cpu-basic"
COSTS = {
    ZEROGPU: "ZeroGPU, which is free; a free account may have two such Spaces once it is 30 days "
    "old and its email address is confirmed",
    CPU_BASIC: "cpu-basic (2 cores, 16 GB), which PRO, Team and Enterprise include; it sleeps "
    "after 48 hours without a visit",
}
PAID = "{hardware}, which the Hub bills by the minute until you pause the Space"

ENDED = {
    "NO_APP_FILE": "it has no app.py",
    "CONFIG_ERROR": "the Hub does not accept its settings",
    "BUILD_ERROR": "the Hub could not install what it needs",
    "RUNTIME_ERROR": "the page ended by itself",
    "STOPPED": "it was stopped",
    "PAUSED": "it is paused: restart it in its settings on the Hub",
    "DELETING": "it is being deleted",
}
"""The stages of a Space that will not run, as the Hub names them."""
BUILD_SECONDS = 900.0
"""Seconds that a build and a start may take; usually two minutes."""
PAUSE, FAULTS = 3.0, 5
"""Seconds between two checks of a Space, and how many may fail in a row."""

KEPT_AT = "/data"
"""Where a Space that keeps its visitors' models mounts its bucket."""
MODELS = 20
"""How many of its owner's models a Space names at most."""


@dataclass(frozen=True)
class Plan:
    """What a deployment will do."""

    repo_id: str
    exists: bool
    hardware: str
    bucket: str = ""
    """The private bucket that will hold visitors' models; "" for none."""

    @property
    def sentence(self) -> str:
        """What will happen and what it costs, for people."""
        if self.exists:
            what = f"Updates the Space {self.repo_id}, which stays on its hardware."
        else:
            cost = COSTS.get(self.hardware, PAID.format(hardware=self.hardware))
            what = f"Makes the Space {self.repo_id} on {cost}."
        kept = f" Visitors' models go to the private bucket {self.bucket}." if self.bucket else ""
        return what + kept


def planning(
    repo_id: str,
    *,
    hardware: str = "",
    keep: bool = False,
    token: str | None = None,
    endpoint: str | None = None,
) -> Iterator[Transfer[Plan]]:
    """Work out what a deployment would do, and change nothing. Arguments as in `deploying`."""
    repo_id = bare_name(repo_id, "spaces", endpoint)
    checked_name(repo_id, "owner")
    secret, address = write_token(token), endpoint_of(endpoint)

    def work(call: Call) -> Plan:
        call.report("Asking what this account can host", 0.3)
        return _plan(client(address, secret), repo_id, hardware, keep)

    return supervise(work, repo_id)


def _plan(api: HfApi, repo_id: str, hardware: str, keep: bool) -> Plan:
    account = account_of(api)
    name = checked_name(repo_id, str(account["name"]))
    bucket = f"{name}-models" if keep else ""
    try:
        api.space_info(name)
    except RepositoryNotFoundError:
        chosen = hardware or (CPU_BASIC if _pays(account, name.split("/")[0]) else ZEROGPU)
        return Plan(name, False, chosen, bucket)
    return Plan(name, True, hardware, bucket)


def _pays(account: dict[str, Any], owner: str) -> bool:
    """Whether the owner, the user or an organization, has a plan that includes cpu-basic."""
    if owner == account["name"]:
        return bool(account.get("isPro"))
    orgs = [org for org in account.get("orgs") or () if org.get("name") == owner]
    return any(org.get("isEnterprise") or org.get("plan") for org in orgs)


def deploying(
    repo_id: str,
    root: Path,
    *,
    hardware: str = "",
    keep: bool = False,
    token: str | None = None,
    private: bool = False,
    endpoint: str | None = None,
) -> Iterator[Transfer[Pushed]]:
    """Put the whole page on the Hub as a Gradio Space; yields a Transfer a step. Raises HubError.

    root: a checkout of charrnn, whose README.md has the Space's metadata. The Space gets its
    package, texts, pretrained models, app.py and the README's pictures, and loses what an earlier
    deployment left in their folders. hardware: by its name on the Hub; "" takes what the account
    can have without paying more, and leaves a Space that exists on its own. keep: keep visitors'
    models over restarts, in a private bucket that is mounted into the Space.
    """
    repo_id, address = bare_name(repo_id, "spaces", endpoint), endpoint_of(endpoint)
    files: dict[str, bytes | Path] = {**files_of_space(root)}
    readme = (root / "README.md").read_text(encoding="utf-8")
    notebook = (root / NOTEBOOK).read_text(encoding="utf-8") if NOTEBOOK in files else ""

    def create(api: HfApi, name: str) -> None:
        plan = _plan(api, name, hardware, keep)
        _create(api, plan, private)

    def prepare(api: HfApi, name: str) -> None:
        if hardware:
            _move(api, name, hardware)
        if keep:
            _mount(api, name, f"{name}-models")
        owner = name.split("/")[0]  # asked without a token, for the README names public models only
        listed = api.list_models(author=owner, filter=LIBRARY, limit=MODELS, token=False)
        models, kept = [model.id for model in listed], _bucket_of(api, name)
        files["README.md"] = space_readme(readme, name, address, models, kept).encode()
        if notebook:
            files[NOTEBOOK] = at_address(notebook, name, address).encode()

    return pushing_files(
        repo_id, "gradio", files, private, token, endpoint, "Deploy charrnn",
        create=create, prepare=prepare,
    )  # fmt: skip


def _create(api: HfApi, plan: Plan, private: bool) -> None:
    """Create a Space that can start. Raises HubError for hardware that the account cannot have."""
    try:
        api.create_repo(
            plan.repo_id,
            repo_type="space",
            space_sdk="gradio",
            private=private,
            space_hardware=plan.hardware,  # type: ignore[arg-type]  # a name is as good
        )
    except HfHubHTTPError as error:
        raise _refused(plan.repo_id, plan.hardware, error) from None


def _move(api: HfApi, name: str, hardware: str) -> None:
    """Ask for other hardware, if the Space is not on it yet. Raises HubError."""
    runtime = api.get_space_runtime(name)
    if hardware in (runtime.hardware, runtime.requested_hardware):
        return
    try:
        api.request_space_hardware(name, hardware)  # type: ignore[arg-type]
    except HfHubHTTPError as error:
        raise _refused(name, hardware, error) from None


def _refused(name: str, hardware: str, error: HfHubHTTPError) -> Exception:
    """An error that says what to do when the Hub refuses the hardware."""
    status = error.response.status_code
    free = (
        f"What is free for every account: python -m charrnn push MODEL {name} --page, "
        "or python app.py on your own machine."
    )
    if status == 402:
        return HubError(
            f"The Hub asks for PRO or credit to host {name} on {hardware}. A free account may have "
            f"two Spaces, on {ZEROGPU}, once it is 30 days old and its email address is confirmed. "
            + free
        )
    if status == 403:
        return HubError(
            f"The Hub does not let this account host {name} on {hardware}: the token has no right "
            "to make Spaces there, the email address is not confirmed, or the account has all the "
            f"Spaces it may have. Delete one, or deploy to its name. {free}"
        )
    return error


def _bucket_of(api: HfApi, name: str) -> str:
    """The bucket that a Space keeps its visitors' models in; "" if it has none."""
    volumes = api.get_space_runtime(name).volumes or []
    return next((str(v.source) for v in volumes if v.mount_path == KEPT_AT), "")


def _mount(api: HfApi, name: str, bucket: str) -> None:
    """Give the Space a private bucket for its visitors' models; restarts it if it had none."""
    if _bucket_of(api, name):
        return
    volumes = api.get_space_runtime(name).volumes or []
    api.create_bucket(bucket, private=True, exist_ok=True)
    volume = Volume(type="bucket", source=bucket, mount_path=KEPT_AT, read_only=False)
    api.set_space_volumes(name, [*volumes, volume])
    api.add_space_variable(name, "CHARRNN_KEEP", KEPT_AT)


def starting(
    repo_id: str,
    *,
    revision: str = "",
    token: str | None = None,
    endpoint: str | None = None,
    seconds: float = BUILD_SECONDS,
) -> Iterator[Transfer[str]]:
    """Wait until a Space runs; the last Transfer has its link. Raises HubError if it will not.

    revision: the commit that has to run; until it does, the Hub may still serve the one before.
    """
    secret, address = write_token(token), endpoint_of(endpoint)
    api, name = client(address, secret), checked_name(repo_id)
    page = f"{address}/spaces/{name}"
    begun, faults = time.monotonic(), 0
    while (used := time.monotonic() - begun) < seconds:
        try:
            runtime = result_of(supervise(lambda _: api.get_space_runtime(name), name))
        except HubError:
            faults += 1
            if faults == FAULTS:
                raise
        else:
            faults, stage = 0, str(getattr(runtime.stage, "value", runtime.stage))
            older = revision and runtime.raw.get("sha", revision) != revision
            if stage == "RUNNING" and not older:
                yield Transfer("It runs", 1.0, page)
                return
            if stage in ENDED:
                said = " ".join(str(runtime.raw.get("errorMessage") or "").split())[:300]
                why = f"{ENDED[stage]}{f' ({said})' if said else ''}"
                raise HubError(f"The Space does not run: {why}. Its log: {page}?logs=container")
            step = stage.replace("_", " ").capitalize()
            yield Transfer(f"Waiting for the Space: {step.lower()}", min(0.99, used / seconds))
        time.sleep(PAUSE)
    raise HubError(f"The Space has not started in {seconds / 60:.0f} minutes. Look at {page}.")
