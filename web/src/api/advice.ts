/** Signed advice with orders that are read back and executed, or explained. */
import type { components } from './schema'

export type Advice = components['schemas']['Advice']
export type AdviceOrder = components['schemas']['AdviceOrder']
export type AdviceRevision = components['schemas']['AdviceRevision']
export type Citable = components['schemas']['Citable']
