"""The datasets API as the original answers it, without its database and its load.

The routes, parameters and answers are those of the public exercise; a dict plays the table, since
what is recorded here is what FastAPI and pydantic make of requests. `forms` asks FastAPI the same
for what this service adds: what it would say if it had these parameters.
"""

import time

from fastapi import FastAPI, HTTPException, Query, Response
from pydantic import BaseModel

WORK_SECONDS = 0.001
MEMORY_BYTES = 1 << 20


class Dataset(BaseModel):
    id: int
    name: str


original = FastAPI()
datasets: dict[int, Dataset] = {}


@original.get("/datasets", response_model=list[Dataset])
async def list_datasets():
    return list(datasets.values())


@original.post("/datasets", response_model=Dataset)
async def create_dataset(name: str):
    dataset = Dataset(id=len(datasets) + 1, name=name)
    datasets[dataset.id] = dataset
    return dataset


@original.get("/datasets/{dataset_id}", response_model=Dataset)
async def get_dataset(dataset_id: int):
    if dataset_id not in datasets:
        raise HTTPException(status_code=404, detail="Dataset not found")
    return datasets[dataset_id]


@original.post("/datasets/{dataset_id}/reticulate")
async def reticulate_dataset(dataset_id: int):
    end = time.monotonic() + WORK_SECONDS
    while time.monotonic() < end:
        pass
    held = bytearray(MEMORY_BYTES)
    time.sleep(WORK_SECONDS)
    del held
    return {"status": "completed", "dataset_id": dataset_id}


forms = FastAPI()


@forms.post("/datasets")
async def create_short(name: str = Query(max_length=255)):
    return {}


@forms.get("/datasets")
async def page(
    limit: int = Query(default=1000, ge=1, le=1000), after: int = Query(default=0, ge=0)
):
    return []


@forms.put("/datasets/{dataset_id}")
async def rename(dataset_id: int, name: str = Query(max_length=255)):
    return {}


@forms.delete("/datasets/{dataset_id}", status_code=204)
async def delete(dataset_id: int):
    return Response(status_code=204)
