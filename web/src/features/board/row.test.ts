import { describe, expect, it } from 'vitest'

import type { BoardAction } from '@/api/board'

import { aRow, anAction } from './fixtures'
import { calledCount, orderedActions, pressOf, reachChips, stepTo, waitingMs, withRow } from './row'

describe('reach', () => {
  const reach = { queued: 0, sent: 0, delivered: 1, seen: 1, acknowledged: 0, declined: 0, spared: 0, unreachable: 1 }

  it('names the most telling state first and leaves out what is nobody', () => {
    expect(reachChips(reach)).toEqual([
      { state: 'seen', count: 1 },
      { state: 'delivered', count: 1 },
      { state: 'unreachable', count: 1 },
    ])
  })

  it('counts everybody called once', () => {
    expect(calledCount(reach)).toBe(3)
  })
})

describe('waiting', () => {
  it('runs from the oldest unanswered step by the clock given', () => {
    const row = aRow({ oldest_unanswered_at: '2026-11-22T03:00:00Z' })
    expect(waitingMs(row, Date.parse('2026-11-22T03:06:41Z'))).toBe(401_000)
  })

  it('never runs backwards when this device is behind the server', () => {
    const row = aRow({ oldest_unanswered_at: '2026-11-22T03:00:00Z' })
    expect(waitingMs(row, Date.parse('2026-11-22T02:59:59Z'))).toBe(0)
  })

  it('stands still when nobody is waited for', () => {
    expect(waitingMs(aRow({ oldest_unanswered_at: null }), 0)).toBeNull()
  })
})

describe('actions', () => {
  const named = (actions: BoardAction[]): string[] => actions.map((action) => action.action)

  it('puts the primary one first and dangerous ones last, else keeps the order of the server', () => {
    const given = [
      anAction('decline', { danger: true }),
      anAction('ask'),
      anAction('accept', { primary: true }),
      anAction('redirect'),
    ]
    expect(named(orderedActions(given))).toEqual(['accept', 'ask', 'redirect', 'decline'])
  })

  it.each([
    ['acknowledging is one touch', anAction('acknowledge'), 'at_once'],
    ['a move that cannot be taken back is asked first', anAction('arrive', { machine: 'leg' }), 'ask_first'],
    ['fields are filled on the case page', anAction('ask', { needs: ['question'] }), 'on_case_page'],
    ['danger is looked at on the case page', anAction('release', { machine: 'hold', danger: true }), 'on_case_page'],
  ] as const)('%s', (_, action, how) => {
    expect(pressOf(action)).toBe(how)
  })
})

describe('a recorded row', () => {
  const board = { counts: { to_act: 1, open: 1, moving: 0, closed_today: 0 }, rows: [aRow({ version: 4 })], server_time: '' }

  it('takes the place of the older one', () => {
    expect(withRow(board, aRow({ version: 5, state: 'committed' })).rows[0]?.state).toBe('committed')
  })

  it('does not go back to an older version', () => {
    expect(withRow(board, aRow({ version: 3, state: 'draft' })).rows[0]?.state).toBe('open')
  })
})

describe('j and k', () => {
  const ids = ['a', 'b', 'c']
  it.each([
    [null, 1, 'a'],
    [null, -1, 'c'],
    ['a', 1, 'b'],
    ['c', 1, 'c'],
    ['a', -1, 'a'],
    ['gone', 1, 'a'],
  ] as const)('from %s by %i to %s', (from, by, to) => {
    expect(stepTo(ids, from, by)).toBe(to)
  })

  it('stays nowhere on an empty board', () => {
    expect(stepTo([], null, 1)).toBeNull()
  })
})
