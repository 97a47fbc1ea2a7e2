/** Assessment rounds: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Round = Schemas['RoundOut']
export type RoundDetail = Schemas['RoundDetail']
export type RoundChoices = Schemas['RoundChoices']
export type EntryLine = Schemas['EntryLine']
export type EntryDetail = Schemas['EntryDetail']
export type CheckedItem = Schemas['CheckedItem']
export type AssessedItem = Schemas['AssessedItem']
export type ItemCases = Schemas['ItemCases']
export type Evidence = Schemas['EvidenceOut']
export type Rectification = Schemas['RectificationOut']
export type SiteVisit = Schemas['SiteVisitOut']
export type VisitDetail = Schemas['VisitDetail']
export type Points = Schemas['PointsOut']
export type Total = Schemas['TotalOut']
export type Scoring = NonNullable<AssessedItem['scoring']>
export type Method = Scoring['method']
