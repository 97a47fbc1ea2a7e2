import { describe, expect, it } from 'vitest'

import { addDays, clock, dayStart, daysBetween, dutyDate, localDate, step, weekday, windowOf } from './days'
import { clearing, isEmpty, moving, putting, undoing } from './edits'
import { LIN, ZHOU, aCalendar, aShift } from './fixtures'
import { cellKey, cellsOf, hours, wrongOf } from './grid'
import { dutiesOf, peopleOf, stretchesOf } from './people'

const at = (text: string): number => Date.parse(text)

describe('duty days', () => {
  it('begin at eight, China time, and are called by that date', () => {
    expect(dutyDate(at('2027-02-05T00:00:00Z'))).toBe('2027-02-05')
    expect(dutyDate(at('2027-02-04T23:59:59Z'))).toBe('2027-02-04')
    expect(localDate(at('2027-02-04T16:00:00Z'))).toBe('2027-02-05')
    expect(clock(dayStart('2027-02-05'))).toBe('08:00')
  })

  it('fill weeks from Monday and months from the first', () => {
    expect(windowOf('week', '2027-02-07')).toEqual({ first: '2027-02-01', last: '2027-02-08' })
    expect(windowOf('month', '2026-12-31')).toEqual({ first: '2026-12-01', last: '2027-01-01' })
    expect(step('month', '2027-01-31', 1)).toBe('2027-02-01')
    expect(step('month', '2027-01-31', -1)).toBe('2026-12-01')
    expect(step('week', '2027-02-03', -1)).toBe('2027-01-27')
    expect(weekday('2027-02-07')).toBe(7)
    expect(daysBetween('2028-02-28', '2028-03-01')).toEqual(['2028-02-28', '2028-02-29'])
    expect(addDays('2027-03-01', -1)).toBe('2027-02-28')
  })
})

describe('cells', () => {
  it('show a week-long shift on each of its days, and part of a day with its hours', () => {
    const cover = aShift({ id: 'c', person: ZHOU, from: '2027-02-06T04:00:00Z', to: '2027-02-06T12:00:00Z' })
    const first = aShift({ to: '2027-02-06T04:00:00Z' })
    const cells = cellsOf(aCalendar({ shifts: [cover, first] }), daysBetween('2027-02-05', '2027-02-07'))
    expect(cells.get(cellKey('s1', '2027-02-05'))?.pieces.map((one) => [one.shift.person.name, hours(one)])).toEqual([['林晓岚', '']])
    expect(cells.get(cellKey('s1', '2027-02-06'))?.pieces.map((one) => [one.shift.person.name, hours(one)])).toEqual([
      ['林晓岚', '08:00–12:00'],
      ['周宁', '12:00–20:00'],
    ])
  })

  it('hold holes, clashes and leave', () => {
    const calendar = aCalendar({
      gaps: [{ slot_id: 's1', from: '2027-02-06T00:00:00Z', to: '2027-02-08T00:00:00Z', required: true }],
      clashes: [{ person_id: 'p1', shift_ids: ['h-2027-02-05', 'elsewhere'] }],
      leave: [{ id: 'l', person_id: 'p2', from: '2027-02-05T00:00:00Z', to: '2027-02-05T12:00:00Z', kind: 'annual', substitute_id: null }],
    })
    const cells = cellsOf(calendar, daysBetween('2027-02-05', '2027-02-08'))
    expect(cells.get(cellKey('s1', '2027-02-05'))?.pieces[0]?.clash).toBe(true)
    expect(cells.get(cellKey('s2', '2027-02-05'))?.pieces[0]?.away).toBe(true)
    expect(cells.get(cellKey('s1', '2027-02-07'))?.holes).toHaveLength(1)
    const wrongs = wrongOf(calendar)
    expect(wrongs.map((one) => [one.kind, one.cell])).toEqual([
      ['clash', 's1@2027-02-05'],
      ['on_leave', 's2@2027-02-05'],
      ['gap', 's1@2027-02-06'],
    ])
  })

  it('count a persons duties and those on days of rest', () => {
    const calendar = aCalendar({ shifts: [aShift({}, '2027-02-05', 3), aShift({ id: 'x', slot_id: 's2' }, '2027-02-05')] })
    const [row] = peopleOf(calendar, daysBetween('2027-02-01', '2027-03-01'))
    expect([row?.name, row?.duties, row?.restDays]).toEqual(['林晓岚', 3, 1])
    expect(row?.days.get('2027-02-05')).toHaveLength(2)
    expect(dutiesOf(calendar, daysBetween('2027-02-01', '2027-03-01'))).toEqual(new Map([['p1', 3]]))
  })

  it('join days in a row on one place, and leave parts of a day apart', () => {
    const night = { from: '2027-02-08T12:00:00Z', to: '2027-02-09T00:00:00Z' }
    const calendar = aCalendar({ shifts: [aShift({}, '2027-02-05', 3), aShift({ id: 'n', ...night }), aShift({ id: 'x', slot_id: 's2' }, '2027-02-07')] })
    const [row] = peopleOf(calendar, daysBetween('2027-02-01', '2027-03-01'))
    expect((row === undefined ? [] : stretchesOf(row)).map((one) => [one.slotId, one.first, one.last, one.days, hours(one.piece)])).toEqual([
      ['s1', '2027-02-05', '2027-02-07', 3, ''],
      ['s2', '2027-02-07', '2027-02-07', 1, ''],
      ['s1', '2027-02-08', '2027-02-08', 1, '20:00–08:00'],
    ])
  })
})

describe('changes of a draft', () => {
  const week = aShift({ id: 'w', draft: true }, '2027-02-01', 7)

  it('put a whole duty day, or part of it', () => {
    expect(putting('s1', 'p1', '2027-02-05').put).toEqual([{ slot_id: 's1', person_id: 'p1', from: '2027-02-05T00:00:00.000Z', to: '2027-02-06T00:00:00.000Z' }])
    expect(putting('s1', 'p1', '2027-02-05', 0, 1).put[0]?.from).toBe('1970-01-01T00:00:00.000Z')
  })

  it('move one day of a week and leave the others', () => {
    const changes = moving(week, '2027-02-03', { slotId: 's2', date: '2027-02-04' })
    expect(changes.remove).toEqual(['w'])
    expect(changes.put.map((one) => [one.slot_id, one.from.slice(0, 10), one.to.slice(0, 10)])).toEqual([
      ['s1', '2027-02-01', '2027-02-03'],
      ['s1', '2027-02-04', '2027-02-08'],
      ['s2', '2027-02-04', '2027-02-05'],
    ])
    expect(clearing(week, '2027-02-01').put).toHaveLength(1)
  })

  it('are undone to the same content, whatever the rows are called', () => {
    const before = [week]
    const after = [aShift({ id: 'a', draft: true }, '2027-02-01', 2), aShift({ id: 'b', person: ZHOU, draft: true }, '2027-02-03', 1)]
    const undo = undoing(before, after)
    expect(undo.remove).toEqual(['a', 'b'])
    expect(undo.put).toEqual([{ slot_id: 's1', person_id: LIN.id, from: week.from, to: week.to }])
    expect(isEmpty(undoing(before, [aShift({ id: 'renamed', draft: true }, '2027-02-01', 7)]))).toBe(true)
  })
})
