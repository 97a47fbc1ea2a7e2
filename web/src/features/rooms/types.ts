/** Rooms: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type RoomView = Schemas['RoomView']
export type Room = Schemas['RoomOut']
export type Admission = Schemas['AdmissionOut']
