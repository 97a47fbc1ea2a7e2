/** The form of a new version: pure parts, so that they can be tested without a page. */
import type { NewPolicy, Policy, PolicyBook } from '@/shared/policies/types'
import type { PolicyWords } from '@/shared/policies/words'

export const EVENTS = [
  '*', 'referral.offered', 'referral.neonatal_offered', 'consult.mdt', 'leg.deteriorated', 'leg.birth_en_route',
  'referral.no_destination', 'referral.no_cot', 'clock.breached',
  'ctg.alarm', 'ctg.reading_asked', 'ctg.reading_overdue', 'ctg.reading_unreceived',
  'consult.asked', 'consult.unanswered', 'consult.late', 'consult.undecided',
] as const
export const LEVELS = ['*', 'resuscitation', 'critical', 'urgent', 'stable'] as const
export const COLOURS = ['*', 'green', 'yellow', 'orange', 'red', 'purple'] as const
export const TIERS = ['first', 'second', 'third', 'lead', 'general_duty'] as const
export const SPECIALTIES = ['*', 'obstetrics', 'neonatology', 'anaesthesia', 'icu', 'transfusion', 'internal_medicine', 'surgery'] as const
export const MODES = ['first', 'quorum', 'all'] as const

export const MAX_STEPS = 12

/** What a ladder is chosen by besides its event, in words; nothing for "any". */
export function chosenBy(policy: Pick<Policy, 'condition' | 'colour' | 'level'>, words: PolicyWords): string[] {
  const said = []
  if (policy.condition !== '*') said.push(words.condition(policy.condition))
  if (policy.colour !== '*') said.push(words.colour(policy.colour))
  said.push(words.level(policy.level))
  return said
}

/** Versions of one history that still stand, newest first: no withdrawals, nothing withdrawn. */
export function standing(history: readonly Policy[]): Policy[] {
  const gone = new Set(history.map((one) => one.withdraws_id))
  return history.filter((one) => one.withdraws_id === null && !gone.has(one.id))
}

/** May this reader of the book take the version back? The server has the last word. */
export function mayWithdraw(book: PolicyBook, policy: Policy): boolean {
  if (policy.owner === 'facility') return book.may_write && policy.owner_id === book.facility.id
  return policy.owner === 'region' && book.regions.some((one) => one.id === policy.owner_id)
}

/** A form filled from a version, to become the house's own. */
export function copied(policy: Policy): NewPolicy {
  return {
    event: policy.event, condition: policy.condition, colour: policy.colour, level: policy.level, mode: policy.mode,
    quorum: policy.quorum.map((need) => ({ ...need })),
    steps: policy.steps.map((step) => ({ ...step, tiers: [...step.tiers], specialties: [...step.specialties] })),
    repeat_s: policy.repeat_s, join_within_s: policy.join_within_s, source: '', confidence: '待核实', region_id: null,
  }
}

/** A step like the last one, two minutes later. */
export function withStep(form: NewPolicy): NewPolicy {
  const last = form.steps[form.steps.length - 1]
  const next = last === undefined
    ? { delay_s: 0, tiers: ['first' as const], specialties: ['obstetrics' as const], at: 'own' as const }
    : { ...last, tiers: [...last.tiers], specialties: [...last.specialties], delay_s: 120 }
  return form.steps.length >= MAX_STEPS ? form : { ...form, steps: [...form.steps, next] }
}

export function withoutStep(form: NewPolicy, n: number): NewPolicy {
  return { ...form, steps: form.steps.filter((_, i) => i !== n) }
}

/** What goes to the server: a quorum only where the mode asks for one. */
export function body(form: NewPolicy): NewPolicy {
  return { ...form, quorum: form.mode === 'quorum' ? form.quorum : [] }
}
