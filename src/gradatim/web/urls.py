"""Addresses of the pages."""

from django.urls import include, path

from gradatim.web.views import (
    coding,
    design,
    downtime,
    entry,
    faults,
    feasibility,
    health,
    identification,
    overview,
    paper,
    record,
    theme,
)
from gradatim.web.views.audit import as_of, log, proof
from gradatim.web.views.dosing import product, worksheet
from gradatim.web.views.participant import (
    emergency,
    endorse,
    laboratory,
    pages,
    questionnaire,
    records,
)
from gradatim.web.views.protocol import confirmations
from gradatim.web.views.protocol import pages as protocol
from gradatim.web.views.review import committee, package
from gradatim.web.views.screening import answer, sheet, upload, worklist

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("record/<str:event>/", record.record_act, name="record"),
    path("entries/<int:position>/", entry.entry, name="entry"),
    path("entries/<int:position>/correct/", entry.correct, name="correct"),
    path("screening/", worklist.worklist, name="screening"),
    path("screening/log/", worklist.log, name="screening-log"),
    path("participants/", pages.participants, name="participants"),
    path("participants/<str:id>/", pages.summary, name="participant"),
    path("participants/<str:id>/logs/", pages.logs, name="logs"),
    path("participants/<str:id>/visits/", pages.schedule, name="visits"),
    path("participants/<str:id>/adverse-events/", pages.adverse_events, name="adverse-events"),
    path("participants/<str:id>/history/", pages.history, name="history"),
    path("participants/<str:id>/eligibility/", sheet.sheet, name="eligibility"),
    path("participants/<str:id>/sources/", records.records, name="records"),
    path("participants/<str:id>/records/", upload.upload, name="upload"),
    path("participants/<str:id>/answer/<str:element>/", answer.answer, name="answer"),
    path("participants/<str:id>/emergency/", emergency.emergency, name="emergency"),
    path("participants/<str:id>/laboratory/", laboratory.laboratory, name="laboratory"),
    path("participants/<str:id>/scores/", laboratory.scores, name="scores"),
    path("participants/<str:id>/questionnaire/", questionnaire.questionnaire, name="questionnaire"),
    path("participants/<str:id>/grade/", laboratory.grade_typed, name="grade"),
    path("participants/<str:id>/doses/", worksheet.worksheet, name="doses"),
    path("participants/<str:id>/doses/<int:number>/standing/", worksheet.standing, name="standing"),
    path("identification/<str:site>/", identification.identification, name="identification"),
    path("dosing/", product.dosing, name="dosing"),
    path("dosing/lots/<str:id>/", product.lot, name="lot"),
    path("endorse/<str:site>/", endorse.endorse, name="endorse"),
    path("coding/", coding.coding, name="coding"),
    path("coding/terms/", coding.terms, name="terms"),
    path("review/", package.review, name="review"),
    path("review/proposals/<str:id>/", committee.proposal, name="proposal"),
    path("design/", design.design, name="design"),
    path("feasibility/", feasibility.feasibility, name="feasibility"),
    path("protocol/", protocol.document, name="protocol"),
    path("protocol/submitted/", protocol.submitted_document, name="submitted"),
    path("protocol/questions/", protocol.open_questions, name="questions"),
    path("protocol/questions/confirm/", confirmations.confirmations, name="confirmations"),
    path("protocol/revision/", protocol.revision, name="revision"),
    path("protocol/versions/", protocol.versions, name="versions"),
    path("audit/", log.audit, name="audit"),
    path("audit/proof/", proof.proof, name="proof"),
    path("audit/checkpoint/", proof.checkpoint, name="checkpoint"),
    path("audit/export/", proof.export, name="export"),
    path("audit/as-of/", as_of.as_of, name="as-of"),
    path("audit/look-back/", as_of.look_back, name="look-back"),
    path("downtime/", downtime.downtime, name="downtime"),
    path("paper/", paper.paper, name="paper"),
    path("paper/<str:event>/", paper.blank, name="blank"),
    path("theme/", theme.choose, name="theme"),
    path("healthz", health.healthz, name="healthz"),
    path("api/", include("gradatim.web.api.urls")),
    path("", include("gradatim.web.accounts.urls")),
]
handler400 = faults.bad
handler403 = faults.forbidden
handler404 = faults.not_found
handler500 = faults.broken
