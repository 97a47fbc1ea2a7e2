/** Changes of a roster: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Change = Schemas['RosterChange']
export type ChangeShift = Schemas['RosterShift']
export type MyShift = Schemas['MyShift']
export type Partner = Schemas['SwapPartner']
export type Takeable = Schemas['OnDutyNow']
export type Handover = Schemas['DutyHandover']
export type FairnessReport = Schemas['FairnessReport']
