/** What the pages of monitors and unbound tracings read and send. */
import type { components } from '@/api/schema'

export type { Recording } from '@/api/recordings'
export type Monitor = components['schemas']['DeviceOut']
export type Sample = components['schemas']['SampleOut']
export type MonitorMade = components['schemas']['CtgDeviceMade']
export type MonitorEvent = components['schemas']['DeviceEventOut']
export type Binding = components['schemas']['BindingOut']
export type Woman = components['schemas']['PatientFound']
export type Pregnancy = components['schemas']['PregnancyOut']
