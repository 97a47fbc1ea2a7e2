import { describe, expect, it } from 'vitest'

import { command, step } from './keys'

describe('step', () => {
  it.each([
    ['ArrowRight', 0, 1],
    ['ArrowLeft', 0, null],
    ['ArrowDown', 1, 5],
    ['ArrowUp', 1, null],
    ['ArrowDown', 8, null],
    ['ArrowDown', 7, 9],
    ['ArrowUp', 9, 5],
    ['Home', 7, 0],
    ['End', 2, 9],
    ['x', 2, null],
  ])('%s from %i goes to %s', (key, at, next) => expect(step(key, at, [4, 4, 2])).toBe(next))
})

describe('command', () => {
  it.each([['S', 'order'], ['f', 'full'], ['2', 'speed-2'], ['PageDown', 'next-screen'], ['Escape', 'leave'], ['x', null]])('%s is %s', (key, wanted) => {
    expect(command({ key, ctrlKey: false, metaKey: false, altKey: false })).toBe(wanted)
  })

  it('leaves the browser its own keys', () => {
    expect(command({ key: 'f', ctrlKey: true, metaKey: false, altKey: false })).toBeNull()
  })
})
