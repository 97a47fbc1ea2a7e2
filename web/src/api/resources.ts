/** What houses have and who is on the way to them: short names of the schema. */
import type { components } from './schema'

type Schemas = components['schemas']

export type Houses = Schemas['Houses']
export type House = Schemas['House']
export type ResourceValue = Schemas['ResourceValue']
export type ResourceCatalogue = Schemas['ResourceCatalogue']
export type ResourceKind = Schemas['ResourceKind']
export type ResourceHistory = Schemas['CountHistory']
export type Diversion = Schemas['DeclaredDiversion']
export type Vehicle = Schemas['Vehicle']
export type VehicleStatus = NonNullable<Vehicle['status']>
export type Loads = Schemas['Loads']
export type HouseLoad = Schemas['HouseLoad']
export type Choices = Schemas['Choices']
export type Choice = Schemas['Choice']
export type ChoiceReason = Schemas['ChoiceReason']
export type BloodOrders = Schemas['BloodOrders']
export type BloodOrder = Schemas['BloodOrder']
