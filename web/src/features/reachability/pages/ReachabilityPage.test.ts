import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'

import { axeViolations, renderPage } from '@/testing/page'

import ReachabilityPage from './ReachabilityPage.vue'

const place = {
  facility_id: 'f1', facility: '云江市妇幼', group: '急救专家组', slot_id: 's1', specialty: 'obstetrics', tier: 'first', required: true, person_id: 'p1', person: '苏云舒', title: '主任医师',
  start: '2026-11-22T03:00:00Z', end: '2026-11-22T08:00:00Z', now: true, signed_on: true, online: true, devices: 2, channels: ['voice'], stale: [], last_ok_at: '2026-11-20T03:00:00Z', marks: [],
}
const gap = { ...place, slot_id: 's2', person_id: null, person: null, title: null, devices: 0, channels: [], last_ok_at: null, marks: ['gap'] }
const answers = { '/api/duty/reachability': { at: '2026-11-22T03:07:00Z', until: '2026-11-23T03:07:00Z', places: [gap, place] } }

it('says a gap in words, counts what is wrong, and can show that alone', async () => {
  const view = await renderPage(ReachabilityPage, { path: '/duty/reachability', answers })
  expect(await view.findByText(/1 个岗位有问题/)).toBeTruthy()
  expect(view.getByText('苏云舒')).toBeTruthy()
  await userEvent.click(view.getByLabelText('只看有问题的'))
  expect(view.queryByText('苏云舒')).toBeNull()
  expect(view.getByText(/✕ 缺岗/)).toBeTruthy()
  expect(await axeViolations(view.container)).toEqual([])
})
