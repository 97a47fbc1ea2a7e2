/** How a version stands: it counts here, its owner's newest, one of tomorrow, one of before. */
export type Standing = 'counts' | 'in_force' | 'coming' | 'past'

/** What a writer says about a new version besides its numbers; `since` as a form's local time. */
export interface Provenance {
  source: string
  confidence: '待核实' | '已核实'
  since: string
}

export function fresh(): Provenance {
  return { source: '', confidence: '待核实', since: '' }
}
