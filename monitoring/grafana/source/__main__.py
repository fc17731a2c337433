"""Writes the dashboards: python3 monitoring/grafana/source. With --check it only says whether they are as written."""

import importlib
import json
import pathlib
import sys

BOARDS = ["storage_api", "storage_service", "storage_datasets", "storage_feed", "storage_inference", "storage_logs",
          "storage_host", "storage_stack", "storage_alerts", "storage_trace"]
SOURCE = pathlib.Path(__file__).parent


def main():
    sys.dont_write_bytecode = True
    folder = SOURCE.parent / "dashboards"
    made = {}
    for name in BOARDS:
        board = importlib.import_module(name).BOARD
        made[board["uid"] + ".json"] = json.dumps(board, indent=1, ensure_ascii=False) + "\n"
    if "--check" in sys.argv:
        there = {file.name: file.read_text() for file in folder.glob("*.json")}
        if there != made:
            different = sorted(name for name in there | made if there.get(name) != made.get(name))
            sys.exit(f"run python3 monitoring/grafana/source: it would change {', '.join(different)}")
    else:
        for name, content in made.items():
            (folder / name).write_text(content)


main()
