/** What a feature adds to the application: its routes and its place in the menu. */
import type { RouteRecordRaw } from 'vue-router'

import type { Me, Role } from '@/api/types'

import type { Waiting } from './rosters/waiting'

export interface NavItem {
  /** Route name. */
  to: string
  /** i18n key of the label. */
  label: string
  /** One character, shown on the phone's bottom bar above the label. */
  mark: string
  /** Who sees it in the menu; the server decides again on every call. */
  roles: readonly Role[] | 'any'
  order: number
  /** Entries that stand together under one word of the menu. */
  group?: 'ctg' | 'consult' | 'duty' | 'quality'
  /** Shown on the phone's bottom bar (at most five fit). */
  phone: boolean
  /** The value of `me.home` that starts here. */
  home?: string
  /** What of it waits for the viewer, counted beside the label. */
  waiting?: Waiting
  /** Only in a demo installation. */
  demo?: boolean
}

export interface Feature {
  routes: RouteRecordRaw[]
  nav: NavItem[]
}

/** What the menu offers somebody; one entry per page, whichever of their roles brings it. */
export function menuOf(items: readonly NavItem[], me: Me | null): NavItem[] {
  const offered = items.filter(
    (item) => (item.roles === 'any' || item.roles.some((role) => me?.roles.includes(role))) && (!item.demo || me?.demo === true),
  )
  return offered.filter((item, at) => offered.findIndex((other) => other.to === item.to) === at)
}
