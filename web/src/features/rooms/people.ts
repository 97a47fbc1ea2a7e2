/** Names and colours of those in the call, for whatever is drawn of them. */
import { type InjectionKey, inject, provide } from 'vue'

import { colourOf } from './pointing'
import type { Admission } from './types'

export interface RoomPeople {
  nameOf(participant: string): string
  colourOf(participant: string): string
}

const KEY: InjectionKey<RoomPeople> = Symbol('people')
const NOBODY: RoomPeople = { nameOf: () => '', colourOf: (participant) => colourOf(participant, []) }

export function provideRoomPeople(people: () => readonly Admission[]): void {
  provide(KEY, {
    nameOf: (participant) => people().find((one) => one.id === participant)?.person?.name ?? '',
    colourOf: (participant) => colourOf(participant, people().map((one) => one.id)),
  })
}

export const useRoomPeople = (): RoomPeople => inject(KEY, NOBODY)
