"""What the ids in a diagram stand for: messages, signals, errors, data; and event definitions."""

from collections.abc import Iterator
from typing import Any

from lxml import etree

from engine import xml
from engine.core.mapping import NO_DATA_FLOW, Association, DataFlow
from engine.core.triggers import (
    CodeTrigger,
    CompensateTrigger,
    ConditionTrigger,
    EndTrigger,
    Keys,
    MessageTrigger,
    SignalTrigger,
    TimerTrigger,
    Trigger,
)

TIMER_FORMS = ("timeDate", "timeDuration", "timeCycle")


class References:
    """The root elements of one file, by id."""

    def __init__(self, root: etree._Element):
        self.by_id = {element.get("id") or "": element for element in root}
        self.data = {
            element.get("id") or "": element
            for element in xml.bpmn_descendants(
                root, "dataObject", "dataObjectReference", "dataInput", "dataOutput", "property"
            )
        }
        self.properties = list(xml.bpmn_children(root, "correlationProperty"))

    def triggers_of(self, event: etree._Element) -> tuple[Trigger, ...]:
        """Return what an event waits for or throws, in the order in which it is drawn."""
        return tuple(
            self.trigger(definition, event)
            for definition in event
            if xml.local(definition).endswith("EventDefinition")
        )

    def trigger(self, definition: etree._Element, event: etree._Element) -> Trigger:
        kind = xml.local(definition).removesuffix("EventDefinition")
        properties = {**xml.properties(event), **xml.properties(definition)}
        if kind == "timer":
            form = next(form for form in TIMER_FORMS if xml.child_text(definition, form))
            return TimerTrigger(form, xml.child_text(definition, form) or "", xml.label(event))
        if kind in ("message", "signal"):
            return self.message(kind, definition.get(f"{kind}Ref"), event, definition)
        if kind == "conditional":
            return ConditionTrigger(xml.child_text(definition, "condition") or "false")
        if kind in ("error", "escalation"):
            code = self.code(definition.get(f"{kind}Ref"), f"{kind}Code")
            return CodeTrigger(kind, code, properties.get("resultVariable"))
        if kind == "compensate":
            waits = definition.get("waitForCompletion") not in ("false", "0")
            return CompensateTrigger(definition.get("activityRef") or None, waits)
        return EndTrigger(kind)

    def behaviour(self, many: etree._Element) -> dict[str, tuple[Any, ...]]:
        """Return what a multi-instance activity throws while it works (its ``behavior``)."""
        behaviour = many.get("behavior") or "All"
        if behaviour in ("None", "One"):
            definition = self.by_id.get(many.get(f"{behaviour.lower()}BehaviorEventRef") or "")
            if definition is None:
                return {}
            triggers = (self.trigger(definition, many),)
            return {"at_each" if behaviour == "None" else "at_first": triggers}
        if behaviour == "Complex":
            return {
                "by_condition": tuple(
                    (xml.child_text(rule, "condition") or "false", self.triggers_of(event))
                    for rule in xml.bpmn_children(many, "complexBehaviorDefinition")
                    for event in xml.bpmn_children(rule, "event")
                )
            }
        return {}

    def message(
        self,
        kind: str,
        reference: str | None,
        event: etree._Element,
        definition: etree._Element | None = None,
    ) -> MessageTrigger:
        """Return the message or signal that an event or a send or receive task is about."""
        places = [place for place in (definition, event) if place is not None]
        root_element = self.by_id.get(reference or "")
        if root_element is not None:
            places.append(root_element)
        properties: dict[str, str] = {}
        for place in reversed(places):
            properties.update(xml.properties(place))
        trigger = SignalTrigger if kind == "signal" else MessageTrigger
        return trigger(
            self.name(reference, event),
            Keys(
                names=comma_list(properties.get("correlationKey")),
                retrievals=self.retrievals(reference) if kind == "message" else {},
            ),
            payload=properties.get("payload") or spiff_text(places, "messagePayload"),
            result_variable=properties.get("resultVariable")
            or spiff_text(places, "messageVariable")
            or spiff_text(places, "variableName"),
        )

    def name(self, reference: str | None, event: etree._Element) -> str:
        """Return the name of a message or signal: two files mean the same one by it."""
        element = self.by_id.get(reference or "")
        if element is None:
            return event.get("name") or event.get("id") or ""
        return element.get("name") or element.get("id") or ""

    def code(self, reference: str | None, attribute: str) -> str | None:
        """Return the code of an error or escalation; None where none is referred to."""
        element = self.by_id.get(reference or "")
        if element is None:
            return None
        return element.get(attribute) or element.get("name") or element.get("id")

    def retrievals(self, message_id: str | None) -> dict[str, str]:
        """Return, by name, how the correlation properties are read out of this message."""
        found = {}
        for prop in self.properties:
            for retrieval in xml.bpmn_children(prop, "correlationPropertyRetrievalExpression"):
                text = xml.text_of(retrieval)
                if retrieval.get("messageRef") == message_id and text:
                    found[prop.get("name") or prop.get("id") or ""] = text
        return found

    def variable(self, step: etree._Element, reference: str | None) -> str | None:
        """Return the variable that a data element is: a data object by its id, else the text."""
        if not reference:
            return None
        element = self.data.get(reference)
        if element is None:
            return reference
        if xml.is_bpmn(element, "dataObjectReference"):
            return element.get("dataObjectRef") or reference
        if xml.is_bpmn(element, "dataInput", "dataOutput"):
            return self.other_end(step, reference) or element.get("name") or reference
        return reference

    def data_flow(self, step: etree._Element) -> DataFlow:
        """Return what an activity's data associations carry in and out.

        Only those count that end at a data input or output of the activity: modellers draw others
        that say no more than that the data are used here.
        """
        io = next(xml.bpmn_children(step, "ioSpecification"), None)
        if io is None:
            return NO_DATA_FLOW
        own = {
            element.get("id") or "": element.get("name") or element.get("id") or ""
            for element in xml.bpmn_children(io, "dataInput", "dataOutput")
        }
        inputs = [
            carried
            for association in xml.bpmn_children(step, "dataInputAssociation")
            for carried in self.carried(association, own, own)
        ]
        outputs = [
            carried
            for association in xml.bpmn_children(step, "dataOutputAssociation")
            for carried in self.carried(association, own, {})
        ]
        names = [own[e.get("id") or ""] for e in xml.bpmn_children(io, "dataOutput")]
        if not inputs and not outputs:
            return NO_DATA_FLOW
        return DataFlow(tuple(inputs), tuple(outputs), tuple(names) if outputs else ())

    def carried(
        self, association: etree._Element, own: dict[str, str], targets: dict[str, str]
    ) -> Iterator[Association]:
        """Yield what one association assigns; ``targets`` bounds where it may go, if not empty."""
        sources = [xml.text_of(each) for each in xml.bpmn_children(association, "sourceRef")]
        target = xml.child_text(association, "targetRef") or ""
        if (targets and target not in targets) or (not targets and not set(sources) & own.keys()):
            return
        name = own.get(target) or self.data_name(target)
        for assignment in xml.bpmn_children(association, "assignment"):
            yield Association(name, text=xml.child_text(assignment, "from") or "null")
        transformation = xml.child_text(association, "transformation")
        if transformation:
            yield Association(name, text=transformation)
        elif sources and not any(True for _ in xml.bpmn_children(association, "assignment")):
            yield Association(name, source=own.get(sources[0]) or self.data_name(sources[0]))

    def data_name(self, reference: str) -> str:
        """The variable of a data object: its id; of a property: its name."""
        element = self.data.get(reference)
        if element is None:
            return reference
        if xml.is_bpmn(element, "dataObjectReference"):
            return element.get("dataObjectRef") or reference
        if xml.is_bpmn(element, "property"):
            return element.get("name") or reference
        return reference

    def other_end(self, step: etree._Element, reference: str) -> str | None:
        """Follow a data association of ``step`` from its input or output to the data object."""
        for association in xml.bpmn_children(step, "dataInputAssociation", "dataOutputAssociation"):
            ends = [
                xml.text_of(e) for e in xml.bpmn_children(association, "sourceRef", "targetRef")
            ]
            others = [end for end in ends if end != reference]
            if reference in ends and others:
                return self.variable(step, others[0])
        return None


def comma_list(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def spiff_text(places: list[etree._Element], name: str) -> str | None:
    """Return the text of ``spiffworkflow:<name>`` on the first of ``places`` that has it."""
    for place in places:
        found = xml.extension(place, name)
        if found is not None and found.text:
            return found.text.strip()
    return None
