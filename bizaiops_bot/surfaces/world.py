"""REST for the demo only: look at the embedded world and break it on purpose."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from bizaiops_bot.domain.errors import BadInput, NotFound
from bizaiops_bot.ports.faults import Faults
from bizaiops_bot.surfaces.shapes import FaultIn
from bizaiops_bot.surfaces.site import Site, SiteDep

router = APIRouter(prefix="/api/world", tags=["world (demo only)"])


def faults_of(site: Site) -> Faults:
    """The fault injector. Raises BadInput outside the embedded company."""
    if site.faults is None:
        raise BadInput(
            "Faults cannot be injected here.", "Only the embedded company has them.", "Start `bizaiops demo`."
        )
    return site.faults


async def inject(site: Site, model: str, fault: str) -> str:
    """Starts a fault and says so. Raises NotFound for an unknown model or fault."""
    faults = faults_of(site)
    models = [info.name for info in await site.desk.reads.models.specs()]
    if model not in models:
        raise NotFound("model", model, models)
    kinds = await faults.kinds()
    if fault not in kinds:
        raise NotFound("fault", fault, kinds)
    return await faults.inject(model, fault)


@router.get("")
async def world(site: SiteDep) -> dict[str, Any]:
    """The world's clock, its models' true state and the active faults."""
    active = await faults_of(site).active()
    return {
        "now": site.desk.reads.clock.now(),
        "kinds": await faults_of(site).kinds(),
        "faults": [{"model": model, "fault": fault, "since": since} for model, fault, since in active],
        **await site.world(),
    }


@router.post("/faults")
async def add_fault(site: SiteDep, body: FaultIn) -> dict[str, str]:
    """Inject a fault."""
    return {"message": await inject(site, body.model, body.fault)}


@router.delete("/faults")
async def clear_faults(site: SiteDep, model: str | None = None) -> dict[str, list[str]]:
    """End all faults, or those of one model."""
    return {"cleared": await faults_of(site).clear(model)}
