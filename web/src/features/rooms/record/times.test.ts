import { describe, expect, it } from 'vitest'

import type { TimelineEvent } from '@/api/course'
import type { ConsultDetail } from '@/shared/consults/types'

import { moments } from './times'

const event = (seq: number, kind: string, at: string): TimelineEvent =>
  ({ seq, kind, at, late: seq === 2, facility: { short_name: '云江' }, actor: { name: '林医生' } }) as unknown as TimelineEvent
const step = (action: string, at: string): ConsultDetail['history'][number] =>
  ({ action, at, person: null, state: 'asked', note: null }) as ConsultDetail['history'][number]
const said = ({ kind }: { kind: string }): string => (kind === 'leg.departed' ? '出发' : kind)

describe('moments', () => {
  it('puts the case and the consultation on one line, the newest first', () => {
    const line = moments(
      [event(1, 'leg.departed', '2026-11-28T01:00:00Z'), event(2, 'leg.departed', '2026-11-28T03:00:00Z')],
      [step('ask', '2026-11-28T02:00:00Z')],
      said,
      (action) => `会诊 ${action}`,
    )
    expect(line.map((one) => one.what)).toEqual(['出发', '会诊 ask', '出发'])
    expect(line.map((one) => one.late)).toEqual([true, false, false])
    expect(line[0]?.who).toBe('云江 林医生')
  })

  it('leaves out what has no words: the consultation tells it itself', () => {
    expect(moments([event(1, 'consult.asked', '2026-11-28T01:00:00Z')], [], said, String)).toEqual([])
  })
})
