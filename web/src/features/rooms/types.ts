/** Rooms: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type GuestView = Schemas['GuestView']
export type GuestLink = Schemas['GuestLink']
export type GuestInvited = Schemas['GuestInvited']
export type RoomView = Schemas['RoomView']
export type Room = Schemas['RoomOut']
export type ConsentText = Schemas['ConsentText']
export type KeptRecording = Schemas['KeptRecording']
export type RecordingPart = Schemas['RecordingPart']
export type Viewing = Schemas['Viewing']
export type Admission = Schemas['AdmissionOut']
export type RoomStill = Schemas['RoomStill']
export type RoomChat = Schemas['RoomChat']
export type RoomMessage = Schemas['RoomMessage']
export type RoomReader = Schemas['RoomReader']
export type MessageReceipt = Schemas['MessageReceipt']
