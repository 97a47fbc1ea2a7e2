/** Alarms and their limits: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type { Alarm, AlarmDetail } from '@/shared/ctgAlarms/types'
export type Limits = Schemas['Limits']
export type LimitsBook = Schemas['LimitsBook']
export type LimitsVersion = Schemas['LimitsOut']
export type NewLimits = Schemas['NewLimits']
