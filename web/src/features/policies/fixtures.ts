/** Made-up policies for tests of the page. */
import type { Policy, Trial } from '@/shared/policies/types'

export function aPolicy(over: Partial<Policy> = {}): Policy {
  return {
    id: 'v1', owner: 'platform', owner_id: null, owner_name: null, event: '*', condition: '*', colour: '*', level: 'critical', mode: 'first', quorum: [],
    join_within_s: 180, repeat_s: 120, source: '平台默认', confidence: '待核实', valid_from: '2026-11-26T00:00:00Z', recorded_by: null,
    supersedes_id: null, in_force: true, withdraws_id: null, reason: null,
    steps: [
      { delay_s: 0, tiers: ['first', 'second'], specialties: ['obstetrics'], at: 'own' },
      { delay_s: 120, tiers: ['lead'], specialties: ['*'], at: 'own' },
      { delay_s: 90, tiers: ['first'], specialties: ['obstetrics'], at: 'upper' },
    ],
    ...over,
  }
}

export function aTrial(over: Partial<Trial> = {}): Trial {
  const doctor = { id: 'p1', name: '林静禾', title: '主任医师' }
  const house = { id: 'f1', short_name: '云江县妇保' }
  return {
    policy: aPolicy(), at: '2026-11-26T03:00:00Z',
    steps: [
      { number: 0, after_s: 0, loop: false, at: 'own', facility: house, people: [{ person: doctor, tier: 'first', specialty: 'obstetrics' }], unfilled: ['icu'] },
      { number: 1, after_s: 120, loop: false, at: 'own', facility: house, people: [], unfilled: [] },
      { number: 2, after_s: 120, loop: true, at: 'own', facility: house, people: [{ person: doctor, tier: 'lead', specialty: 'obstetrics' }], unfilled: [] },
    ],
    ...over,
  }
}
