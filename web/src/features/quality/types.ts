/** Indicators: short names of the schema. Durations are in seconds. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Text = Schemas['Text']
export type Bin = Schemas['Bin']
export type Distribution = Schemas['Distribution']
export type Target = Schemas['TargetOut']
export type Definition = Schemas['DefinitionOut']
export type IntervalValue = Schemas['IntervalValue']
export type CountValue = Schemas['CountValue']
export type Indicator = Schemas['Indicator']
export type IndicatorScope = Schemas['ScopeOut']
export type Indicators = Schemas['Indicators']
export type Ddi = Schemas['Ddi']
export type DdiClass = Schemas['DdiClass']
export type DdiRow = Schemas['DdiRow']
export type Month = Schemas['Month']
export type IndicatorDetail = Schemas['IndicatorDetail']
export type IndicatorCase = Schemas['IndicatorCase']
export type IndicatorCases = Schemas['IndicatorCases']
