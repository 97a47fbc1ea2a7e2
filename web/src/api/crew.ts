/** What a link's holder sees and hands over. */
import type { components } from './schema'

type Schemas = components['schemas']

export type CrewView = Schemas['CrewView']
export type CrewNow = Schemas['CrewNow']
export type CrewEntry = Schemas['CrewEntry']
export type CrewFix = Schemas['CrewFix']
export type Synced = Schemas['Synced']
export type RefusedEntry = Schemas['RefusedEntry']
export type Hospital = Schemas['Hospital']
export type OutsideView = Schemas['OutsideView']
export type Opened = Schemas['Opened']
export type LinkOut = Schemas['LinkOut']
export type LinkIssued = Schemas['LinkIssued']
export type Track = Schemas['Track']
export type RoadItem = Schemas['Item']
export type LegState = Schemas['CrewNow']['leg_state']
export type Given = Schemas['Given']
export type TreatmentKind = Schemas['TreatmentKind']
