import { expect, it } from 'vitest'

import { watchUrl } from './gateway'

const at = (href: string) => ({ href, hostname: new URL(href).hostname })

it.each([
  ['ws://127.0.0.1:8001', 'http://127.0.0.1:8000/board', 'ws://127.0.0.1:8001/ctg/watch'],
  // The cookie belongs to the name in the address bar.
  ['ws://127.0.0.1:8001', 'http://localhost:8000/', 'ws://localhost:8001/ctg/watch'],
  ['wss://ctg.example.cn', 'https://example.cn/', 'wss://ctg.example.cn/ctg/watch'],
  ['https://example.cn/gw/', 'https://example.cn/', 'wss://example.cn/gw/ctg/watch'],
  ['', 'https://example.cn/board', 'wss://example.cn/ctg/watch'],
])('%s seen from %s', (gateway, page, url) => {
  expect(watchUrl(gateway, at(page))).toBe(url)
})
