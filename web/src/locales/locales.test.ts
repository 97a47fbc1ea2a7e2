import { describe, expect, it } from 'vitest'

const zh = import.meta.glob<object>('./zh-CN/*.json', { eager: true, import: 'default' })
const en = import.meta.glob<object>('./en/*.json', { eager: true, import: 'default' })
const sources = import.meta.glob<string>('../**/*.{vue,ts}', { eager: true, query: '?raw', import: 'default' })

function leaves(value: object, prefix: string): [string, string][] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null
      ? leaves(inner, `${prefix}.${key}`)
      : [[`${prefix}.${key}`, String(inner)] as [string, string]],
  )
}

function keys(files: Record<string, object>): Map<string, string> {
  return new Map(
    Object.entries(files).flatMap(([path, messages]) => leaves(messages, path.replace(/^.*\/|\.json$/g, ''))),
  )
}

const chinese = keys(zh)
const english = keys(en)

describe('locales', () => {
  it('have the same keys', () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
  })

  it('leave nothing empty, and no Chinese in English', () => {
    expect([...chinese, ...english].filter(([, text]) => text.trim() === '')).toEqual([])
    expect([...english].filter(([, text]) => /[\u4e00-\u9fff]/.test(text))).toEqual([])
  })

  it('fill the same placeholders', () => {
    const holes = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort().join()
    const differing = [...chinese].filter(([key, text]) => holes(text) !== holes(english.get(key) ?? ''))
    expect(differing).toEqual([])
  })

  it('know every key that the code asks for literally', () => {
    const asked = Object.entries(sources)
      .filter(([path]) => !path.endsWith('.test.ts'))
      .flatMap(([path, text]) => [...text.matchAll(/\bt\(\s*'([\w.]+)'/g)].map((m) => [m[1] ?? '', path]))
    expect(asked.length).toBeGreaterThan(10)
    expect(asked.filter(([key]) => !chinese.has(key ?? ''))).toEqual([])
  })
})
