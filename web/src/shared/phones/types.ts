/** Telephones: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type PhoneList = Schemas['PhoneList']
export type PhoneEntry = Schemas['PhoneEntry']
export type PhoneBook = Schemas['PhoneBook']
export type PhonePlace = Schemas['PhonePlace']
