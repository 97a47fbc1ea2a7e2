/** Which strips stand where on this screen: calm order, grid, screens, a hand nearby. */
import { type ComputedRef, type Ref, type ShallowRef, computed, onBeforeUnmount, onMounted, ref, shallowRef, watch } from 'vue'

import { useNow } from '@/shared/useNow'

import { type Layout, layout } from './layout'
import { CalmOrder } from './order'
import { type Unit, rowsOf, runs, unitLayout } from './units'
import type { WallSettings } from './useWallSettings'
import type { WallStrip } from './wallStrip'

const PHONE_PX = 720

export interface Arrangement {
  /** All keys in order; the same array while nothing moves. */
  order: ShallowRef<readonly string[]>
  shown: ComputedRef<WallStrip[]>
  byKey: ComputedRef<Map<string, WallStrip>>
  plan: ComputedRef<Layout>
  /** Units in order, each with its name above it; empty where strips hang without. */
  units: ComputedRef<Unit[]>
  /** How many strips stand in each row of this screen. */
  rows: ComputedRef<number[]>
  phone: ComputedRef<boolean>
  /** How many of the first take a larger cell. */
  grown: Ref<number>
  screen: ComputedRef<number>
  screens: ComputedRef<number>
  turn(by: number): void
  /** A hand is at the page: nothing moves for a while. */
  hand(): void
}

function wardOf(strip: WallStrip | undefined): { key: string; name: string } {
  if (strip === undefined) return { key: '', name: '' }
  const { facility, unit } = strip.info.value
  return { key: `${facility.id} ${unit}`, name: `${facility.short_name} ${unit}`.trim() }
}

export function useArrangement(strips: ShallowRef<WallStrip[]>, settings: WallSettings, stage: Ref<HTMLElement | undefined>): Arrangement {
  const now = useNow()
  const calm = new CalmOrder()
  const space = ref({ width: 0, height: 0 })
  const order = shallowRef<readonly string[]>([])
  const grown = ref(0)
  const turned = ref(0)
  let handMs = 0
  let observer: ResizeObserver | null = null

  const phone = computed(() => space.value.width > 0 && space.value.width < PHONE_PX)
  const wards = computed(() => (settings.byAlarm ? [] : runs(order.value.map((key) => wardOf(byKey.value.get(key))))))
  // By bed, each unit stands apart if all of them fit: turning screens matters less than seeing all.
  const apart = computed(() => (wards.value.length > 1 ? unitLayout(wards.value.map(({ count }) => count), space.value) : null))
  const plan = computed(() => apart.value ?? layout(order.value.length, space.value, grown.value))
  const units = computed(() => (apart.value !== null || (phone.value && wards.value.length > 1) ? wards.value : []))
  const rows = computed(() => {
    const counts = units.value.length > 0 ? units.value.map(({ count }) => count) : [shown.value.length]
    return rowsOf(counts, phone.value ? 1 : plan.value.columns)
  })
  const screens = computed(() => (phone.value ? 1 : Math.max(1, Math.ceil(order.value.length / plan.value.perScreen))))
  const screen = computed(() => Math.min(turned.value, screens.value - 1))
  const byKey = computed(() => new Map(strips.value.map((strip) => [strip.key, strip])))
  const shown = computed(() => {
    const first = screen.value * plan.value.perScreen
    const keys = phone.value ? order.value : order.value.slice(first, first + plan.value.perScreen)
    return keys.map((key) => byKey.value.get(key)).filter((strip) => strip !== undefined)
  })

  function arrange(): void {
    const placed = strips.value.map((strip) => {
      const { facility, unit, bed } = strip.info.value
      return { key: strip.key, place: `${facility.short_name} ${unit} ${bed}`, rank: strip.rank }
    })
    order.value = calm.arrange(placed, now.value, handMs, settings.byAlarm)
    grown.value = phone.value ? 0 : calm.grown
  }

  watch([now, strips], arrange, { immediate: true })
  // Whoever asks for another order has a hand at the page, and wants to see it.
  watch(() => settings.byAlarm, () => {
    handMs = 0
    arrange()
  })
  onMounted(() => {
    observer = new ResizeObserver(([entry]) => {
      if (entry) space.value = { width: entry.contentRect.width, height: entry.contentRect.height }
    })
    if (stage.value) observer.observe(stage.value)
  })
  onBeforeUnmount(() => observer?.disconnect())

  return {
    order,
    shown,
    byKey,
    plan,
    units,
    rows,
    phone,
    grown,
    screen,
    screens,
    turn: (by) => (turned.value = (screen.value + by + screens.value) % screens.value),
    hand: () => (handMs = now.value),
  }
}
