"""The warm starts of a node: which templates there are, and when another is made."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

from dispatcher.service.node.warm.hatching import TemplateError, Unsettled, start_template
from dispatcher.service.node.warm.options import WarmLevel, WarmOptions
from dispatcher.service.node.warm.recipe import Recipe, recipe_of
from dispatcher.service.node.warm.template import Copy, Template

logger = logging.getLogger(__name__)

_MOST_KNOWN = 256
"""Recipes that are remembered; the one not used for longest is forgotten first."""
_WORTH = 10
"""Copies for each task that started cold before: a template that became outdated with fewer was not worth its start."""
_MOST_LOSSES = 3
"""Templates of a recipe that may be lost before there is no other."""


class _Kind:
    """What a node knows of the tasks of one recipe; guarded by the owner's lock."""

    def __init__(self, after: int) -> None:
        self.cold = 0
        """Tasks that started cold since there was no template."""
        self.after = after
        """How many do before there is one."""
        self.template: Template | None = None
        self.is_starting = False
        self.losses = 0
        self.is_refused = False

    def let_go(self) -> Template:
        """Have no template, from now on, and return the one there was."""
        template, self.template, self.cold = self.template, None, 0
        if template is None:
            raise ValueError("there is no template")
        return template

    def wants_template(self) -> bool:
        """Count a task that starts cold, and tell whether it is time for a template."""
        self.cold += 1
        return self.cold >= self.after and not (self.is_starting or self.is_refused or self.losses > _MOST_LOSSES)


class WarmStarts:
    """Starts tasks as copies of templates; safe to share between threads."""

    def __init__(self, options: WarmOptions, *, root: str, folder: Path, null: int) -> None:
        """Start nothing yet.

        Args:
            options: which tasks start warm.
            root: the node's folder.
            folder: where templates run; made when there is one.
            null: a descriptor of ``/dev/null``, which stays the caller's.
        """
        self._options = options
        self._prefixes = ("AZ_BATCH_", *options.own_prefixes)
        self._root = root
        self._folder = folder
        self._null = null
        self._lock = threading.Lock()
        self._kinds: OrderedDict[Recipe, _Kind] = OrderedDict()
        self._starting: set[threading.Thread] = set()
        self._is_closed = False

    def start(
        self, argv: Sequence[str], *, environment: Mapping[str, str], folder: str, stdout: int, stderr: int
    ) -> Copy | None:
        """Start a task from a template, if there is one for it; None for a task that has to start cold.

        It leads a session of its own by then, and nothing but what ``docs/warm-starts.md`` names tells it from one
        that was started cold. No error of a template is one of the task.
        """
        if self._options.level is WarmLevel.OFF:
            return None
        recipe = recipe_of(argv, environment, self._prefixes)
        if recipe is None or (template := self._template(recipe)) is None:
            return None
        try:
            return template.copy(recipe, argv, environment=environment, folder=folder, stdout=stdout, stderr=stderr)
        except ConnectionError:
            self._lose(recipe, template)
        except OSError:  # no descriptor is left: then it is told of the process that is started instead
            logger.warning("a warm start of %s did not work", recipe.target, exc_info=True)
        return None

    def settle(self) -> None:
        """Wait until no template is on its way."""
        with self._lock:
            starting = list(self._starting)
        for thread in starting:
            thread.join()

    def close(self) -> None:
        """End all templates; no task may run that was copied from one."""
        with self._lock:
            self._is_closed = True
        self.settle()
        for kind in self._kinds.values():
            if kind.template is not None:
                kind.template.close()
                kind.template = None

    def _template(self, recipe: Recipe) -> Template | None:
        with self._lock:
            kind = self._kind(recipe)
            if kind.template is None:
                if kind.wants_template() and not self._is_closed:
                    self._begin(recipe, kind)
                return None
            template = kind.template
        if not template.is_outdated():
            return template
        former = self._let_go(recipe, template)
        if former is not None:
            is_worth_it = template.made >= _WORTH * former.after
            former.after = self._options.after if is_worth_it else 2 * former.after
            logger.info("what %s imports has changed: its template ends", recipe.target)
            template.retire()
        return None

    def _kind(self, recipe: Recipe) -> _Kind:
        kind = self._kinds.get(recipe)
        if kind is None:
            kind = self._kinds[recipe] = _Kind(self._options.after)
            for other in list(self._kinds):
                if len(self._kinds) <= _MOST_KNOWN:
                    break
                if self._kinds[other].template is None and not self._kinds[other].is_starting:
                    del self._kinds[other]
        self._kinds.move_to_end(recipe)
        return kind

    def _begin(self, recipe: Recipe, kind: _Kind) -> None:
        kind.is_starting = True
        thread = threading.Thread(target=self._make, args=(recipe, kind), name="warm", daemon=True)
        self._starting.add(thread)
        thread.start()

    def _make(self, recipe: Recipe, kind: _Kind) -> None:
        template = None
        try:
            template = start_template(
                recipe,
                self._options,
                root=self._root,
                folder=self._folder,
                null=self._null,
                keep_going=lambda: not self._is_closed,
            )
        except Unsettled:
            kind.after *= 2
            logger.debug("%s is not started warm yet: its files have just changed", recipe.target)
        except TemplateError as error:
            logger.info("%s is not started warm: %s", recipe.target, error)
            kind.is_refused = True
        except Exception:  # the outermost line of this thread: tasks start cold
            logger.exception("%s is not started warm", recipe.target)
            kind.is_refused = True
        with self._lock:
            kind.is_starting, kind.cold = False, 0
            kind.template = template
            self._starting.discard(threading.current_thread())
            surplus = self._surplus() if template is not None else []
        for other in surplus:
            other.retire()

    def _surplus(self) -> list[Template]:
        """Let go of the templates not used for longest, as far as there are too many."""
        kinds = [kind for kind in self._kinds.values() if kind.template is not None]
        return [kind.let_go() for kind in kinds[: max(0, len(kinds) - self._options.most)]]

    def _lose(self, recipe: Recipe, template: Template) -> None:
        kind = self._let_go(recipe, template)
        if kind is not None and not template.has_ended_idle():
            kind.losses += 1
            logger.warning("the template of %s was lost; tasks start cold", recipe.target)
        template.close()

    def _let_go(self, recipe: Recipe, template: Template) -> _Kind | None:
        """Return what had the template; None where another thread has let go of it."""
        with self._lock:
            kind = self._kinds.get(recipe)
            if kind is None or kind.template is not template:
                return None
            kind.let_go()
            return kind
