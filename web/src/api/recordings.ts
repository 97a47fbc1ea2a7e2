/** CTG recordings as the pages list them; the samples come from the gateway. */
import type { components } from './schema'

export type Recording = components['schemas']['RecordingOut']
