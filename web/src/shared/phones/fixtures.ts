/** Telephone entries for tests and nothing else. */
import type { PhoneBook, PhoneEntry, PhonePlace } from './types'

export function anEntry(over: Partial<PhoneEntry> = {}): PhoneEntry {
  return { label: '急救专家组', phone: '19900000001', tier: null, specialty: null, person: null, title: null, ...over }
}

/** Somebody on call until 16:00 in China. */
export function onCall(over: Partial<PhoneEntry> = {}): PhoneEntry {
  return anEntry({
    label: '急救专家组', phone: '19900000002', tier: 'first', specialty: 'obstetrics', person: '苏云舒', title: '主任医师',
    until: '2026-11-22T08:00:00Z', ...over,
  })
}

export function aPlace(over: Partial<PhonePlace> = {}): PhonePlace {
  return {
    relation: 'centre', gaps: 0,
    list: { facility_id: 'f2', facility: '云江市妇幼保健院', at: '2026-11-22T03:00:00Z', entries: [anEntry({ label: '产科急救专线' }), onCall()] },
    ...over,
  }
}

export function aBook(...places: PhonePlace[]): PhoneBook {
  return { at: '2026-11-22T03:00:00Z', places: places.length > 0 ? places : [aPlace()] }
}
