"""The words of the forms: labels, help, and how choices are called.

A field of an event has one label wherever it is shown; a field that means something else in one
event has a label of its own there.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_Words = str | Promise

LABELS: Mapping[str, _Words] = {
    "occurred_on": _("Day it happened"), "site": _("Site"), "user": _("User"), "role": _("Task"),
    "name": _("Name"), "principal_investigator": _("Principal investigator"),
    "reason": _("Reason"), "reference": _("Reference"), "authority": _("Authority"),
    "version": _("Version"), "expires_on": _("Valid until"), "question": _("Question"),
    "answer": _("Answer"), "comment": _("Comment"), "description": _("Description"),
    "laboratory": _("Laboratory"), "ranges": _("Reference limits"),
    "ranges_version": _("Version of the reference limits"), "collected_on": _("Sample taken on"),
    "time_zone": _("Time zone"),
    "taken_at": _("Taken at"), "timepoint": _("Point in time"), "encounter": _("Visit"),
    "of_protocol": _("Informs about protocol version"),
    "document_sha256": _("SHA-256 of the document"),
    "renewal": _("Is consent to be renewed before another dose?"),
    "consented_at": _("Signed at"), "given_by": _("Consent was given by"),
    "capacity": _("By what right the representative acts"),
    "witnessed": _("Was an impartial witness present throughout?"),
    "withdrawn_at": _("Withdrawn at"),
    "language": _("Language of the form"), "obtained_by": _("Obtained by"),
    "sex": _("Sex at birth"), "birth": _("Year of birth"), "full_name": _("Full name"),
    "birth_date": _("Birth date"), "scope": _("Withdrawn from"),
    "kinds": _("Kinds of records"), "sources": _("Sources looked at"), "since": _("Since"),
    "until": _("Until"), "criterion": _("Criterion"), "criteria": _("Criteria not met"),
    "passes": _("Is the criterion met so that the person may enter?"),
    "first_dose_on": _("First dose planned for"), "level": _("Dose level"),
    "status": _("Status"), "adverse_event": _("Adverse event"), "order": _("Order"),
    "retention_ended_on": _("Retention ended on"), "lot": _("Lot"), "bags": _("Bags"),
    "donor": _("Donor"), "cell_bank": _("Cell bank"), "temperature": _("Temperature on arrival"),
    "worst_celsius": _("Worst temperature, °C"), "minutes": _("Minutes outside its limits"),
    "fit": _("Are the bags still fit for use?"),
    "out_of_specification": _("Out of specification: what"), "decided_by": _("Decided by"),
    "dose": _("Dose number"), "amount": _("Amount"), "planned": _("Planned amount"),
    "unit": _("Unit"), "drawn": _("Drawn from the bags"), "weight_kg": _("Body weight, kg"),
    "items": _("Checklist"), "started_at": _("Started at"), "ended_at": _("Ended at"),
    "volume_ml": _("Volume, mL"), "advice_level": _("Level of the advice"),
    "advice_action": _("Advice of the design"), "head_hash": _("Hash of that entry"),
    "protocol_sha256": _("SHA-256 of the protocol"), "discarded_ml": _("Discarded, mL"),
    "interruptions": _("Interruptions"), "from_": _("From"), "to": _("To"), "bag": _("Bag"),
    "container": _("Container"),
    "thawed_at": _("Thawed at"), "id": _("Number"), "cells_per_ml": _("Cells per mL"),
    "counted": _("Counted"), "measured": _("Measured"), "viability": _("Viability, 0 to 1"),
    "dmso": _("DMSO, volume per volume"), "expires_at": _("Expires at"),
    "term": _("Term (CTCAE or MedDRA)"), "answers": _("Is it one of these?"),
    "onset": _("Began on"), "grade": _("Grade"),
    "scale": _("Graded by"), "serious": _("Serious because of"),
    "relation": _("Relation to the product"), "elements": _("Counts as"),
    "site_aware_at": _("The site became aware at"), "of": _("Entry"),
    "resolved_on": _("Resolved on"), "outcome": _("Outcome"), "expected": _("Expected?"),
    "reference_safety_information": _("Reference safety information, version"),
    "sponsor_aware_at": _("The sponsor became aware at"), "recipient": _("Recipient"),
    "report": _("Report"), "sent_at": _("Sent at"), "person": _("Who"),
    "detected_on": _("Detected on"), "candidate": _("Candidate"),
    "dose_limiting": _("Dose-limiting?"), "rule": _("Rule"), "important": _("Important?"),
    "action": _("Action"), "query": _("Query"), "entries": _("Entries"),
    "members": _("Members present"), "data_cut_on": _("Data cut"), "minutes_text": _("Minutes"),
    "results": _("Results"), "element": _("Element"), "value": _("Value"), "bound": _("Bound"),
    "low": _("Lower limit"), "high": _("Upper limit"), "code": _("Result in words"),
    "method": _("Method"), "part": _("Part"), "applies": _("Applies"), "why": _("Why"),
    "changes": _("Changes"), "document": _("Protocol document"), "fact": _("What is recorded"),
    "start": _("From, or on"), "end": _("To"), "ongoing": _("Still going on?"),
    "route": _("Route"), "source": _("Source"), "significant": _("Clinically significant?"),
    "urgent_safety_measure": _("Urgent safety measure, without prior approval?"),
    "mode": _("Mode"), "title": _("Title"), "stopping_rules": _("Fired rules that are answered"),
    "format": _("Format"), "sha256": _("SHA-256"), "participant": _("Participant"),
    "signers": _("Signed by"), "head": _("Data up to entry"), "signer": _("Signed by"),
    "record": _("Record"), "read": _("Records in the file"), "records": _("How they were read"),
    "vocabulary": _("Vocabulary"), "concepts": _("Concepts"), "kind": _("Type of record"),
    "codes": _("Coded as"), "system": _("Code system"), "display": _("Called"),
    "used": _("Is"), "perhaps": _("May be"), "outside": _("Is no other of these kinds"),
    "start_within": _("Began between"), "end_within": _("Ended between"),
    "first": _("The first"), "last": _("The last"), "doubtful": _("Why it may not count"),
    "derived": _("Read out of something else"), "content": _("Hash of what it says"),
    "drug": _("Drug"), "daily_dose": _("Daily dose, mg"),
    "none_of_the_rest": _("No to all that is not answered above"),
    "test_results": _("Results of the lot"), "test": _("Test"),
    "into": _("The number that goes on"), "at_site": _("Site of the other person"),
    "asked_for": _("Asked for by the participant?"), "bears_on": _("Bears on"),
    "screened_as": _("Screened before as"),
    "something_else": _("It is something else that the protocol asks about"),
}  # fmt: skip
OF_EVENT: Mapping[tuple[str, str], _Words] = {
    ("ConsentFormApproved", "version"): _("Version of the form"),
    ("ConsentFormApproved", "occurred_on"): _("In force from"),
    ("InformedConsentObtained", "version"): _("Version of the form"),
    ("InformedConsentRenewed", "version"): _("Version of the form"),
    ("ReviewMeetingHeld", "minutes"): _("Minutes"),
    ("RecordJudged", "answers"): _("Is it one of these?"),
    ("RecordJudged", "reason"): _("What the judgement rests on"),
    ("RecordJudged", "occurred_on"): _("Judged on"),
    ("SiteOpened", "name"): _("Name of the site"),
    ("SiteOpened", "site"): _("Number of the site"),
    ("Drawn", "volume_ml"): _("Drawn, mL"),
    ("SafetyReportSent", "reference"): _("Reference of the report"),
    ("AdverseEventReported", "of"): _("Seen in the result of entry"),
    ("ProtocolDeviation", "of"): _("Shown by entry"),
    ("ProtocolDeviationReviewed", "of"): _("Deviation (entry)"),
    ("ProtocolDeviationReviewed", "action"): _("What was done about it"),
    ("MedicationErrorReported", "description"): _("What happened"),
    ("PersonalDataErased", "order"): _("By whose order, and why"),
    ("Bag", "id"): _("Bag number"),
    ("RulingSigned", "outcome"): _("The ruling"),
    ("RulingSigned", "answer"): _("In words"),
    ("RulingSigned", "occurred_on"): _("Ruled on"),
    ("ProtocolSubmitted", "occurred_on"): _("Submitted on"),
    ("ProtocolActivated", "occurred_on"): _("In force from"),
    ("ProtocolAmended", "occurred_on"): _("In force from"),
    ("AdverseEventReported", "occurred_on"): _("Became known on"),
    ("AdverseEventUpdated", "occurred_on"): _("Became known on"),
    ("LaboratoryResultsRecorded", "occurred_on"): _("Results received on"),
}
HELP: Mapping[str, _Words] = {
    "occurred_on": _("By the clock of the site. May lie in the past for a late entry."),
    "capacity": _("Such as spouse or guardian; no name."),
    "consented_at": _("Where a procedure was done on the same day."),
    "withdrawn_at": _("Where something was taken or measured on the same day."),
    "taken_at": _("With its time where it was within a day of a dose."),
    "site_aware_at": _("The clocks of safety reports begin then."),
    "relation": _("Left open, it counts as related until somebody has judged it."),
    "grade": _("Left open, it is not known; it is never taken as mild."),
    "term": _(
        "Best a term of CTCAE v5.0 from the list. Of other words an investigator is asked "
        "what they mean."
    ),
    "answers": _("Its term does not say so. Until you have answered, it counts as each of these."),
    "elements": _("What else this event is an event of, as you judge it."),
    "out_of_specification": _("Only where bags are released by the sponsor's named decision."),
    "test_results": _(
        "Each test of the specification. A test without a result holds the lot back."
    ),
    "birth_date": _("Kept sealed; the ledger holds the year."),
    "document": _("The file protocol.yaml."),
    "full_name": _("Kept sealed under a key of its own; the ledger holds no name."),
}
CHOICES: Mapping[str, _Words] = {
    "bag": _("bag"),
    "bottle": _("bottle"),
    "vial": _("vial"),
    "important_medical_event": _("important medical event"),
    "life_threatening": _("life-threatening"),
    "congenital_anomaly": _("congenital anomaly"),
    "safety_committee": _("safety committee"),
    "data_manager": _("data manager"),
    "cell_lab": _("cell laboratory"),
    "de_escalate": _("de-escalate"),
    "treatment": _("treatment"),
    "all": _("everything"),
    "statistician": _("statistician"),
    "auditor": _("inspector"),
    "sponsor": _("sponsor"),
    "investigator": _("investigator"),
    "coordinator": _("coordinator"),
    "nurse": _("nurse"),
    "pharmacist": _("pharmacist"),
    "monitor": _("monitor"),
    "participant": _("the participant"),
    "representative": _("a legally authorised representative"),
    "female": _("female"),
    "male": _("male"),
    "other": _("other"),
    "death": _("death"),
    "hospitalisation": _("hospitalisation"),
    "disability": _("disability"),
    "unrelated": _("unrelated"),
    "unlikely": _("unlikely"),
    "possible": _("possible"),
    "probable": _("probable"),
    "definite": _("definite"),
    "related": _("related"),
    "escalate": _("escalate"),
    "stay": _("stay"),
    "hold": _("hold"),
    "stop": _("stop"),
    "start": _("start"),
    "in order": _("in order"),
    "not in order": _("not in order"),
    "not applicable": _("not applicable"),
    "three_plus_three": "3+3",
    "dmso": _("DMSO"),
}
GRADES: Mapping[str, _Words] = {
    "1": _("1 mild"),
    "2": _("2 moderate"),
    "3": _("3 severe"),
    "4": _("4 life-threatening"),
    "5": _("5 death"),
}


def label_of(name: str, of: str = "") -> Any:
    """Give the label of a field, in an event or a struct of this name."""
    return OF_EVENT.get((of, name)) or LABELS.get(name) or name.replace("_", " ").capitalize()


def help_of(name: str) -> Any:
    """Give what helps to fill in a field; empty for most."""
    return HELP.get(name, "")


def choice_words(name: str, value: str) -> Any:
    """Give how a choice is called."""
    return CHOICES.get(value, value)
