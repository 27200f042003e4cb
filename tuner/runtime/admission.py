"""No trial on a node that does not see the sweep's folder, or cannot load the trainable.

A path that is local to each node is the classical silent loss: each writes its checkpoints, and
nobody finds them again. So every machine but the driver's is asked before the first trial, and
each that joins later, while the sweep goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from typing import Any

import ray
from ray import cloudpickle

from tuner.diagnosis import NodeAnswer, check_admissible
from tuner.errors import ScenarioError
from tuner.places import Place, Uri
from tuner.runtime.node_probe import vet
from tuner.runtime.node_tasks import Answer, Asked, Node, ask, live_nodes
from tuner.runtime.shared_folder import SharedFolder

__all__ = ["Admission"]

_ANSWERS_TAKE_S = 60.0


class Admission:
    """Asks each machine once whether it can serve a sweep.

    A node that gives no answer is let in: it is dying, or so slow that trials there will tell.

    Args:
        place: The sweep's folder; what lies at a URI every node reaches by itself.
        trainable: What nodes must be able to load.
        modules: The names of modules that they must find.
        say: Shows a line to the user.
        list_nodes: Returns the nodes that are there.
    """

    def __init__(
        self,
        place: Place,
        trainable: Any,
        modules: Collection[str],
        say: Callable[[str], None],
        *,
        list_nodes: Callable[[], Sequence[Node]] = live_nodes,
    ) -> None:
        self._place = place
        self._trainable = trainable
        self._modules = list(modules)
        self._say = say
        self._list_nodes = list_nodes
        self._known: set[str] = set()
        self._asked: Asked | None = None
        self._open = ExitStack()
        self._folder: SharedFolder | None = None

    def check(self) -> None:
        """Ask all machines that have not been asked, and wait for what they say.

        Raises:
            StorageError: Some do not see the folder.
            ScenarioError: Some cannot load the trainable.
        """
        self._ask()
        if self._asked is not None:
            self._judge(self._asked.take(wait=True))

    def look(self) -> None:
        """Ask machines that are new, and look whether those asked before have answered.

        Raises:
            StorageError: Some do not see the folder.
            ScenarioError: Some cannot load the trainable.
        """
        if self._asked is None:
            self._ask()
        else:
            self._judge(self._asked.take(wait=False))

    def close(self) -> None:
        """Wait for no answer any more."""
        self._asked, self._folder = None, None
        self._open.close()

    def _ask(self) -> None:
        new = [node for node in self._list_nodes() if node.node_id not in self._known]
        self._known.update(node.node_id for node in new)
        others = [node for node in new if not node.is_driver]
        if not others:
            return
        if not isinstance(self._place, Uri):
            self._folder = self._open.enter_context(SharedFolder(self._place))
        trainable = ray.put(_pickled(self._trainable))
        self._asked = ask(
            others,
            vet,
            lambda node: (self._request(node), trainable, self._modules),
            within_s=_ANSWERS_TAKE_S,
        )

    def _request(self, node: Node) -> dict[str, Any] | None:
        return None if self._folder is None else self._folder.request(node.node_id)

    def _judge(self, answers: dict[Node, Answer]) -> None:
        said = {node.name: self._said(node, each) for node, each in answers.items()}
        for node, answer in answers.items():
            if answer.failure:
                self._say(f"{node.name} could not be asked what it sees: {answer.failure}")
        if not self._asked:
            self.close()
        check_admissible(said, str(self._place))

    def _said(self, node: Node, answer: Answer) -> NodeAnswer:
        if answer.failure:
            return NodeAnswer()
        seen = answer.value["storage"]
        sight = None
        if self._folder is not None and seen is not None:
            sight = self._folder.sight(node.node_id, seen)
        return NodeAnswer(sight, answer.value["load_error"])


def _pickled(trainable: Any) -> bytes:
    try:
        return bytes(cloudpickle.dumps(trainable))
    except Exception as error:  # whatever it holds may refuse in its own way
        raise ScenarioError(
            f"a trainable is sent to the nodes as a pickle, and {trainable!r} cannot be one "
            f"({error}); load data inside of it, and keep locks and handles out of its closure"
        ) from error
