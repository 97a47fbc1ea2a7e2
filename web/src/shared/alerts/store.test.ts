import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import type { StreamMessage } from '@/stream/socket'
import { type Get, waitingGets } from '@/testing/gets'
import { aMe } from '@/testing/page'

import { useLive } from '../live'
import { useSession } from '../session'
import { useAlerts } from './store'

const page = (id: string, step = 0): object => ({ id, case_id: 'c1', reason: 'referral.offered', level: 'critical', title: 'R2611-00061', step, targets: [], needs: [], created_at: '2026-11-22T03:01:00Z' })
let hear: (message: StreamMessage) => void
/** Lists that were asked for, in order; each is answered when the test says so. */
let lists: Get[]

function started(): ReturnType<typeof useAlerts> {
  const alerts = useAlerts()
  alerts.start()
  return alerts
}

function rings(id: string, step = 0): void {
  hear({ type: 'item', offset: 1, kind: 'page', data: { page_id: id, case_id: 'c1', event: 'referral.offered', level: 'critical', step } })
}

const open = (alerts: ReturnType<typeof useAlerts>): string[] => alerts.open.map((one) => one.pageId)

describe('pages of the person who is signed in', () => {
  beforeEach(() => {
    localStorage.clear()
    setActivePinia(createPinia())
    useSession().accept(aMe(['expert']))
    vi.spyOn(useLive(), 'listen').mockImplementation((listener) => {
      hear = listener
      return () => undefined
    })
    lists = waitingGets()
  })

  it('ring on though a list that was asked for before them comes after them', async () => {
    const alerts = started()
    rings('new')
    await lists[0]?.answer([page('old')])
    expect(open(alerts)).toEqual(['old', 'new'])
    // Even where the list that they had asked for never comes.
    await lists[1]?.fail()
    expect(open(alerts)).toEqual(['old', 'new'])
    void alerts.refresh()
    await lists[2]?.answer([page('old')])
    expect(open(alerts)).toEqual(['old'])
  })

  it('are those of the newest list, in whatever order lists come', async () => {
    const alerts = started()
    void alerts.refresh()
    await lists[1]?.answer([page('new')])
    await lists[0]?.answer([page('over')])
    expect(open(alerts)).toEqual(['new'])
  })

  it('do not ring for nobody when a list comes after the end of the login', async () => {
    const alerts = started()
    alerts.stop()
    await lists[0]?.answer([page('hers')])
    expect(open(alerts)).toEqual([])
  })
})
