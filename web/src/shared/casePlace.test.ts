import { describe, expect, it } from 'vitest'

import { casePlace, eventPath, pagePath } from './casePlace'

describe('where a case lies', () => {
  it.each([
    ['case', '/cases/x'],
    ['case_file', '/case-files/x'],
    ['consult', '/consults/x'],
    ['guidance', '/guidance/x'],
    ['reading', '/ctg/readings/x'],
    ['exercise', '/quality/exercises/x'],
    ['return', '/quality/returns/x'],
  ] as const)('is said by the kind of its page: %s', (page, path) => expect(pagePath(page, 'x')).toBe(path))

  it('follows what happened: case files have pages of their own', () => {
    expect(eventPath('casefile.task_overdue', 'f1')).toBe('/case-files/f1')
    expect(eventPath('referral.offered', 'c1')).toBe('/cases/c1')
    expect(eventPath('duty.change_requested', 'r1')).toBe('/duty/changes')
    expect(eventPath('duty.plan_returned', 'p1')).toBe('/roster/plans/p1')
    expect(eventPath('obligation.action_late', 'f1')).toBe('/quality/actions')
    expect(eventPath('obligation.late', 'f1')).toBe('/quality/obligations')
    expect(eventPath('roster.gaps', 'f1')).toBe('/roster')
    expect(eventPath('duty.handover_near', 'h1')).toBe('/duty/handovers')
    expect(eventPath('ctg.alarm', 'c1')).toBe('/ctg/alarms')
    expect(eventPath('ctg.reading_overdue', 'r1')).toBe('/ctg/readings/r1')
    expect(eventPath('consult.unanswered', 'k1')).toBe('/consults/k1')
    expect(eventPath('room.opened', 'k1')).toBe('/consults/k1/room')
    expect(eventPath('guidance.waiting', 'g1')).toBe('/guidance/g1')
    expect(eventPath('case_review.panel_set', 'r1')).toBe('/case-reviews/r1')
    expect(eventPath('case_review.measure_done', 'r1')).toBe('/case-reviews/r1')
    expect(eventPath('case_review.measure_added', 'r1')).toBe('/case-reviews')
    expect(eventPath('guidance.team_arrived', 'c1')).toBe('/cases/c1')
    expect(eventPath('consult.mdt', 'c1')).toBe('/cases/c1')
    expect(eventPath('duty.step_empty', 'c1')).toBe('/cases/c1')
  })

  it('opens an action when one is given', () => {
    expect(casePlace('c1')).toEqual({ path: '/cases/c1' })
    expect(casePlace('c1', { machine: 'offer', action: 'ask', target_id: 'o1' })).toEqual({ path: '/cases/c1', query: { act: 'offer.ask', target: 'o1' } })
  })
})
