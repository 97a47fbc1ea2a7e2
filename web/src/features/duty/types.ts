/** Rosters and phones: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type DutyGroup = Schemas['DutyToday']
export type DutySlot = Schemas['DutySlot']
