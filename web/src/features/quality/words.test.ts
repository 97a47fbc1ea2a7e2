import { describe, expect, it } from 'vitest'

import { duration, tick } from './words'

describe('durations', () => {
  it.each([
    [null, '–', '–'],
    [45.4, '45 秒', '45 s'],
    [204, '3 分 24 秒', '3 min 24 s'],
    [1800, '30 分', '30 min'],
    [3599.7, '1 小时', '1 h'],
    [3900, '1 小时 05 分', '1 h 05 min'],
    [86_399, '1 天', '1 d'],
    [97_200, '1 天 3 小时', '1 d 3 h'],
  ])('%s', (seconds, zh, en) => {
    expect(duration(seconds, 'zh-CN')).toBe(zh)
    expect(duration(seconds, 'en')).toBe(en)
  })

  it.each([
    [0, '0', '0'],
    [90, '90秒', '90s'],
    [900, '15分', '15min'],
    [5400, '90分', '90min'],
    [7200, '2时', '2h'],
    [172_800, '2天', '2d'],
  ])('tick %i', (seconds, zh, en) => {
    expect(tick(seconds, 'zh-CN')).toBe(zh)
    expect(tick(seconds, 'en')).toBe(en)
  })
})
