import userEvent from '@testing-library/user-event'
import { screen, within } from '@testing-library/vue'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import TryWarnings from './TryWarnings.vue'

function item(code: string, zh: string): object {
  return { code, zh, en: code, group: 'vital', kind: 'number', units: [{ code: '/min', shown: '/min' }], decimals: 0, plausible: [0, 320], caution: [50, 120], words: [], of: ['mother'], fresh_minutes: 240, loinc: null, source: '', confidence: 'V', verify: false }
}

const TOOL = { code: 'mewc_2014', version: 1, zh: 'MEWC', en: 'MEWC', rule_zh: '任一项', rule_en: 'any', inputs: ['hr_per_min'], tiers: [], criteria: [], limits: [], advice: [], source: 'a paper', confidence: 'V', verify: false }
const ANSWER = { at: '2026-11-22T03:00:00Z', tools: [{ tool: 'mewc_2014', version: 1, zh: 'MEWC', en: 'MEWC', state: 'triggered', fired: [], missing: [], score: null, source: 'a paper', verify: false }] }

async function open() {
  return renderPage(TryWarnings, {
    path: '/observations/try',
    roles: ['expert'],
    answers: {
      '/api/observation-catalogue': { version: '1', items: [item('hr_per_min', '心率'), item('height_cm', '身高')] },
      '/api/warning-rulesets': [TOOL],
    },
  })
}

afterEach(() => vi.useRealTimers())

describe('trying early warning', () => {
  it('asks only what some tool reads, and says what the tools say', async () => {
    const post = vi.spyOn(api, 'post').mockResolvedValue(ANSWER)
    const { container } = await open()
    await screen.findByText('填入读数后，这里逐个列出工具的结论。')
    expect(screen.queryByLabelText('身高')).toBeNull()
    await userEvent.type(screen.getByLabelText(/心率/), '130')
    await within(screen.getByRole('region', { name: '早期预警' })).findByText('触发', { exact: false })
    expect(post).toHaveBeenLastCalledWith('/api/warning-rulesets/try', { entries: [expect.objectContaining({ code: 'hr_per_min', number: 130, unit: '/min' })] })
    expect(await axeViolations(container)).toEqual([])
  })

  it('sends nothing that cannot be', async () => {
    const post = vi.spyOn(api, 'post').mockClear().mockResolvedValue(ANSWER)
    await open()
    const field = await screen.findByLabelText(/心率/)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) })
    await user.type(field, '3000')
    expect(screen.getByText(/不可能/)).toBeTruthy()
    await vi.runOnlyPendingTimersAsync()
    expect(post).not.toHaveBeenCalled()
  })
})
