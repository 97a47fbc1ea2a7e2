import { describe, expect, it } from 'vitest'

import { read, write } from './holidays'

describe('a year as people type it', () => {
  it('reads runs of days and single days, in both languages', () => {
    const { days, wrong } = read('放假 春节 2027-02-05 ~ 2027-02-11\n\n上班 春节 2027-01-31\nholiday 元旦 2027-01-01 to 2027-01-03')
    expect(wrong).toBeNull()
    expect(days).toEqual([
      { kind: 'holiday', name: '春节', from: '2027-02-05', to: '2027-02-11' },
      { kind: 'adjusted_workday', name: '春节', from: '2027-01-31', to: '2027-01-31' },
      { kind: 'holiday', name: '元旦', from: '2027-01-01', to: '2027-01-03' },
    ])
    expect(read(write(days)).days).toEqual(days)
  })

  it('names the line that it cannot read', () => {
    expect(read('放假 春节 2027-02-05\n放假 2027-02-06')).toEqual({ days: [], wrong: '放假 2027-02-06' })
  })
})
