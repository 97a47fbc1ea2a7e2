/** Contact points: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Contacts = Schemas['Contacts']
export type Point = Schemas['PointOut']
export type Wish = Schemas['WishOut']
export type Rings = Schemas['Rings']
export type PersonStanding = Schemas['PersonStanding']
export type AnswerLink = Schemas['AnswerLink']
export type Channel = Schemas['PointIn']['channel']

export const CHANNELS: readonly Channel[] = ['voice', 'sms', 'web_push', 'wecom_app', 'dingtalk_app', 'email']
