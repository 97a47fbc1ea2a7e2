"""The catalogue of treatments, as pages show it."""

from referral.readmodel.dossier import TreatmentKind
from referral.rules.treatments import TREATMENTS


def treatment_kinds() -> list[TreatmentKind]:
    """Everything that can be given or done, in the catalogue's order."""
    return [
        TreatmentKind(
            code=entry.code,
            zh=entry.zh,
            en=entry.en,
            group=entry.group,
            subject=entry.subject,  # type: ignore[arg-type]
            units=list(entry.units),
            routes=list(entry.routes),
            milestone=entry.milestone,
            source=entry.source,
            confidence=entry.confidence,  # type: ignore[arg-type]
        )
        for entry in TREATMENTS.entries.values()
    ]
