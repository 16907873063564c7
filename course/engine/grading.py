"""The grading step of nbgrader: takes the place of `Execute`.

It hands the submission to the engine as a task and writes the result into the notebook. It is
the only part that knows both nbgrader and the engine; nbgrader's next step saves the grades.
"""

from __future__ import annotations

import os
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float, Integer, Unicode

from . import courses, sandbox
from .engine import Engine, shared_engine
from .isolation import MEBIBYTE, Limits
from .master import Master
from .outputs import printable
from .restore import MARK
from .task import Result, Task, Test


class Examine(NbGraderPreprocessor):
    """Runs a submission in a sandbox, and the tests beside it in a process of their own."""

    timeout = Float(30.0, help="Seconds that one cell may take.").tag(config=True)
    call_timeout = Float(10.0, help="Seconds that one call of a function under test may take.").tag(
        config=True
    )
    total_timeout = Float(180.0, help="Seconds that a whole notebook may take.").tag(config=True)
    memory = Integer(1536, help="Megabytes that a submission may use.").tag(config=True)
    processes = Integer(48, help="Processes that a submission may have.").tag(config=True)
    unsandboxed = Unicode(
        "",
        help=(
            f"Set to {sandbox.UNSANDBOXED_VALUE!r} to run students' code WITHOUT A SANDBOX, with "
            "all your rights, on your files and your network. Only for code that you wrote "
            f"yourself. The environment variable {sandbox.UNSANDBOXED_VARIABLE} does the same."
        ),
    ).tag(config=True)
    notes_for_students = Bool(
        True, help="Whether a graded notebook begins with what was odd about the submission."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Grade one notebook."""
        about = resources["nbgrader"]
        master = courses.master(about["db_url"], about["assignment"], about["notebook"])
        task = self._task(nb, master, about["assignment"])
        result = self._engine().grade(task)
        _write_result(nb, master, result)
        mark = nb.metadata.setdefault(MARK, NotebookNode())
        mark["irregularities"] = [*mark.get("irregularities", []), *result.irregularities]
        mark["graded"] = True
        for sentence in result.irregularities:
            self.log.warning("%s: %s", about["student"], sentence)
        if self.notes_for_students and mark["irregularities"]:
            nb.cells.insert(0, _notes(mark["irregularities"]))
        self.log.debug("seconds %s, peak %d KB", result.seconds, result.peak_kb)
        return nb, resources

    def _engine(self) -> Engine:
        trusting = self.unsandboxed == sandbox.UNSANDBOXED_VALUE
        trusting = trusting or sandbox.unsandboxed_by_environment()
        if trusting:
            self.log.warning("STUDENTS' CODE RUNS WITHOUT A SANDBOX, with all your rights.")
        return shared_engine(sandboxed=not trusting, hide=sandbox.would_show(os.getcwd()))

    def _task(self, nb: NotebookNode, master: Master, folder: str) -> Task:
        tests = {cell.id for cell in master.cells if cell.is_test}
        return Task(
            folder=folder,
            cells=[
                (number, cell.source)
                for number, cell in enumerate(nb.cells)
                if cell.cell_type == "code" and _id(cell) not in tests and cell.source.strip()
            ],
            tests=[Test(cell.id, cell.source) for cell in master.cells if cell.is_test],
            names=master.names,
            support=master.support,
            limits=Limits(
                memory=self.memory * MEBIBYTE,
                processes=self.processes,
                cell_seconds=self.timeout,
                call_seconds=self.call_timeout,
                total_seconds=self.total_timeout,
            ),
        )


def _id(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _write_result(nb: NotebookNode, master: Master, result: Result) -> None:
    known = master.by_id()
    count = 0
    for number, cell in enumerate(nb.cells):
        if cell.cell_type != "code":
            continue
        test = known.get(_id(cell))
        if test is not None and test.is_test:
            verdict = result.verdicts.get(test.id)
            outputs = verdict.outputs if verdict else [_no_evidence()]
            outputs = [_as_graded(output, test.points) for output in outputs]
        else:
            outputs = result.outputs.get(number, [])
        count += 1
        cell.execution_count = count
        cell.outputs = _nodes(outputs, count)


def _nodes(outputs: list[dict[str, Any]], count: int) -> list[NotebookNode]:
    counted = [
        {**one, "execution_count": count} if one["output_type"] == "execute_result" else one
        for one in outputs
    ]
    return [nbformat.from_dict(output) for output in counted]


def _no_evidence() -> dict[str, Any]:
    text = "No points here: the check was not run."
    return {"output_type": "error", "ename": "NotRun", "evalue": text, "traceback": [text]}


def _as_graded(output: dict[str, Any], points: float) -> dict[str, Any]:
    """nbgrader reads a number that a test cell ends with as points; nothing else may look so."""
    if output["output_type"] != "execute_result":
        return output
    try:
        if 0 <= float(output["data"].get("text/plain", "")) <= points:
            return output
    except ValueError:
        pass
    return {"output_type": "display_data", "data": output["data"], "metadata": {}}


def _notes(sentences: list[str]) -> NotebookNode:
    lines = [f"- {printable(sentence, 300)}" for sentence in dict.fromkeys(sentences)]
    text = "\n".join(line.replace("<", "&lt;").replace("`", "'") for line in lines[:40])
    return NotebookNode(
        cell_type="markdown",
        id="grading-notes",
        metadata=NotebookNode(),
        source=f"**Notes from grading**\n\n{text}",
    )
