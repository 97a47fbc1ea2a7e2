/** True at phone width, where columns become tabs and the main action is pinned. */
import type { Ref } from 'vue'

import { useMedia } from './useMedia'

export const usePhone = (): Ref<boolean> => useMedia('(max-width: 720px)')
