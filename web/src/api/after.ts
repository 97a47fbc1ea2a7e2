/** Paper, feedback, deaths and near-misses: short names of the schema. */
import type { components } from './schema'

type Schemas = components['schemas']

export type Printable = Schemas['Printable']
export type IssuedPaper = Schemas['IssuedPaper']
export type Verification = Schemas['Verification']
export type FeedbackLists = Schemas['Feedback']
export type AwaitedFeedback = Schemas['AwaitedFeedback']
export type ReviewLists = Schemas['Reviews']
export type CaseAftermath = Schemas['CaseAftermath']
export type DeathReview = Schemas['DeathReview']
export type ReviewStep = Schemas['ReviewStep']
export type NearMissProposal = Schemas['NearMissProposal']
export type CriticalFacts = Schemas['CriticalFacts']
