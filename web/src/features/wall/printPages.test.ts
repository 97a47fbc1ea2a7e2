import { describe, expect, it } from 'vitest'

import { PAGE_CM, printPages } from './printPages'

describe('printPages', () => {
  it.each([[1, 1], [2, 2], [3, 3]] as const)('puts twenty minutes at %i cm/min on %i sheets', (speed, sheets) => {
    const pages = printPages(1, 3_600, speed)
    expect(pages).toHaveLength(sheets)
    expect(pages[0]?.left).toBe(2_401)
    for (const page of pages) {
      expect(page.cm).toBeLessThanOrEqual(PAGE_CM)
      expect(((page.right - page.left) / 60) * speed).toBeCloseTo(page.cm)
    }
    expect(pages.at(-1)?.right).toBeGreaterThanOrEqual(3_601)
  })

  it('prints what there is, and nothing when there is nothing', () => {
    expect(printPages(1, 90, 3)).toEqual([{ left: 1, right: 541, cm: 27 }])
    expect(printPages(0, 0, 3)).toEqual([])
  })
})
