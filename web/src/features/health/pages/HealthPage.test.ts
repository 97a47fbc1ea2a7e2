import { describe, expect, it } from 'vitest'

import { Problem } from '@/api/problem'
import { axeViolations, renderPage } from '@/testing/page'

import { gravity } from '../state'
import HealthPage from './HealthPage.vue'

const health = {
  status: 'degraded',
  at: '2026-11-22T03:00:00Z',
  valkey: 'running',
  database: 'PostgreSQL 18.1',
  checkpoint_age_s: 412,
  checkpoint_stale: true,
  cases_missing: 0,
  channels: ['sms'],
  channels_absent: ['voice', 'email'],
  processes: [
    { name: 'serve', state: 'running', instance: 'host', pid: 12, since: '2026-11-22T02:00:00Z', beat_age_s: 1.2, restarts: 0 },
    { name: 'engine', state: 'restarting', pid: 14, since: '2026-11-22T02:59:00Z', restarts: 4, last_exit: -9 },
    { name: 'worker', state: 'absent' },
  ],
}
const show = (answer: unknown) => renderPage(HealthPage, { path: '/system', answers: { '/api/health/processes': answer }, roles: ['system_admin'] })

describe('system status', () => {
  it('says what does not work in words, with restarts and exit code', async () => {
    const view = await show(health)
    expect(await view.findByText('有部分不正常')).toBeTruthy()
    const rows = view.getAllByRole('row').map((row) => row.textContent ?? '')
    expect(rows.find((row) => row.includes('engine'))).toMatch(/重启中.*4.*-9/)
    expect(rows.find((row) => row.includes('worker'))).toContain('未运行')
  })

  it('says how old the newest checkpoint of the event chain is', async () => {
    const view = await show(health)
    expect((await view.findByText(/6 分前/)).textContent).toContain('✕')
    const fresh = await show({ ...health, checkpoint_age_s: 31, checkpoint_stale: false })
    expect((await fresh.findByText(/31 秒前/)).textContent).toContain('●')
    const none = await show({ ...health, checkpoint_age_s: null, checkpoint_stale: false })
    expect(await none.findByText(/尚未签名/)).toBeTruthy()
  })

  it('says so when it cannot be read', async () => {
    const view = await show(new Problem({ code: 'kernel.database_away' }, 503))
    expect((await view.findByRole('alert')).textContent).toContain('kernel.database_away')
  })

  it('has no accessibility violations', async () => {
    const view = await show(health)
    await view.findByText('有部分不正常')
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('takes a state it does not know as bad', () => {
    expect(gravity('running')).toBe('good')
    expect(gravity('exploded')).toBe('bad')
  })
})
