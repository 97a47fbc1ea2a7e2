/** Policies of the ladder, as the server describes them; used by their page and by a case's. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Policy = Schemas['PolicyOut']
export type PolicyStep = Schemas['PolicyStep']
export type PolicyNeed = Schemas['PolicyNeed']
export type PolicyBook = Schemas['PolicyBook']
export type NewPolicy = Schemas['NewPolicy']
export type Trial = Schemas['Trial']
export type TrialStep = Schemas['TrialStep']
export type PageNeed = Schemas['PageNeedOut']

export const MDT = 'consult.mdt'
