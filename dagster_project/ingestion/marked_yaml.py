"""YAML that remembers its lines, so that a fault in a contract or a company is reported where it stands.

Belongs here: reading a YAML file, and turning a model's complaints into messages with file and line. What the keys mean
belongs to the model that reads them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from dagster_project.settings import StellaError

Location = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

# libyaml reads the contracts ten times as fast, where it is there.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class MarkedYaml:
    """A YAML file's value, and the line of each of its keys and items."""

    path: Path
    value: Any
    lines: dict[Location, int]

    def line(self, location: Location) -> int:
        """Find the line of a location, or of the nearest thing around it that is in the file."""
        for length in range(len(location), -1, -1):
            if location[:length] in self.lines:
                return self.lines[location[:length]]
        return 1

    def fault(self, location: Location, message: str) -> StellaError:
        """Make an error that names this file and the line of a location."""
        return StellaError(f"{self.path}, line {self.line(location)}: {message}")


def read_marked(path: Path) -> MarkedYaml:
    """Read a YAML file with the line of each key.

    Raises:
        StellaError: the file cannot be read, is not YAML, or says the same key twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        loader = _LOADER(text)
        node = loader.get_single_node()
        lines: dict[Location, int] = {(): 1}
        if node is not None:
            _mark(path, node, (), lines)
        value = loader.construct_document(node) if node is not None else None
    except (OSError, UnicodeDecodeError) as fault:
        raise StellaError(f"{path}: cannot be read ({type(fault).__name__}). It must be a UTF-8 text file.") from None
    except yaml.MarkedYAMLError as fault:
        at = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise StellaError(f"{path}, line {at}: not valid YAML: {fault.problem}.") from None
    except (yaml.YAMLError, ValueError) as fault:
        raise StellaError(f"{path}: not valid YAML: {fault}.") from None
    return MarkedYaml(path, value, lines)


def _mark(path: Path, node: yaml.Node, location: Location, lines: dict[Location, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*location, str(key.value))
            line = key.start_mark.line + 1
            if inner in lines:
                raise StellaError(
                    f"{path}, line {line}: {key.value!r} is already said on line {lines[inner]}. Keep one of the two."
                )
            lines[inner] = line
            # A key is a name: YAML would make a truth of `yes` and a number of `1`.
            key.tag = "tag:yaml.org,2002:str"
            _mark(path, value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            lines[(*location, position)] = item.start_mark.line + 1
            _mark(path, item, (*location, position), lines)


def parse(model: type[Model], marked: MarkedYaml, value: Any = None, at: Location = ()) -> Model:
    """Read a value of the file into its model.

    Raises:
        StellaError: each thing that the model refuses, with file and line, in one message.
    """
    try:
        return model.model_validate(marked.value if value is None else value)
    except ValidationError as refused:
        messages = [_explain(model, marked, at, fault) for fault in refused.errors()[:10]]
        raise StellaError("\n".join(dict.fromkeys(messages))) from None


def _explain(model: type[BaseModel], marked: MarkedYaml, at: Location, fault: Any) -> str:
    location = (*at, *fault["loc"])
    where = f"{marked.path}, line {marked.line(location)}: "
    name = fault["loc"][-1] if fault["loc"] else "the file"
    if fault["type"] == "extra_forbidden":
        return f"{where}unknown key {name!r}{did_you_mean(str(name), _keys(model, fault['loc'][:-1]))}"
    if fault["type"] == "missing":
        return f"{where}the key {name!r} is missing. Add it."
    if fault["type"] == "model_type":
        return f"{where}{name}: a mapping of keys to values is wanted here."
    return f"{where}{name}: {fault['msg'].removeprefix('Value error, ')}"


def _keys(model: type[BaseModel], location: Iterable[str | int]) -> list[str]:
    """Name the keys that the model knows at a location."""
    here: Any = model
    for step in location:
        if isinstance(step, int) or not (isinstance(here, type) and issubclass(here, BaseModel)):
            continue
        fields = {known: info for name, info in here.model_fields.items() for known in (name, info.alias)}
        if step not in fields:
            continue
        annotation = fields[step].annotation
        models = [part for part in _parts(annotation) if isinstance(part, type) and issubclass(part, BaseModel)]
        here = models[0] if models else None
    if not (isinstance(here, type) and issubclass(here, BaseModel)):
        return []
    return [info.alias or name for name, info in here.model_fields.items()]


def _parts(annotation: Any) -> list[Any]:
    arguments = getattr(annotation, "__args__", ())
    return [annotation, *(part for argument in arguments for part in _parts(argument))]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """End a sentence about an unknown word: with the nearest known one, or with all of them."""
    choices = sorted(set(known))
    near = difflib.get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    if near:
        return f". Did you mean {near[0]!r}?"
    return f". Known: {', '.join(choices)}." if choices else "."
