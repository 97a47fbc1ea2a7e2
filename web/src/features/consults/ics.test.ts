import { describe, expect, it } from 'vitest'

import type { Consult } from '@/shared/consults/types'

import { calendarOf } from './ics'

const WORDS = { title: { urgent: '急会诊', ordinary: '会诊' }, product: '云上妇幼' }
const NOW = Date.parse('2026-11-27T08:00:00Z')
const HERE = { id: 'f1', name: '临江县医院', short_name: '临江县医院', tier: 'county' }
const consult = (over: object): Consult =>
  ({
    id: '0193-a', version: 4, urgency: 'urgent', planned_at: '2026-11-30T01:30:00Z', minutes: 45, woman: '林测试', purpose: '胎监异常，林测试，电话 19900000001',
    facility: HERE, invited: [{ facility: { ...HERE, short_name: '云江市妇幼，产科; 一区' } }, { facility: null, group: '胎儿医学组' }], ...over,
  }) as unknown as Consult

describe('planned consultations as a calendar', () => {
  it('gives times and houses and nobody', () => {
    const made = calendarOf([consult({})], WORDS, 'https://ys.example.cn', NOW)
    const whole = made.replace(/\r\n /g, '')
    expect(whole).toContain('DTSTART:20261130T013000Z\r\nDTEND:20261130T021500Z\r\n')
    expect(whole).toContain('SUMMARY:急会诊 临江县医院 → 云江市妇幼，产科\\; 一区、胎儿医学组\r\n')
    expect(whole).toContain('UID:0193-a@ys.example.cn\r\nDTSTAMP:20261127T080000Z\r\nSEQUENCE:4\r\n')
    expect(whole).toContain('URL:https://ys.example.cn/consults/0193-a\r\n')
    for (const hers of ['林测试', '胎监异常', '19900000001']) expect(whole).not.toContain(hers)
  })

  it('folds by octets, never through a character, and ends every line', () => {
    const made = calendarOf([consult({ facility: { ...HERE, short_name: '县'.repeat(60) } })], WORDS, 'https://ys.example.cn', NOW)
    const lines = made.split('\r\n')
    expect(lines.at(-1)).toBe('')
    expect(Math.max(...lines.map((line) => new TextEncoder().encode(line).length))).toBeLessThanOrEqual(75)
    expect(made.replace(/\r\n /g, '')).toContain('县'.repeat(60))
    expect(made.match(/^BEGIN:/gm)).toHaveLength(made.match(/^END:/gm)?.length ?? -1)
  })

  it('leaves out what has no time', () => {
    expect(calendarOf([consult({ planned_at: null })], WORDS, 'https://ys.example.cn', NOW)).not.toContain('VEVENT')
  })
})
