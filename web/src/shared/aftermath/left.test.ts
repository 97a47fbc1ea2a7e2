import { describe, expect, it } from 'vitest'

import { left } from './left'

const AT = '2026-11-25T02:00:00Z'
const before = (ms: number) => Date.parse(AT) - ms

describe('what is left of a limit', () => {
  it('is told in days, hours, minutes as it shrinks', () => {
    expect(left(AT, before(71.5 * 3_600_000), 'zh-CN')).toEqual({ late: false, words: '2 天 23 小时' })
    expect(left(AT, before(5 * 3_600_000 + 60_000), 'zh-CN').words).toBe('5 小时 1 分')
    expect(left(AT, before(90_000), 'en').words).toBe('1 min')
  })

  it('is over from its moment on', () => {
    expect(left(AT, before(0), 'zh-CN').late).toBe(true)
    expect(left(AT, before(-3 * 86_400_000), 'en')).toEqual({ late: true, words: '3 d 0 h' })
  })
})
