import userEvent from '@testing-library/user-event'
import { waitFor } from '@testing-library/vue'
import { expect, it } from 'vitest'
import { defineComponent, h } from 'vue'

import { Problem } from '@/api/problem'
import { usePaging } from '@/shared/paging'
import { aBook, anEntry, aPlace } from '@/shared/phones/fixtures'
import { BOOK_PATH } from '@/shared/phones/held'
import { usePhones } from '@/shared/phones/store'
import { axeViolations, renderPage } from '@/testing/page'

import MenuDrop from './MenuDrop.vue'
import PagingBanner from './PagingBanner.vue'
import PhoneStrip from './PhoneStrip.vue'

const Frame = defineComponent(() => () => h('main', [h(PagingBanner), h(PhoneStrip)]))
const silent = { status: 'impaired', watched: true, vitals: null, signs: [{ sign: 'engine_silent', severity: 'alarm', value: 12, channel: null, since: '2026-11-22T03:00:00Z' }] }
const well = { status: 'ok', watched: true, vitals: null, signs: [{ sign: 'valkey_down', severity: 'info', value: 0, channel: null, since: null }] }
const desk = aPlace({ list: { ...aPlace().list, entries: [anEntry({ label: '产科急救专线', phone: '19900000011' })] } })

async function frame(health: unknown) {
  const view = await renderPage(Frame, { path: '/board', answers: { [BOOK_PATH]: aBook(desk), '/api/health/paging': health }, routes: [{ path: '/phones', name: 'phones' }] })
  await Promise.all([usePhones().refresh(), usePaging().refresh()])
  return view
}

it('has the centre’s desk in sight, one tap from a call', async () => {
  const view = await frame(well)
  const link = (await view.findByText('19900000011')).closest('a')
  expect(link?.getAttribute('href')).toBe('tel:19900000011')
  expect(view.queryByRole('alert')).toBeNull()
})

it('opens all numbers with one key, wherever the reader is, and closes them with it', async () => {
  const view = await frame(well)
  await userEvent.keyboard('{F2}')
  expect(await view.findByText(/数据截至/)).toBeTruthy()
  expect(usePhones().open).toBe(true)
  await userEvent.keyboard('{F2}')
  expect(usePhones().open).toBe(false)
})

it('says that paging is impaired, by what, and whom to call', async () => {
  const view = await frame(silent)
  const banner = await view.findByRole('alert')
  expect(banner.textContent).toContain('呼叫系统受损：请打电话')
  expect(banner.textContent).toContain('呼叫引擎无心跳')
  expect(banner.textContent).toContain('19900000011')
  expect(await axeViolations(view.container)).toEqual([])
})

it('takes a server that is silent twice for a fault, and its first answer for the end of it', async () => {
  const view = await frame(new Problem({ code: 'network' }, 0))
  expect(view.queryByRole('alert')).toBeNull()
  await usePaging().refresh()
  expect((await view.findByRole('alert')).textContent).toContain('服务器没有响应')
  view.get.mockResolvedValue(well)
  await usePaging().refresh()
  await waitFor(() => expect(view.queryByRole('alert')).toBeNull())
})

it('keeps the word of a group lit below its pages, and no other', async () => {
  const items = [{ to: 'roster', group: 'duty', label: 'roster.nav', mark: '▤', roles: [], order: 1, phone: false }] as never
  const Bar = defineComponent(() => () => h(MenuDrop, { id: 'group-duty', label: 'roster.nav', items }))
  const routes = [{ path: '/roster', name: 'roster' }]
  const lit = async (path: string): Promise<boolean | undefined> => {
    const view = await renderPage(Bar, { path, answers: {}, routes })
    const found = view.container.querySelector('.menu-word')?.classList.contains('here')
    view.unmount()
    return found
  }
  expect([await lit('/roster/plans'), await lit('/rosters')]).toEqual([true, false])
})
