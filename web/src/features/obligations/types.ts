/** What is owed and what is handed in: short names of the schema, and which news concern them. */
import type { components } from '@/api/schema'
import type { StreamMessage } from '@/stream/socket'

type Schemas = components['schemas']

export type Board = Schemas['ObligationBoard']
export type Unit = Schemas['UnitOwed']
export type Owed = Schemas['OwedOut']
export type Obligation = Schemas['ObligationOut']
export type Standing = Owed['standing']
export type Form = Schemas['FormOut']
export type Return = Schemas['ReturnOut']
export type Detail = Schemas['ReturnDetail']
export type Item = Schemas['FormItem']
export type Pulled = Schemas['Pulled']
export type Exercise = Schemas['ExerciseOut']
export type ExerciseDetail = Schemas['ExerciseDetail']
export type Scenarios = Schemas['ExerciseScenarios']
export type Timings = Schemas['Timings']
export type Action = Schemas['QualityAction']
export type RecordActions = Schemas['RecordActions']

export function aboutRecords(message: StreamMessage): boolean {
  return message.type === 'case' || (message.type === 'item' && String(message.data['code'] ?? '').startsWith('obligation.'))
}
