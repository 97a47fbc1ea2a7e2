/** Drills: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Drill = Schemas['DrillOut']
export type DrillAnswer = Schemas['DrillAnswer']
export type Tally = Schemas['DrillTally']
export type LeagueRow = Schemas['LeagueRow']
export type Region = Schemas['RegionOut']
export type Schedule = Schemas['ScheduleOut']
export type DutyGroup = Schemas['DutyToday']
