/** Readings: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Reading = Schemas['ReadingOut']
export type ReadingDetail = Schemas['ReadingDetail']
export type SeenView = Schemas['ViewOut']
export type Signed = Schemas['SignedOut']
export type Report = Schemas['ReadingReport']
export type Findings = Schemas['Findings']
export type Cited = Schemas['Cited']
export type Addendum = Schemas['ReadingAddendum']
export type TimeLimits = Schemas['ReadingLimits']
export type TimeLimitsVersion = Schemas['ReadingLimitsOut']
export type TimeLimitsBook = Schemas['ReadingLimitsBook']
