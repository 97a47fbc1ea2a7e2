/** Regions' own rules: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type RegionRules = Schemas['RegionRules']
export type RuleKind = Schemas['RuleKind']
export type RuleVersion = Schemas['RuleVersionOut']
export type RuleChange = Schemas['RuleChange']
export type RulePreview = Schemas['RulePreview']

/** Where a version stands, in words of the locale. */
export function standing(one: RuleVersion): 'waits' | 'withdrawn' | 'counts' | 'default' | 'past' {
  if (one.waits) return 'waits'
  if (one.withdrawn) return 'withdrawn'
  if (one.region === null) return 'default'
  return one.counts ? 'counts' : 'past'
}
