import { describe, expect, it } from 'vitest'

import { gestation, gestationDays } from './gestation'
import { elapsed, fromInput, inputTime, listTime, recordTime, relative, sampleAge, span } from './time'

describe('gestation', () => {
  it.each([
    [268, '孕38⁺²周', '38⁺² wk'],
    [274, '孕39⁺¹周', '39⁺¹ wk'],
    [280, '孕40⁺⁰周', '40⁺⁰ wk'],
    [0, '孕0⁺⁰周', '0⁺⁰ wk'],
  ])('%i days', (days, zh, en) => {
    expect(gestation(days, 'zh-CN')).toBe(zh)
    expect(gestation(days, 'en')).toBe(en)
  })

  it('says when it is not known', () => {
    expect(gestation(null, 'zh-CN')).toBe('孕周不详')
    expect(gestation(undefined, 'en')).toBe('GA unknown')
  })

  it('counts days from a form and refuses impossible ones', () => {
    expect(gestationDays(38, 2)).toBe(268)
    expect(gestationDays(38, null)).toBe(266)
    expect([gestationDays(null, 2), gestationDays(38, 7), gestationDays(46, 0), gestationDays(-1, 0)]).toEqual([null, null, null, null])
  })
})

describe('time', () => {
  const at = new Date(2026, 10, 22, 3, 7, 41)

  it('is short in lists and whole in records', () => {
    expect(listTime(at)).toBe('11-22 03:07')
    expect(recordTime(at)).toBe('2026-11-22 03:07:41')
  })

  it('runs as mm:ss, and h:mm:ss from one hour', () => {
    expect([elapsed(0), elapsed(401_999), elapsed(3_723_000), elapsed(-5)]).toEqual(['00:00', '06:41', '1:02:03', '00:00'])
  })

  it.each([[null, '–'], [840, '0.8 s'], [12_400, '12 s'], [133_000, '02:13'], [11_110_000, '3:05:10']])('calls a sample of %s ms %s old', (ms, text) => {
    expect(sampleAge(ms)).toBe(text)
  })

  it('is relative under a day, both ways', () => {
    const now = at.getTime()
    expect(relative(now - 401_000, now, 'zh-CN')).toBe('6 分前')
    expect(relative(now + 18 * 60_000, now, 'en')).toBe('in 18 min')
    expect(relative(now - 2_000, now, 'zh-CN')).toBe('刚刚')
    expect(relative(now - 86_400_000, now, 'zh-CN')).toBe('')
  })

  it('words spans', () => {
    expect([span(42, 'zh-CN'), span(60 * 65, 'zh-CN'), span(720, 'en')]).toEqual(['42 秒', '1 小时 05 分', '12 min'])
  })

  it('survives a date field', () => {
    expect(inputTime(at.getTime())).toBe('2026-11-22T03:07')
    expect(fromInput(inputTime(at.getTime()))).toBe(new Date(2026, 10, 22, 3, 7).toISOString())
  })
})
