/** An item of a plan while it is written: what is typed, and what is sent of it. */
import type { AssessedItem, Method, Scoring } from './types'

export interface ItemDraft {
  item: AssessedItem
  chosen: boolean
  weight: number | ''
  method: Method
  /** The two numbers of a method: low and high, nothing and all, floor and all; seconds as minutes. */
  first: number | ''
  second: number | ''
  basis: string
}

/** Seconds are typed as minutes. */
function scale(item: AssessedItem): number {
  return item.definition?.unit === 's' ? 60 : 1
}

function typed(value: number | null | undefined, by: number): number | '' {
  return value === null || value === undefined ? '' : value / by
}

export function draftOf(item: AssessedItem): ItemDraft {
  const by = scale(item)
  const scoring = item.scoring
  const draft: ItemDraft = { item, chosen: item.kind === 'on_site' || item.computed, weight: item.weight ?? '', method: scoring?.method ?? 'band', first: '', second: '', basis: item.basis }
  if (scoring?.method === 'band') return { ...draft, first: typed(scoring.low, by), second: typed(scoring.high, by) }
  if (scoring?.method === 'slope') return { ...draft, first: typed(scoring.zero, by), second: typed(scoring.full, by) }
  if (scoring?.method === 'proportion') return { ...draft, first: typed(scoring.floor, by), second: typed(scoring.full, by) }
  return draft
}

function scoringOf(draft: ItemDraft): Scoring | null {
  if (!draft.item.computed || (draft.first === '' && draft.second === '')) return null
  const by = scale(draft.item)
  const [first, second] = [draft.first === '' ? null : draft.first * by, draft.second === '' ? null : draft.second * by]
  if (draft.method === 'band') return { method: 'band', low: first, high: second }
  if (first === null || second === null) return null
  return draft.method === 'slope' ? { method: 'slope', zero: first, full: second } : { method: 'proportion', floor: first, full: second }
}

/** What is sent. */
export function ordered(draft: ItemDraft): { code: string; weight: number | null; scoring: Scoring | null; basis: string } {
  return { code: draft.item.code, weight: draft.weight === '' ? null : draft.weight, scoring: scoringOf(draft), basis: draft.basis }
}
