/** Alarms and their limits: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Alarm = Schemas['AlarmOut']
export type AlarmDetail = Schemas['AlarmDetail']
export type Limits = Schemas['Limits']
export type LimitsBook = Schemas['LimitsBook']
export type LimitsVersion = Schemas['LimitsOut']
export type NewLimits = Schemas['NewLimits']
