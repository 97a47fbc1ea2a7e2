/** What a decision for caesarean and an anaesthetic say beside their time; codes of the schema. */
import type { components } from '@/api/schema'

type Milestone = components['schemas']['Milestone']

export const CLASSES = ['1', '2', '3', '4'] as const
export const PLACES: readonly NonNullable<Milestone['place']>[] = ['delivery_room', 'theatre', 'ward', 'emergency_department']
export const ANAESTHESIA: readonly NonNullable<Milestone['anaesthesia']>[] = ['general', 'spinal', 'epidural_top_up', 'local']
