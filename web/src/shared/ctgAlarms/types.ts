/** Alarms: short names of the schema. */
import type { components } from '@/api/schema'

export type Alarm = components['schemas']['AlarmOut']
export type AlarmDetail = components['schemas']['AlarmDetail']
