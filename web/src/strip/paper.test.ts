import { describe, expect, it } from 'vitest'

import { DEFAULT_SCALE, PaperGeometry } from './paper'

describe('PaperGeometry', () => {
  it.each([1, 2, 3] as const)('runs %i cm per minute', (cmPerMin) => {
    const geo = new PaperGeometry({ ...DEFAULT_SCALE, cmPerMin, pxPerCm: 40 }, 800)
    expect(geo.xOf(60, 60) - geo.xOf(0, 60)).toBeCloseTo(cmPerMin * 40)
    expect(geo.spanSeconds).toBeCloseTo((800 / 40 / cmPerMin) * 60)
  })

  it.each([[30, 7], [20, 10.5]] as const)('draws 30–240 bpm at %i bpm/cm on %d cm', (bpmPerCm, cm) => {
    const geo = new PaperGeometry({ ...DEFAULT_SCALE, bpmPerCm, pxPerCm: 40 }, 800)
    expect(geo.yOfBpm(30) - geo.yOfBpm(240)).toBeCloseTo(cm * 40)
    expect(geo.yOfBpm(30)).toBe(geo.fhrBottom)
    expect(geo.yOfBpm(240)).toBeCloseTo(geo.fhrTop)
  })

  it('keeps toco inside its lane', () => {
    const geo = new PaperGeometry({ ...DEFAULT_SCALE, pxPerCm: 40 }, 800)
    expect(geo.yOfToco(0)).toBe(geo.tocoBottom)
    expect(geo.yOfToco(127)).toBe(geo.tocoTop)
  })
})
