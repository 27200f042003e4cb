"""No trial on a node that does not see the sweep's folder, or cannot load the trainable.

A path that is local to each node is the classical silent loss: each writes its checkpoints, and
nobody finds them again. So every machine but the driver's is asked before the first trial, which
such a one prevents; and each that joins later, which is used once it has answered well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import ray
from ray import cloudpickle

from tuner.diagnosis import NodeAnswer, check_admissible, objection
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
        modules: The names of modules that they must find, and where the driver has them.
        say: Shows a line to the user.
        list_nodes: Returns the nodes that are there.
    """

    def __init__(
        self,
        place: Place,
        trainable: Any,
        modules: Mapping[str, Path],
        say: Callable[[str], None],
        *,
        list_nodes: Callable[[], Sequence[Node]] = live_nodes,
    ) -> None:
        self._place = place
        self._trainable = trainable
        self._modules = {name: str(place) for name, place in modules.items()}
        self._say = say
        self._list_nodes = list_nodes
        self._admitted: set[str] = set()
        self._refused: set[str] = set()
        self._asked: list[Asked] = []
        self._open = ExitStack()
        self._folder: SharedFolder | None = None

    def check(self) -> None:
        """Ask all machines that are there, and wait for what they say.

        Raises:
            StorageError: Some do not see the folder.
            ScenarioError: Some cannot load the trainable.
        """
        self._ask()
        answers = self._take(wait=True)
        check_admissible({node.name: said for node, said in answers.items()}, str(self._place))
        self._admitted.update(node.node_id for node in answers)

    def look(self) -> None:
        """Ask machines that are new, and look whether those asked before have answered."""
        self._ask()
        for node, said in self._take(wait=False).items():
            against = objection(said, str(self._place))
            (self._refused if against else self._admitted).add(node.node_id)
            if against:
                self._say(f"{node.name} {against}")

    @property
    def admitted(self) -> Set[str]:
        """Ids of the nodes that can serve the sweep, those of the driver's machine among them."""
        return frozenset(self._admitted)

    @property
    def refused(self) -> Set[str]:
        """Ids of nodes that joined later and cannot."""
        return frozenset(self._refused)

    def close(self) -> None:
        """Wait for no answer any more."""
        self._asked.clear()
        self._folder = None
        self._open.close()

    def _ask(self) -> None:
        """Ask the nodes that have not been asked; a node that comes back has another id."""
        nodes = self._list_nodes()
        self._admitted.update(node.node_id for node in nodes if node.is_driver)
        known = self._admitted | self._refused
        known.update(node.node_id for asked in self._asked for node in asked.nodes)
        others = [node for node in nodes if node.node_id not in known]
        if not others:
            return
        if self._folder is None and not isinstance(self._place, Uri):
            self._folder = self._open.enter_context(SharedFolder(self._place))
        trainable = ray.put(_pickled(self._trainable))
        asked = ask(
            others,
            vet,
            lambda node: (self._request(node), trainable, self._modules),
            within_s=_ANSWERS_TAKE_S,
        )
        self._asked.append(asked)

    def _request(self, node: Node) -> dict[str, Any] | None:
        return None if self._folder is None else self._folder.request(node.node_id)

    def _take(self, *, wait: bool) -> Mapping[Node, NodeAnswer]:
        """Return what nodes have said since this was asked for."""
        said: dict[Node, NodeAnswer] = {}
        for asked in self._asked:
            for node, answer in asked.take(wait=wait).items():
                said[node] = self._said(node, answer)
        self._asked = [asked for asked in self._asked if asked]
        if not self._asked:
            self.close()
        return said

    def _said(self, node: Node, answer: Answer) -> NodeAnswer:
        if answer.failure:
            self._say(f"{node.name} could not be asked what it sees: {answer.failure}")
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
