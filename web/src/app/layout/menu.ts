/** The menu as it stands: single entries, and those that stand together under one word. */
import type { NavItem } from '@/shared/navigation'

export interface MenuGroup {
  kind: 'group'
  /** i18n key of the word above them. */
  label: string
  key: string
  items: NavItem[]
}

export interface MenuLink {
  kind: 'link'
  key: string
  item: NavItem
}

export type MenuEntry = MenuGroup | MenuLink

/** A group stands where its first entry would; a group of one is that entry. */
export function entriesOf(items: readonly NavItem[]): MenuEntry[] {
  const entries: MenuEntry[] = []
  for (const item of items) {
    const fellows = item.group === undefined ? [item] : items.filter((other) => other.group === item.group)
    if (fellows[0] !== item) continue
    if (fellows.length === 1) entries.push({ kind: 'link', key: item.to, item })
    else entries.push({ kind: 'group', key: `group-${item.group}`, label: `common.nav.group.${item.group}`, items: fellows })
  }
  return entries
}

export const itemsOf = (entry: MenuEntry): NavItem[] => (entry.kind === 'link' ? [entry.item] : entry.items)

/** So many fit on a phone's bottom bar. */
const PLACES = 5

/** The phone's bottom bar; where not all fits, its last place opens the whole menu. */
export function bottomBar(items: readonly NavItem[]): { bar: NavItem[]; more: boolean } {
  const chosen = items.filter((item) => item.phone)
  if (items.length <= PLACES && chosen.length === items.length) return { bar: chosen, more: false }
  return { bar: chosen.slice(0, PLACES - 1), more: true }
}
