import { describe, expect, it } from 'vitest'

import { LIMITS, shown, stored } from './terms'

const terms = {
  preauthorised: [], approvers: ['medical_affairs' as const], rest_s: 28_800, closes_before_s: 7200, approve_within_s: 86_400, remind_after_s: 43_200,
  handover_needed: true, handover_opens_s: 1800, handover_remind_s: 300, handover_alarm_s: 900,
}

describe('limits in the units of people', () => {
  it('come back as the seconds they were', () => {
    expect(LIMITS.map((one) => shown(terms, one))).toEqual([8, 2, 24, 12, 30, 5, 15])
    for (const limit of LIMITS) expect(stored(shown(terms, limit), limit)).toBe(terms[limit.key])
  })
})
