import { describe, expect, it } from 'vitest'

import { aBook, aPlace, anEntry, onCall } from './fixtures'
import { callFirst, phoneLines, stillOnCall, withoutPeople } from './lines'

const NOON = Date.parse('2026-11-22T04:00:00Z')
const EVENING = Date.parse('2026-11-22T08:00:00Z')

describe('the phone list', () => {
  it('prints somebody with two posts once and keeps desks in front', () => {
    const lines = phoneLines([
      anEntry({ label: '急救专线', phone: '19900000011' }),
      anEntry({ person: '苏云舒', phone: '19900000001', tier: 'first', specialty: 'obstetrics' }),
      anEntry({ person: '沈静禾', phone: '19900000002', tier: 'second', specialty: 'obstetrics' }),
      anEntry({ person: '苏云舒', phone: '19900000001', tier: 'lead', specialty: 'neonatology' }),
    ])
    expect(lines.map((line) => line.entry.person ?? line.entry.label)).toEqual(['急救专线', '苏云舒', '沈静禾'])
    expect(lines[1]?.posts).toEqual([
      { tier: 'first', specialty: 'obstetrics' },
      { tier: 'lead', specialty: 'neonatology' },
    ])
    expect(lines[0]?.posts).toEqual([])
  })

  it('does not merge two people who share a desk phone', () => {
    const lines = phoneLines([
      anEntry({ person: '苏云舒', phone: '19900000001', tier: 'first', specialty: 'obstetrics' }),
      anEntry({ person: '沈静禾', phone: '19900000001', tier: 'second', specialty: 'obstetrics' }),
    ])
    expect(lines).toHaveLength(2)
  })

  it('drops from an old copy whoever is no longer on call, to the second, and keeps desks', () => {
    const entries = [anEntry({ label: '急救专线' }), onCall()]
    expect(stillOnCall(entries, EVENING - 1)).toHaveLength(2)
    expect(stillOnCall(entries, EVENING).map((entry) => entry.label)).toEqual(['急救专线'])
  })

  it('puts the centre before the own house: its desk, then its first line', () => {
    const own = aPlace({ relation: 'own', list: { ...aPlace().list, facility: '云江县妇幼', entries: [anEntry({ phone: '19900000009' })] } })
    const book = aBook(own, aPlace())
    expect(callFirst(book, NOON, 2).map((one) => [one.place, one.label])).toEqual([
      ['云江市妇幼保健院', '产科急救专线'],
      ['云江市妇幼保健院', '苏云舒'],
    ])
    expect(callFirst(aBook(own), NOON, 2).map((one) => one.phone)).toEqual(['19900000009'])
    expect(callFirst({ ...aBook(), places: [] }, NOON, 2)).toEqual([])
  })

  it('is kept without anybody’s own number once nobody is signed in', () => {
    const kept = JSON.stringify(withoutPeople(aBook()))
    expect(kept).toContain('产科急救专线')
    expect(kept).not.toContain('苏云舒')
    expect(kept).not.toContain('19900000002')
  })
})
