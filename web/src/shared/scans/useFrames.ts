/** Frames of a file: fetched in packs, kept packed, decoded when they are looked at. */
import { type Ref, onScopeDispose, ref, shallowRef, watch } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { type Frame, frameOf, isColour, unpacked } from '@/scan/pixels'

import type { ScanInstance } from './types'

const PACK = 16
/** Decoded frames that stay at hand; a phone has little memory. */
const AT_HAND_BYTES = 160e6

export interface Frames {
  /** How many have arrived. */
  loaded: Ref<number>
  problem: Ref<Problem | null>
  frame(n: number): Promise<Frame | null>
  retry(): void
}

export function useFrames(instance: Ref<ScanInstance>): Frames {
  const loaded = ref(0)
  const problem = shallowRef<Problem | null>(null)
  const canvas = document.createElement('canvas')
  let pngs: Uint8Array[] = []
  let decoded = new Map<number, Frame>()
  let turn = 0

  async function load(): Promise<void> {
    const mine = ++turn
    problem.value = null
    const { id, frames } = instance.value
    try {
      while (mine === turn && pngs.length < frames) {
        const blob = await api.download(`/api/scans/instances/${id}/frames?first=${pngs.length}&count=${Math.min(PACK, frames - pngs.length)}`)
        const found = unpacked(await blob.arrayBuffer())
        if (mine !== turn || found.length === 0) return
        pngs.push(...found)
        loaded.value = pngs.length
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (mine === turn) problem.value = error
    }
  }

  async function frame(n: number): Promise<Frame | null> {
    const known = decoded.get(n)
    if (known !== undefined) {
      decoded.delete(n)
      decoded.set(n, known) // the newest last
      return known
    }
    const png = pngs[n]
    if (png === undefined) return null
    const mine = decoded
    const of = instance.value
    const bitmap = await createImageBitmap(new Blob([png as BlobPart], { type: 'image/png' }), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' })
    canvas.width = bitmap.width
    canvas.height = bitmap.height
    const pen = canvas.getContext('2d', { willReadFrequently: true })
    if (pen === null) return null
    pen.drawImage(bitmap, 0, 0)
    bitmap.close()
    const made = frameOf(pen.getImageData(0, 0, canvas.width, canvas.height), of, isColour(png))
    keep(mine, n, made)
    return made
  }

  function keep(where: Map<number, Frame>, n: number, made: Frame): void {
    where.set(n, made)
    const each = made.grey?.byteLength ?? made.rgba?.byteLength ?? 1
    for (const oldest of where.keys()) {
      if (where.size * each <= AT_HAND_BYTES) return
      where.delete(oldest)
    }
  }

  watch(
    () => instance.value.id,
    () => {
      pngs = []
      decoded = new Map()
      loaded.value = 0
      void load()
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    turn += 1
    decoded.clear()
  })
  return { loaded, problem, frame, retry: () => void load() }
}
