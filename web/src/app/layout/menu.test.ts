import userEvent from '@testing-library/user-event'
import { waitFor } from '@testing-library/vue'
import { expect, it } from 'vitest'
import { defineComponent, h } from 'vue'

import { navItems } from '@/app/router'
import { menuOf } from '@/shared/navigation'
import { aMe, axeViolations, renderPage } from '@/testing/page'

import BottomBar from './BottomBar.vue'
import MainMenu from './MainMenu.vue'
import { bottomBar, entriesOf, itemsOf } from './menu'

const coordinator = menuOf(navItems, aMe(['coordinator']))
const routes = navItems.map((item) => ({ path: `/menu/${item.to}`, name: item.to }))

function show(menu: typeof MainMenu | typeof BottomBar) {
  const page = defineComponent(() => () => h(menu as never, { items: coordinator }))
  return renderPage(page, { path: '/', answers: {}, routes })
}

it('holds every page once, CTG, consultations, duty and quality each under one word', () => {
  const entries = entriesOf(coordinator)
  expect(entries.flatMap(itemsOf).map((item) => item.to).sort()).toEqual(coordinator.map((item) => item.to).sort())
  expect(entries.filter((entry) => entry.kind === 'group').map((entry) => entry.key)).toEqual(['group-ctg', 'group-consult', 'group-duty', 'group-quality'])
  expect(entries.length).toBeLessThanOrEqual(12)
})

it('has no group of one', () => {
  const wall = coordinator.filter((item) => item.to === 'wall')
  expect(entriesOf(wall)).toEqual([{ kind: 'link', key: 'wall', item: wall[0] }])
})

it('gives the last place of a full bottom bar to the whole menu', () => {
  expect(bottomBar(coordinator)).toMatchObject({ more: true })
  expect(bottomBar(coordinator).bar).toHaveLength(4)
  const few = coordinator.filter((item) => item.phone).slice(0, 5)
  expect(bottomBar(few)).toEqual({ bar: few, more: false })
})

it('is opened, walked and closed by the keyboard', async () => {
  const view = await show(MainMenu)
  const word = view.getByRole('button', { name: /胎监/ })
  word.focus()
  await userEvent.keyboard('{Enter}')
  expect(word.getAttribute('aria-expanded')).toBe('true')
  await userEvent.keyboard('{ArrowDown}')
  expect(document.activeElement?.textContent).toContain('胎监墙')
  expect(await axeViolations(view.container)).toEqual([])
  await userEvent.keyboard('{Escape}')
  expect(word.getAttribute('aria-expanded')).toBe('false')
  expect(document.activeElement).toBe(word)
  await userEvent.keyboard('{Enter}{ArrowDown}{Enter}')
  await waitFor(() => expect(view.router.currentRoute.value.name).toBe('wall'))
})

it('leads from a phone to the CTG pages', async () => {
  const view = await show(BottomBar)
  await userEvent.click(view.getByRole('button', { name: '更多' }))
  const sheet = await view.findByRole('dialog')
  for (const page of ['胎监墙', '胎监报警', '胎监判读']) expect(sheet.textContent).toContain(page)
})
