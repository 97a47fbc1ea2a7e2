/** The wall's loudspeaker: rings for the loudest active alarm; says when a browser keeps it silent. */
import { type Ref, onScopeDispose, ref, watch } from 'vue'

import { AlarmSound, type SoundState } from '@/shared/alerts/sound'

import type { AlarmPriority } from './alarms'

export function useWallSound(loudest: () => AlarmPriority | null): { state: Ref<SoundState>; unlock: () => Promise<void> } {
  const state = ref<SoundState>('locked')
  const sound = new AlarmSound(undefined, (next) => (state.value = next))
  watch([loudest, state], ([priority]) => {
    if (priority === null) sound.silence()
    else sound.ring('ctg', priority)
  })
  onScopeDispose(() => sound.dispose())

  async function unlock(): Promise<void> {
    if (await sound.unlock()) sound.once('test')
  }
  return { state, unlock }
}
