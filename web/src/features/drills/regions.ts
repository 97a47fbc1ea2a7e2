/** Which regions are somebody's: those named in their roles, and all inside them. Pure. */
import type { Region } from './types'

export function mine(tree: readonly Region[], named: readonly string[]): Region[] {
  const parents = new Map(tree.map((region) => [region.id, region.parent_id]))
  const inside = (id: string | null | undefined): boolean => id != null && (named.includes(id) || inside(parents.get(id)))
  return tree.filter((region) => inside(region.id))
}
